import type { TranslationTree } from '../ui/i18n-server.ts'
import type { PageContext } from './context.ts'
import type { PortalPaths } from '../paths.ts'
import type { UnsentForm } from './sent-form.ts'

declare global {
  namespace App {
    interface Locals extends Omit<PageContext, 'words'> {
      /**
       * The words a page needs, to be spread into what `load` returns: `...locals.words('jobs.portal')`.
       * Sends those branches and no others.
       */
      words(...branches: string[]): Record<`words:${string}`, TranslationTree>
      /** Links of this portal (portal pages), with the right base. */
      paths: PortalPaths
      /** The page says why a form was refused, and reloading it sends the form again. */
      isRefusedForm?: boolean
      /** Ends a form's action: leads to a page that says once what was done or went wrong (`done`, `problem`). */
      finish(target: string): never
      /** Search engines may show this page: sign-in and sign-up of a public portal. */
      isIndexable?: boolean
      /** The business's color as #rrggbb; set by the layout's `load`, written into the page's head. */
      brand: string | null
    }
    interface PageData {
      /** Base of portal links: empty on a portal's own host. */
      base?: string
      /** Pages of a portal show its business, and never Portico. */
      isPortal?: boolean
      /** Of pages of a portal: where the installation begins. */
      startUrl?: string | undefined
      locale?: string
      /** How dates, numbers and money are written: the account's locale on its pages, else the browser's region. */
      regionalLocale?: string
      [words: `words:${string}`]: TranslationTree
    }
    interface Error {
      status: number
      message: string
      code?: string
      requestId?: string
      /** A form was sent: reloading the page sends it again. */
      isForm?: boolean
      /** The session had ended when this form was sent. */
      unsent?: UnsentForm
    }
  }
}

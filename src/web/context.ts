/**
 * The context that the server hands to a page: made in Fastify once per request, read here. It travels outside the
 * module system, because this bundle has its own copy of every module (see platform/pages.ts, which keeps it).
 */
import type { DemoGuide } from '../features/identity/demo/rules.ts'
import type { Vars, TranslationTree } from '../ui/i18n-server.ts'
import type { Api } from './api.ts'

export type PageContext = {
  /** The operations as this request's caller: a refusal is thrown as a problem. */
  api: Api
  surface: 'main' | 'portal'
  /** The portal's slug, on a portal page. */
  portal: string | null
  /** The prefix of a portal's paths: empty on its own host, `/p/<slug>` on the main one, `/office/<slug>/as/<view>` in a view. */
  base: string
  /** The portal view (view as) that the page is in: staff look at the portal as somebody else. */
  view: string | null
  /** Where the installation begins, which on a portal's own host is another host. */
  startUrl: string
  /** The language of texts. */
  locale: string
  /** How dates and numbers are written where no account decides it, such as `en-GB`. */
  regionalLocale: string
  requestId?: string
  /** Gives this browser the token that a sign-up from it will be recognized by, unless it has one. */
  startSignUp(): void
  /** Logs an error that a page did not expect, with the request's id and without secrets. */
  reportError(error: unknown): void
  /** Who is signed in, as forms are marked; '' for nobody. Asked when the page's data is there. */
  formOwner(): Promise<string>
  /** Whom the form that was sent is marked for. */
  setFormOwner(owner: string): void
  /** What the form that led to this page did, by parameter: `{ done: 'saved' }`. It is said once. */
  outcome: Record<string, string> | null
  /** The address of a page without what it is to say (`done`, `problem`), which that page gets as its `outcome`. */
  leaveOutcome(target: string): string
  /** The sign-ins that pages of the demo show; null in every other installation. */
  demo: DemoGuide | null
  /** Whether email leaves this installation: there is a mail server, or the demo's mailbox. */
  sendsMail: boolean
  /** The texts under these branches (`jobs.portal`), nested from the root. */
  words(branches: readonly string[]): TranslationTree
  t(key: string, vars?: Vars): string
}

type Contexts = { getStore(): PageContext | undefined }

/** The context of the request being answered; undefined in the browser and outside a request. */
export const requestContext = (): PageContext | undefined =>
  (globalThis as unknown as Record<symbol, Contexts | undefined>)[Symbol.for('portico.request')]?.getStore()

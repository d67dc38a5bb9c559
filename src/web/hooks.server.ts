import { createHash } from 'node:crypto'
import { error, redirect } from '@sveltejs/kit'
import type { RequestEvent } from '@sveltejs/kit'
import type { Handle, HandleServerError } from '@sveltejs/kit/hooks'
import type { Api } from './api.ts'
import { requestContext } from './context.ts'
import { exchangeToken } from './links.ts'
import { noteFormOwner, readUnsent } from './sent-form.ts'
import type { TranslationTree } from '../ui/i18n-server.ts'
import type { PageContext } from './context.ts'
import { isProblem, type Refusal } from '../ui/forms.ts'
import { paths, pathWithLowerCaseSlug, portal } from '../paths.ts'

export const handle: Handle = async ({ event, resolve }) => {
  const context = requestContext()
  // Without a context (the build looking for pages to prerender) there is no request to answer.
  if (!context) return resolve(event)
  const { locals } = event
  Object.assign(locals, {
    ...context,
    api: signInFirst(context, event),
    words: (...branches: string[]) => wordsByBranch(context, branches),
    paths: portal(context.base),
    finish: (target: string) => redirect(303, context.leaveOutcome(target)),
    brand: null,
  } satisfies App.Locals)

  const lowerCase = pathWithLowerCaseSlug(event.url.pathname)
  if (lowerCase) redirect(308, lowerCase + event.url.search)
  const linkPage = context.view ? undefined : exchangeToken(event)
  if (linkPage) return linkPage
  noteFormOwner(event.request, context)
  let brandStyle = ''
  const response = await resolve(event, {
    transformPageChunk: async ({ html }) => {
      // The layout's load has run by now, so the business's color is set. Anything else than a color is left out.
      if (locals.brand && /^#[0-9a-f]{6}$/i.test(locals.brand)) brandStyle = `:root:root{--brand:${locals.brand}}`
      const document = locals.isRefusedForm ? withoutFramework(html) : html
      // A page of a list has a hundred kilobytes, of which only the head is looked through for more than the owner's mark.
      const headEnd = Math.max(document.indexOf('</head>'), 0)
      const head = document.slice(0, headEnd)
      // Kit writes the small sheets into the page, but before the large one, which would then win where both say something.
      const small = /<style nonce=[^]*?<\/style>/.exec(head)?.[0] ?? ''
      const owner = escapeAttribute(await context.formOwner())
      const values: Record<string, string> = {
        lang: escapeAttribute(context.locale),
        html: htmlAttributes(context, owner),
        owner,
        brand: small + (brandStyle && `<style>${brandStyle}</style>`),
      }
      const filledHead = head
        .replace(small, '')
        .replaceAll(/%portico\.(lang|html|owner|brand)%/g, (_mark, name: string) => values[name]!)
      return filledHead + document.slice(headEnd).replaceAll('%portico.owner%', () => owner)
    },
    preload: ({ type, path }) => type !== 'font' || /geist-basic/.test(path),
  })
  if (brandStyle) allowStyle(response, brandStyle)
  // All other answers get the opposite from the server. With a query it is a step of somebody's sign-in.
  if (locals.isIndexable && response.status === 200 && !event.url.search) response.headers.set('x-robots-tag', 'all')
  return response
}

/** A refusal becomes the page of its status with its own text; any other error shows only its code. */
export const handleError: HandleServerError = ({ kind, error, event }) => {
  const { requestId, t } = event.locals
  // A form sent by script leaves the page, and what was typed, as it is.
  const isForm = event.request.method === 'POST' && event.request.headers.get('x-sveltekit-action') !== 'true'
  if (isForm) event.locals.isRefusedForm = true
  const mark = { ...(requestId !== undefined && { requestId }), ...(isForm && { isForm }) }
  if (kind === 'unknown' && isProblem(error)) {
    return {
      status: error.status,
      code: error.code,
      message: error.title ?? t(`problems.${error.code}`, error.vars),
      ...mark,
    }
  }
  if (kind === 'unknown') {
    // Support finds this line by the request id. Without a request there is only the build.
    if (event.locals.reportError) event.locals.reportError(error)
    else console.error(error)
    return { status: 500, code: 'internal', message: t ? t('ui.errors.internal.title') : 'Internal error', ...mark }
  }
  return { ...mark }
}

/**
 * `api` whose calls lead to the sign-in page when the session is missing or has ended. A form is not lost by that: one sent by
 * script stays where it is and shows the refusal, any other comes back in a page that can send it again.
 */
function signInFirst(context: PageContext, { url, request }: Pick<RequestEvent, 'url' | 'request'>): Api {
  const stays = request.headers.get('x-sveltekit-action') === 'true'
  let otherPerson: Refusal | undefined
  return new Proxy(context.api, {
    get(api, name: string) {
      const call = api[name as keyof Api]
      if (typeof call !== 'function') return call
      return async (input?: unknown) => {
        try {
          return await (call as (input?: unknown) => Promise<unknown>).call(api, input)
        } catch (refusal) {
          if (isProblem(refusal) && refusal.code === 'otherPerson') otherPerson = refusal
          // The page of the form is not this person's: say why, and not that it does not exist.
          if (otherPerson && isProblem(refusal) && refusal.code === 'notFound') throw otherPerson
          if (isProblem(refusal) && refusal.code === 'viewEnded')
            redirect(303, context.leaveOutcome(paths.office(context.portal ?? '').viewAs({ problem: 'ended' })))
          if (stays || !isProblem(refusal) || refusal.code !== 'notSignedIn') throw refusal
          const unsent = await readUnsent(request, url)
          if (unsent) error(401, { code: 'notSignedIn', message: context.t('problems.notSignedIn'), unsent })
          const next = url.pathname + url.search.replace(/^\?\/\w+&?/, '?').replace(/^\?$/, '')
          // A view ends with the session of its member of staff.
          if (context.view && (await isSignedOut(context.api)))
            redirect(303, paths.officeSignIn({ next: paths.office(context.portal ?? '').viewAs() }))
          const isPortal = context.surface === 'portal'
          redirect(303, isPortal ? portal(context.base).signIn({ next }) : paths.officeSignIn({ next }))
        }
      }
    },
  })
}

/** Whether nobody is signed in at all: what anyone may see of a portal is then refused to a portal view. */
const isSignedOut = (api: Api): Promise<boolean> =>
  api.getPortal().then(
    () => false,
    (refusal: unknown) => isProblem(refusal) && refusal.code === 'notSignedIn',
  )

/** Texts under one key per branch, so that those of a page and of its layout lie side by side in `page.data`. */
function wordsByBranch(context: PageContext, branches: string[]): Record<`words:${string}`, TranslationTree> {
  const all = context.words(branches)
  const texts: Record<`words:${string}`, TranslationTree> = {}
  for (const branch of branches) {
    let tree: TranslationTree | string = all
    for (const step of branch.split('.')) tree = typeof tree === 'object' ? (tree[step] ?? {}) : {}
    if (typeof tree === 'object') texts[`words:${branch}`] = tree
  }
  return texts
}

/** The framework's script replaces the entry in the history, and reloading the page would no longer send the form again. */
const withoutFramework = (html: string): string =>
  html.replaceAll(/<script nonce=[^]*?<\/script>|<link [^>]*rel="modulepreload"[^>]*>/g, '')

/** Marks of the document: on a portal's own host its slug, which the browser's reroute() reads. */
function htmlAttributes(context: PageContext, owner: string): string {
  const own = context.surface === 'portal' && context.base === '' && context.portal
  const portalMark = own ? ` data-portal="${escapeAttribute(own)}"` : ''
  return `data-owner="${owner}"${portalMark}`
}

const escapeAttribute = (text: string): string => text.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`)

/** Lets this one inline style through the content security policy, by its hash. */
function allowStyle(response: Response, style: string): void {
  const policy = response.headers.get('content-security-policy')
  if (!policy) return
  const hash = createHash('sha256').update(style).digest('base64')
  response.headers.set(
    'content-security-policy',
    policy.replace("style-src 'self'", `style-src 'self' 'sha256-${hash}'`),
  )
}

/**
 * A refusal as a page, for people. Requests that are refused before a page can be rendered (a form from another site, too many
 * requests, a busy server, an unknown host) would otherwise show JSON. It needs no script, no file and no database.
 */
import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { errorTextKey } from '../../error-texts.ts'
import { isHex } from '../accent.ts'
import type { Translations } from '../i18n.ts'
import { MONITORING_PATH } from './hooks.ts'
import type { ReadableProblem } from './problems.ts'
import { isPlainPath } from './request.ts'

interface ProblemPage {
  lang: string
  title: string
  /** What happened and what to do, in paragraphs. */
  paragraphs: string[]
  /** The ways on, the first as the main button unless reloading is better. */
  links: Link[]
  isReloadBetter: boolean
  /** Label and code that support can look up in the log. */
  code: { label: string; id: string }
  /** `portico` on Portico's own pages; a portal shows its business or nobody. */
  brand: Brand | 'portico' | null
}

interface Link {
  href: string
  text: string
  isNewTab?: true
}

/** How a business shows itself. */
export interface Brand {
  name: string
  accent: string | null
  /** Path of the logo on this host. */
  logo: string | null
}

/** The colors and sizes of src/ui/tokens.css, as far as this page needs them. */
const STYLE = `:root{color-scheme:light dark;--brand:#0f6b7c;
--surface:light-dark(#fff,oklch(from var(--brand) .2 min(c,.008) h));
--line:light-dark(oklch(from var(--brand) .918 min(c,.005) h),oklch(from var(--brand) .3 min(c,.008) h));
--edge:light-dark(oklch(from var(--brand) .63 min(c,.006) h),oklch(from var(--brand) .57 min(c,.008) h));
--text:light-dark(oklch(from var(--brand) .23 min(c,.006) h),oklch(from var(--brand) .95 min(c,.006) h));
--muted:light-dark(oklch(from var(--brand) .48 min(c,.006) h),oklch(from var(--brand) .73 min(c,.008) h));
--part:light-dark(oklch(from var(--brand) min(l,.58) min(c,.19) h),oklch(from var(--brand) max(l,.66) min(c,.15) h));
--accent:light-dark(oklch(from var(--brand) min(l,.52) min(c,.19) h),oklch(from var(--brand) clamp(.42,l,.52) min(c,.15) h))}
*{box-sizing:border-box}
body{margin:0;overflow-wrap:break-word;color:var(--text);
background:light-dark(oklch(from var(--brand) .98 min(c,.004) h),oklch(from var(--brand) .165 min(c,.008) h));
font:400 1rem/1.5rem 'Geist Variable',ui-sans-serif,system-ui,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}
header{background:var(--surface);box-shadow:0 1px var(--line)}
header>div{display:flex;align-items:center;gap:.75rem;max-width:64rem;min-height:4rem;margin:0 auto;padding:.5rem 1.5rem;font-weight:600}
header img{max-height:2rem;max-width:7.5rem}
.tile{display:grid;place-items:center;flex:none;width:2rem;height:2rem;border-radius:8px;background:var(--accent);color:#fff}
main{display:grid;place-items:center;min-height:70vh;padding:2rem 1.5rem}
main>div{width:min(30rem,100%)}
h1{margin:0 0 1rem;font-size:1.5rem;line-height:1.875rem;font-weight:600;letter-spacing:-.014em;text-wrap:balance}
p{margin:0 0 1rem;text-wrap:pretty}
.muted{color:var(--muted)}
.sm{font-size:.8125rem;line-height:1.125rem}
.links{display:flex;flex-wrap:wrap;gap:.5rem}
code{font-family:ui-monospace,Menlo,Consolas,monospace;user-select:all}
a{display:inline-flex;align-items:center;min-height:2.75rem;max-width:100%;padding:.25rem 1rem;border:1px solid transparent;border-radius:8px;
font-weight:500;text-decoration:none;overflow-wrap:anywhere;background:var(--accent);color:#fff}
a+a,.second a{background:var(--surface);border-color:oklch(from var(--edge) l c h/.45);color:var(--text)}
a:focus-visible{outline:2px solid var(--part);outline-offset:2px}
@media (max-width:47.99rem){header>div{min-height:3.5rem;padding:.5rem 1rem}main{padding:2rem 1rem}}`

/** Whether the answer is shown in a browser's window. Scripts and programs ask for JSON. */
export function isShownToPerson(request: FastifyRequest): boolean {
  const { headers, url } = request
  if (headers['x-sveltekit-action'] === 'true') return false
  // Who opens it in a browser looks for the code, as their monitoring does.
  if (MONITORING_PATH.test(url)) return false
  const isNavigation = headers['sec-fetch-mode'] === 'navigate'
  if (url.startsWith('/api/')) return isNavigation
  return isNavigation || /\btext\/html\b/.test(headers.accept ?? '')
}

/** What may work when it is sent again as it is. */
const CAN_RETRY = [429, 503, 507]
/** Under load a refusal must stay cheap, and without a database nothing is known of the business. */
const UNBRANDED = new Set(['busy', 'tooMany', 'databaseUnavailable', 'databaseConnections', 'internal', 'wrongAddress'])

/** A text under `ui.errors`. */
type Translate = (key: string, vars?: Record<string, string>) => string

interface PageOptions {
  translations: Translations
  publicUrl: URL
  brandOf(request: FastifyRequest): Promise<Brand | null>
}

export async function sendProblemPage(
  refusal: ReadableProblem,
  request: FastifyRequest,
  reply: FastifyReply,
  { translations, publicUrl, brandOf }: PageOptions,
): Promise<FastifyReply> {
  const { status, code, title, detail, requestId } = refusal
  const lang = translations.choose(request.headers['accept-language'])
  const t: Translate = (key, vars) => translations.t(lang, `ui.errors.${key}`, vars)
  const texts = errorTextKey(code, status)
  // A 404 must not say what exists, and a declared problem has a more precise text than its status: its first sentence is
  // the heading.
  const [first, ...rest] = code === 'notFound' || status >= 500 ? [t(`${texts}.title`)] : title.split(/(?<=\.) /)
  const reason = code === 'otherPerson' ? t('otherPerson') : detail
  const explanation = [...rest, reason].filter(Boolean).join(' ') || t(`${texts}.body`)
  const isPost = request.method === 'POST'
  const isSentForm = isPost && CAN_RETRY.includes(status)
  // Such a form has a file, as any other comes back in the page that says so (decision 25).
  const isUnsentForm = isPost && code === 'notSignedIn'
  const ended = (key: string) => translations.t(lang, `ui.sessionEnded.${key}`)
  const { html, policy } = renderProblemPage({
    lang,
    title: isUnsentForm ? ended('title') : first!.replace(/\.$/, ''),
    paragraphs: isUnsentForm ? [ended('howToWithFiles')] : [explanation, ...(isSentForm ? [t('sendAgain')] : [])],
    links: isUnsentForm
      ? [{ href: signInFrom(request, publicUrl), text: ended('signIn'), isNewTab: true }]
      : linksFrom(code, request, publicUrl, t),
    isReloadBetter: isSentForm,
    code: { label: t('code'), id: requestId },
    brand:
      isOfPortal(request, publicUrl) && code !== 'wrongAddress' ? await businessFor(code, request, brandOf) : 'portico',
  })
  return reply
    .code(status)
    .headers({ 'content-security-policy': policy, 'cache-control': 'no-store' })
    .type('text/html; charset=utf-8')
    .send(html)
}

const businessFor = async (code: string, request: FastifyRequest, brandOf: PageOptions['brandOf']) =>
  UNBRANDED.has(code) ? null : brandOf(request).catch(() => null)

/** A busy server refuses before anything is known of the request. */
const isOfPortalHost = ({ hostScope, hostname }: FastifyRequest, publicUrl: URL): boolean =>
  hostScope ? hostScope.surface === 'portal' : hostname.toLowerCase() !== publicUrl.hostname

const PORTAL_PATH = /^(?:\/p|\/api\/v1\/portal)\/([^/?]+)/
const OFFICE_PATH = /^(?:\/office|\/api\/v1\/office)\/([^/?]+)/
const STAFF_PAGES = ['sign-in', 'sign-out', 'forgot-password', 'reset-password', 'join']

const isOfPortal = (request: FastifyRequest, publicUrl: URL): boolean =>
  isOfPortalHost(request, publicUrl) || PORTAL_PATH.test(request.url)

/** The ways on: the configured address, or this page again and the start of what it belongs to. */
function linksFrom(code: string, request: FastifyRequest, publicUrl: URL, t: Translate): Link[] {
  if (code === 'wrongAddress') return [{ href: publicUrl.href, text: t('toAddress', { address: publicUrl.origin }) }]
  const start = startFrom(request, publicUrl, t)
  if (code === 'notFound' || request.url.startsWith('/api/')) return [start]
  // Such a path is no page, and `//another.example` would lead away from here.
  if (!isPlainPath(request.originalUrl)) return [start]
  // Without the name of the form's action, which only a POST may have.
  const href = request.originalUrl.replace(/\?\/\w+&?/, '?').replace(/\?$/, '')
  return [{ href, text: request.method === 'GET' ? t('retry') : t('openAgain') }, start]
}

/** Where a portal, an office or the installation begins. */
function startFrom(request: FastifyRequest, publicUrl: URL, t: Translate) {
  if (isOfPortalHost(request, publicUrl)) return { href: '/', text: t('toPortal') }
  const portal = PORTAL_PATH.exec(request.url)?.[1]
  if (portal) return { href: `/p/${portal}`, text: t('toPortal') }
  const office = OFFICE_PATH.exec(request.url)?.[1]
  if (office && !STAFF_PAGES.includes(office)) return { href: `/office/${office}`, text: t('toOffice') }
  return { href: '/', text: t('toStart') }
}

/** Where the person signs in who sent this request. */
function signInFrom(request: FastifyRequest, publicUrl: URL): string {
  if (isOfPortalHost(request, publicUrl)) return '/sign-in'
  const portal = PORTAL_PATH.exec(request.url)?.[1]
  return portal ? `/p/${portal}/sign-in` : '/office/sign-in'
}

/** Portico's own mark (src/ui/ProductLogo.svelte). */
const PRODUCT_MARK =
  '<svg viewBox="0 0 24 24" width="18" height="18" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" ' +
  'stroke-linejoin="round"><path d="M5 20V9.5L12 5l7 4.5V20M5 20h14M9.5 20v-6h5v6"/></svg>'

/** The page, and the policy under which its one style applies. */
function renderProblemPage(page: ProblemPage): { html: string; policy: string } {
  const { lang, title, paragraphs, links, isReloadBetter, code, brand } = page
  const business = brand === 'portico' ? null : brand
  const style = business && isHex(business.accent) ? STYLE.replace('#0f6b7c', business.accent) : STYLE
  const html = `<!doctype html>
<html lang="${escape(lang)}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex">
<title>${escape(title)}</title><style>${style}</style></head>
<body>${brand ? `<header><div>${markOf(business)}<span>${escape(business?.name ?? 'Portico')}</span></div></header>` : ''}
<main><div><h1>${escape(title)}</h1>
${paragraphs.map((text) => `<p class="muted">${escape(text)}</p>`).join('\n')}
<p class="links${isReloadBetter ? ' second' : ''}">${links.map(toAnchor).join('\n')}</p>
<p class="muted sm">${escape(code.label)} <code>${escape(code.id)}</code></p></div></main></body></html>
`
  const hash = createHash('sha256').update(style).digest('base64')
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'`
  return { html, policy }
}

const toAnchor = ({ href, text, isNewTab }: Link): string =>
  `<a href="${escape(href)}"${isNewTab ? ' target="_blank"' : ''}>${escape(text)}</a>`

/** The logo, else the first letter on the business's color. */
function markOf(business: Brand | null): string {
  if (business?.logo) return `<img src="${escape(business.logo)}" alt="">`
  const mark = business ? escape([...business.name.trim()][0] ?? '·') : PRODUCT_MARK
  return `<span class="tile" aria-hidden="true">${mark}</span>`
}

const escape = (text: string): string => text.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`)

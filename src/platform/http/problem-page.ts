/**
 * A refusal as a page, for people. Requests that are refused before a page can be rendered (a form from another site, too many
 * requests, a busy server, an unknown host) would otherwise show JSON. It needs no script, no file and no database.
 */
import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isHex } from '../accent.ts'
import type { Translations } from '../i18n.ts'
import type { ReadableProblem } from './problems.ts'
import { isPlainPath } from './request.ts'

interface ProblemPage {
  lang: string
  status: number
  title: string
  /** What to do. */
  body: string
  /** The way on; none where there is nowhere to go. */
  link: { href: string; text: string } | null
  /** Label and code that support can look up in the log. */
  code: { label: string; id: string }
  brand: Brand | null
}

/** How a business shows itself. */
export interface Brand {
  name: string
  accent: string | null
  /** Path of the logo on this host. */
  logo: string | null
}

/** The colors and sizes of src/ui/tokens.css, as far as this page needs them. */
const STYLE = `:root{color-scheme:light dark;--brand:#0f6b7c}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;grid-template-rows:auto 1fr;overflow-wrap:break-word;
background:light-dark(oklch(from var(--brand) .98 min(c,.004) h),oklch(from var(--brand) .165 min(c,.008) h));
color:light-dark(oklch(from var(--brand) .23 min(c,.006) h),oklch(from var(--brand) .95 min(c,.006) h));
font:400 1rem/1.5rem 'Geist Variable',ui-sans-serif,system-ui,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}
header{display:flex;align-items:center;gap:.75rem;padding:1rem 1.5rem;font-weight:600}
header img{max-height:2.25rem;max-width:7.5rem}
main{display:grid;place-items:center;padding:2rem 1.5rem 6rem}
main>div{width:min(30rem,100%)}
h1{margin:0 0 1rem;font-size:1.5rem;line-height:1.875rem;font-weight:600;letter-spacing:-.014em;text-wrap:balance}
p{margin:0 0 1rem;text-wrap:pretty}
.muted{color:light-dark(oklch(from var(--brand) .48 min(c,.006) h),oklch(from var(--brand) .73 min(c,.008) h))}
.sm{font-size:.8125rem;line-height:1.125rem}
code{font-family:ui-monospace,Menlo,Consolas,monospace;user-select:all}
a{display:inline-flex;align-items:center;min-height:2.75rem;padding:0 1rem;border-radius:8px;font-weight:500;color:#fff;
text-decoration:none;background:light-dark(oklch(from var(--brand) min(l,.52) min(c,.19) h),oklch(from var(--brand) clamp(.42,l,.52) min(c,.15) h))}
a:focus-visible{outline:2px solid currentcolor;outline-offset:2px}`

/** Whether the answer is shown in a browser's window. Scripts and programs ask for JSON. */
export function isShownToPerson(request: FastifyRequest): boolean {
  const { headers, url } = request
  if (headers['x-sveltekit-action'] === 'true') return false
  const isNavigation = headers['sec-fetch-mode'] === 'navigate'
  if (url.startsWith('/api/')) return isNavigation
  return isNavigation || /\btext\/html\b/.test(headers.accept ?? '')
}

/** Statuses with texts of their own under `ui.errors`. */
const OWN_TEXTS = ['s401', 's403', 's404', 's429', 's503']
/** Under load a refusal must stay cheap, and without a database nothing is known of the business. */
const UNBRANDED = new Set(['busy', 'tooMany', 'databaseUnavailable', 'internal', 'wrongAddress'])

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
  const t = (key: string) => translations.t(lang, `ui.errors.${key}`)
  const texts = OWN_TEXTS.find((each) => each === `s${status}`) ?? (status >= 500 ? 'internal' : 'other')
  const { html, policy } = renderProblemPage({
    lang,
    status,
    // A 404 must not say what exists, and a declared problem has a more precise text than its status.
    title: code === 'notFound' || status >= 500 ? t(`${texts}.title`) : title,
    body: detail ?? t(`${texts}.body`),
    link: linkFrom(code, request, publicUrl, t),
    code: { label: t('code'), id: requestId },
    brand: UNBRANDED.has(code) ? null : await brandOf(request).catch(() => null),
  })
  return reply
    .code(status)
    .headers({ 'content-security-policy': policy, 'cache-control': 'no-store' })
    .type('text/html; charset=utf-8')
    .send(html)
}

/** The way on: the configured address, the start page, or this page again. */
function linkFrom(code: string, request: FastifyRequest, publicUrl: URL, t: (key: string) => string) {
  if (code === 'wrongAddress') return { href: publicUrl.href, text: publicUrl.origin }
  if (request.url.startsWith('/api/')) return null
  if (code === 'notFound') return { href: '/', text: t('toStart') }
  // Such a path is no page, and `//another.example` would lead away from here.
  if (!isPlainPath(request.originalUrl)) return { href: '/', text: t('toStart') }
  // Without the name of the form's action, which only a POST may have.
  const href = request.originalUrl.replace(/\?\/\w+&?/, '?').replace(/\?$/, '')
  return { href, text: request.method === 'GET' ? t('retry') : t('openAgain') }
}

/** The page, and the policy under which its one style applies. */
function renderProblemPage(page: ProblemPage): { html: string; policy: string } {
  const { lang, status, title, body, link, code, brand } = page
  const style = brand && isHex(brand.accent) ? STYLE.replace('#0f6b7c', brand.accent) : STYLE
  const logo = brand?.logo ? `<img src="${escape(brand.logo)}" alt="">` : ''
  const html = `<!doctype html>
<html lang="${escape(lang)}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>${escape(title)}</title><style>${style}</style></head>
<body><header>${logo}<span>${escape(brand?.name ?? 'Portico')}</span></header>
<main><div><p class="muted sm">${status}</p><h1>${escape(title)}</h1><p class="muted">${escape(body)}</p>
${link ? `<p><a href="${escape(link.href)}">${escape(link.text)}</a></p>` : ''}
<p class="muted sm">${escape(code.label)} <code>${escape(code.id)}</code></p></div></main></body></html>
`
  const hash = createHash('sha256').update(style).digest('base64')
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'`
  return { html, policy }
}

const escape = (text: string): string => text.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`)

import { marked, Renderer } from 'marked'
import mjml2html from 'mjml'
import { isHex, shades } from '../accent.ts'
import type { Words } from '../i18n.ts'
import { longDate } from '../i18n.ts'

/** Who a mail is from, as it shows it. */
export interface Brand {
  name: string
  /** The business's colour, `#rrggbb`. */
  accent: string
  /** A whole address of a png or jpeg; without one the first letter stands in. */
  logoUrl?: string | null
  /** One line each, below the mail. */
  address?: string | null
  phone?: string | null
  supportEmail?: string | null
  /** IANA zone that dates are said in. */
  timeZone: string
}

/** What words are filled with. Text is text, whatever it looks like; only `{ url }` becomes a link. */
export type MailVars = Record<string, string | number | boolean | null | undefined | { url: string; text?: string }>

export interface MailInput {
  words: Words
  locale: string
  /** Where the words are: `<key>.subject`, `.preheader`, `.title`, `.body`, `.button` (with a link), `.footer`. */
  key: string
  vars: MailVars
  brand: Brand
  /** The one button. `until` is said as a date. */
  link?: { url: string; until?: Date | null } | null
}

export interface Rendered {
  subject: string
  html: string
  text: string
}

const FONT = "-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
const FALLBACK_ACCENT = '#0f6b7c'

// ---- Values: never markup, never markdown ----------------------------------------------------------------------

// Words are filled with marks (two private-use characters around a number); the marks are replaced after Markdown has
// been read, so nothing in a value is ever interpreted. PS-57.
const MARK = /\uE000(\d+)\uE001/g
const PRIVATE = /[\uE000\uE001]/g
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200e\u200f]+/g

const escapeHtml = (text: string) =>
  text.replace(/[&<>"']/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c]!)

/** One line without control or direction-changing characters. */
export const oneLine = (text: string, max = 200) => {
  const clean = text.replace(CONTROL, ' ').replace(PRIVATE, '').replace(/\s+/g, ' ').trim()
  return clean.length > max ? [...clean].slice(0, max - 1).join('') + '…' : clean
}

/** A name that may stand in a mail header: cannot end the header, the quotes or the address (PS-56). */
export const headerName = (name: string) => oneLine(name.replace(/["<>\\]/g, ''), 100)

/** Only what a person may follow from a mail. */
function safeUrl(url: string): string | null {
  try {
    const { protocol, href } = new URL(url)
    return ['https:', 'http:', 'mailto:', 'tel:'].includes(protocol) ? href : null
  } catch {
    return null
  }
}

interface Value {
  text: string
  url: string | null
}

function marks(vars: MailVars) {
  const values: Value[] = []
  const marked: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(vars)) {
    // `count` and `context` choose among words; i18next must see them as they are.
    if (typeof value === 'number' || name === 'context') marked[name] = value
    else if (value !== null && value !== undefined) {
      const url = typeof value === 'object' ? safeUrl(value.url) : null
      const text = oneLine(typeof value === 'object' ? (value.text ?? value.url) : String(value), 500)
      // Mail programs turn bare addresses into links. A stranger's "name" must not become one; an address of ours may.
      marked[name] = `\uE000${values.push({ url, text: url ? text : text.replace(/:\/\//g, ': //') }) - 1}\uE001`
    }
  }
  const fill = (text: string, say: (value: Value) => string) =>
    text.replace(MARK, (_, n: string) => say(values[Number(n)]!))
  return { marked, fill }
}

// ---- Markdown bodies -------------------------------------------------------------------------------------------

function htmlOf(
  markdown: string,
  fill: (text: string, say: (value: Value) => string) => string,
  linkStyle: string,
): string {
  const renderer = new Renderer()
  // A business may edit its words; raw HTML in them stays visible text. Pictures need to load something: not in mails.
  renderer.html = ({ text }) => escapeHtml(text)
  renderer.image = ({ text }) => escapeHtml(text)
  renderer.link = function ({ href, tokens }) {
    const inner = this.parser.parseInline(tokens)
    const url = safeUrl(fill(decodeMarks(href), (value) => value.url ?? value.text))
    return url ? `<a href="${escapeHtml(url)}" class="link" style="${linkStyle}">${inner}</a>` : inner
  }
  const html = marked.parse(markdown, { renderer, async: false, gfm: true })
  return fill(html, ({ text, url }) =>
    url ? `<a href="${escapeHtml(url)}" class="link" style="${linkStyle}">${escapeHtml(text)}</a>` : escapeHtml(text),
  )
}

const decodeMarks = (href: string) => href.replace(/%EE%80%80/gi, '\uE000').replace(/%EE%80%81/gi, '\uE001')

/** The plain twin: Markdown is written to be read, only its links and emphasis need undoing. */
function textOf(markdown: string, fill: (text: string, say: (value: Value) => string) => string): string {
  const plain = markdown
    .replace(/\[([^\]]*)\]\(([^)\s]*)\)/g, (_, label: string, url: string) =>
      label === url ? url : `${label} (${url})`,
    )
    .replace(/(\*\*|__)(.+?)\1/g, '$2')
    .replace(/^#+\s+/gm, '')
  return fill(plain, ({ text, url }) => (url && text !== url && !/^https?:/.test(text) ? `${text} (${url})` : text))
}

// ---- The one layout --------------------------------------------------------------------------------------------

const skeletons = new Map<string, Promise<string>>()

/** MJML is compiled once per colour and shape; mails then only fill its holes with escaped text. */
function skeleton(accent: string, logo: boolean, button: boolean): Promise<string> {
  const key = `${accent} ${logo} ${button}`
  let made = skeletons.get(key)
  if (!made) {
    if (skeletons.size > 200) skeletons.clear()
    skeletons.set(key, (made = compile(accent, logo, button)))
    made.catch(() => skeletons.delete(key))
  }
  return made
}

async function compile(accent: string, logo: boolean, button: boolean): Promise<string> {
  const s = shades(accent)
  const d = shades(accent, 'dark')
  const brandMark = logo
    ? '<img src="@@logo@@" alt="" height="36" style="display:block;height:36px;max-width:160px;border:0;">'
    : `<div style="width:36px;height:36px;background:${s['accent-fill']};border-radius:8px;color:#ffffff;text-align:center;font:600 15px/36px ${FONT};">@@initial@@</div>`
  const { html, errors } = await mjml2html(
    `<mjml lang="@@lang@@" dir="auto">
  <mj-head>
    <mj-title>@@subject@@</mj-title>
    <mj-preview>@@preheader@@</mj-preview>
    <mj-breakpoint width="480px" />
    <mj-attributes>
      <mj-all font-family="${FONT}" />
      <mj-text font-size="16px" line-height="25px" color="${s.text}" padding="0" />
      <mj-section padding="0" /><mj-column padding="0" />
    </mj-attributes>
    <mj-raw><meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"></mj-raw>
    <mj-style>
      h1, p { margin: 0 }
      .body p { margin: 0 0 12px } .body p:last-child { margin-bottom: 0 }
      @media (max-width: 479px) { .pad > table > tbody > tr > td { padding-left: 20px !important; padding-right: 20px !important } }
      @media (prefers-color-scheme: dark) {
        body, .bg, .bg > div { background: ${d.canvas} !important }
        .paper, .paper > table { background: ${d.surface} !important }
        .ink div, .ink h1 { color: ${d.text} !important }
        .dim div, .dim a.quiet { color: ${d.muted} !important }
        .link { color: ${d['accent-text']} !important }
        .hair p { border-color: ${d.line} !important }
        .go td, .go a { background: ${d['accent-fill']} !important }
      }
    </mj-style>
  </mj-head>
  <mj-body width="560px" background-color="${s.canvas}" css-class="bg">
    <mj-section padding="32px 0 0"><mj-column><mj-spacer height="1px" /></mj-column></mj-section>
    <mj-wrapper background-color="${s.surface}" border-top="4px solid ${accent}" border-radius="0 0 12px 12px" padding="0" css-class="paper">
      <mj-section padding="28px 32px 0" css-class="pad">
        <mj-column>
          <mj-table padding="0" cellpadding="0" css-class="ink"><tr>
            <td style="width:1px;vertical-align:middle;">${brandMark}</td>
            <td style="padding-left:12px;vertical-align:middle;"><div style="font:600 16px/24px ${FONT};color:${s.text};">@@brand@@</div></td>
          </tr></mj-table>
        </mj-column>
      </mj-section>
      <mj-section padding="28px 32px 28px" css-class="pad">
        <mj-column>
          <mj-text css-class="ink"><h1 style="margin:0 0 12px;font:600 22px/30px ${FONT};letter-spacing:-0.01em;color:${s.text};">@@title@@</h1></mj-text>
          <mj-text css-class="ink body">@@body@@</mj-text>
          ${
            button
              ? `<mj-button href="@@url@@" align="left" background-color="${s['accent-fill']}" color="#ffffff" border-radius="8px" font-size="16px" font-weight="600" line-height="20px" inner-padding="13px 22px" padding="24px 0 0" css-class="go">@@button@@</mj-button>
          <mj-text css-class="dim" font-size="14px" line-height="21px" color="${s.muted}" padding="24px 0 0">@@hint@@<br /><a href="@@url@@" class="link" style="color:${s['accent-text']};word-break:break-all;">@@shownUrl@@</a></mj-text>`
              : ''
          }
          <mj-divider css-class="hair" border-width="1px" border-color="${s.line}" padding="28px 0 20px" />
          <mj-text css-class="dim" font-size="14px" line-height="21px" color="${s.muted}">@@footer@@</mj-text>
        </mj-column>
      </mj-section>
    </mj-wrapper>
    <mj-section padding="20px 32px 32px"><mj-column>
      <mj-text css-class="dim" align="center" font-size="13px" line-height="20px" color="${s.muted}">@@sender@@</mj-text>
    </mj-column></mj-section>
  </mj-body>
</mjml>`,
    { validationLevel: 'strict', fonts: {}, keepComments: true },
  )
  if (errors?.length) throw new Error(`The mail layout does not compile: ${errors[0]!.formattedMessage}`)
  return html
}

/** One mail from its words: subject, HTML, and the same in plain text. */
export async function renderMail({ words, locale, key, vars, brand, link }: MailInput): Promise<Rendered> {
  const accent = isHex(brand.accent) ? brand.accent.toLowerCase() : FALLBACK_ACCENT
  const url = link ? safeUrl(link.url) : null
  if (link && !url) throw new Error(`${key}: the link is not an address`)
  const { marked: filled, fill } = marks({ business: brand.name, ...vars })
  const say = (part: string) => words.t(locale, `${key}.${part}`, filled)
  const plain = (text: string) => fill(text, (value) => value.text)
  const escaped = (text: string) => fill(escapeHtml(text), (value) => escapeHtml(value.text))
  const linkStyle = `color:${shades(accent)['accent-text']};`

  const subject = oneLine(plain(say('subject')), 150)
  const title = say('title')
  const body = say('body')
  const footer = say('footer')
  const preheader = say('preheader')
  const button = url ? say('button') : ''
  const hint = !url
    ? ''
    : link?.until
      ? words.t(locale, 'mail.layout.linkUntil', { date: longDate(locale, link.until, brand.timeZone) })
      : words.t(locale, 'mail.layout.linkAlways')
  const contacts = [brand.phone, brand.supportEmail]
    .filter((line): line is string => Boolean(line))
    .map((line) => oneLine(line))
  const from = [brand.name, brand.address]
    .filter((line): line is string => Boolean(line))
    .map((line) => oneLine(line, 300))
    .join(', ')
  const mail = brand.supportEmail ? safeUrl(`mailto:${oneLine(brand.supportEmail)}`) : null
  const sender = [
    escapeHtml(from),
    contacts
      .map((line) =>
        line === oneLine(brand.supportEmail ?? '') && mail
          ? `<a href="${escapeHtml(mail)}" class="quiet" style="color:inherit;">${escapeHtml(line)}</a>`
          : escapeHtml(line),
      )
      .join(' · '),
  ]
  const holes: Record<string, string> = {
    lang: escapeHtml(locale),
    subject: escapeHtml(subject),
    preheader: escaped(preheader),
    logo: escapeHtml(safeUrl(brand.logoUrl ?? '') ?? ''),
    initial: escapeHtml([...oneLine(brand.name)][0]?.toUpperCase() ?? ''),
    brand: escapeHtml(oneLine(brand.name)),
    title: escaped(title),
    body: htmlOf(body, fill, linkStyle),
    url: escapeHtml(url ?? ''),
    shownUrl: escapeHtml(url ?? ''),
    button: escaped(button),
    hint: escapeHtml(hint),
    footer: htmlOf(footer, fill, linkStyle),
    sender: sender.filter(Boolean).join('<br>'),
  }
  const layout = await skeleton(accent, Boolean(holes.logo), Boolean(url))
  const html = layout.replace(/@@([a-zA-Z]+)@@/g, (_, hole: string) => holes[hole] ?? '')
  const text = [
    plain(title),
    textOf(body, fill),
    url ? `${plain(button)}:\n${url}` : '',
    link?.until
      ? words
          .t(locale, 'mail.layout.linkUntil', { date: longDate(locale, link.until, brand.timeZone) })
          .split(/(?<=\.)\s/)[0]!
      : '',
    textOf(footer, fill),
    ['-- ', from, contacts.join(' · ')].filter(Boolean).join('\n'),
  ]
  return { subject, html, text: text.filter(Boolean).join('\n\n') + '\n' }
}

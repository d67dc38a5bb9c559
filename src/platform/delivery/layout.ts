import { marked, Renderer } from 'marked'
import { isHex, shades } from '../accent.ts'
import type { Translations } from '../i18n.ts'
import { longDate } from '../i18n.ts'
import { layout } from './layout.gen.ts'

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
  /** IANA zone and BCP 47 locale that dates are written in. */
  timeZone: string
  locale: string
}

/** What words are filled with. Text is text, whatever it looks like; only `{ url }` becomes a link. */
export type MailVars = Record<string, string | number | boolean | null | undefined | { url: string; text?: string }>

export interface MailInput {
  translations: Translations
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

/** What stands between `<!-- name -->` and `<!-- /name -->` in layout.mjml is there only when it has something to show. */
const withOnly = (present: Record<string, boolean>) =>
  layout.replace(/<!-- (\w+) -->([^]*?)<!-- \/\1 -->/g, (_, name: string, inner: string) =>
    present[name] ? inner : '',
  )

/** Every colour that layout.mjml names, from the business's one. */
const colours = (accent: string): Record<string, string> => ({
  accent,
  ...shades(accent),
  ...Object.fromEntries(Object.entries(shades(accent, 'dark')).map(([name, colour]) => [`dark-${name}`, colour])),
})

/** One mail from its words: subject, HTML, and the same in plain text. */
export async function renderMail({ translations, locale, key, vars, brand, link }: MailInput): Promise<Rendered> {
  const accent = isHex(brand.accent) ? brand.accent.toLowerCase() : FALLBACK_ACCENT
  const url = link ? safeUrl(link.url) : null
  if (link && !url) throw new Error(`${key}: the link is not an address`)
  const { marked: filled, fill } = marks({ business: brand.name, ...vars })
  const say = (part: string) => translations.t(locale, `${key}.${part}`, filled)
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
      ? translations.t(locale, 'mail.layout.linkUntil', { date: longDate(brand.locale, link.until, brand.timeZone) })
      : translations.t(locale, 'mail.layout.linkAlways')
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
    ...colours(accent),
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
  const html = withOnly({ logo: holes.logo !== '', letter: holes.logo === '', button: url !== null }).replace(
    /@@([a-zA-Z-]+)@@/g,
    (_, hole: string) => holes[hole] ?? '',
  )
  const text = [
    plain(title),
    textOf(body, fill),
    url ? `${plain(button)}:\n${url}` : '',
    link?.until
      ? translations
          .t(locale, 'mail.layout.linkUntil', { date: longDate(brand.locale, link.until, brand.timeZone) })
          .split(/(?<=\.)\s/)[0]!
      : '',
    textOf(footer, fill),
    ['-- ', from, contacts.join(' · ')].filter(Boolean).join('\n'),
  ]
  return { subject, html, text: text.filter(Boolean).join('\n\n') + '\n' }
}

import { marked, Renderer } from 'marked'
import { isHex, shades } from '../accent.ts'
import type { Translations } from '../i18n.ts'
import { longDate } from '../i18n.ts'
import { withoutInvisible } from '../text.ts'
import { layout } from './layout.gen.ts'

/** Who a mail is from, as it shows it. */
export interface Brand {
  name: string
  /** The business's color, `#rrggbb`. */
  accent: string
  /** A whole address of a png or jpeg; without one the first letter is shown. */
  logoUrl?: string | null
  /** One line each, below the mail. */
  address?: string | null
  phone?: string | null
  supportEmail?: string | null
  /** IANA zone and BCP 47 locale that dates are written in. */
  timeZone: string
  locale: string
}

/** Values for the texts. They are never read as markup; only `{ url }` becomes a link. */
export type MailVars = Record<string, string | number | boolean | null | undefined | { url: string; text?: string }>

export interface MailInput {
  translations: Translations
  locale: string
  /** Where the texts are: `<key>.subject`, `.preheader`, `.title`, `.body`, `.button` (with a link), `.footer`. */
  key: string
  /** The footer of mails that otherwise have the same texts. */
  footerKey?: string | undefined
  vars: MailVars
  brand: Brand
  /** The one button. `until` is written as a date. */
  link?: { url: string; until?: Date | null } | null
  /** A reply is taken in, and the mail says so. */
  canReply?: boolean
}

export interface Rendered {
  subject: string
  html: string
  text: string
}

const FALLBACK_ACCENT = '#0f6b7c'

// ---- Values: never markup, never markdown ----------------------------------------------------------------------

// Texts are filled with marks (two private-use characters around a number); the marks are replaced after Markdown has
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

/** @ and what looks like it. */
const AT_SIGNS = /[@\uff20\ufe6b]/g

/**
 * A name that is safe in a mail header: it cannot end the header, the quotes or the address (PS-56), and it is no
 * address. Mail programs show the name alone, so a business called `ceo@bank.example` would seem to write from there.
 */
export const headerName = (name: string) =>
  oneLine(
    withoutInvisible(name)
      .replace(/["<>\\]/g, '')
      .replaceAll(AT_SIGNS, ' at '),
    100,
  )

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
    // `count` and `context` choose among texts; i18next must see them as they are.
    if (typeof value === 'number' || name === 'context') marked[name] = value
    else if (value !== null && value !== undefined) {
      const url = typeof value === 'object' ? safeUrl(value.url) : null
      const text = oneLine(typeof value === 'object' ? (value.text ?? value.url) : String(value), 500)
      // Mail programs turn bare addresses into links. A name that a stranger typed must not become one; an address of ours may.
      marked[name] = `\uE000${values.push({ url, text: url ? text : text.replace(/:\/\//g, ': //') }) - 1}\uE001`
    }
  }
  const fill = (text: string, format: (value: Value) => string) =>
    text.replace(MARK, (_, n: string) => format(values[Number(n)]!))
  return { marked, fill }
}

// ---- Markdown bodies -------------------------------------------------------------------------------------------

function htmlOf(
  markdown: string,
  fill: (text: string, format: (value: Value) => string) => string,
  linkStyle: string,
): string {
  const renderer = new Renderer()
  // A business may edit its texts; raw HTML in them stays visible text. Pictures need to load something: not in mails.
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

/** The plain-text version: only links and emphasis of the Markdown need replacing. */
function textOf(markdown: string, fill: (text: string, format: (value: Value) => string) => string): string {
  const plain = markdown
    .replace(/\[([^[\]]*)\]\(([^()\s]*)\)/g, (_, label: string, url: string) =>
      label === url ? url : `${label} (${url})`,
    )
    .replace(/(\*\*|__)(.+?)\1/g, '$2')
    .replace(/^#+\s+/gm, '')
  return fill(plain, ({ text, url }) => (url && text !== url && !/^https?:/.test(text) ? `${text} (${url})` : text))
}

// ---- The one layout --------------------------------------------------------------------------------------------

/** Keeps what is between `<!-- name -->` and `<!-- /name -->` in layout.mjml only when that section has something to show. */
const withSections = (present: Record<string, boolean>) =>
  layout.replace(/<!-- (\w+) -->([^]*?)<!-- \/\1 -->/g, (_, name: string, inner: string) =>
    present[name] ? inner : '',
  )

/** Every color that layout.mjml names, computed from the business's color. */
const layoutColors = (accent: string): Record<string, string> => ({
  accent,
  ...shades(accent),
  ...Object.fromEntries(Object.entries(shades(accent, 'dark')).map(([name, color]) => [`dark-${name}`, color])),
})

/** One mail from its texts: subject, HTML, and the same in plain text. */
export async function renderMail(input: MailInput): Promise<Rendered> {
  const { translations, locale, key, vars, brand, link, canReply } = input
  const accent = isHex(brand.accent) ? brand.accent.toLowerCase() : FALLBACK_ACCENT
  const url = link ? safeUrl(link.url) : null
  if (link && !url) throw new Error(`${key}: the link is not an address`)
  const { marked: markedVars, fill } = marks({ business: brand.name, ...vars })
  const translate = (part: string) => translations.t(locale, `${key}.${part}`, markedVars)
  const plain = (text: string) => fill(text, (value) => value.text)
  const escaped = (text: string) => fill(escapeHtml(text), (value) => escapeHtml(value.text))
  const linkStyle = `color:${shades(accent)['accent-text']};`

  const subject = oneLine(plain(translate('subject')), 150)
  const title = translate('title')
  const body = [translate('body'), canReply ? translations.t(locale, 'mail.layout.reply') : '']
    .filter(Boolean)
    .join('\n\n')
  const footer = translations.t(locale, input.footerKey ?? `${key}.footer`, markedVars)
  const preheader = translate('preheader')
  const button = url ? translate('button') : ''
  const expiry = link?.until ? expiryText(translations, locale, brand, link.until) : null
  const hint = url ? (expiry ?? translations.t(locale, 'mail.layout.linkAlways')) : ''
  const signature = signatureOf(brand)
  const html = fillLayout({
    ...layoutColors(accent),
    ...brandSlots(brand),
    lang: escapeHtml(locale),
    subject: escapeHtml(subject),
    preheader: escaped(preheader),
    title: escaped(title),
    body: htmlOf(body, fill, linkStyle),
    url: escapeHtml(url ?? ''),
    shownUrl: escapeHtml(url ?? ''),
    button: escaped(button),
    hint: escapeHtml(hint),
    footer: htmlOf(footer, fill, linkStyle),
    sender: signature.html,
  })
  const paragraphs = [
    plain(title),
    textOf(body, fill),
    url ? `${plain(button)}:\n${url}` : '',
    expiry ? expiry.split(/(?<=\.)\s/)[0]! : '',
    textOf(footer, fill),
    signature.text,
  ]
  return { subject, html, text: paragraphs.filter(Boolean).join('\n\n') + '\n' }
}

const expiryText = (translations: Translations, locale: string, brand: Brand, until: Date): string =>
  translations.t(locale, 'mail.layout.linkUntil', { date: longDate(brand.locale, until, brand.timeZone) })

/** Name, postal address and contacts of the business, below the mail. */
function signatureOf(brand: Brand): { html: string; text: string } {
  const isPresent = (line: string | null | undefined): line is string => Boolean(line)
  const contacts = [brand.phone, brand.supportEmail].filter(isPresent).map((line) => oneLine(line))
  const from = [brand.name, brand.address]
    .filter(isPresent)
    .map((line) => oneLine(line, 300))
    .join(', ')
  const supportUrl = brand.supportEmail ? safeUrl(`mailto:${oneLine(brand.supportEmail)}`) : null
  const contactLinks = contacts.map((line) =>
    line === oneLine(brand.supportEmail ?? '') && supportUrl
      ? `<a href="${escapeHtml(supportUrl)}" class="quiet" style="color:inherit;">${escapeHtml(line)}</a>`
      : escapeHtml(line),
  )
  return {
    html: [escapeHtml(from), contactLinks.join(' · ')].filter(Boolean).join('<br>'),
    text: ['-- ', from, contacts.join(' · ')].filter(Boolean).join('\n'),
  }
}

const brandSlots = (brand: Brand): Record<'logo' | 'initial' | 'brand', string> => ({
  logo: escapeHtml(safeUrl(brand.logoUrl ?? '') ?? ''),
  initial: escapeHtml([...oneLine(brand.name)][0]?.toUpperCase() ?? ''),
  brand: escapeHtml(oneLine(brand.name)),
})

/** The layout with every `@@slot@@` replaced. */
function fillLayout(slots: Record<string, string>): string {
  const sections = { logo: slots.logo !== '', letter: slots.logo === '', button: slots.url !== '' }
  return withSections(sections).replace(/@@([a-zA-Z-]+)@@/g, (_, slot: string) => slots[slot] ?? '')
}

/** What somebody wrote in an email: without quoted mail and signature, and as text where it is HTML alone. */
import { runInNewContext } from 'node:vm'
import { Parser } from 'htmlparser2'

/** Characters that are read; a comment has at most 5,000. */
const READ_CHARACTERS = 20_000
/** Patterns for quotes take long for texts that are made to. Then nothing is cut off, so that nothing is lost. */
const STRIP_TIMEOUT_MS = 250

/** The text that the writer added. Empty when there is nothing but quotes. */
export async function visibleText(text: string): Promise<string> {
  const read = normalizeLines(text).slice(0, READ_CHARACTERS)
  const { default: EmailReplyParser } = await import('email-reply-parser')
  const strip = () => new EmailReplyParser().read(cutOffForwarded(read)).getVisibleText()
  try {
    return tidy(runInNewContext('strip()', { strip }, { timeout: STRIP_TIMEOUT_MS }) as string)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    return tidy(read)
  }
}

const normalizeLines = (text: string) => text.replaceAll('\r\n', '\n').replaceAll('\r', '\n').replaceAll('\u00a0', ' ')

/** Blank lines at most one in a row, none around. */
const tidy = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()

/** The header that desktop programs write above the mail they answer, in the languages of our texts: two of its lines follow. */
const QUOTED_HEADER = /^\s*\*?(?:From|Von|De|Da|Van):\*?\s/
const QUOTED_HEADER_NEXT =
  /^\s*\*?(?:Sent|Date|To|Gesendet|Datum|An|Envoyé|À|Enviado|Para|Inviato|A|Verzonden|Aan):?\*?:?\s/

function cutOffForwarded(text: string): string {
  const lines = text.split('\n')
  const start = lines.findIndex(
    (line, index) =>
      QUOTED_HEADER.test(line) && lines.slice(index + 1, index + 3).some((next) => QUOTED_HEADER_NEXT.test(next)),
  )
  if (start < 0) return text
  // Some programs draw a line above it.
  const isRule = /^\s*[_-]{5,}/.test(lines[start - 1] ?? '')
  return lines.slice(0, isRule ? start - 1 : start).join('\n')
}

const BLOCKS = new Set(
  'address article blockquote div dl dt dd footer form h1 h2 h3 h4 h5 h6 header hr li ol p pre section table tr ul'.split(
    ' ',
  ),
)
const UNSEEN = new Set('head script style template title noscript'.split(' '))
/** Parts in which programs put the mail that is answered, and signatures. */
const QUOTE_MARKS =
  /\b(?:gmail_quote|gmail_attr|gmail_signature|yahoo_quoted|moz-cite-prefix|moz-signature|protonmail_quote|zmail_extra)\b/
const QUOTE_IDS = /^(?:divRplyFwdMsg|appendonsend|mail-editor-reference-message-container|x_divRplyFwdMsg)$/

/** The text of an HTML mail, without its quotes. Tags and their contents that nobody sees are left out. */
export function textOfHtml(html: string): string {
  let text = ''
  let hidden = 0
  let isOver = false
  const open: boolean[] = []
  const breakLine = () => {
    if (text !== '' && !text.endsWith('\n')) text += '\n'
  }
  const parser = new Parser(
    {
      onopentag(name, { class: classes = '', id = '', style = '' }) {
        // Below these marks there is nothing but the mail that is answered.
        if (QUOTE_IDS.test(id)) isOver = true
        const isQuote = name === 'blockquote' || QUOTE_MARKS.test(classes)
        const isHidden = UNSEEN.has(name) || isQuote || /display\s*:\s*none/i.test(style)
        open.push(isHidden)
        if (isHidden) hidden++
        if (hidden > 0) return
        if (name === 'br') text += '\n'
        else if (BLOCKS.has(name)) breakLine()
        if (name === 'li') text += '- '
        if (name === 'td' && text !== '' && !/\s$/.test(text)) text += ' '
      },
      ontext(part) {
        if (hidden > 0 || isOver) return
        const collapsed = part.replaceAll(/[\s\u00a0]+/g, ' ')
        text += /(?:^|\s)$/.test(text) ? collapsed.trimStart() : collapsed
      },
      onclosetag(name) {
        if (open.pop()) hidden--
        else if (hidden === 0 && BLOCKS.has(name)) {
          breakLine()
          if (name === 'p') text += '\n'
        }
      },
    },
    { decodeEntities: true, lowerCaseTags: true },
  )
  parser.end(html.slice(0, READ_CHARACTERS * 10))
  return tidy(text)
}

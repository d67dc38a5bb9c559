/**
 * What people type and paste, as it is kept. Address books and chat programs put invisible marks around what is copied, and
 * a stranger can use them for a name that nobody sees or that turns the line around. Everything here is linear in the
 * length of its input. Pure.
 */

/** Characters that draw nothing or turn the direction of the line. Joiners and selectors are kept where they mean something. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\u0080-\u009f\u2028\u2029\ufff9-\ufffb]/u

const JOINERS = /^[\u200c\u200d]$/
/** Joiners shape letters of these scripts, and join emoji. Between Latin letters they only hide. */
const JOINED_BEFORE =
  /^(?:(?![\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Inherited}])[\p{L}\p{M}]|[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])$/u
const EMOJI_STYLE = /^[\ufe0e\ufe0f]$/
const EMOJI = /^\p{Emoji}$/u
const IDEOGRAPH_FORM = /^[\ufe00-\ufe0d\u{e0100}-\u{e01ef}]$/u
const IDEOGRAPH = /^\p{Script=Han}$/u
const MONGOLIAN_FORM = /^[\u180b-\u180f]$/
const MONGOLIAN = /^\p{Script=Mongolian}$/u
/** The flags of England, Scotland and Wales are a black flag with invisible letters behind it. */
const FLAG_LETTER = /^[\u{e0020}-\u{e007f}]$/u
const BLACK_FLAG = '\u{1f3f4}'

/** The text without characters that draw nothing or turn the line; line separators become line ends. */
export function withoutInvisible(text: string): string {
  if (!INVISIBLE.test(text)) return text
  let kept = ''
  let before = ''
  for (const character of text) {
    const isLineSeparator = character === '\u2028' || character === '\u2029'
    const next = isLineSeparator ? '\n' : character
    if (!isLineSeparator && INVISIBLE.test(character) && !isMeaningfulAfter(before, character)) continue
    kept += next
    before = next
  }
  return kept
}

function isMeaningfulAfter(before: string, mark: string): boolean {
  if (JOINERS.test(mark)) return JOINED_BEFORE.test(before)
  if (EMOJI_STYLE.test(mark)) return EMOJI.test(before)
  if (IDEOGRAPH_FORM.test(mark)) return IDEOGRAPH.test(before)
  if (MONGOLIAN_FORM.test(mark)) return MONGOLIAN.test(before)
  return FLAG_LETTER.test(mark) && (before === BLACK_FLAG || FLAG_LETTER.test(before))
}

/** Letters, digits, punctuation and symbols; the blank of Braille is a symbol without a dot. */
const VISIBLE = /(?!\u2800)[\p{L}\p{N}\p{P}\p{S}]/u

/** One line as it is judged and kept: trimmed, nothing invisible in it, and empty when nothing of it can be seen. */
export function cleanLine(text: string): string {
  const line = withoutInvisible(text).trim()
  // Control characters are left for the schema to refuse, so that they are not taken for "nothing was typed".
  return VISIBLE.test(line) || CONTROL.test(line) ? line : ''
}

const CONTROL = /[\u0000-\u001f\u007f]/

/** Several lines as they are judged and kept: line ends are \n, nothing invisible, trimmed at both ends. */
export function cleanText(text: string): string {
  return withoutInvisible(text.replaceAll('\r\n', '\n').replaceAll('\r', '\n')).trim()
}

/** Without these characters at both ends. A regular expression for it would try every run in the middle, too. */
export function trimCharacters(text: string, isTrimmed: (character: string) => boolean): string {
  let start = 0
  let end = text.length
  while (start < end && isTrimmed(text[start]!)) start++
  while (end > start && isTrimmed(text[end - 1]!)) end--
  return text.slice(start, end)
}

// ---- formulas ----

const FORMULA = '=+\\-@\uff1d\uff0b\uff0d\uff20'
/** Also where a value has several lines: a spreadsheet that is told another quote or separator begins a cell there. */
const CELL_START = '(?<=^|[\\t\\n\\v\\f\\r\\u0085\\u2028\\u2029])'
const FORMULA_START = new RegExp(`${CELL_START}(?=[${FORMULA}])|^(?=[\\t\\r\\n])`, 'g')
const NEUTRALIZED = new RegExp(`${CELL_START}'(?=[${FORMULA}\\t\\r\\n])`, 'g')

/** Against formula injection: an apostrophe in front of what a spreadsheet would run, at the start and in every line. */
export const neutralizeFormulas = (cell: string): string => cell.replace(FORMULA_START, "'")

/** Undoes it, so that a table that we wrote can be read again. */
export const restoreFormulas = (cell: string): string => cell.replace(NEUTRALIZED, '')

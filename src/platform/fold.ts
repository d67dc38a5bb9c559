/**
 * Search text: what people type finds what is meant, whatever the case, accents, spaces, apostrophes or dashes. Runs on
 * server and screen. The database has the same as `fold_search_text`; fold.test.ts compares them.
 */

/** Letters that Unicode does not take apart. */
const LETTERS: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ı: 'i',
  ħ: 'h',
  ŋ: 'n',
}

/** Apostrophes, quotes and dashes: phones and word processors write others than keyboards, and some people none. */
const MARKS = /['"`‘’‚‛“”„‟′‵ʹʺʻʼ«»‹›\u00ad\u2010-\u2015\u2043\u2212-]/g
/** "#12" is how a number is shown. */
const NUMBER_SIGN = /#(?=[0-9])/g
/** Postcodes written with a space: of the UK and Canada, of Ireland, of the Netherlands, of Sweden and its like. */
const POSTCODE =
  /(?<![a-z0-9])(?:([a-z]{1,2}[0-9][a-z0-9]?) ([0-9][a-z][a-z0-9])|([a-z][0-9][0-9w]) ([a-z][a-z0-9]{3})|([0-9]{4}) ([a-z]{2})|([0-9]{3}) ([0-9]{2}))(?![a-z0-9])/g

/** Lower case, without accents, apostrophes and dashes, one space between words. */
const foldWords = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll('´', '')
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(MARKS, '')
    .replaceAll(NUMBER_SIGN, '')
    .replaceAll(/[ßæœøđðþłıħŋ]/g, (letter) => LETTERS[letter] ?? letter)
    .replaceAll(/\s+/g, ' ')
    .trim()

/** What is stored to be searched: folded words, postcodes without their space; empty parts are left out. */
export const fold = (...parts: readonly (string | null | undefined)[]): string =>
  foldWords(parts.filter(Boolean).join(' ')).replaceAll(POSTCODE, '$1$2$3$4$5$6$7$8')

/** The folded words of what was typed. A stored postcode has no space, so it holds both halves of a typed one. */
export const foldTyped = (typed: string): string[] => foldWords(typed).split(' ').filter(Boolean)

/** One LIKE pattern a word of what was typed: all must occur, in any order. `%` and `_` mean themselves. */
export const foldedPatterns = (typed: string): string[] => wordPatterns(foldTyped(typed))

/** The same of words that are folded already; the first eight count. */
export const wordPatterns = (words: readonly string[]): string[] =>
  words.slice(0, 8).map((word) => `%${word.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`)

/** The digits of a phone number, by which it is searched; the words and symbols around them vary. */
export const phoneDigits = (phone: string | null | undefined): string => (phone ?? '').replaceAll(/\D/g, '')

const TYPED_PHONE = /^(?:tel:)?[+(]?\d[\d\s()./\u00b7\u2010-\u2015\u2212-]{5,38}$/i

/** Patterns of what was typed where phone numbers are stored with their digits: a number is found however it is written. */
export const patternsWithPhone = (typed: string): string[] =>
  TYPED_PHONE.test(typed.trim()) ? [`%${phoneDigits(typed)}%`] : foldedPatterns(typed)

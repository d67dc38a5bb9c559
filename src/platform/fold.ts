/** Letters that are no base letter plus accent, so that taking accents off does not reach them. */
const LETTERS: Record<string, string> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ı: 'i' }

/**
 * Text as searches see it: lower case, without accents, single spaces. Stored in `folded` columns and applied to what
 * is searched for, so that "lodz" finds "Łódź". Empty parts are left out.
 */
export const fold = (...parts: (string | null | undefined)[]): string =>
  parts.filter(Boolean).join(' ').normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase()
    .replaceAll(/[ßæœøłđðþı]/g, (letter) => LETTERS[letter]!).replaceAll(/\s+/g, ' ').trim()

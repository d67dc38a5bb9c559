/** Numbers and amounts of money as people write and read them. No float is involved. Pure. */

/** In minor units: a hundred billion dollars. */
export const MAX_AMOUNT = 1e13

/** A number as typed, in its parts. */
export interface Decimal {
  sign: '' | '-'
  whole: string
  fraction: string
}

/** Far more than any number that is stored. */
const LONGEST_NUMBER = 60
const GROUPS_BY_SPACE = /^\d{1,3}(?:[ \u00a0\u2009\u202f'’]\d{3})+(?![\d'’ ])/

/**
 * Reads a number with a decimal point or comma and with groups of thousands. `unit` may stand behind it, as on the form;
 * a minus may be the typographic one. `ambiguous`: the comma in `1,234` may be either. Null: not a number.
 */
export function readDecimal(typed: string, unit = ''): Decimal | 'ambiguous' | null {
  const text = withoutUnit(typed.trim().replace(/^\u2212/, '-'), unit)
  const sign = text.startsWith('-') ? '-' : ''
  const unsigned = text.replace(/^[+-]/, '').trimStart()
  if (unsigned.length > LONGEST_NUMBER || !/^[\d.,]/.test(unsigned)) return null
  const digits = unsigned.replace(GROUPS_BY_SPACE, (groups) => groups.replaceAll(/\D/g, ''))
  const decimal = readUnsigned(digits)
  return decimal && decimal !== 'ambiguous' ? { sign, ...decimal } : decimal
}

function withoutUnit(text: string, unit: string): string {
  const isBehind = unit !== '' && text.toLowerCase().endsWith(unit.toLowerCase())
  return isBehind ? text.slice(0, -unit.length).trimEnd() : text
}

function readUnsigned(text: string): Pick<Decimal, 'whole' | 'fraction'> | 'ambiguous' | null {
  if (/^[1-9]\d{0,2},\d{3}$/.test(text)) return 'ambiguous'
  const isGrouped = /^\d{1,3}(?:,\d{3}){2,}$/.test(text) || /^\d{1,3}(?:\.\d{3}){2,}$/.test(text)
  if (isGrouped) return { whole: text.replaceAll(/\D/g, ''), fraction: '' }
  const [, whole, fraction] =
    /^(\d{1,3}(?:,\d{3})+)\.(\d*)$/.exec(text) ??
    /^(\d{1,3}(?:\.\d{3})+),(\d+)$/.exec(text) ??
    /^(\d*)(?:[.,](\d*))?$/.exec(text) ??
    []
  if (whole === undefined || whole + (fraction ?? '') === '') return null
  return { whole: whole.replaceAll(/\D/g, ''), fraction: fraction ?? '' }
}

/** A symbol or code of up to three characters, before or behind the amount. */
const CURRENCY_BEFORE = /^(-?|\u2212?)[^\d\s.,+\u2212-]{1,3}\s{0,3}(?=\d)/
const CURRENCY_BEHIND = /(?<=\d)\s{0,3}[^\d\s.,+\u2212-]{1,3}$/

const readAmount = (text: string) =>
  readDecimal(text.trim().replace(CURRENCY_BEFORE, '$1').replace(CURRENCY_BEHIND, ''))

/** `1,234.50`, `1.234,50` or `1234.5 €` as 123450 minor units; null when it is not an amount, or could be two. */
export function parseAmount(text: string, minorDigits = 2): number | null {
  const amount = readAmount(text)
  if (!amount || amount === 'ambiguous' || amount.fraction.length > minorDigits || amount.whole.length > 13) return null
  const minor = Number(amount.whole + amount.fraction.padEnd(minorDigits, '0'))
  if (minor > MAX_AMOUNT) return null
  return amount.sign && minor !== 0 ? -minor : minor
}

/** Whether an unread amount could mean two: `1,234`, or `1.234` where there are cents. */
export function isAmbiguousAmount(text: string): boolean {
  const amount = readAmount(text)
  return amount === 'ambiguous' || (amount?.fraction.length === 3 && /^[1-9]\d{0,2}$/.test(amount.whole))
}

/** 123450 as `1234.50`: what a form field holds. */
export function formatAmountInput(minor: number, minorDigits = 2): string {
  const digits = String(Math.abs(minor)).padStart(minorDigits + 1, '0')
  const pointAt = digits.length - minorDigits
  const fraction = minorDigits ? `.${digits.slice(pointAt)}` : ''
  return `${minor < 0 ? '-' : ''}${digits.slice(0, pointAt)}${fraction}`
}

/** Digits after the point of a currency: 2 for USD, none for JPY. */
export const getMinorDigits = (currency: string): number =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2

/** 123450 as `$1,234.50`. */
export const formatAmount = (minor: number, currency: string, locale: string): string =>
  new Intl.NumberFormat(locale, { style: 'currency', currency }).format(
    formatAmountInput(minor, getMinorDigits(currency)) as Intl.StringNumericLiteral,
  )

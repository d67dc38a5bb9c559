/** Amounts of money in whole minor units, and as people write and read them. No float is involved. Pure. */

/** In minor units: a hundred billion dollars. */
export const MAX_AMOUNT = 1e13

/** `1,234.50` as 123450 minor units; null when it is not an amount. */
export function parseAmount(text: string, minorDigits = 2): number | null {
  const [, sign, whole, part = ''] =
    /^(-?)(?:[^\d\s.,-]{1,3}\s{0,3})?(\d{1,3}(?:,\d{3}){1,4}|\d{1,13})(?:\.(\d{0,10}))?$/.exec(text.trim()) ?? []
  if (whole === undefined || part.length > minorDigits) return null
  const minor = Number(whole.replaceAll(',', '') + part.padEnd(minorDigits, '0'))
  if (minor > MAX_AMOUNT) return null
  return sign && minor !== 0 ? -minor : minor
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

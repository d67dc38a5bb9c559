/** Addresses that a business cannot take, and the bounds of its days. Pure. */

/** Addresses that no business can take, because Portico uses them as hosts and paths. */
export const RESERVED_SLUGS: readonly string[] = [
  'www',
  'api',
  'office',
  'platform',
  'p',
  'mailbox',
  'admin',
  'mail',
  'static',
  '_app',
  'set-up',
  'sign-in',
  'sign-out',
  'join',
  'forgot-password',
  'reset-password',
]

/** Letters that have no base letter in Unicode. */
const LETTERS: Record<string, string> = { ß: 'ss', æ: 'ae', ø: 'o', œ: 'oe', ł: 'l', đ: 'd', þ: 'th' }

/** A web address from the name of a business: "Smith & Söhne" gives `smith-sohne`; '' when too little of it is left. */
export function suggestSlug(business: string): string {
  const slug = business
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/\p{M}|['’]/gu, '')
    .replaceAll(/[ßæøœłđþ]/g, (letter) => LETTERS[letter]!)
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replaceAll(/^-|-$/g, '')
  return slug.length < 2 || slug.startsWith('xn--') || RESERVED_SLUGS.includes(slug) ? '' : slug
}

/** Midnight at the start and end of the local day that contains `at`. A day with a clock change has 23 or 25 hours. */
export function dayBounds(at: Date, timeZone: string): { from: Date; to: Date } {
  const { year, month, day } = localParts(at, { timeZone, year: 'numeric', month: 'numeric', day: 'numeric' })
  return {
    from: findMidnight(year!, month!, day!, timeZone),
    to: findMidnight(year!, month!, day! + 1, timeZone),
  }
}

function localParts(at: Date | number, options: Intl.DateTimeFormatOptions): Record<string, number> {
  const parts = new Intl.DateTimeFormat('en-US', options).formatToParts(at)
  return Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]))
}

function findMidnight(year: number, month: number, day: number, timeZone: string): Date {
  const midnightUtc = Date.UTC(year, month - 1, day)
  // The first guess may be on the other side of a clock change, so the offset is read again at that moment.
  const guess = midnightUtc - zoneOffset(midnightUtc, timeZone)
  return new Date(midnightUtc - zoneOffset(guess, timeZone))
}

/** Milliseconds by which the zone is ahead of UTC at that moment. */
function zoneOffset(at: number, timeZone: string): number {
  const { year, month, day, hour, minute, second } = localParts(at, {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const localTime = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!)
  return localTime - Math.trunc(at / 1000) * 1000
}

/** The business: what its settings may be. Pure. */

/** Addresses that are not for businesses: they are hosts and paths of the house. */
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

/** Local midnight of the day that contains `at`, and of the next one, as moments. Days with a clock change have 23 or 25 hours. */
export function dayBounds(at: Date, timeZone: string): { from: Date; to: Date } {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat('en-US', { timeZone, year: 'numeric', month: 'numeric', day: 'numeric' })
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  )
  return {
    from: findMidnight(parts.year!, parts.month!, parts.day!, timeZone),
    to: findMidnight(parts.year!, parts.month!, parts.day! + 1, timeZone),
  }
}

function findMidnight(year: number, month: number, day: number, timeZone: string): Date {
  const wall = Date.UTC(year, month - 1, day)
  // Twice: the first guess may lie on the other side of a clock change.
  let guess = wall - zoneOffset(wall, timeZone)
  guess = wall - zoneOffset(guess, timeZone)
  return new Date(guess)
}

/** Milliseconds that the zone is ahead of UTC at that moment. */
function zoneOffset(at: number, timeZone: string): number {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  )
  return (
    Date.UTC(parts.year!, parts.month! - 1, parts.day!, parts.hour!, parts.minute!, parts.second!) -
    Math.trunc(at / 1000) * 1000
  )
}

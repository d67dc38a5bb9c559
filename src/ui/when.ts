/** Dates and times in the business's time zone and regional format, on server and browser. */

const formats = new Map<string, Intl.DateTimeFormat>()

/** Formats are kept: creating one takes a hundred times as long as using it, and a list uses hundreds. */
function formatOf(locale: string, timeZone: string | undefined, options: Intl.DateTimeFormatOptions) {
  const key = `${locale} ${timeZone} ${JSON.stringify(options)}`
  let format = formats.get(key)
  // One installation has a few zones and regions. The bound is for anything else.
  if (formats.size > 500) formats.clear()
  if (!format) formats.set(key, (format = new Intl.DateTimeFormat(locale, { timeZone, ...options })))
  return format
}

/** Keeps the results of a function, and forgets them all when there are too many. */
function keep<Result>(of: (key: string) => Result): (key: string) => Result {
  const kept = new Map<string, Result>()
  return (key) => {
    const found = kept.get(key)
    if (found !== undefined) return found
    if (kept.size >= 5_000) kept.clear()
    const result = of(key)
    kept.set(key, result)
    return result
  }
}

/**
 * A moment by these options. British and other day-first English has no comma after the weekday: "Thu 26 Nov", but
 * "Thu, Nov 26".
 */
export function formatDate(
  at: Date,
  locale: string,
  timeZone: string | undefined,
  options: Intl.DateTimeFormatOptions,
): string {
  const text = formatOf(locale, timeZone, options).format(at)
  return locale.startsWith('en') ? text.replace(/^(\p{L}+), (?=\d)/u, '$1 ') : text
}

/** Hour and minute for this locale: "9:05 AM" on a 12-hour clock, "09:05" on a 24-hour clock. */
const clockOptions = keep((locale: string): Intl.DateTimeFormatOptions => {
  const { hour12 } = formatOf(locale, undefined, { hour: 'numeric' }).resolvedOptions()
  return { hour: hour12 ? 'numeric' : '2-digit', minute: '2-digit' }
})

/** "10:31", "10:31 AM". */
export const formatTime = (at: Date, locale: string, timeZone: string): string =>
  formatDate(at, locale, timeZone, clockOptions(locale))

/** "2026-11-26": the day of a moment, for comparing. */
export const dayOf = (at: Date, timeZone: string): string =>
  dayOfMinute(`${Math.floor(at.getTime() / 60_000)} ${timeZone}`)

/** A list asks for the same days, above all today's, hundreds of times. */
const dayOfMinute = keep((key: string): string => {
  const [minute, timeZone] = key.split(' ') as [string, string]
  return formatDate(new Date(Number(minute) * 60_000), 'sv-SE', timeZone, { dateStyle: 'short' })
})

const isOtherYear = (at: Date, now: Date, timeZone: string): boolean =>
  dayOf(at, timeZone).slice(0, 4) !== dayOf(now, timeZone).slice(0, 4)

/** "Thu 26 Nov", "Thu, Nov 26"; with the year when it is another one than `now`'s. */
export const shortDay = (at: Date, locale: string, timeZone: string, now = new Date()): string =>
  formatDate(at, locale, timeZone, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    ...(isOtherYear(at, now, timeZone) && { year: 'numeric' }),
  })

/** "26 Nov 2026": a day of the calendar, such as "2026-11-26", which is the same in every time zone. */
export const calendarDay = (day: string, locale: string): string =>
  formatDate(new Date(`${day}T00:00:00Z`), locale, 'UTC', { day: 'numeric', month: 'short', year: 'numeric' })

/** "Thu 26 Nov, 10:31"; in another year "24 Dec 2025, 11:20", without the weekday. */
export function shortMoment(iso: string, locale: string, timeZone: string, now = new Date()): string {
  const at = new Date(iso)
  return formatDate(at, locale, timeZone, {
    day: 'numeric',
    month: 'short',
    ...clockOptions(locale),
    ...(isOtherYear(at, now, timeZone) ? { year: 'numeric' } : { weekday: 'short' }),
  })
}

/** For narrow columns: the time for today, else the day; the year only when it is another one. */
export function timeOrDay(
  iso: string,
  locale: string,
  timeZone: string,
  now: string,
): { today: boolean; text: string } {
  const at = new Date(iso)
  const current = new Date(now)
  if (dayOf(at, timeZone) === dayOf(current, timeZone)) return { today: true, text: formatTime(at, locale, timeZone) }
  const year = isOtherYear(at, current, timeZone) && ({ year: 'numeric' } as const)
  return { today: false, text: formatDate(at, locale, timeZone, { day: 'numeric', month: 'short', ...year }) }
}

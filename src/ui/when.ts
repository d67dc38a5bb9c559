/** Moments as people read them, always in the business's zone. Runs on server and screen alike. */

const formats = new Map<string, Intl.DateTimeFormat>()

/** A moment in words. Formats are kept: making one takes a hundred times as long as using it, and a list uses hundreds. */
export function formatDate(
  at: Date,
  locale: string,
  timeZone: string | undefined,
  options: Intl.DateTimeFormatOptions,
): string {
  const key = `${locale} ${timeZone} ${JSON.stringify(options)}`
  let format = formats.get(key)
  // Zones are those of the businesses on one installation: a few. The bound is for whatever else may come.
  if (formats.size > 500) formats.clear()
  if (!format) formats.set(key, (format = new Intl.DateTimeFormat(locale, { timeZone, ...options })))
  return format.format(at)
}

/** "2026-11-26": the day of a moment, for comparing. */
export const dayOf = (at: Date, timeZone: string): string => formatDate(at, 'sv-SE', timeZone, { dateStyle: 'short' })

/** "Thu 26 Nov, 10:31"; in another year than `now`'s "24 Dec 2025, 11:20": nobody asks which weekday that was. */
export function shortMoment(iso: string, locale: string, timeZone: string, now = new Date()): string {
  const at = new Date(iso)
  const other = dayOf(at, timeZone).slice(0, 4) !== dayOf(now, timeZone).slice(0, 4)
  return formatDate(at, locale, timeZone, {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    ...(other ? { year: 'numeric' } : { weekday: 'short' }),
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
  const [day, today] = [dayOf(at, timeZone), dayOf(new Date(now), timeZone)]
  if (day === today)
    return { today: true, text: formatDate(at, locale, timeZone, { hour: '2-digit', minute: '2-digit' }) }
  const other = day.slice(0, 4) !== today.slice(0, 4)
  return {
    today: false,
    text: formatDate(at, locale, timeZone, { day: 'numeric', month: 'short', ...(other && { year: 'numeric' }) }),
  }
}

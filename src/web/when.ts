/** Moments as people read them, always in the business's zone. Runs on server and screen alike. */

/** "Thu 26 Nov, 10:31"; in another year than `now`'s "24 Dec 2025, 11:20": nobody asks which weekday that was. */
export function shortMoment(iso: string, locale: string, timeZone: string, now = new Date()): string {
  const at = new Date(iso)
  const year = new Intl.DateTimeFormat(locale, { timeZone, year: 'numeric' })
  const other = year.format(at) !== year.format(now)
  return new Intl.DateTimeFormat(locale, {
    timeZone, day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', ...(other ? { year: 'numeric' } : { weekday: 'short' }),
  }).format(at)
}

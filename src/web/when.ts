/** Moments as people read them, always in the business's zone. Runs on server and screen alike. */

/** "Thu 26 Nov, 10:31"; the year only when it is another one than `now`'s. */
export function shortMoment(iso: string, locale: string, timeZone: string, now = new Date()): string {
  const at = new Date(iso)
  const year = new Intl.DateTimeFormat(locale, { timeZone, year: 'numeric' })
  const other = year.format(at) !== year.format(now)
  return new Intl.DateTimeFormat(locale, {
    timeZone, weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', ...(other && { year: 'numeric' }),
  }).format(at)
}

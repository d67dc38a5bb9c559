/** Moments as people read them, always in the business's zone. Runs on server and screen alike. */

/** "2026-11-26": the day of a moment, for comparing. */
export const dayOf = (at: Date, timeZone: string): string => new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(at)

/** "Thu 26 Nov, 10:31"; in another year than `now`'s "24 Dec 2025, 11:20": nobody asks which weekday that was. */
export function shortMoment(iso: string, locale: string, timeZone: string, now = new Date()): string {
  const at = new Date(iso)
  const other = dayOf(at, timeZone).slice(0, 4) !== dayOf(now, timeZone).slice(0, 4)
  return new Intl.DateTimeFormat(locale, {
    timeZone, day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', ...(other ? { year: 'numeric' } : { weekday: 'short' }),
  }).format(at)
}

/** For narrow columns: the time for today, else the day; the year only when it is another one. */
export function timeOrDay(iso: string, locale: string, timeZone: string, now: string): { today: boolean; text: string } {
  const at = new Date(iso)
  const [day, today] = [dayOf(at, timeZone), dayOf(new Date(now), timeZone)]
  if (day === today) return { today: true, text: new Intl.DateTimeFormat(locale, { timeZone, hour: '2-digit', minute: '2-digit' }).format(at) }
  const other = day.slice(0, 4) !== today.slice(0, 4)
  return { today: false, text: new Intl.DateTimeFormat(locale, { timeZone, day: 'numeric', month: 'short', ...(other && { year: 'numeric' }) }).format(at) }
}

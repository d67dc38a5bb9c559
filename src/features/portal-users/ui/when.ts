/** Moments in lists: the time for today, else the day; the year only when it is another one. */
export function when(iso: string, locale: string, timeZone: string, now: string): { today: boolean; text: string } {
  const [at, today] = [new Date(iso), new Date(now)]
  const day = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' })
  if (day.format(at) === day.format(today)) {
    return { today: true, text: new Intl.DateTimeFormat(locale, { timeZone, hour: '2-digit', minute: '2-digit' }).format(at) }
  }
  const sameYear = day.format(at).slice(0, 4) === day.format(today).slice(0, 4)
  return {
    today: false,
    text: new Intl.DateTimeFormat(locale, { timeZone, day: 'numeric', month: 'short', ...(sameYear ? {} : { year: 'numeric' }) }).format(at),
  }
}

/** The days that a list of jobs is filtered by, in the business's time zone. Pure; screens do not load this file. */
import { addDays, startOfDay, startOfWeek, toLocalTime } from '../../../../platform/zone.ts'

export interface DayFilter {
  scheduled?: 'today' | 'tomorrow' | 'week' | undefined
  /** First and last day, such as 2026-12-07. */
  scheduledFrom?: string | undefined
  scheduledTo?: string | undefined
}

/**
 * The moments between which a visit begins; undefined: any or none. A named day and a range both count. The days of a range
 * may come in either order.
 */
export function scheduledBetween(
  { scheduled, scheduledFrom, scheduledTo }: DayFilter,
  { timeZone, locale }: { timeZone: string; locale: string },
  now: Date,
): { from?: Date | undefined; to?: Date | undefined } | undefined {
  if (!scheduled && !scheduledFrom && !scheduledTo) return undefined
  const named = scheduled && namedDays(scheduled, toLocalTime(now, timeZone).day, locale)
  // Days compare as text.
  const isReversed = isDay(scheduledFrom) && isDay(scheduledTo) && scheduledFrom > scheduledTo
  const [rangeFrom, rangeTo] = isReversed ? [scheduledTo, scheduledFrom] : [scheduledFrom, scheduledTo]
  const first = [named?.first, rangeFrom].filter(isDay).sort().at(-1)
  const last = [named?.last, rangeTo].filter(isDay).sort()[0]
  return {
    from: first ? startOfDay(first, timeZone) : undefined,
    to: last && last < LAST_DAY ? startOfDay(addDays(last, 1), timeZone) : undefined,
  }
}

/** The database refuses the day after it. */
const LAST_DAY = '9999-12-31'
const isDay = (day: string | undefined): day is string => Boolean(day)

function namedDays(name: 'today' | 'tomorrow' | 'week', today: string, locale: string) {
  if (name === 'today') return { first: today, last: today }
  const tomorrow = addDays(today, 1)
  if (name === 'tomorrow') return { first: tomorrow, last: tomorrow }
  const first = startOfWeek(today, firstDayOfWeek(locale))
  return { first, last: addDays(first, 6) }
}

/** 1 is Monday, 7 Sunday. */
const firstDayOfWeek = (locale: string): number =>
  (new Intl.Locale(locale) as Intl.Locale & { getWeekInfo(): { firstDay: number } }).getWeekInfo().firstDay

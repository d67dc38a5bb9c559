/** What is unusual about a planned visit. It is said and never refused. Pure. */

/** Local hours of the business. Days are ISO days of the week: 1 is Monday. */
export interface WorkingHours {
  days: readonly number[]
  /** 08:00 */
  from: string
  to: string
}

/** How long a visit without a planned duration is taken to last, in minutes. */
export const ASSUMED_MINUTES = 60

/** A local day and time of day: 2026-12-07, 14:00. */
interface LocalTime {
  day: string
  time: string
}

export function isOutsideHours(start: LocalTime, end: LocalTime, hours: WorkingHours): boolean {
  const isWorkingDay = hours.days.includes(weekdayOf(start.day))
  const isWithin = start.time >= hours.from && end.day === start.day && end.time <= hours.to
  return !isWorkingDay || !isWithin
}

const weekdayOf = (day: string): number => new Date(`${day}T12:00:00Z`).getUTCDay() || 7

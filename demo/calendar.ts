/** The demo's dates, all relative to today. */
import { Temporal } from 'temporal-polyfill'

export const MINUTE = 60_000
const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

export const addMinutes = (moment: Date, minutes: number) => new Date(moment.getTime() + minutes * MINUTE)
export const roundToMinutes = (moment: Date, minutes: number) =>
  new Date(Math.round(moment.getTime() / (minutes * MINUTE)) * minutes * MINUTE)

export type Calendar = ReturnType<typeof createCalendar>

/** Wall-clock times of a business, counted in days from today. */
export function createCalendar(now: Date, zone: string) {
  const dateOf = (moment: Date) =>
    Temporal.Instant.fromEpochMilliseconds(moment.getTime()).toZonedDateTimeISO(zone).toPlainDate()
  const momentOf = (date: Temporal.PlainDate, time: string) =>
    new Date(date.toZonedDateTime({ timeZone: zone, plainTime: time }).epochMilliseconds)
  const today = dateOf(now)
  const at = (days: number, time: string) => momentOf(today.add({ days }), time)
  const isSunday = (days: number) => today.add({ days }).dayOfWeek === 7
  return {
    at,
    /** A time this many working days ago (0 or less). Always over, never on a Sunday, and later for a later input. */
    past: (days: number, time: string): Date => {
      let day = 0
      for (let left = -days; left > 0 || isSunday(day); day -= 1) if (!isSunday(day)) left -= 1
      while (isSunday(day) || at(day, time) > addMinutes(now, -10)) day -= 1
      return at(day, time)
    },
    /** A time in this many days or later. Always in the future, never on a Sunday. */
    coming: (days: number, time: string): Date => {
      let day = days
      while (isSunday(day) || at(day, time) < addMinutes(now, 45)) day += 1
      return at(day, time)
    },
    /** A time this many days after a moment, never on a Sunday. */
    after: (moment: Date, days: number, time: string): Date => {
      const date = dateOf(moment).add({ days })
      return momentOf(date.dayOfWeek === 7 ? date.add({ days: 1 }) : date, time)
    },
    ago: (minutes: number): Date => addMinutes(now, -minutes),
  }
}

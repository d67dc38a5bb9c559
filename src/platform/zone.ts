/** Local days and times of a place, as people type and read them, against moments. Daylight saving is decided here only. */
import { Temporal } from 'temporal-polyfill'

export interface Local {
  /** 2026-03-29 */
  day: string
  /** 09:30 */
  time: string
}

/**
 * The moment of a local day and time in a zone. A time that the clocks jump over is `null`: it never happens. Of a time
 * that happens twice (clocks go back) the first is meant.
 * @throws RangeError when day or time is none
 */
export function momentOf({ day, time }: Local, zone: string): Date | null {
  const wanted = Temporal.PlainDate.from(day).toPlainDateTime(Temporal.PlainTime.from(time))
  const moment = wanted.toZonedDateTime(zone, { disambiguation: 'earlier' })
  return moment.toPlainDateTime().equals(wanted) ? new Date(moment.epochMilliseconds) : null
}

/** What a clock on the wall shows at a moment. */
export function toLocalTime(moment: Date, zone: string): Local {
  const at = Temporal.Instant.fromEpochMilliseconds(moment.getTime()).toZonedDateTimeISO(zone)
  return { day: at.toPlainDate().toString(), time: at.toPlainTime().toString({ smallestUnit: 'minute' }) }
}

/** 2026-12-07 14:00, as spreadsheets read it. */
export function toSheetTime(moment: Date, zone: string): string {
  const { day, time } = toLocalTime(moment, zone)
  return `${day} ${time}`
}

/** The moment at which a local day begins: midnight, or later where the clocks jump over it. @throws RangeError when it is none */
export const startOfDay = (day: string, zone: string): Date =>
  new Date(Temporal.PlainDate.from(day).toZonedDateTime(zone).epochMilliseconds)

/** 2026-12-31 and 1: 2027-01-01. */
export const addDays = (day: string, days: number): string => Temporal.PlainDate.from(day).add({ days }).toString()

/** The first day of a week: 1 is Monday, 7 Sunday. */
export const startOfWeek = (day: string, firstDay: number): string =>
  addDays(day, -((Temporal.PlainDate.from(day).dayOfWeek - firstDay + 7) % 7))

/** ISO 8601 with the offset that the place has at that moment. */
export const isoIn = (moment: Date, zone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(moment.getTime())
    .toZonedDateTimeISO(zone)
    .toString({ timeZoneName: 'never', smallestUnit: 'second' })

/** "London" for `Europe/London`, as texts name a time zone. */
export const zoneCity = (zone: string): string => zone.split('/').at(-1)!.replaceAll('_', ' ')

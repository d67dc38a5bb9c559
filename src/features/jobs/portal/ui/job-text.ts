/** Texts that the portal's job screens share: times in the business's zone, and the looks of statuses. */
import type { Api } from '../../../../web/api.ts'
import type { StatusLook } from '../../../../ui/StatusBadge.svelte'
import { dayOf, formatTime, shortDay } from '../../../../ui/when.ts'

export type PortalJob = Awaited<ReturnType<Api['getPortalJob']>>
export type PortalRow = Awaited<ReturnType<Api['listPortalJobs']>>['rows'][number]
export type BookingOptions = Awaited<ReturnType<Api['getBookingOptions']>>
export type Question = NonNullable<BookingOptions['fields']>[number]
type T = (key: string, vars?: Record<string, unknown>) => string
/** Whether a day starts a line or is inside a sentence. */
type Place = 'alone' | 'sentence'

/** The customer's six statuses have the same names as the looks. */
export const look = (status: string): StatusLook => status as StatusLook

/** "Today", "Thu 26 Nov"; the year only when it differs from this year's. Inside a sentence it is "today". */
export function day(iso: string, locale: string, timeZone: string, t: T, place: Place = 'alone'): string {
  const [at, now] = [new Date(iso), new Date()]
  if (dayOf(at, timeZone) === dayOf(now, timeZone))
    return t(place === 'alone' ? 'jobs.portal.today' : 'jobs.portal.todayInSentence')
  return shortDay(at, locale, timeZone, now)
}

const timeOfDay = (iso: string, locale: string, timeZone: string): string => formatTime(new Date(iso), locale, timeZone)

/** "Today, 10:00" */
export const moment = (iso: string, locale: string, timeZone: string, t: T, place: Place = 'alone'): string =>
  `${day(iso, locale, timeZone, t, place)}, ${timeOfDay(iso, locale, timeZone)}`

type Request = { requestedAt?: string | null | undefined; requestedAnyTime?: boolean | undefined }

/** "Requested for Thu 26 Nov, 10:00"; the day alone when any time suits. Null: no start was asked for. */
export function requestedFor(job: Request, locale: string, timeZone: string, t: T): string | null {
  if (!job.requestedAt) return null
  const when = job.requestedAnyTime
    ? day(job.requestedAt, locale, timeZone, t, 'sentence')
    : moment(job.requestedAt, locale, timeZone, t, 'sentence')
  return t('jobs.portal.requestedFor', { when })
}

/** "Thu 26 Nov, 10:00", "Thu 26 Nov, any time" */
export const requestedTime = (iso: string, isDayOnly: boolean, locale: string, timeZone: string, t: T): string =>
  isDayOnly ? t('jobs.portal.anyTime', { day: day(iso, locale, timeZone, t) }) : moment(iso, locale, timeZone, t)

/** "Thu 26 Nov, 10:00 – 12:00": the start and, when the duration is known, the planned end. */
export function appointment(
  iso: string,
  minutes: number | null | undefined,
  locale: string,
  timeZone: string,
  t: T,
): string {
  const start = moment(iso, locale, timeZone, t)
  return minutes
    ? `${start} – ${timeOfDay(new Date(new Date(iso).getTime() + minutes * 60_000).toISOString(), locale, timeZone)}`
    : start
}

/** The "When" cell of a job list, in two lines. */
export function whenLines(
  job: PortalRow,
  locale: string,
  timeZone: string,
  t: T,
): { first: string; second?: string | null | undefined } {
  switch (job.status) {
    case 'requested':
      return job.requestedAt
        ? {
            first: requestedFor(job, locale, timeZone, t)!,
            second: t('jobs.portal.notConfirmed'),
          }
        : { first: t('jobs.portal.notScheduled'), second: t('jobs.portal.noRequestedTime') }
    case 'waiting':
      return { first: t('jobs.portal.needsNewTime'), second: null }
    case 'completed':
      return {
        first: job.completedAt ? day(job.completedAt, locale, timeZone, t) : t('jobs.portal.statuses.completed'),
        second: job.worker,
      }
    case 'canceled':
      return {
        first: job.canceledAt
          ? t('jobs.portal.canceledOn', { day: day(job.canceledAt, locale, timeZone, t, 'sentence') })
          : t('jobs.portal.statuses.canceled'),
        second: null,
      }
    default:
      return job.scheduledAt
        ? { first: appointment(job.scheduledAt, job.durationMinutes, locale, timeZone, t), second: job.worker }
        : { first: t('jobs.portal.scheduling'), second: job.worker }
  }
}

/** File fields that the customer may answer. Their pickers stand together at the end of a form. */
export const fileFields = (fields: readonly Question[]): Question[] =>
  fields.filter((field) => field.type === 'file' && field.permission !== 'readOnly')

/** Fields to show on a form, without those of `fileFields`: leaves out read-only fields without a value, and section headers with nothing below. */
export function visibleFields(fields: readonly Question[]): Question[] {
  const asked = fileFields(fields)
  const kept = fields
    .filter((each) => !asked.includes(each))
    .filter((each) => each.type === 'section' || each.permission !== 'readOnly' || each.value !== undefined)
  return kept.filter(
    (each, index) =>
      each.type !== 'section' ||
      each.value !== undefined ||
      (kept[index + 1] !== undefined && kept[index + 1]!.type !== 'section'),
  )
}

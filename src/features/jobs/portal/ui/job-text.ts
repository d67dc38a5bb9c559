/** What the portal's job screens say alike: times in the business's zone, and the looks of statuses. */
import type { Api } from '../../../../web/api.ts'
import type { StatusLook } from '../../../../ui/StatusBadge.svelte'
import { dayOf, formatTime, shortDay } from '../../../../ui/when.ts'

export type PortalJob = Awaited<ReturnType<Api['getPortalJob']>>
export type PortalRow = Awaited<ReturnType<Api['listPortalJobs']>>['rows'][number]
export type BookingOptions = Awaited<ReturnType<Api['getBookingOptions']>>
export type Question = NonNullable<BookingOptions['fields']>[number]
type T = (key: string, vars?: Record<string, unknown>) => string

/** Files that are taken; the server looks at what they really are. */
export const ACCEPT = '.jpg,.jpeg,.png,.webp,.heic,.heif,.pdf,.docx,.xlsx,.csv,.txt'

/** A customer's statuses are the six looks themselves. */
export const look = (shown: string): StatusLook => shown as StatusLook

/** "Today", "Thu 26 Nov"; the year only when it is another one. */
export function day(iso: string, locale: string, timeZone: string, t: T, now = new Date()): string {
  const at = new Date(iso)
  if (dayOf(at, timeZone) === dayOf(now, timeZone)) return t('jobs.portal.today')
  return shortDay(at, locale, timeZone, now)
}

const clock = (iso: string, locale: string, timeZone: string): string =>
  formatTime(new Date(iso), locale, timeZone)

/** "Today, 10:00" */
export const moment = (iso: string, locale: string, timeZone: string, t: T): string =>
  `${day(iso, locale, timeZone, t)}, ${clock(iso, locale, timeZone)}`

/** "Thu 26 Nov, 10:00 – 12:00": from the start on, as long as the work is planned to take. */
export function visit(iso: string, minutes: number | null, locale: string, timeZone: string, t: T): string {
  const start = moment(iso, locale, timeZone, t)
  return minutes
    ? `${start} – ${clock(new Date(new Date(iso).getTime() + minutes * 60_000).toISOString(), locale, timeZone)}`
    : start
}

/** What a row says about time, in two lines. */
export function when(job: PortalRow, locale: string, timeZone: string, t: T): { first: string; second: string | null } {
  switch (job.status) {
    case 'requested':
      return job.requestedAt
        ? {
            first: t('jobs.portal.asked', { when: moment(job.requestedAt, locale, timeZone, t) }),
            second: t('jobs.portal.weConfirm'),
          }
        : { first: t('jobs.portal.noWish'), second: t('jobs.portal.wePropose') }
    case 'waiting':
      return { first: t('jobs.portal.waitingLong'), second: null }
    case 'completed':
      return {
        first: job.completedAt ? day(job.completedAt, locale, timeZone, t) : t('jobs.portal.statuses.completed'),
        second: job.worker,
      }
    case 'canceled':
      return {
        first: job.canceledAt
          ? t('jobs.portal.canceledOn', { day: day(job.canceledAt, locale, timeZone, t) })
          : t('jobs.portal.statuses.canceled'),
        second: null,
      }
    default:
      return job.scheduledAt
        ? { first: visit(job.scheduledAt, job.durationMinutes, locale, timeZone, t), second: job.worker }
        : { first: t('jobs.portal.timeSoon'), second: job.worker }
  }
}

/** "London": the place of a zone, as a person says it. */
export const zoneName = (timeZone: string): string => timeZone.split('/').at(-1)!.replaceAll('_', ' ')

/** Questions that have something to say on a form: a read-only one without an answer has not, nor a header left alone. */
export function worthAsking(questions: readonly Question[]): Question[] {
  const kept = questions.filter(
    (each) => each.type === 'section' || each.permission !== 'readOnly' || each.value !== undefined,
  )
  return kept.filter(
    (each, index) =>
      each.type !== 'section' ||
      each.value !== undefined ||
      (kept[index + 1] !== undefined && kept[index + 1]!.type !== 'section'),
  )
}

/** Texts and links that the office's job screens share. Runs on server and screen. */
import type { Api } from '../../../../web/api.ts'
import type { StatusLook } from '../../../../ui/StatusBadge.svelte'
import { dayOf, formatTime, shortDay, shortMoment } from '../../../../ui/when.ts'
import type { JobStatus } from '../../rules.ts'

export type Job = Awaited<ReturnType<Api['getJob']>>
export type JobRow = Awaited<ReturnType<Api['listJobs']>>['rows'][number]
export type Choices = Awaited<ReturnType<Api['getJobFormOptions']>>
export { actionUrl, withQueryKeepingPage, type Address } from '../../../../ui/query.ts'
export type { FormAnswer } from '../../../../ui/forms.ts'

/** Icon and color of a status. Statuses that share a look differ by their label. */
export const LOOKS: Record<JobStatus, StatusLook> = {
  unassigned: 'requested',
  unpublished: 'requested',
  declined: 'requested',
  pending: 'scheduled',
  assigned: 'scheduled',
  started: 'progress',
  paused: 'waiting',
  postponed: 'waiting',
  completed: 'completed',
  canceled: 'canceled',
}

/** "Thu 3 Dec, any time" of a job whose customer asked for a day, else its requested time. Null: none was asked for. */
export function requestedTime(
  {
    requestedAt,
    requestedAnyTime,
  }: { requestedAt?: string | null | undefined; requestedAnyTime?: boolean | undefined },
  locale: string,
  timeZone: string,
  t: (key: string, vars?: Record<string, unknown>) => string,
  { within = false } = {},
): string | null {
  if (!requestedAt) return null
  if (!requestedAnyTime) return moment(requestedAt, locale, timeZone, t, { within })
  return t('jobs.office.anyTime', { day: shortDay(new Date(requestedAt), locale, timeZone) })
}

/** "Today, 13:30", else "Thu 3 Dec, 13:30". `within`: inside a sentence. */
export function moment(
  iso: string,
  locale: string,
  timeZone: string,
  t: (key: string, vars?: Record<string, unknown>) => string,
  { within = false, now = new Date() } = {},
): string {
  const at = new Date(iso)
  if (dayOf(at, timeZone) !== dayOf(now, timeZone)) return shortMoment(iso, locale, timeZone, now)
  return t(within ? 'jobs.office.todayInSentence' : 'jobs.office.today', {
    time: formatTime(at, locale, timeZone),
  })
}

/** An address of several lines in one. */
export const oneLine = (address: string): string =>
  address
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .join(', ')

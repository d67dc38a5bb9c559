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

/** "Created by Dana Reyes", or where a job without a named creator came from. */
export function createdBy(
  { createdBy: { kind, name } }: Job,
  t: (key: string, vars?: Record<string, unknown>) => string,
) {
  if (kind === 'portalUser') return name ? t('jobs.office.job.bookedBy', { name }) : t('jobs.office.job.bookedInPortal')
  if (kind === 'system') return t('jobs.office.imported')
  return t('jobs.office.job.createdBy', { name: name ?? t('records.office.people.other') })
}

type AnsweredField = Pick<Job['fields'][number], 'type' | 'value'>

/** Fields with an answer, and those without one; each with the sections that they stand under. */
export function splitByAnswer<F extends AnsweredField>(fields: readonly F[]): { answered: F[]; unanswered: F[] } {
  const isEmpty = ({ value }: F) => value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
  return {
    answered: withSections(fields, (field) => !isEmpty(field)),
    unanswered: withSections(fields, isEmpty),
  }
}

/** Fields without those that files answer, and without sections that are empty then. */
export const withoutFiles = <F extends AnsweredField>(fields: readonly F[]): F[] =>
  withSections(fields, ({ type }) => type !== 'file')

function withSections<F extends AnsweredField>(fields: readonly F[], isChosen: (field: F) => boolean): F[] {
  const chosen: F[] = []
  let section: F | undefined
  for (const field of fields) {
    if (field.type === 'section') section = field
    else if (isChosen(field)) {
      if (section) chosen.push(section)
      section = undefined
      chosen.push(field)
    }
  }
  return chosen
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

/** What became of a change to several jobs: the numbers of those that refused by the reason in words. */
export interface BulkReport {
  changed: number
  refused: { reason: string; numbers: (number | null)[] }[]
}

/** The report as parameters of a page's outcome, which a cookie holds: each reason once, then the numbers. */
export const writeBulkOutcome = ({ changed, refused }: BulkReport) => ({
  done: 'bulk',
  changed: String(changed),
  refused: refused
    .map(({ reason, numbers }) => `${reason}|${numbers.map((number) => number ?? '').join(' ')}`)
    .join('\n'),
})

/** Null: the page says something else. */
export function readBulkOutcome(outcome: Record<string, string> | null): BulkReport | null {
  if (outcome?.done !== 'bulk') return null
  const refused = (outcome.refused ?? '').split('\n').filter(Boolean)
  return {
    changed: Number(outcome.changed),
    refused: refused.map((line) => {
      const [reason, numbers] = line.split('|') as [string, string?]
      return { reason, numbers: (numbers ?? '').split(' ').map((number) => (number === '' ? null : Number(number))) }
    }),
  }
}

/** An address of several lines in one. */
export const oneLine = (address: string): string =>
  address
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .join(', ')

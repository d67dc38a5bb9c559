/** What the address of the job list says: its filters and order, as the operations take them. */
import { JOB_STATUSES, type JobStatus } from '../../../../../features/jobs/rules.ts'

/** The operation's order for each sort parameter. */
const SORTS = {
  number: 'oldest',
  '-number': 'newest',
  when: 'soonest',
  '-when': 'latest',
  customer: 'customer',
  '-customer': '-customer',
  status: 'status',
  '-status': '-status',
  worker: 'worker',
  '-worker': '-worker',
} as const
const DAYS = ['today', 'tomorrow', 'week'] as const
export const JOB_ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/

/** A day of the calendar, such as 2026-12-07. */
const isDay = (day: string | null): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(day ?? '') && new Date(`${day}T00:00Z`).toJSON()?.slice(0, 10) === day

/** What does not fit is left out, so that an old or made-up link still lists jobs. */
export function readFilters(query: URLSearchParams, isOffice: boolean) {
  const ids = (name: string) =>
    query.getAll(name).filter((id) => JOB_ID.test(id) || (name === 'worker' && id === 'none'))
  const dayOf = (name: string) => (isDay(query.get(name)) ? query.get(name)! : undefined)
  return {
    search: query.get('q')?.slice(0, 100) || undefined,
    status: query
      .getAll('status')
      .filter((status): status is JobStatus => (JOB_STATUSES as readonly string[]).includes(status)),
    worker: ids('worker'),
    template: ids('template'),
    customer: ids('customer')[0],
    scheduled: DAYS.find((day) => day === query.get('day')),
    scheduledFrom: dayOf('since'),
    scheduledTo: dayOf('until'),
    // Workers are not shown what the office has read.
    comments: query.get('comments') === 'unread' && isOffice ? ('unread' as const) : undefined,
  }
}

export function readSort(query: URLSearchParams) {
  const asked = query.get('sort') ?? ''
  return Object.hasOwn(SORTS, asked) ? SORTS[asked as keyof typeof SORTS] : 'newest'
}

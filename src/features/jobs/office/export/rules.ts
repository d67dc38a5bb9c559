/** The exported list of jobs. Pure; screens do not load this file. */
import type { ExportColumn } from '../../../../platform/csv.ts'
import { toLocalTime, toSheetTime } from '../../../../platform/zone.ts'
import type { JobRowRecord } from '../../queries.ts'
import type { JobStatus } from '../../rules.ts'

/** As the screens name them in English; a test compares the two. */
const STATUS_NAMES: Record<JobStatus, string> = {
  unassigned: 'Unassigned',
  unpublished: 'Unpublished',
  pending: 'Pending acceptance',
  assigned: 'Assigned',
  started: 'Started',
  paused: 'Paused',
  completed: 'Completed',
  declined: 'Declined',
  postponed: 'Postponed',
  canceled: 'Canceled',
}

/** Columns of the file. A worker's file has no worker, like their list: all jobs are their own. */
export function jobColumns(timeZone: string, isOffice: boolean): ExportColumn<JobRowRecord>[] {
  const at = (moment: Date | null) => moment && toSheetTime(moment, timeZone)
  const requested = ({ requested_at: moment, requested_any_time: anyTime }: JobRowRecord) =>
    moment && anyTime ? toLocalTime(moment, timeZone).day : at(moment)
  return [
    { heading: 'No.', cell: (job) => job.number },
    { heading: 'Job', cell: (job) => job.title },
    { heading: 'Template', cell: (job) => job.template },
    { heading: 'Customer', cell: (job) => job.customer },
    { heading: 'Address', cell: (job) => job.address },
    { heading: 'Status', cell: (job) => STATUS_NAMES[job.status] },
    { heading: 'Requested time', cell: requested },
    { heading: 'Scheduled', cell: (job) => at(job.scheduled_at) },
    { heading: 'Duration in minutes', cell: (job) => job.duration_minutes },
    ...(isOffice ? [{ heading: 'Worker', cell: (job: JobRowRecord) => job.worker }] : []),
    { heading: 'Tags', cell: (job) => job.tags.join(', ') },
    { heading: 'Created', cell: (job) => at(job.created_at) },
    { heading: 'Completed', cell: (job) => at(job.completed_at) },
    { heading: 'Canceled', cell: (job) => at(job.canceled_at) },
  ]
}

/** What a change of status writes: columns of the job and lines of its history. Pure; transitionJob does the writing. */
import type { HistoryEntry } from '../../records/rules.ts'
import type { JobRecord } from '../queries.ts'
import { customerStatus, isScheduleVisible, type JobStatus } from '../rules.ts'

/** What comes with a change of status. Undefined leaves a value as it is, null clears it. */
export interface TransitionInput {
  reason?: string | undefined
  worker?: string | null | undefined
  scheduled?: Date | null | undefined
  requested?: Pick<JobRecord, 'requested_at' | 'requested_any_time'> | undefined
}

type TransitionColumns = Pick<
  JobRecord,
  | 'status'
  | 'worker_id'
  | 'requested_at'
  | 'requested_any_time'
  | 'scheduled_at'
  | 'started_at'
  | 'completed_at'
  | 'canceled_at'
>

export function changesOfTransition(
  job: Pick<JobRecord, 'status' | 'started_at'>,
  to: JobStatus,
  { worker, scheduled, requested }: TransitionInput,
  now: Date,
): Partial<TransitionColumns> {
  const from = job.status
  const takesWorker = ['pending', 'assigned', 'unpublished'].includes(to)
  return {
    status: to,
    ...requested,
    ...(scheduled !== undefined && { scheduled_at: scheduled }),
    ...(worker !== undefined && takesWorker && { worker_id: worker }),
    ...(to === 'unassigned' && { worker_id: null }),
    ...(to === 'postponed' && { worker_id: null, scheduled_at: null }),
    ...(to === 'started' && !job.started_at && { started_at: now }),
    ...(to === 'started' && from === 'completed' && { completed_at: null }),
    ...(to === 'completed' && { completed_at: now }),
    // E-51: a canceled job has no times; what they were stays in its history.
    ...(to === 'canceled' && { canceled_at: now, scheduled_at: null, started_at: null }),
    ...(from === 'canceled' && { canceled_at: null }),
  }
}

type TransitionTimes = Pick<JobRecord, 'status' | 'scheduled_at' | 'started_at' | 'completed_at'>

/** Lines of a change made by staff. `assignment` is its line when the worker changed. */
export function historyOfTransition(
  before: TransitionTimes,
  after: TransitionTimes,
  reason: string | undefined,
  assignment: HistoryEntry | undefined,
): HistoryEntry[] {
  const from = before.status
  const to = after.status
  // That a worker declined is internal: the customer sees the change of status that follows.
  const isCustomerChange = customerStatus(from) !== customerStatus(to) && to !== 'declined'
  const scheduledAt = isScheduleVisible(to) ? after.scheduled_at : null
  const timeDetails: Record<string, string> = scheduledAt ? { scheduledAt: scheduledAt.toISOString() } : {}
  // The customer's status may stay the same while its time becomes settled.
  const settlesTime = !isCustomerChange && !isScheduleVisible(from) && scheduledAt !== null
  const cleared = clearedTimes(before, after)
  return [
    {
      event: 'moved',
      audience: isCustomerChange ? 'customer' : 'internal',
      from,
      to,
      details: isCustomerChange ? timeDetails : {},
    },
    ...(settlesTime ? [{ event: 'scheduled', audience: 'customer' as const, details: timeDetails }] : []),
    ...(Object.keys(cleared).length > 0
      ? [{ event: 'timesRemoved', audience: 'internal' as const, details: cleared }]
      : []),
    ...(assignment ? [assignment] : []),
    ...(reason ? [{ event: 'reason', audience: 'internal' as const, from, to, details: { reason } }] : []),
  ]
}

/** A customer's own change is one line. A customer may write no internal line, so cleared times are kept in this one. */
export const historyOfCustomerTransition = (
  before: TransitionTimes,
  after: TransitionTimes,
  reason: string | undefined,
): HistoryEntry[] => [
  {
    event: 'moved',
    audience: 'customer',
    from: before.status,
    to: after.status,
    details: { ...(reason && { reason }), ...clearedTimes(before, after) },
  },
]

const CLEARED_TIMES = [
  ['removedScheduledAt', 'scheduled_at'],
  ['removedStartedAt', 'started_at'],
  ['removedCompletedAt', 'completed_at'],
] as const

/** Times the job had before and has no more. */
function clearedTimes(before: TransitionTimes, after: TransitionTimes): Record<string, string> {
  return Object.fromEntries(
    CLEARED_TIMES.flatMap(([name, column]) => {
      const time = before[column]
      return time && !after[column] ? [[name, time.toISOString()]] : []
    }),
  )
}

/** The time that a line `timesRemoved` shows: the visit, else the start, else the completion. Imports write no prefix. */
export const clearedTimeOf = (details: Record<string, unknown>): unknown =>
  details.removedScheduledAt ??
  details.scheduledAt ??
  details.removedStartedAt ??
  details.startedAt ??
  details.removedCompletedAt ??
  details.completedAt

/** Who does the job, before and after. */
export const assignmentEntry = (worker: string | null, workerBefore: string | null): HistoryEntry => ({
  event: 'assigned',
  audience: 'internal',
  details: { worker, before: workerBefore },
})

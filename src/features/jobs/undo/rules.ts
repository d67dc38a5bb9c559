/** Taking back a change of status, worker or time. The job keeps what was before for a minute. Pure. */
import type { HistoryEntry } from '../../records/rules.ts'
import type { JobRecord } from '../queries.ts'
import { customerStatus, isScheduleVisible } from '../rules.ts'

/** Screens offer it for ten seconds; the rest is for slow lines, and for pages without script. */
const UNDO_MS = 60_000

const COLUMNS = ['status', 'worker_id', 'duration_minutes'] as const
const TIMES = ['requested_at', 'scheduled_at', 'started_at', 'completed_at', 'canceled_at'] as const
type UndoneColumns = Pick<JobRecord, (typeof COLUMNS)[number] | (typeof TIMES)[number] | 'requested_any_time'>

/** What a job was before its last change. Times are ISO strings. */
export interface UndoRecord {
  /** The version that the change made. In any other one the job has changed since. */
  version: number
  /** Who made the change: only they can undo it. */
  actor: string
  at: string
  before: Record<string, unknown>
}

/** What undoes a change that makes `version`. */
export function undoRecord(before: JobRecord, version: number, actor: string, now: Date): UndoRecord {
  const kept = [...COLUMNS, ...TIMES, 'requested_any_time' as const].map((column) => [column, before[column]])
  return { version, actor, at: now.toISOString(), before: Object.fromEntries(kept) as Record<string, unknown> }
}

export function isUndoable({ undo, version }: Pick<JobRecord, 'undo' | 'version'>, actor: string, now: Date): boolean {
  if (undo?.version !== version || undo.actor !== actor) return false
  return Math.abs(now.getTime() - Date.parse(undo.at)) <= UNDO_MS
}

export function columnsBefore({ before }: UndoRecord): UndoneColumns {
  const times = TIMES.map((name) => [name, typeof before[name] === 'string' ? new Date(before[name]) : null])
  return { ...before, ...Object.fromEntries(times) } as unknown as UndoneColumns
}

type Shown = Pick<JobRecord, 'status' | 'scheduled_at'>

/** Lines that say what was undone. Customers read those of what they had seen. `assignment` is the line of the worker. */
export function historyOfUndo(from: Shown, to: Shown, assignment: HistoryEntry | undefined): HistoryEntry[] {
  const visible = isScheduleVisible(to.status) ? to.scheduled_at : null
  const isCustomerChange = customerStatus(from.status) !== customerStatus(to.status)
  const scheduledAt = to.scheduled_at?.toISOString() ?? null
  const isMoved = from.status !== to.status
  const isRescheduled = from.scheduled_at?.getTime() !== to.scheduled_at?.getTime()
  const isVisible = isScheduleVisible(from.status) || isScheduleVisible(to.status)
  return [
    ...(isMoved
      ? [
          {
            event: 'moved' as const,
            audience: isCustomerChange ? ('customer' as const) : ('internal' as const),
            from: from.status,
            to: to.status,
            details: { undone: true, ...(visible && { scheduledAt: visible.toISOString() }) },
          },
        ]
      : []),
    ...(isRescheduled || (!isMoved && !assignment)
      ? [
          {
            event: 'scheduled' as const,
            audience: isVisible && !isMoved ? ('customer' as const) : ('internal' as const),
            details: { undone: true, scheduledAt, before: from.scheduled_at?.toISOString() ?? null },
          },
        ]
      : []),
    ...(assignment ? [{ ...assignment, details: { ...assignment.details, undone: true } }] : []),
  ]
}

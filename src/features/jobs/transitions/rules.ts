/** Which status follows which, and who may change it (E-40). Pure: runs on server and screen. */
import { JOB_STATUSES, type JobStatus } from '../rules.ts'

/** worker: the one on the job · manager: owner and admin · dispatcher: they and dispatchers · system: follows by itself. */
export type TransitionRole = 'worker' | 'dispatcher' | 'manager' | 'customer' | 'system'

export interface JobTransition {
  from: readonly JobStatus[]
  to: JobStatus
  who: readonly TransitionRole[]
  /** A reason must be given; it stays internal. */
  reason?: 'required'
  /** The job must have a worker. */
  needsWorker?: true
}

/** A declined job goes to another worker in one step. */
const ASSIGNABLE = ['unassigned', 'unpublished', 'postponed', 'declined'] as const
const NOT_STARTED = ['unassigned', 'unpublished', 'pending', 'assigned'] as const

/** The one table: from → to · who. Whatever is not in it is refused. */
const TRANSITIONS: readonly JobTransition[] = [
  { from: ['unassigned'], to: 'unpublished', who: ['dispatcher'] },
  { from: ['unpublished', 'pending', 'assigned', 'postponed'], to: 'unassigned', who: ['dispatcher'] },
  { from: ASSIGNABLE, to: 'pending', who: ['dispatcher'], needsWorker: true },
  { from: ASSIGNABLE, to: 'assigned', who: ['dispatcher'], needsWorker: true },
  { from: ['pending'], to: 'assigned', who: ['worker'] },
  { from: ['pending'], to: 'declined', who: ['worker'], reason: 'required' },
  // Follows by itself when a worker declines. A dispatcher may do it for jobs that an import brought in as declined.
  { from: ['declined'], to: 'unassigned', who: ['system', 'dispatcher'] },
  { from: ['assigned'], to: 'started', who: ['worker', 'dispatcher'] },
  { from: ['started'], to: 'paused', who: ['worker', 'dispatcher'] },
  { from: ['paused'], to: 'started', who: ['worker', 'dispatcher'] },
  { from: ['started', 'paused'], to: 'completed', who: ['worker', 'dispatcher'] },
  { from: NOT_STARTED, to: 'postponed', who: ['dispatcher'] },
  { from: ['completed'], to: 'started', who: ['manager'], reason: 'required' },
  { from: [...NOT_STARTED, 'declined', 'postponed'], to: 'canceled', who: ['dispatcher', 'customer'] },
  { from: ['started', 'paused'], to: 'canceled', who: ['dispatcher'] },
  { from: ['canceled'], to: 'unassigned', who: ['dispatcher'] },
]

/** The row of the table for this move by any of these; undefined when there is none. */
export const transitionOf = (
  from: JobStatus,
  to: JobStatus,
  by: readonly TransitionRole[],
): JobTransition | undefined =>
  TRANSITIONS.find((move) => move.to === to && move.from.includes(from) && move.who.some((who) => by.includes(who)))

/** Where a job can go from here, for the buttons of a screen. */
export const transitionsFrom = (
  from: JobStatus,
  by: readonly TransitionRole[],
): { to: JobStatus; reason: boolean; needsWorker: boolean }[] =>
  JOB_STATUSES.flatMap((to) => {
    const move = transitionOf(from, to, by)
    return move ? [{ to, reason: move.reason === 'required', needsWorker: move.needsWorker === true }] : []
  })

/** Statuses that the office can give to several jobs at once: without a worker or a reason of each. Canceling is apart. */
export const statusesForSeveral = (): JobStatus[] =>
  JOB_STATUSES.filter(
    (to) =>
      to !== 'canceled' &&
      JOB_STATUSES.some((from) => {
        const move = transitionOf(from, to, ['dispatcher'])
        return move && !move.reason && !move.needsWorker
      }),
  )

/** What a member of staff counts as for one job. */
export function transitionRolesOf(
  role: 'owner' | 'admin' | 'dispatcher' | 'worker',
  isTheWorker: boolean,
): TransitionRole[] {
  return [
    ...(isTheWorker ? ['worker' as const] : []),
    ...(role === 'worker' ? [] : ['dispatcher' as const]),
    ...(role === 'owner' || role === 'admin' ? ['manager' as const] : []),
  ]
}

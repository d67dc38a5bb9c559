/**
 * Statuses and transitions of a job, and what a customer sees of them. One table each; everything else is derived. Pure:
 * runs on server and screen.
 */
import type { FieldValues } from '../templates/fields/rules.ts'

/** Orders of the office's list. */
export const JOB_SORTS = [
  'newest',
  'oldest',
  'soonest',
  'latest',
  'changed',
  'customer',
  '-customer',
  'status',
  '-status',
  'worker',
  '-worker',
] as const
export type JobSort = (typeof JOB_SORTS)[number]

/** Counts of jobs stop here: beyond it a list says that there are more. */
export const COUNT_CAP = 10_000
/** The same of a customer's search for a word too common for the index. */
export const COMMON_MATCHES_CAP = 1_000

export const JOB_STATUSES = [
  'unassigned',
  'unpublished',
  'pending',
  'assigned',
  'started',
  'paused',
  'completed',
  'declined',
  'postponed',
  'canceled',
] as const
export type JobStatus = (typeof JOB_STATUSES)[number]

export const CUSTOMER_STATUSES = ['requested', 'scheduled', 'progress', 'waiting', 'completed', 'canceled'] as const
/** The statuses customers see. Internal steps are combined. */
export type CustomerStatus = (typeof CUSTOMER_STATUSES)[number]

const SHOWN: Record<JobStatus, CustomerStatus> = {
  unassigned: 'requested',
  unpublished: 'requested',
  declined: 'requested',
  pending: 'scheduled',
  assigned: 'scheduled',
  started: 'progress',
  paused: 'progress',
  completed: 'completed',
  postponed: 'waiting',
  canceled: 'canceled',
}
export const customerStatus = (status: JobStatus): CustomerStatus => SHOWN[status]

export const JOB_GROUPS = ['open', 'completed', 'canceled'] as const
export type JobGroup = (typeof JOB_GROUPS)[number]
export const groupOf = (status: JobStatus): JobGroup =>
  status === 'completed' || status === 'canceled' ? status : 'open'
export const statusesOf = (group: JobGroup): JobStatus[] => JOB_STATUSES.filter((status) => groupOf(status) === group)

// ---- transitions (E-40) ----

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

/** Work is going on or over: planning is closed. */
export const hasStarted = (status: JobStatus): boolean => ['started', 'paused', 'completed'].includes(status)
export const isPlannable = (status: JobStatus): boolean => !hasStarted(status) && status !== 'canceled'
/** The office may correct a job in any status but a canceled one. */
export const isEditable = (status: JobStatus): boolean => status !== 'canceled'

// ---- what a customer may do in which status ----

export type CustomerAction = 'edit' | 'cancel' | 'delete'

/** Why a customer can no longer do it: the status it reached. Null: it is still possible. */
export function blockedReason(
  action: CustomerAction,
  status: JobStatus,
): 'started' | 'completed' | 'canceled' | 'waiting' | 'planned' | null {
  if (status === 'completed' || status === 'canceled') return status
  if (status === 'started' || status === 'paused') return 'started'
  switch (action) {
    // Declined is our own affair: to the customer the job is requested, and behaves so.
    case 'edit':
      return status === 'postponed' ? 'waiting' : null
    case 'cancel':
      return null
    case 'delete':
      return status === 'unassigned' ? null : 'planned'
  }
}

/** Customers see worker and time once they are confirmed. Before, both can still change. */
export const isScheduleVisible = (status: JobStatus): boolean =>
  ['assigned', 'started', 'paused', 'completed'].includes(status)

// ---- the line of progress a customer follows ----

export interface ProgressStep {
  status: CustomerStatus
  is: 'done' | 'now' | 'next'
}

/** Requested → scheduled → in progress → completed; a canceled or waiting job says so at the place it stopped. */
export function progressOf(status: JobStatus): ProgressStep[] {
  const now = customerStatus(status)
  if (now === 'canceled')
    return [
      { status: 'requested', is: 'done' },
      { status: 'canceled', is: 'now' },
    ]
  const steps: CustomerStatus[] =
    now === 'waiting'
      ? ['requested', 'waiting', 'scheduled', 'progress', 'completed']
      : ['requested', 'scheduled', 'progress', 'completed']
  const at = steps.indexOf(now)
  return steps.map((step, index) => ({
    status: step,
    is: index < at || now === 'completed' ? 'done' : index === at ? 'now' : 'next',
  }))
}

// ---- names ----

/** The name customers see for a staff member (E-66). An email address never replaces a name. */
export function staffNameFor(rule: 'full' | 'first' | 'business', name: string | null, business: string): string {
  const known = name && !name.includes('@') ? name.trim() : ''
  if (rule === 'business' || !known) return business
  return rule === 'full' ? known : known.split(/\s+/)[0]!
}

/** Most jobs one booking makes (V-34). */
export const MAX_JOBS = 20
/** Files on one form of a customer. */
export const MAX_ATTACHMENTS = 5
/** Files on one form of the office, where somebody adds what customers sent by other ways. */
export const MAX_OFFICE_ATTACHMENTS = 20

// ---- records beside a job ----

/** A job as the parent of its comments, files and history. */
export const jobParent = (job: { account_id: string; id: string; customer_id: string }) => ({
  kind: 'job' as const,
  account: job.account_id,
  id: job.id,
  customer: job.customer_id,
})

/** Answers without a file that is removed; undefined when no answer names it. */
export function valuesWithoutFile(
  values: Readonly<FieldValues>,
  file: { id: string; field_id: string | null },
): FieldValues | undefined {
  const files = file.field_id ? values[file.field_id] : undefined
  if (!file.field_id || !Array.isArray(files)) return undefined
  const { [file.field_id]: _removed, ...others } = values
  const rest = files.filter((id) => id !== file.id)
  return rest.length > 0 ? { ...others, [file.field_id]: rest } : others
}

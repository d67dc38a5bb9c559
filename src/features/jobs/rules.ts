/** Statuses of a job, and what a customer sees of them. Pure: runs on server and screen. */
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

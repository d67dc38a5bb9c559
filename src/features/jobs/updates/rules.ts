/**
 * What people hear about a job. Changes wait five minutes and are told as one email about what is different in the end, so a
 * visit that was scheduled and then moved twice is told once, and one that was scheduled and taken back not at all. Pure.
 */
import type { CustomerEmail, StaffEmail } from '../../notifications/rules.ts'
import type { JobRecord } from '../queries.ts'
import { customerStatus, isScheduleVisible, type CustomerStatus } from '../rules.ts'
import { isCustomerKind } from '../../identity/rules.ts'

/** A change that waits. `details` depends on the kind. */
export type JobUpdate = { actor_kind: string; actor_id: string | null; actor_name: string | null; created_at: Date } & (
  | { kind: 'changed'; details: VisibleState }
  | { kind: 'commented'; details: { body: string } }
  | { kind: 'edited'; details: object }
  | { kind: 'deleted'; details: { number: number; title: string } }
)

/** What a customer sees of status and time. The time is an ISO string, null while it is not settled. */
export interface VisibleState {
  status: CustomerStatus
  scheduledAt: string | null
}

export const visibleState = (job: Pick<JobRecord, 'status' | 'scheduled_at'>): VisibleState => ({
  status: customerStatus(job.status),
  scheduledAt: isScheduleVisible(job.status) ? (job.scheduled_at?.toISOString() ?? null) : null,
})

export const isSameState = (one: VisibleState, other: VisibleState): boolean =>
  one.status === other.status && one.scheduledAt === other.scheduledAt

export type CustomerNews = 'scheduled' | 'rescheduled' | 'unscheduled' | 'canceled' | 'reopened' | 'completed'

/** The switch that an email to customers obeys. */
const switchOfNews = (news: CustomerNews): CustomerEmail =>
  (({ unscheduled: 'rescheduled', reopened: 'canceled' }) as Partial<Record<CustomerNews, CustomerEmail>>)[news] ??
  (news as CustomerEmail)

/** What changed for the customer, or null when nothing did that an email tells. */
function newsOf(before: VisibleState, after: VisibleState): CustomerNews | null {
  if (after.status === 'canceled') return before.status === 'canceled' ? null : 'canceled'
  if (after.status === 'completed') return before.status === 'completed' ? null : 'completed'
  if (after.scheduledAt && before.scheduledAt === null) return 'scheduled'
  if (after.scheduledAt && after.scheduledAt !== before.scheduledAt) return 'rescheduled'
  if (before.status === 'canceled') return 'reopened'
  return before.scheduledAt && !after.scheduledAt ? 'unscheduled' : null
}

/** What a portal user hears of the waiting changes of a job, or null for nothing. */
export function customerUpdate(
  updates: readonly JobUpdate[],
  job: Pick<JobRecord, 'status' | 'scheduled_at'>,
  reader: string,
  wants: (kind: CustomerEmail) => boolean,
) {
  const isOwn = (update: JobUpdate) => update.actor_kind === 'portalUser' && update.actor_id === reader
  const changes = updates.filter((update) => update.kind === 'changed')
  const first = changes[0]
  const after = visibleState(job)
  // What someone did last themselves is no news to them.
  const change = first && !isOwn(changes.at(-1)!) ? newsOf(first.details, after) : null
  const isVisitOver = after.scheduledAt !== null && new Date(after.scheduledAt) <= (first?.created_at ?? 0)
  // A visit entered after it took place is for the records.
  const isForRecords = isVisitOver && (change === 'scheduled' || change === 'rescheduled')
  const news = change && !isForRecords && wants(switchOfNews(change)) ? change : null
  // Only the business writes to the customer; a colleague's comment is addressed to the business.
  const fromStaff = updates.filter((update) => update.kind === 'commented' && update.actor_kind === 'staff')
  const comments = wants('commented') ? fromStaff : []
  if (!news && comments.length === 0) return null
  return { news, before: first?.details ?? after, after, comments: comments as CommentUpdate[] }
}

export type CustomerUpdate = NonNullable<ReturnType<typeof customerUpdate>>
export type StaffUpdate = NonNullable<ReturnType<typeof staffUpdate>>
export type CommentUpdate = Extract<JobUpdate, { kind: 'commented' }>

/** What the office hears of the waiting changes of a job, or null for nothing. Only customers' doings are told. */
export function staffUpdate(
  updates: readonly JobUpdate[],
  job: Pick<JobRecord, 'status'> | undefined,
  wants: (kind: StaffEmail) => boolean,
) {
  const ofCustomer = updates.filter((update) => isCustomerKind(update.actor_kind))
  const ofKind = (kind: JobUpdate['kind']) => ofCustomer.findLast((update) => update.kind === kind)
  const lastChange = updates.findLast((update) => update.kind === 'changed')
  const isCanceled = job?.status === 'canceled' && lastChange !== undefined && isCustomerKind(lastChange.actor_kind)
  const ending = isCanceled ? lastChange : ofKind('deleted')
  const edit = job && wants('edited') ? ofKind('edited') : undefined
  const written = ofCustomer.filter((update) => update.kind === 'commented')
  const comments = job && wants('commented') ? (written as CommentUpdate[]) : []
  if (ending && wants('canceled'))
    return { news: ending.kind === 'deleted' ? 'deleted' : 'canceled', by: ending, comments } as const
  if (edit) return { news: 'edited', by: edit, comments } as const
  return comments.length > 0 ? ({ news: null, by: comments.at(-1)!, comments } as const) : null
}

/** Jobs as the office's answers show them. Pure; screens do not load this file. */
import { presentAttachment, presentComment, presentHistory, visibleHistory } from '../../records/rules.ts'
import { viewFields, type Field } from '../../templates/fields/rules.ts'
import { isSameRequest, presentMoment, presentRequest, withValues } from '../form/rules.ts'
import type { JobPageRecords } from '../page/queries.ts'
import type { JobRecord, JobRowRecord } from '../queries.ts'
import { customerStatus } from '../rules.ts'
import { isCustomerKind } from '../../identity/rules.ts'

/** A job in the list: what a screen shows of it, and what `details` adds. */
export function presentJobRow(job: JobRowRecord, isOffice: boolean, include?: 'details') {
  const { template, durationMinutes, createdBy, createdAt, updatedAt, version, ...facts } = presentFacts(job, isOffice)
  const { customer, worker, tags, requestedAt, scheduledAt } = facts
  const hasDetails = include === 'details'
  const nameOf = <T extends { name: string }>(other: T) => (hasDetails ? other : { name: other.name })
  return {
    ...facts,
    customer: nameOf(customer),
    worker: worker ? nameOf(worker) : undefined,
    address: facts.address ?? undefined,
    tags: tags.length > 0 ? tags : undefined,
    requestedAt: (scheduledAt && !hasDetails ? null : requestedAt) ?? undefined,
    scheduledAt: scheduledAt ?? undefined,
    viaPortal: isCustomerKind(createdBy.kind) || undefined,
    ...(hasDetails && { template, createdBy, createdAt, updatedAt, version }),
    durationMinutes: (hasDetails && durationMinutes) || undefined,
  }
}

/** What a row and the job itself say. What the office has read is no affair of a worker's. */
const presentFacts = (job: Omit<JobRowRecord, 'completed_at' | 'canceled_at'>, isOffice: boolean) => ({
  id: job.id,
  number: job.number,
  title: job.title,
  status: job.status,
  customer: { id: job.customer_id, name: job.customer },
  template: { id: job.template_id, name: job.template, icon: job.icon },
  worker: job.worker_id ? { id: job.worker_id, name: job.worker ?? '' } : null,
  address: job.address,
  tags: job.tags,
  requestedAt: job.requested_at,
  ...(job.requested_any_time && { requestedAnyTime: true }),
  scheduledAt: job.scheduled_at,
  durationMinutes: job.duration_minutes,
  createdBy: { kind: job.created_by_kind, id: job.created_by_id, name: job.created_by_name },
  createdAt: job.created_at,
  updatedAt: job.updated_at,
  ...(isOffice && job.unread_comments > 0 && { unreadComments: job.unread_comments }),
  version: job.version,
})

/** One job with everything beside it. A worker does not see what the template hides from workers (V-29). */
export function presentJob(
  { job, fields, comments, files, history }: JobPageRecords,
  { isOffice, timeZone }: { isOffice: boolean; timeZone: string },
) {
  const view = viewFields(fields, isOffice ? 'office' : 'worker')
  return {
    ...presentFacts(job, isOffice),
    ticket: job.ticket,
    customerStatus: customerStatus(job.status),
    place: { site: job.site_id, address: job.address, latitude: job.latitude, longitude: job.longitude },
    requested: presentRequest(job, timeZone),
    scheduled: presentMoment(job.scheduled_at, timeZone),
    startedAt: job.started_at,
    completedAt: job.completed_at,
    canceledAt: job.canceled_at,
    templateVersion: job.template_version,
    externalReference: job.external_reference,
    fields: withValues(view.fields, job.fields),
    comments: comments.map(presentComment),
    files: files.filter((file) => view.shows(file.field_id)).map(presentAttachment),
    history: visibleHistory(history, files, view).map(presentHistory),
    timeZone,
  }
}

const COMPARED_COLUMNS = ['title', 'address', 'duration_minutes', 'tags'] as const

/** Names of what an edit changed, for the history; never the values. */
export function changedFields(fields: readonly Field[], before: JobRecord, changes: Partial<JobRecord>): string[] {
  const differs = (one: unknown, other: unknown) => JSON.stringify(one) !== JSON.stringify(other)
  const columns = COMPARED_COLUMNS.filter((key) => changes[key] !== undefined && differs(changes[key], before[key]))
  const isRequestChanged = changes.requested_any_time !== undefined && !isSameRequest({ ...before, ...changes }, before)
  const answers = fields.filter((field) => differs(changes.fields?.[field.id], before.fields[field.id]))
  return [...columns, ...(isRequestChanged ? ['requested_at'] : []), ...answers.map((field) => field.name)]
}

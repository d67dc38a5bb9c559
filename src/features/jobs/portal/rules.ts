/** Jobs as a customer may know them. Pure; screens do not load this file. */
import { isCustomerKind, type CustomerActor, type PortalConfig } from '../../identity/rules.ts'
import {
  presentPortalAttachment,
  presentPortalComment,
  visibleHistory,
  type HistoryRecord,
} from '../../records/rules.ts'
import { selectPortalFields, selectVisibleValues, viewFields } from '../../templates/fields/rules.ts'
import { presentRequest, withValues } from '../form/rules.ts'
import type { JobPageRecords } from '../page/queries.ts'
import {
  blockedReason,
  customerStatus,
  groupOf,
  isScheduleVisible,
  progressOf,
  staffNameFor,
  type CustomerAction,
  type JobStatus,
  type ProgressStep,
} from '../rules.ts'
import type { PortalJobRow } from './queries.ts'

/** Who reads, and what the business shows to customers. */
export interface PortalReader {
  actor: Pick<CustomerActor, 'kind' | 'id' | 'name'>
  account: { timeZone: string; currency: string; portal: PortalConfig }
}

/** A job in the list: what a screen shows of it, and what `details` adds. Times and worker appear once they are settled. */
export function presentPortalJobRow(reader: PortalReader, job: PortalJobRow, include?: 'details') {
  const facts = presentFacts(reader, job)
  const { scheduledAt, requestedAt, customer, createdAt } = facts
  const hasDetails = include === 'details'
  return {
    ...facts,
    customer: hasDetails ? customer : { name: customer.name },
    address: facts.address ?? undefined,
    requestedAt: (scheduledAt && !hasDetails ? null : requestedAt) ?? undefined,
    scheduledAt: scheduledAt ?? undefined,
    durationMinutes: (scheduledAt && facts.durationMinutes) ?? undefined,
    completedAt: facts.completedAt ?? undefined,
    canceledAt: facts.canceledAt ?? undefined,
    worker: facts.worker ?? undefined,
    group: hasDetails ? groupOf(job.status) : undefined,
    createdAt: hasDetails ? createdAt : undefined,
  }
}

/** What a row and the job itself say. */
function presentFacts({ account: { portal } }: PortalReader, job: PortalJobRow) {
  const isSettled = isScheduleVisible(job.status)
  const showsWorker = isSettled && portal.staffNames !== 'business'
  return {
    id: job.id,
    number: job.number,
    title: job.title,
    status: customerStatus(job.status),
    customer: { id: job.customer_id, name: job.customer },
    address: job.address,
    requestedAt: job.requested_at,
    ...(job.requested_any_time && { requestedAnyTime: true }),
    scheduledAt: isSettled ? job.scheduled_at : null,
    durationMinutes: isSettled ? job.duration_minutes : null,
    completedAt: job.completed_at,
    canceledAt: job.canceled_at,
    worker: showsWorker && job.worker ? staffNameFor(portal.staffNames, job.worker, portal.name) : null,
    createdAt: job.created_at,
  }
}

/** `isAllowed` says whether the policy permits an action; whether the status still does is decided here. */
export function presentPortalJob(
  reader: PortalReader,
  { job, fields, history, comments, files, sites }: JobPageRecords,
  isAllowed: (action: CustomerAction) => boolean,
) {
  const { timeZone, currency } = reader.account
  const person = (kind: string, id: string | null, name: string | null) => presentPerson(reader, kind, id, name)
  const view = viewFields(fields, 'portal')
  const entries = visibleHistory(history, files, view).flatMap((entry) => presentEntry(entry, person))
  const closed = {
    edit: isAllowed('edit') ? blockedReason('edit', job.status) : null,
    cancel: isAllowed('cancel') ? blockedReason('cancel', job.status) : null,
    delete: isAllowed('delete') ? blockedReason('delete', job.status) : null,
  }
  return {
    ...presentFacts(reader, job),
    icon: job.icon,
    group: groupOf(job.status),
    version: job.version,
    ticket: job.ticket,
    requested: presentRequest(job, timeZone),
    site: job.site_id,
    template: { id: job.template_id, name: job.template },
    createdBy: person(job.created_by_kind, job.created_by_id, job.created_by_name),
    fields: withValues(selectPortalFields(fields), selectVisibleValues(fields, job.fields, 'portal')),
    progress: progressOf(job.status).map((step) => presentStep(step, entries, job.created_at)),
    history: entries,
    comments: comments.map((comment) => presentPortalComment(comment, person)),
    files: files.filter((file) => view.shows(file.field_id)).map((file) => presentPortalAttachment(file, person)),
    timeZone,
    currency,
    sites,
    can: {
      edit: isAllowed('edit') && !closed.edit,
      cancel: isAllowed('cancel') && !closed.cancel,
      delete: isAllowed('delete') && !closed.delete,
      comment: true,
    },
    closed,
  }
}

/** Who did something, as this customer may know them. */
export function presentPerson(
  { actor, account: { portal } }: PortalReader,
  kind: string,
  id: string | null,
  name: string | null,
) {
  if (kind === actor.kind && id === actor.id) return { kind: 'you' as const, name: actor.name }
  // Who wrote by email is on file with the customer.
  if (isCustomerKind(kind) || kind === 'sender') return { kind: 'colleague' as const, name: name ?? '' }
  if (kind === 'staff') return { kind: 'staff' as const, name: staffNameFor(portal.staffNames, name, portal.name) }
  return { kind: 'system' as const, name: portal.name }
}

type PresentPerson = (kind: string, id: string | null, name: string | null) => ReturnType<typeof presentPerson>

const CUSTOMER_EVENTS = ['created', 'moved', 'scheduled', 'edited', 'attached', 'removedFile'] as const
type CustomerEvent = (typeof CUSTOMER_EVENTS)[number]
const isCustomerEvent = (event: string): event is CustomerEvent =>
  (CUSTOMER_EVENTS as readonly string[]).includes(event)

/** A history entry, or nothing when its event is not one that customers see. */
function presentEntry(entry: HistoryRecord<JobStatus>, person: PresentPerson) {
  const { event, details } = entry
  if (!isCustomerEvent(event)) return []
  const textOf = (value: unknown) => (typeof value === 'string' ? value : null)
  const scheduledAt = textOf(details.scheduledAt)
  return [
    {
      id: entry.id,
      at: entry.created_at,
      by: person(entry.actor_kind, entry.actor_id, entry.actor_name),
      event,
      to: entry.to_status ? customerStatus(entry.to_status) : null,
      scheduledAt: scheduledAt ? new Date(scheduledAt) : null,
      // Only a customer's own reason is shown: reasons of the staff are internal.
      reason: isCustomerKind(entry.actor_kind) ? textOf(details.reason) : null,
      name: textOf(details.name),
    },
  ]
}

/** When a step of the progress was reached, and by whom. */
function presentStep(step: ProgressStep, entries: ReturnType<typeof presentEntry>, createdAt: Date) {
  if (step.is === 'next') return { ...step, at: null, by: null }
  const isRequest = step.status === 'requested'
  const entry = isRequest
    ? entries.find((each) => each.event === 'created')
    : entries.findLast((each) => each.to === step.status)
  return { ...step, at: entry?.at ?? (isRequest ? createdAt : null), by: entry?.by ?? null }
}

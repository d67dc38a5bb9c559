import { foldedPatterns } from '../../../platform/fold.ts'
import { prefetching, implement, type Context } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import type { PortalUserActor } from '../../identity/rules.ts'
import { portalFields, valuesFor, type Field, type Values } from '../../templates/rules.ts'
import { attachFile, filesOf, exclusiveStorageKeys, waitingFiles } from '../files/queries.ts'
import {
  fieldValues,
  actorStamp,
  transitionJob,
  changedFiles,
  parseLocalTime,
  resolveAddress,
  throwFieldErrors,
  presentMoment,
  type FieldErrors,
} from '../handlers.ts'
import { bookableCustomers, mayBookUnlinked, mayDo, maySeeJob } from '../policy.ts'
import {
  addComment,
  addHistory,
  changeJob,
  fieldsOf,
  findJob,
  lockJob,
  loadPortalJobPage,
  removeJob,
  searchTexts,
  type JobRecord,
  type JobRowRecord,
  type JobPageRecords,
} from '../queries.ts'
import {
  blockedReason,
  customerStatus,
  groupOf,
  hasStarted,
  isScheduleVisible,
  progressOf,
  staffNameFor,
  type CustomerAction,
} from '../rules.ts'
import { portalJobs } from './contract.ts'
import { listMine, overviewFor, searchForCustomers } from './queries.ts'

type Reading = Pick<Context<(typeof portalJobs)['getPortalJob']>, 'actor' | 'account' | 'db'>

/** A visit that began this long ago is still the next one to speak of. */
const VISIT_MS = 4 * 3600_000

export const portalJobsHandlers = implement('jobs', portalJobs, {
  listPortalJobs: prefetching({
    // A search wants to know for how many customers it looks.
    prefetch: (db, { search, ...asked }) => (foldedPatterns(search ?? '').length > 0 ? undefined : listMine(db, asked)),
    async respond(ctx, { search, group, customer, cursor, limit }, found) {
      const {
        db,
        actor,
        account: { id: account, timeZone, portal },
      } = ctx
      ctx.allow({ yes: true })
      const { rows, next } =
        found ??
        (await searchForCustomers(db, account, asked(actor, customer), { search: search!, group, cursor, limit }))
      return {
        rows: rows.map((row) => presentJobRow(ctx, row)),
        next,
        timeZone,
        can: { create: bookableCustomers(actor, portal).length > 0 || mayBookUnlinked(actor, portal) },
      }
    },
  }),

  async getPortalJobsOverview(ctx, { search, customer }) {
    const {
      db,
      actor,
      account: { id: account },
    } = ctx
    ctx.allow({ yes: true })
    const since = new Date(ctx.now.getTime() - VISIT_MS)
    const { counts, upcoming, customers } = await overviewFor(db, account, {
      mine: asked(actor, undefined),
      asked: asked(actor, customer),
      search,
      since,
    })
    return { counts, upcoming: upcoming ? presentJobRow(ctx, upcoming) : null, customers }
  },

  getPortalJob: prefetching({
    prefetch: (db, { job }) => loadPortalJobPage(db, job),
    async respond(ctx, _input, opened) {
      ctx.allow(maySeeJob(ctx.actor, opened?.job))
      return jobPage(ctx, opened!)
    },
  }),

  async updatePortalJob(ctx, input) {
    const {
      db,
      actor,
      account: { id: account, timeZone, portal },
      now,
    } = ctx
    const job = await lockJob(db, account, input.job)
    ctx.allow(mayDo(actor, portal, job, 'edit'))
    stillOpen(job!, 'edit', 'editingClosed')
    if (job!.version !== input.version) throw problem('jobChanged')
    const fieldErrors: FieldErrors = {}
    const fields = await fieldsOf(db, account, job!)
    const values = fieldValues(fields, input.fields, job!.fields, timeZone, fieldErrors, 'portal')
    const requested = parseLocalTime(input.requested, timeZone, 'requested', fieldErrors)
    if (requested && !portal.requestedStart) fieldErrors.requested = 'unknown'
    if (requested && requested <= now && requested.getTime() !== job!.requested_at?.getTime())
      fieldErrors.requested = { code: 'timePast', vars: { zone: timeZone } }
    const place =
      input.site !== undefined || input.address !== undefined
        ? await resolveAddress(ctx, job!.customer_id, input, fieldErrors)
        : undefined
    if (place && !place.address && !place.site_id) fieldErrors.address = 'required'
    await changeFiles(ctx, job!, fields, values, fieldErrors)
    throwFieldErrors(fieldErrors)
    const changes = { ...place, ...(requested !== undefined && { requested_at: requested }), fields: values }
    const version = await changeJob(db, job!, { ...changes, ...searchTexts({ ...job!, ...changes }, fields) }, now)
    await addHistory(db, [job!], [{ event: 'edited', audience: 'customer' }], actorStamp(ctx), now, ctx.newId)
    return { id: job!.id, number: job!.number, version }
  },

  async cancelPortalJob(ctx, { job: wanted, reason }) {
    const job = await lockJob(ctx.db, ctx.account.id, wanted)
    ctx.allow(mayDo(ctx.actor, ctx.account.portal, job, 'cancel'))
    stillOpen(job!, 'cancel', 'cancelingClosed')
    const { id, number } = await transitionJob(ctx, job!, 'canceled', { reason })
    return { id, number }
  },

  async deletePortalJob(ctx, { job: wanted }) {
    const job = await lockJob(ctx.db, ctx.account.id, wanted)
    ctx.allow(mayDo(ctx.actor, ctx.account.portal, job, 'delete'))
    stillOpen(job!, 'delete', 'deletingClosed')
    const keys = await exclusiveStorageKeys(ctx.db, ctx.account.id, wanted)
    await removeJob(ctx.db, ctx.account.id, wanted)
    await ctx.audit({
      event: 'jobDeleted',
      subjectKind: 'job',
      subjectId: wanted,
      details: { number: job!.number, title: job!.title, status: job!.status },
    })
    ctx.afterCommit(async () => {
      for (const key of keys) await ctx.files.delete(key)
    })
    return { number: job!.number }
  },

  async addPortalComment(ctx, { job: wanted, body }) {
    const job = await findJob(ctx.db, ctx.account.id, wanted)
    ctx.allow(maySeeJob(ctx.actor, job))
    const id = ctx.newId()
    // A customer's word is always for both sides: there is no way to say otherwise (PS-30).
    await addComment(ctx.db, job!, { id, audience: 'customer', body }, actorStamp(ctx), ctx.now)
    return { id, at: ctx.now }
  },
})

const EVENTS: Record<string, 'created' | 'moved' | 'scheduled' | 'edited' | 'attached' | 'removedFile'> = {
  created: 'created',
  moved: 'moved',
  scheduled: 'scheduled',
  edited: 'edited',
  attached: 'attached',
  removedFile: 'removedFile',
}

/** Customers whose jobs this user reaches, those linked as a whole; of them the one that is asked for. */
const asked = (actor: PortalUserActor, customer: string | undefined): string[] =>
  actor.links.flatMap((link) =>
    link.scope === 'whole' && (!customer || link.customer === customer) ? [link.customer] : [],
  )

/** @throws jobStarted when work has begun, else the deed's own refusal: nothing was changed (E-41). */
function stillOpen(job: JobRecord, deed: CustomerAction, code: string): void {
  if (blockedReason(deed, job.status) === null) return
  throw problem(hasStarted(job.status) && job.status !== 'completed' ? 'jobStarted' : code, {
    vars: { status: customerStatus(job.status) },
  })
}

/** Who did it, as this customer may know them. */
function who({ actor, account }: Reading, kind: string, id: string | null, name: string | null) {
  if (kind === 'portalUser')
    return id === actor.id
      ? { kind: 'you' as const, name: actor.name }
      : { kind: 'colleague' as const, name: name ?? '' }
  if (kind === 'staff')
    return { kind: 'staff' as const, name: staffNameFor(account.portal.staffNames, name, account.portal.name) }
  return { kind: 'system' as const, name: account.portal.name }
}

/** One job with its answers, progress, comments and files, as this customer may know them. */
function jobPage(ctx: Reading, { job, fields, history, comments, files, sites }: JobPageRecords) {
  const {
    actor,
    account: { timeZone, currency, portal },
  } = ctx
  const { status } = job
  const person = (kind: string, id: string | null, name: string | null) => who(ctx, kind, id, name)
  const lines = history.flatMap((line) => {
    const event = EVENTS[line.event]
    if (!event) return []
    return [
      {
        id: line.id,
        at: line.created_at,
        by: person(line.actor_kind, line.actor_id, line.actor_name),
        event,
        to: line.to_status ? customerStatus(line.to_status) : null,
        scheduledAt: typeof line.details.scheduledAt === 'string' ? new Date(line.details.scheduledAt) : null,
        // Only what a customer wrote comes back: reasons of ours are internal.
        reason:
          line.actor_kind === 'portalUser' && typeof line.details.reason === 'string' ? line.details.reason : null,
        name: typeof line.details.name === 'string' ? line.details.name : null,
      },
    ]
  })
  const may = (deed: CustomerAction) => mayDo(actor, portal, job, deed).yes
  const closed = (deed: CustomerAction) => (may(deed) ? blockedReason(deed, status) : null)
  const visible = portalFields(fields)
  return {
    ...presentJobRow(ctx, job),
    version: job.version,
    requested: presentMoment(job.requested_at, timeZone),
    site: job.site_id,
    template: { id: job.template_id, name: job.template },
    createdBy: person(job.created_by_kind, job.created_by_id, job.created_by_name),
    fields: withValues(visible, fields, job.fields),
    progress: progressOf(status).map((step) => {
      const line =
        step.is === 'next'
          ? undefined
          : step.status === 'requested'
            ? lines.find((each) => each.event === 'created')
            : lines.findLast((each) => each.to === step.status)
      return { ...step, at: line?.at ?? (step.status === 'requested' ? job.created_at : null), by: line?.by ?? null }
    }),
    history: lines,
    comments: comments.map((each) => ({
      id: each.id,
      body: each.body,
      at: each.created_at,
      by: person(each.author_kind, each.author_id, each.author_name),
    })),
    files: files
      .filter((file) => !file.field_id || visible.some((field) => field.id === file.field_id))
      .map((file) => ({
        id: file.id,
        name: file.name,
        type: file.type,
        size: Number(file.size),
        field: file.field_id,
        at: file.created_at,
        by: person(file.uploader_kind, file.uploader_id, file.uploader_name),
      })),
    timeZone,
    currency,
    sites,
    can: {
      edit: may('edit') && !closed('edit'),
      cancel: may('cancel') && !closed('cancel'),
      delete: may('delete') && !closed('delete'),
      comment: true,
    },
    closed: { edit: closed('edit'), cancel: closed('cancel'), delete: closed('delete') },
  }
}

/** A job in a customer's list. Times and worker only once they are settled. */
function presentJobRow(
  { account }: Reading,
  job: Pick<
    JobRowRecord,
    | 'id'
    | 'number'
    | 'title'
    | 'icon'
    | 'status'
    | 'customer_id'
    | 'customer'
    | 'address'
    | 'requested_at'
    | 'scheduled_at'
    | 'duration_minutes'
    | 'completed_at'
    | 'canceled_at'
    | 'worker'
    | 'created_at'
  >,
) {
  const settled = isScheduleVisible(job.status)
  return {
    id: job.id,
    number: job.number,
    title: job.title,
    icon: job.icon,
    status: customerStatus(job.status),
    group: groupOf(job.status),
    customer: { id: job.customer_id, name: job.customer },
    address: job.address,
    requestedAt: job.requested_at,
    scheduledAt: settled ? job.scheduled_at : null,
    durationMinutes: settled ? job.duration_minutes : null,
    completedAt: job.completed_at,
    canceledAt: job.canceled_at,
    worker:
      settled && job.worker && account.portal.staffNames !== 'business'
        ? staffNameFor(account.portal.staffNames, job.worker, account.portal.name)
        : null,
    createdAt: job.created_at,
  }
}

function withValues(visible: ReturnType<typeof portalFields>, fields: readonly Field[], stored: Values) {
  const values = valuesFor(fields, stored, 'portal')
  return visible.map(({ value: start, ...field }) => {
    const value = field.type === 'section' ? start : values[field.id]
    return { ...field, ...(value !== undefined && { value }) }
  })
}

/** Files of changed answers: those already on the job stay, new ones are this user's waiting uploads. */
async function changeFiles(
  ctx: Context<(typeof portalJobs)['updatePortalJob']>,
  job: JobRecord,
  fields: readonly Field[],
  values: Values,
  fieldErrors: FieldErrors,
): Promise<void> {
  const changed = changedFiles(fields, job.fields, values)
  if (changed.length === 0) return
  const own = new Set((await filesOf(ctx.db, job.account_id, job.id, 'customer')).map((file) => file.id))
  for (const { field, files } of changed) {
    const fresh = files.filter((id) => !own.has(id))
    const found = await waitingFiles(ctx.db, job.account_id, fresh, ctx.actor.id, ctx.now)
    if (found.length < fresh.length) fieldErrors[`fields.${field.id}`] = 'fileNotFound'
    else for (const file of found) await attachFile(ctx.db, file, job, field.id)
  }
}

/** Creating, correcting and deleting jobs in the office. */
import { implement, type Context, type Input } from '../../../../platform/operation.ts'
import { problem } from '../../../../platform/problem.ts'
import { attachFile, claimFieldFiles } from '../../../records/files/queries.ts'
import { lockUploads } from '../../../records/files/uploads/queries.ts'
import { addComment, addHistory } from '../../../records/queries.ts'
import { actorStamp, type HistoryEntry, type RecordAudience } from '../../../records/rules.ts'
import { getDefaultValues, type Field, type FieldValues } from '../../../templates/fields/rules.ts'
import { ticketParent } from '../../../tickets/rules.ts'
import { jobs } from '../../contract.ts'
import { answeredFields, fileIdsOfForm, filesOfForm } from '../../form/files/rules.ts'
import { customerOf, fieldsOf, findTemplate, isActiveStaff, listSites, ticketOf } from '../../form/queries.ts'
import {
  addressOfSite,
  changedFiles,
  changesAddress,
  checkVersion,
  fieldValues,
  NO_REQUESTED_START,
  parseLocalTime,
  parseRequestedStart,
  throwFieldErrors,
  type FieldErrors,
} from '../../form/rules.ts'
import { assignmentOf, deleteJobForGood } from '../../handlers.ts'
import { mayDeleteJob, mayPlan, mayRunJobs, maySeeJob } from '../../policy.ts'
import { changeJob, findJob, insertJobs, lockJob, reserveJobNumbers, type JobRecord } from '../../queries.ts'
import { isEditable, isScheduleVisible, jobParent, type JobStatus } from '../../rules.ts'
import { searchTexts } from '../../search/queries.ts'
import { recordChange } from '../../updates/queries.ts'
import { changedFields } from '../rules.ts'
import { findJobOfForm } from './queries.ts'

type CreateContext = Context<(typeof jobs)['createJob']>
type CreateInput = Input<(typeof jobs)['createJob']>
type UpdateContext = Context<(typeof jobs)['updateJob']>
type UpdateInput = Input<(typeof jobs)['updateJob']>
const { createJob, updateJob, deleteJob } = jobs

export const jobEditingHandlers = implement(
  'jobs',
  { createJob, updateJob, deleteJob },
  {
    async createJob(ctx, input) {
      ctx.allow(mayRunJobs(ctx.actor))
      const form = input.formKey && { formKey: input.formKey, member: ctx.actor.id }
      const earlier = form ? await findJobOfForm(ctx.db, ctx.account.id, form) : undefined
      if (earlier) return earlier
      const checked = await checkNewJob(ctx, input)
      const job = await insertNewJob(ctx, input, checked)
      await attachFiles(ctx, input, job, checked)
      const entries = await historyOfNewJob(ctx, job)
      if (checked.source)
        entries.push({ event: 'duplicated', audience: 'internal', details: { number: checked.source.number } })
      const stamp = actorStamp(ctx)
      await Promise.all([
        addHistory(ctx.db, [jobParent(job)], entries, stamp, ctx.newId),
        checked.ticket && addToTicket(ctx, checked.ticket, job.number),
        recordChange(ctx.db, { ...job, ...BEFORE_CREATION }, job, stamp, ctx.newId),
      ])
      if (input.note) {
        const comment = { id: ctx.newId(), audience: 'internal' as const, body: input.note }
        await addComment(ctx.db, jobParent(job), comment, actorStamp(ctx))
      }
      return { id: job.id, number: job.number, status: job.status, version: 1 }
    },

    async updateJob(ctx, input) {
      const job = await lockJob(ctx.db, ctx.account.id, input.job)
      ctx.allow(mayPlan(ctx.actor, job))
      checkVersion(job!, input.version)
      if (!isEditable(job!.status)) throw problem('jobCanceled')
      const fields = await fieldsOf(ctx.db, ctx.account.id, job!)
      const changes = await checkChanges(ctx, input, job!, fields)
      const texts = searchTexts({ ...job!, ...changes }, fields)
      const version = await changeJob(ctx.db, job!, { ...changes, ...texts }, ctx.now)
      const details = { fields: changedFields(fields, job!, changes) }
      await addHistory(
        ctx.db,
        [jobParent(job!)],
        [{ event: 'edited', audience: 'internal', details }],
        actorStamp(ctx),
        ctx.newId,
      )
      return { id: job!.id, number: job!.number, status: job!.status, version }
    },

    async deleteJob(ctx, input) {
      const job = await lockJob(ctx.db, ctx.account.id, input.job)
      ctx.allow(job ? mayDeleteJob(ctx.actor) : maySeeJob(ctx.actor, job))
      await deleteJobForGood(ctx, job!)
      return {}
    },
  },
)

/** The ticket says that the job was created from it. */
const addToTicket = (ctx: CreateContext, ticket: NonNullable<Awaited<ReturnType<typeof ticketOf>>>, number: number) =>
  addHistory(
    ctx.db,
    [ticketParent(ticket)],
    [{ event: 'jobCreated', audience: 'internal', details: { number } }],
    actorStamp(ctx),
    ctx.newId,
  )

/** What customers saw of a new job: an appointment in it is news to them. */
const BEFORE_CREATION = { status: 'unassigned', scheduled_at: null } as const

/** Everything a new job is made of. @throws input with all that is wrong */
async function checkNewJob(ctx: CreateContext, input: CreateInput) {
  const { db } = ctx
  const { id: account, timeZone } = ctx.account
  const fieldErrors: FieldErrors = {}
  const [customer, template, source, ticket] = await Promise.all([
    customerOf(db, account, input.customer),
    findTemplate(db, account, input.template),
    input.duplicateOf ? findJob(db, account, input.duplicateOf) : undefined,
    input.ticket ? ticketOf(db, account, input.ticket) : undefined,
  ])
  if (input.ticket && ticket?.customer_id !== input.customer) fieldErrors.ticket = 'choice'
  if (input.duplicateOf && !source) fieldErrors.duplicateOf = 'choice'
  if (!customer) fieldErrors.customer = 'choice'
  if (template?.status !== 'active') fieldErrors.template = 'choice'
  // Without a customer its address is not checked: that error would only repeat the first.
  const sites = customer && input.site ? await listSites(db, account, [customer.id]) : []
  const address = customer ? addressOfSite(sites, input, fieldErrors) : addressOfSite([], {}, fieldErrors)
  const requested = parseRequestedStart(input.requested, timeZone, fieldErrors)
  const scheduled = parseLocalTime(input.scheduled, timeZone, 'scheduled', fieldErrors)
  if (input.worker && !(await isActiveStaff(db, account, input.worker))) fieldErrors.worker = 'choice'
  const fields = template?.fields ?? []
  const values = fieldValues(fields, input.fields ?? {}, getDefaultValues(fields), timeZone, fieldErrors)
  const uploads = await lockUploads(db, account, fileIdsOfForm(input.files, input.fields ?? {}), ctx.actor, ctx.now)
  const files = filesOfForm(fields, input.files, values, uploads, fieldErrors)
  throwFieldErrors(fieldErrors)
  return { customer: customer!, template: template!, source, ticket, address, requested, scheduled, values, files }
}

async function insertNewJob(
  ctx: CreateContext,
  input: CreateInput,
  { customer, template, address, requested, scheduled, values }: Awaited<ReturnType<typeof checkNewJob>>,
) {
  const statusWithWorker: JobStatus = input.outright ? 'assigned' : 'pending'
  const job = {
    account_id: ctx.account.id,
    id: ctx.newId(),
    number: await reserveJobNumbers(ctx.db, ctx.account.id, 1),
    customer_id: customer.id,
    ticket_id: input.ticket ?? null,
    batch_id: input.formKey ?? null,
    ...address,
    template_id: template.id,
    template_version: template.version,
    title: input.title ?? template.name,
    worker_id: input.worker ?? null,
    created_by_kind: 'staff',
    created_by_id: ctx.actor.id,
    created_by_name: ctx.actor.name,
    status: input.worker ? statusWithWorker : ('unassigned' as const),
    ...(requested ?? NO_REQUESTED_START),
    scheduled_at: scheduled ?? null,
    duration_minutes: input.durationMinutes === undefined ? template.duration_minutes : input.durationMinutes,
    fields: values,
    tags: input.tags ?? [],
    external_reference: null,
    created_at: ctx.now,
    updated_at: ctx.now,
  }
  await insertJobs(ctx.db, [{ ...job, ...searchTexts(job, template.fields) }])
  return job
}

/** Files that answer a field are for those who see the field, the others for those whom the form names. */
async function attachFiles(
  { db }: CreateContext,
  { filesAudience }: CreateInput,
  job: Parameters<typeof jobParent>[0] & { fields: FieldValues },
  { template, files }: Pick<Awaited<ReturnType<typeof checkNewJob>>, 'template' | 'files'>,
): Promise<void> {
  const answered = answeredFields(template.fields, job.fields)
  for (const file of files.values()) {
    const field = template.fields.find(({ id }) => id === answered.get(file.id)?.field)
    const audience = answered.has(file.id) ? audienceOfAnswer(field) : filesAudience
    await attachFile(db, file, jobParent(job), field?.id ?? null, audience)
  }
}

const audienceOfAnswer = (field: Field | undefined): RecordAudience =>
  field?.portal === 'hidden' ? 'internal' : 'customer'

async function historyOfNewJob(
  ctx: CreateContext,
  job: Pick<JobRecord, 'status' | 'worker_id' | 'scheduled_at'>,
): Promise<HistoryEntry[]> {
  const created: HistoryEntry = { event: 'created', audience: 'customer' }
  if (!job.worker_id) return [created]
  const scheduledAt = isScheduleVisible(job.status) ? job.scheduled_at : null
  return [
    created,
    {
      event: 'moved',
      audience: 'customer',
      from: 'unassigned',
      to: job.status,
      details: scheduledAt ? { scheduledAt: scheduledAt.toISOString() } : {},
    },
    await assignmentOf(ctx, null, job.worker_id),
  ]
}

/** The changed columns of an edit. @throws input with all that is wrong */
async function checkChanges(
  ctx: UpdateContext,
  input: UpdateInput,
  job: JobRecord,
  fields: Awaited<ReturnType<typeof fieldsOf>>,
) {
  const { id: account, timeZone } = ctx.account
  const fieldErrors: FieldErrors = {}
  const values = input.fields ? fieldValues(fields, input.fields, job.fields, timeZone, fieldErrors) : job.fields
  const requested = parseRequestedStart(input.requested, timeZone, fieldErrors)
  const sites = input.site ? await listSites(ctx.db, account, [job.customer_id]) : []
  const address = changesAddress(input) ? addressOfSite(sites, input, fieldErrors) : {}
  for (const { field, files } of changedFiles(fields, job.fields, values)) {
    if (!(await claimFieldFiles(ctx.db, jobParent(job), field, files))) fieldErrors[`fields.${field.id}`] = 'unknown'
  }
  throwFieldErrors(fieldErrors)
  return {
    ...address,
    ...(input.title !== undefined && { title: input.title }),
    ...requested,
    ...(input.durationMinutes !== undefined && { duration_minutes: input.durationMinutes }),
    ...(input.tags && { tags: input.tags }),
    fields: values,
  }
}

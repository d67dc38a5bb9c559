import { implement, type Context, type Read } from '../../platform/operation.ts'
import { problem } from '../../platform/problem.ts'
import { localOf, momentOf, type Local } from '../../platform/zone.ts'
import { isOffice } from '../identity/rules.ts'
import {
  checkFieldValues,
  problemsUnder,
  startingValues,
  type Field,
  type FieldError,
  type Values,
} from '../templates/rules.ts'
import { claimFieldFiles, exclusiveStorageKeys } from './files/queries.ts'
import { jobs } from './contract.ts'
import { countOfficeJobs, listOfficeJobs, type JobFilter } from './office/queries.ts'
import { mayDeleteJob, mayTransition, mayPlan, mayRunJobs, maySeeJob, transitionRolesFor } from './policy.ts'
import {
  activeTemplates,
  addComment,
  addHistory,
  changeJob,
  customerOf,
  fieldsOf,
  findJob,
  findTemplate,
  historyOf,
  insertJobs,
  isActiveStaff,
  lockJob,
  loadJobPage,
  possibleDuplicatesOf,
  releaseDeclined,
  removeJob,
  searchTexts,
  sitesOf,
  reserveJobNumbers,
  workersOf,
  type HistoryRecord,
  type JobRecord,
  type JobRowRecord,
} from './queries.ts'
import { searchOffice } from './search/queries.ts'
import {
  isEditable,
  isPlannable,
  customerStatus,
  transitionOf,
  transitionsFrom,
  isScheduleVisible,
  type JobStatus,
} from './rules.ts'

export type FieldErrors = Record<string, FieldError | string>
/** What a deed needs of its context, whoever does it. */
type Doing = Pick<Context<(typeof jobs)['changeJobStatus']>, 'db' | 'account' | 'now' | 'newId'> & {
  actor: { kind: string; id: string; name: string }
}

export const jobsHandlers = implement('jobs', jobs, {
  async listJobs(ctx, { sort, cursor, limit, ...filters }) {
    ctx.allow(maySeeJob(ctx.actor, ANY))
    const { rows, next } = await listOfficeJobs(ctx.db, ctx.account.id, await filterOf(ctx, filters), {
      sort,
      cursor,
      limit,
    })
    return {
      rows: rows.map(presentJobRow),
      next,
      timeZone: ctx.account.timeZone,
      can: { create: mayRunJobs(ctx.actor).yes },
    }
  },

  async countJobs(ctx, filters) {
    ctx.allow(maySeeJob(ctx.actor, ANY))
    return countOfficeJobs(ctx.db, ctx.account.id, await filterOf(ctx, filters))
  },

  async getJob(ctx, { job: wanted }) {
    const {
      db,
      account: { id: account, timeZone },
      actor,
    } = ctx
    const opened = await loadJobPage(db, account, wanted)
    ctx.allow(maySeeJob(actor, opened?.job))
    const { job, fields, comments, files, history } = opened!
    const office = mayRunJobs(actor).yes
    const possibleDuplicates = office ? await possibleDuplicatesOf(db, account, job.customer_id) : []
    const { status } = job
    // What a template hides from workers does not reach one, files of such a field included (V-29).
    const hidden = new Set(office ? [] : fields.filter((field) => field.worker === 'hidden').map((field) => field.id))
    return {
      ...presentJobRow(job),
      customerStatus: customerStatus(status),
      customer: { id: job.customer_id, name: job.customer, reference: job.reference, possibleDuplicates },
      place: { site: job.site_id, address: job.address, latitude: job.latitude, longitude: job.longitude },
      requested: presentMoment(job.requested_at, timeZone),
      scheduled: presentMoment(job.scheduled_at, timeZone),
      startedAt: job.started_at,
      completedAt: job.completed_at,
      canceledAt: job.canceled_at,
      templateVersion: job.template_version,
      externalReference: job.external_reference,
      fields: fieldsForForm(
        fields.filter((field) => !hidden.has(field.id)),
        job.fields,
      ),
      comments: comments.map((each) => ({
        id: each.id,
        audience: each.audience as 'internal',
        body: each.body,
        at: each.created_at,
        by: { kind: each.author_kind, id: each.author_id, name: each.author_name },
      })),
      files: files
        .filter((each) => !each.field_id || !hidden.has(each.field_id))
        .map((each) => ({
          id: each.id,
          name: each.name,
          type: each.type,
          size: Number(each.size),
          audience: each.audience as 'internal',
          field: each.field_id,
          comment: each.comment_id,
          by: { kind: each.uploader_kind, id: each.uploader_id, name: each.uploader_name },
          at: each.created_at,
        })),
      history: history.map(presentHistory),
      timeZone,
      moves: transitionsFrom(status, transitionRolesFor(actor, job)),
      can: {
        edit: office && isEditable(status),
        assign: office && isPlannable(status),
        schedule: office && isPlannable(status),
        cancel: mayTransition(actor, job, 'canceled').yes,
        reinstate: status === 'canceled' && office,
        delete: mayDeleteJob(actor).yes,
        comment: true,
      },
    }
  },

  async getJobHistory(ctx, { job: wanted }) {
    ctx.allow(maySeeJob(ctx.actor, await findJob(ctx.db, ctx.account.id, wanted)))
    return { rows: (await historyOf(ctx.db, ctx.account.id, wanted)).map(presentHistory) }
  },

  async getJobFormOptions(ctx, { template: wantedTemplate, customer: wantedCustomer }) {
    ctx.allow(mayRunJobs(ctx.actor))
    const account = ctx.account.id
    const [templates, workers, template, customer, sites] = await Promise.all([
      activeTemplates(ctx.db, account),
      workersOf(ctx.db, account),
      wantedTemplate ? findTemplate(ctx.db, account, wantedTemplate) : undefined,
      wantedCustomer ? customerOf(ctx.db, account, wantedCustomer) : undefined,
      wantedCustomer ? sitesOf(ctx.db, account, [wantedCustomer]) : [],
    ])
    return {
      templates: templates.map(({ id, name, icon, duration_minutes }) => ({
        id,
        name,
        icon,
        durationMinutes: duration_minutes,
      })),
      workers: workers.map(({ id, name, email, role }) => ({ id, name: name ?? email, role })),
      sites: sites.map(({ id, name, address }) => ({ id, name, address })),
      customer: customer ? { id: customer.id, name: customer.name } : null,
      fields: template ? fieldsForForm(template.fields, startingValues(template.fields)) : [],
      timeZone: ctx.account.timeZone,
      currency: ctx.account.currency,
    }
  },

  async createJob(ctx, input) {
    ctx.allow(mayRunJobs(ctx.actor))
    const {
      db,
      account: { id: account, timeZone },
      now,
    } = ctx
    const fieldErrors: FieldErrors = {}
    const [customer, template] = await Promise.all([
      customerOf(db, account, input.customer),
      findTemplate(db, account, input.template),
    ])
    if (!customer) fieldErrors.customer = 'choice'
    if (template?.status !== 'active') fieldErrors.template = 'choice'
    const place = customer
      ? await resolveAddress(ctx, customer.id, input, fieldErrors)
      : { site_id: null, address: null, latitude: null, longitude: null }
    const requested_at = parseLocalTime(input.requested, timeZone, 'requested', fieldErrors)
    const scheduled_at = parseLocalTime(input.scheduled, timeZone, 'scheduled', fieldErrors)
    if (input.worker && !(await isActiveStaff(db, account, input.worker))) fieldErrors.worker = 'choice'
    const fields = template?.fields ?? []
    const values = fieldValues(fields, input.fields ?? {}, startingValues(fields), timeZone, fieldErrors)
    if (fields.some((field) => field.type === 'file' && values[field.id])) fieldErrors.fields = 'unknown'
    throwFieldErrors(fieldErrors)

    const status: JobStatus = input.worker ? (input.outright ? 'assigned' : 'pending') : 'unassigned'
    const number = await reserveJobNumbers(db, account, 1)
    const { id: actorId, name: actorName } = ctx.actor
    const job = {
      account_id: account,
      id: ctx.newId(),
      number,
      customer_id: customer!.id,
      ...place,
      template_id: template!.id,
      template_version: template!.version,
      title: input.title ?? template!.name,
      worker_id: input.worker ?? null,
      created_by_kind: 'staff',
      created_by_id: actorId,
      created_by_name: actorName,
      status,
      requested_at: requested_at ?? null,
      scheduled_at: scheduled_at ?? null,
      duration_minutes: input.durationMinutes === undefined ? template!.duration_minutes : input.durationMinutes,
      fields: values,
      tags: input.tags ?? [],
      external_reference: null,
      created_at: now,
      updated_at: now,
    }
    await insertJobs(db, [{ ...job, ...searchTexts(job, fields) }])
    await addHistory(
      db,
      [job],
      [
        { event: 'created', audience: 'customer' },
        ...(status === 'unassigned'
          ? []
          : [
              {
                event: 'moved',
                audience: 'customer' as const,
                from: 'unassigned' as const,
                to: status,
                details: isScheduleVisible(status) && scheduled_at ? { scheduledAt: scheduled_at.toISOString() } : {},
              },
              await assignedLine(ctx, null, input.worker!),
            ]),
      ],
      actorStamp(ctx),
      now,
      ctx.newId,
    )
    if (input.note)
      await addComment(db, job, { id: ctx.newId(), audience: 'internal', body: input.note }, actorStamp(ctx), now)
    return { id: job.id, number, status, version: 1 }
  },

  async updateJob(ctx, input) {
    const {
      db,
      account: { id: account, timeZone },
    } = ctx
    const job = await lockJob(db, account, input.job)
    ctx.allow(mayPlan(ctx.actor, job))
    checkVersion(job!, input.version)
    if (!isEditable(job!.status)) throw problem('jobCanceled')
    const fieldErrors: FieldErrors = {}
    const fields = await fieldsOf(db, account, job!)
    const values = input.fields ? fieldValues(fields, input.fields, job!.fields, timeZone, fieldErrors) : job!.fields
    const requested = parseLocalTime(input.requested, timeZone, 'requested', fieldErrors)
    const place = touchesPlace(input) ? await resolveAddress(ctx, job!.customer_id, input, fieldErrors) : {}
    for (const { field, files } of changedFiles(fields, job!.fields, values)) {
      if (!(await claimFieldFiles(db, job!, field, files))) fieldErrors[`fields.${field.id}`] = 'unknown'
    }
    throwFieldErrors(fieldErrors)
    const changes = {
      ...place,
      ...(input.title !== undefined && { title: input.title }),
      ...(requested !== undefined && { requested_at: requested }),
      ...(input.durationMinutes !== undefined && { duration_minutes: input.durationMinutes }),
      ...(input.tags && { tags: input.tags }),
      fields: values,
    }
    const version = await changeJob(db, job!, { ...changes, ...searchTexts({ ...job!, ...changes }, fields) }, ctx.now)
    await addHistory(
      db,
      [job!],
      [{ event: 'edited', audience: 'internal', details: { fields: changedFields(fields, job!, changes) } }],
      actorStamp(ctx),
      ctx.now,
      ctx.newId,
    )
    return { id: job!.id, number: job!.number, status: job!.status, version }
  },

  async changeJobStatus(ctx, input) {
    const job = await lockJob(ctx.db, ctx.account.id, input.job)
    ctx.allow(mayTransition(ctx.actor, job, input.to))
    checkVersion(job!, input.version)
    const move = transitionOf(job!.status, input.to, transitionRolesFor(ctx.actor, job!))!
    const fieldErrors: FieldErrors = {}
    if (move.reason === 'required' && !input.reason) fieldErrors.reason = 'required'
    // A worker moves the job and plans nothing.
    const office = mayRunJobs(ctx.actor).yes
    const worker = office ? (input.worker ?? job!.worker_id) : job!.worker_id
    if (!office)
      for (const key of ['worker', 'scheduled', 'requested'] as const) if (input[key]) fieldErrors[key] = 'unknown'
    if (move.needsWorker && !worker) fieldErrors.worker = 'required'
    if (office && input.worker && !(await isActiveStaff(ctx.db, ctx.account.id, input.worker)))
      fieldErrors.worker = 'choice'
    const scheduled = parseLocalTime(input.scheduled, ctx.account.timeZone, 'scheduled', fieldErrors)
    const requested = parseLocalTime(input.requested, ctx.account.timeZone, 'requested', fieldErrors)
    throwFieldErrors(fieldErrors)
    return transitionJob(ctx, job!, input.to, { reason: input.reason, worker, scheduled, requested })
  },

  async assignJob(ctx, { job: wanted, version, worker, outright }) {
    const {
      db,
      account: { id: account },
      now,
    } = ctx
    const job = await lockJob(db, account, wanted)
    ctx.allow(mayPlan(ctx.actor, job))
    checkVersion(job!, version)
    if (worker && !(await isActiveStaff(db, account, worker))) throw problem('input', { fields: { worker: 'choice' } })
    const { status } = job!
    // With a worker already, the job changes hands and keeps its status; what has started changes hands as well.
    const held = ['pending', 'assigned', 'started', 'paused'].includes(status)
    if (worker && (held || (status === 'unpublished' && !outright && worker === job!.worker_id))) {
      const next = await changeJob(db, job!, { worker_id: worker }, now)
      await addHistory(db, [job!], [await assignedLine(ctx, job!.worker_id, worker)], actorStamp(ctx), now, ctx.newId)
      return { id: job!.id, number: job!.number, status, version: next }
    }
    const to = worker === null ? 'unassigned' : outright ? 'assigned' : 'pending'
    const decision = mayTransition(ctx.actor, job, to)
    ctx.allow(decision)
    return transitionJob(ctx, job!, to, { worker })
  },

  async scheduleJob(ctx, { job: wanted, version, scheduled, durationMinutes }) {
    const job = await lockJob(ctx.db, ctx.account.id, wanted)
    ctx.allow(mayPlan(ctx.actor, job))
    checkVersion(job!, version)
    if (!isPlannable(job!.status)) throw problem('schedulingClosed', { vars: { status: job!.status } })
    const fieldErrors: FieldErrors = {}
    const at = parseLocalTime(scheduled, ctx.account.timeZone, 'scheduled', fieldErrors) ?? null
    throwFieldErrors(fieldErrors)
    const next = await changeJob(
      ctx.db,
      job!,
      { scheduled_at: at, ...(durationMinutes !== undefined && { duration_minutes: durationMinutes }) },
      ctx.now,
    )
    await addHistory(
      ctx.db,
      [job!],
      [
        {
          event: 'scheduled',
          audience: isScheduleVisible(job!.status) ? 'customer' : 'internal',
          details: { scheduledAt: at?.toISOString() ?? null, before: job!.scheduled_at?.toISOString() ?? null },
        },
      ],
      actorStamp(ctx),
      ctx.now,
      ctx.newId,
    )
    return { id: job!.id, number: job!.number, status: job!.status, version: next }
  },

  async cancelJob(ctx, { job: wanted, version, reason }) {
    const job = await lockJob(ctx.db, ctx.account.id, wanted)
    ctx.allow(mayTransition(ctx.actor, job, 'canceled'))
    checkVersion(job!, version)
    return transitionJob(ctx, job!, 'canceled', { reason })
  },

  async reinstateJob(ctx, { job: wanted, version }) {
    const job = await lockJob(ctx.db, ctx.account.id, wanted)
    ctx.allow(
      job?.status === 'canceled'
        ? mayTransition(ctx.actor, job, 'unassigned')
        : job
          ? { yes: false, code: 'transitionNotAllowed', vars: { from: job.status, to: 'unassigned' } }
          : mayPlan(ctx.actor, job),
    )
    checkVersion(job!, version)
    return transitionJob(ctx, job!, 'unassigned', {})
  },

  async deleteJob(ctx, { job: wanted }) {
    const job = await lockJob(ctx.db, ctx.account.id, wanted)
    ctx.allow(job ? mayDeleteJob(ctx.actor) : maySeeJob(ctx.actor, job))
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
    return {}
  },

  async addJobComment(ctx, { job: wanted, audience, body }) {
    const job = await findJob(ctx.db, ctx.account.id, wanted)
    ctx.allow(maySeeJob(ctx.actor, job))
    const id = ctx.newId()
    await addComment(ctx.db, job!, { id, audience, body }, actorStamp(ctx), ctx.now)
    return { id, at: ctx.now }
  },
})

const ANY = { status: 'unassigned' as const, worker_id: null, customer_id: '' }

/** The one place where a status changes: row, times and history together. `move` was allowed before. */
export async function transitionJob(
  ctx: Doing,
  job: JobRecord,
  to: JobStatus,
  {
    reason,
    worker,
    scheduled,
    requested,
  }: {
    reason?: string | undefined
    worker?: string | null | undefined
    scheduled?: Date | null | undefined
    requested?: Date | null | undefined
  },
) {
  const from = job.status
  const wasCompleted = from === 'completed'
  const changes = {
    status: to,
    ...(requested !== undefined && { requested_at: requested }),
    ...(scheduled !== undefined && { scheduled_at: scheduled }),
    ...(worker !== undefined && ['pending', 'assigned', 'unpublished'].includes(to) && { worker_id: worker }),
    ...(to === 'unassigned' && { worker_id: null }),
    ...(to === 'postponed' && { worker_id: null, scheduled_at: null }),
    ...(to === 'started' && !job.started_at && { started_at: ctx.now }),
    ...(to === 'started' && wasCompleted && { completed_at: null }),
    ...(to === 'completed' && { completed_at: ctx.now }),
    // E-51: a canceled job has no times; what they were stays in its history.
    ...(to === 'canceled' && { canceled_at: ctx.now, scheduled_at: null, started_at: null }),
    ...(from === 'canceled' && { canceled_at: null }),
  }
  const version = await changeJob(ctx.db, job, changes, ctx.now)
  const plan = { ...job, ...changes }
  // Who declined, and that somebody did, is our own affair: the customer hears of what follows from it.
  const presentHistory = customerStatus(from) !== customerStatus(to) && to !== 'declined'
  const lost = clearedTimes(job, plan)
  const shownTime: Record<string, string> =
    isScheduleVisible(to) && plan.scheduled_at ? { scheduledAt: plan.scheduled_at.toISOString() } : {}
  // A customer can write no internal line, and needs none: what it took away is kept in its own, and not shown.
  await addHistory(
    ctx.db,
    [job],
    ctx.actor.kind === 'portalUser'
      ? [{ event: 'moved', audience: 'customer', from, to, details: { ...(reason && { reason }), ...lost } }]
      : [
          {
            event: 'moved',
            audience: presentHistory ? 'customer' : 'internal',
            from,
            to,
            details: presentHistory ? shownTime : {},
          },
          // The customer's status is the same, but now the time is settled.
          ...(!presentHistory && !isScheduleVisible(from) && isScheduleVisible(to) && plan.scheduled_at
            ? [{ event: 'scheduled', audience: 'customer' as const, details: shownTime }]
            : []),
          ...(Object.keys(lost).length > 0
            ? [{ event: 'timesRemoved', audience: 'internal' as const, details: lost }]
            : []),
          ...(plan.worker_id !== job.worker_id ? [await assignedLine(ctx, job.worker_id, plan.worker_id)] : []),
          ...(reason ? [{ event: 'reason', audience: 'internal' as const, from, to, details: { reason } }] : []),
        ],
    actorStamp(ctx),
    ctx.now,
    ctx.newId,
  )
  if (to !== 'declined') return { id: job.id, number: job.number, status: to, version }
  // Follows by itself (E-40): the job is free again, and the reason stays in its history.
  await addHistory(
    ctx.db,
    [job],
    [{ event: 'moved', audience: 'customer', from: 'declined', to: 'unassigned' }],
    { kind: 'system', id: null, name: null },
    ctx.now,
    ctx.newId,
  )
  await releaseDeclined(ctx.db, ctx.account.id, job.id, ctx.now)
  return { id: job.id, number: job.number, status: 'unassigned' as const, version: version + 1 }
}

/** Times the job had and has no more. */
function clearedTimes(
  before: JobRecord,
  after: Pick<JobRecord, 'scheduled_at' | 'started_at' | 'completed_at'>,
): Record<string, string> {
  return Object.fromEntries(
    (
      [
        ['removedScheduledAt', 'scheduled_at'],
        ['removedStartedAt', 'started_at'],
        ['removedCompletedAt', 'completed_at'],
      ] as const
    ).flatMap(([name, column]) => (before[column] && !after[column] ? [[name, before[column].toISOString()]] : [])),
  )
}

async function assignedLine(ctx: Pick<Doing, 'db' | 'account'>, before: string | null, after: string | null) {
  const names = new Map((await workersOf(ctx.db, ctx.account.id)).map(({ id, name, email }) => [id, name ?? email]))
  return {
    event: 'assigned',
    audience: 'internal' as const,
    details: { worker: after ? (names.get(after) ?? null) : null, before: before ? (names.get(before) ?? null) : null },
  }
}

export const actorStamp = (ctx: { actor: { kind: string; id: string; name: string } }) => ({
  kind: ctx.actor.kind,
  id: ctx.actor.id,
  name: ctx.actor.name,
})

function checkVersion(job: JobRecord, seen: number): void {
  if (job.version !== seen) throw problem('jobChanged')
}

export function throwFieldErrors(fieldErrors: FieldErrors): void {
  if (Object.keys(fieldErrors).length > 0) throw problem('input', { fields: fieldErrors })
}

/** A local time as a moment: undefined was not given, null takes it away. */
export function parseLocalTime(
  local: Local | null | undefined,
  zone: string,
  name: string,
  fieldErrors: FieldErrors,
): Date | null | undefined {
  if (local === undefined || local === null) return local
  const at = momentOf(local, zone)
  if (!at) fieldErrors[name] = { code: 'timeGap', vars: { zone } }
  return at
}

export const presentMoment = (at: Date | null, zone: string) => (at ? { at, ...localOf(at, zone) } : null)

/** Answers after a change; local times of date fields get the offset of the account's zone. */
export function fieldValues(
  fields: readonly Field[],
  given: Readonly<Record<string, unknown>>,
  stored: Values,
  zone: string,
  fieldErrors: FieldErrors,
  audience: 'office' | 'portal' = 'office',
): Values {
  const dated = Object.fromEntries(
    Object.entries(given).map(([id, value]) => {
      const field = fields.find((each) => each.id === id)
      const [, day, time] =
        (field?.type === 'dateTime' && typeof value === 'string' && /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)$/.exec(value)) || []
      if (!day || !time) return [id, value]
      try {
        const at = momentOf({ day, time }, zone)
        if (!at) fieldErrors[`fields.${id}`] = { code: 'timeGap', vars: { zone } }
        return [id, at?.toISOString() ?? value]
      } catch {
        return [id, value]
      }
    }),
  )
  const { values, problems } = checkFieldValues(fields, dated, audience, stored)
  for (const [path, fault] of Object.entries(problemsUnder('fields', problems))) fieldErrors[path] ??= fault
  return values
}

/** File fields whose files are others than before. */
export const changedFiles = (fields: readonly Field[], before: Values, after: Values) =>
  fields
    .filter((field) => field.type === 'file')
    .flatMap((field) => {
      const files = (after[field.id] ?? []) as string[]
      return files.join() === ((before[field.id] ?? []) as string[]).join() ? [] : [{ field, files }]
    })

interface PlaceInput {
  site?: string | null | undefined
  address?: string | null | undefined
  latitude?: number | null | undefined
  longitude?: number | null | undefined
}
const touchesPlace = (input: PlaceInput) =>
  input.site !== undefined ||
  input.address !== undefined ||
  input.latitude !== undefined ||
  input.longitude !== undefined

/** What is asked for, with what the words find. */
const filterOf = async (
  { db, actor }: Pick<Context<(typeof jobs)['listJobs']>, 'db' | 'actor'>,
  { search, ...filters }: Omit<JobFilter, 'found' | 'mine'> & { search?: string | undefined },
): Promise<JobFilter> => ({
  ...filters,
  found: await searchOffice(db, search),
  mine: isOffice(actor.role) ? undefined : actor.id,
})

/** A site brings its address and coordinates along; the job keeps them should the site change. */
export async function resolveAddress(
  ctx: { db: Read; account: { id: string } },
  customer: string,
  input: PlaceInput,
  fieldErrors: FieldErrors,
) {
  return addressOfSite(input.site ? await sitesOf(ctx.db, ctx.account.id, [customer]) : [], input, fieldErrors)
}

/** The same, among sites that are known already. */
export function addressOfSite(
  sites: readonly { id: string; address: string; latitude: number | null; longitude: number | null }[],
  { site, address, latitude, longitude }: PlaceInput,
  fieldErrors: FieldErrors,
) {
  if (((latitude ?? null) === null) !== ((longitude ?? null) === null)) fieldErrors.longitude = 'required'
  const found = site ? sites.find((each) => each.id === site) : undefined
  if (site && !found) fieldErrors.site = 'choice'
  return {
    site_id: site ?? null,
    address: address || found?.address || null,
    latitude: latitude ?? found?.latitude ?? null,
    longitude: longitude ?? found?.longitude ?? null,
  }
}

/** Names of what was changed, for the history; never the values. */
function changedFields(fields: readonly Field[], before: JobRecord, after: Partial<JobRecord>): string[] {
  const own = (['title', 'address', 'requested_at', 'duration_minutes', 'tags'] as const).filter(
    (key) => after[key] !== undefined && JSON.stringify(after[key]) !== JSON.stringify(before[key]),
  )
  const named = fields
    .filter((field) => JSON.stringify(after.fields?.[field.id]) !== JSON.stringify(before.fields[field.id]))
    .map((field) => field.name)
  return [...own, ...named]
}

function fieldsForForm(fields: readonly Field[], values: Values) {
  return fields.map(({ value: start, ...field }) => {
    const value = field.type === 'section' ? start : values[field.id]
    return { ...field, ...(value !== undefined && { value }) }
  })
}

function presentJobRow(
  job: Pick<
    JobRowRecord,
    | 'id'
    | 'number'
    | 'title'
    | 'status'
    | 'customer_id'
    | 'customer'
    | 'template_id'
    | 'template'
    | 'icon'
    | 'worker_id'
    | 'worker'
    | 'address'
    | 'tags'
    | 'requested_at'
    | 'scheduled_at'
    | 'duration_minutes'
    | 'created_by_kind'
    | 'created_by_id'
    | 'created_by_name'
    | 'created_at'
    | 'updated_at'
    | 'version'
  >,
) {
  return {
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
    scheduledAt: job.scheduled_at,
    durationMinutes: job.duration_minutes,
    createdBy: { kind: job.created_by_kind, id: job.created_by_id, name: job.created_by_name },
    createdAt: job.created_at,
    updatedAt: job.updated_at,
    version: job.version,
  }
}

const presentHistory = (line: HistoryRecord) => ({
  id: line.id,
  at: line.created_at,
  event: line.event,
  audience: line.audience,
  from: line.from_status,
  to: line.to_status,
  by: { kind: line.actor_kind, id: line.actor_id, name: line.actor_name },
  details: line.details,
})

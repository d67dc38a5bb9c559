/** What a customer changes on a job of their own: answers, cancellation, deletion. */
import { implement, type Context, type Input } from '../../../../platform/operation.ts'
import { problem } from '../../../../platform/problem.ts'
import { zoneCity } from '../../../../platform/zone.ts'
import { attachFile, filesOf, measureStorage } from '../../../records/files/queries.ts'
import { findJobStorageError } from '../../../records/files/rules.ts'
import { lockUploads } from '../../../records/files/uploads/queries.ts'
import { addHistory } from '../../../records/queries.ts'
import { actorStamp } from '../../../records/rules.ts'
import type { Field, FieldValues } from '../../../templates/fields/rules.ts'
import { fieldsOf, listSites } from '../../form/queries.ts'
import {
  addressOfSite,
  changedFiles,
  checkVersion,
  fieldValues,
  isRequestPast,
  isSameRequest,
  parseRequestedStart,
  throwFieldErrors,
  type FieldErrors,
  type RequestedColumns,
} from '../../form/rules.ts'
import { deleteJobForGood, transitionJob } from '../../handlers.ts'
import { mayDo } from '../../policy.ts'
import { changeJob, lockJob, type JobRecord } from '../../queries.ts'
import { blockedReason, customerStatus, hasStarted, jobParent, type CustomerAction } from '../../rules.ts'
import { searchTexts } from '../../search/queries.ts'
import { recordUpdate } from '../../updates/queries.ts'
import { portalJobs } from '../contract.ts'

type UpdateContext = Context<(typeof portalJobs)['updatePortalJob']>
type UpdateInput = Input<(typeof portalJobs)['updatePortalJob']>
const { updatePortalJob, cancelPortalJob, deletePortalJob } = portalJobs

export const portalJobEditingHandlers = implement(
  'jobs',
  { updatePortalJob, cancelPortalJob, deletePortalJob },
  {
    async updatePortalJob(ctx, input) {
      const job = await lockJob(ctx.db, ctx.account.id, input.job)
      ctx.allow(mayDo(ctx.actor, ctx.account.portal, job, 'edit'))
      checkStillPossible(job!, 'edit', 'editingClosed')
      checkVersion(job!, input.version)
      const fields = await fieldsOf(ctx.db, ctx.account.id, job!)
      const changes = await checkChanges(ctx, input, job!, fields)
      const texts = searchTexts({ ...job!, ...changes }, fields)
      const version = await changeJob(ctx.db, job!, { ...changes, ...texts }, ctx.now)
      const stamp = actorStamp(ctx)
      await Promise.all([
        addHistory(ctx.db, [jobParent(job!)], [{ event: 'edited', audience: 'customer' }], stamp, ctx.newId),
        recordUpdate(ctx.db, job!, { kind: 'edited', details: {} }, stamp, ctx.newId),
      ])
      return { id: job!.id, number: job!.number, version }
    },

    async cancelPortalJob(ctx, { job: jobId, reason }) {
      const job = await lockJob(ctx.db, ctx.account.id, jobId)
      ctx.allow(mayDo(ctx.actor, ctx.account.portal, job, 'cancel'))
      checkStillPossible(job!, 'cancel', 'cancelingClosed')
      const { id, number } = await transitionJob(ctx, job!, 'canceled', { reason })
      return { id, number }
    },

    async deletePortalJob(ctx, { job: jobId }) {
      const job = await lockJob(ctx.db, ctx.account.id, jobId)
      ctx.allow(mayDo(ctx.actor, ctx.account.portal, job, 'delete'))
      checkStillPossible(job!, 'delete', 'deletingClosed')
      await deleteJobForGood(ctx, job!)
      return { number: job!.number }
    },
  },
)

/** @throws jobStarted once work has begun, else `code`. Nothing was changed (E-41). */
function checkStillPossible(job: JobRecord, action: CustomerAction, code: string): void {
  if (blockedReason(action, job.status) === null) return
  const isUnderway = hasStarted(job.status) && job.status !== 'completed'
  throw problem(isUnderway ? 'jobStarted' : code, { vars: { status: customerStatus(job.status) } })
}

/** The changed columns of an edit; files of its answers are attached. @throws input with all that is wrong */
async function checkChanges(ctx: UpdateContext, input: UpdateInput, job: JobRecord, fields: readonly Field[]) {
  const { timeZone } = ctx.account
  const fieldErrors: FieldErrors = {}
  const values = fieldValues(fields, input.fields, job.fields, timeZone, fieldErrors, 'portal')
  const requested = parseRequestedStart(input.requested, timeZone, fieldErrors)
  checkRequestedStart(ctx, requested, job, fieldErrors)
  const address = await checkAddress(ctx, input, job, fieldErrors)
  await attachAnswerFiles(ctx, job, fields, values, fieldErrors)
  throwFieldErrors(fieldErrors)
  return { ...address, ...requested, fields: values }
}

/** A requested start in the past may stay, but not be chosen anew. */
function checkRequestedStart(
  { account: { portal, timeZone }, now }: UpdateContext,
  requested: RequestedColumns | undefined,
  before: RequestedColumns,
  fieldErrors: FieldErrors,
): void {
  if (!requested?.requested_at) return
  if (!portal.requestedStart) fieldErrors.requested = 'unknown'
  const isPast = isRequestPast(requested, now, timeZone)
  if (isPast && !isSameRequest(requested, before))
    fieldErrors.requested = { code: 'timePast', vars: { zone: zoneCity(timeZone) } }
}

async function checkAddress(ctx: UpdateContext, input: UpdateInput, job: JobRecord, fieldErrors: FieldErrors) {
  if (input.site === undefined && input.address === undefined) return undefined
  const sites = input.site ? await listSites(ctx.db, ctx.account.id, [job.customer_id]) : []
  const address = addressOfSite(sites, input, fieldErrors)
  if (!address.address && !address.site_id) fieldErrors.address = 'required'
  return address
}

/** Files of changed answers: those already on the job stay, new ones are this user's waiting uploads. */
async function attachAnswerFiles(
  ctx: UpdateContext,
  job: JobRecord,
  fields: readonly Field[],
  values: FieldValues,
  fieldErrors: FieldErrors,
): Promise<void> {
  const changed = changedFiles(fields, job.fields, values)
  if (changed.length === 0) return
  const readable = (await filesOf(ctx.db, jobParent(job))).filter((file) => file.audience === 'customer')
  const onJob = new Set(readable.map((file) => file.id))
  for (const { field, files } of changed) {
    const added = files.filter((id) => !onJob.has(id))
    const uploads = await lockUploads(ctx.db, job.account_id, added, ctx.actor, ctx.now)
    if (uploads.length < added.length) fieldErrors[`fields.${field.id}`] = 'fileNotFound'
    else for (const file of uploads) await attachFile(ctx.db, file, jobParent(job), field.id)
    if (added.length === 0) continue
    // With what was attached now, which is taken back when there is no room.
    const usage = await measureStorage(ctx.db, job.account_id, { job: job.id, uploader: ctx.actor })
    const storageError = findJobStorageError(usage.job, 0)
    if (storageError) fieldErrors[`fields.${field.id}`] ??= storageError
  }
}

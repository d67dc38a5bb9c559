/** Writes on one job that the office and the portal share. The caller has asked its policy before. */
import type { Context } from '../../platform/operation.ts'
import { exclusiveStorageKeys } from '../records/files/queries.ts'
import { addHistory } from '../records/queries.ts'
import { actorStamp, systemStamp } from '../records/rules.ts'
import type { jobs } from './contract.ts'
import { nameWorkers } from './form/queries.ts'
import { changeJob, releaseDeclined, removeJob, type JobRecord } from './queries.ts'
import { jobParent, type JobStatus } from './rules.ts'
import { undoRecord } from './undo/rules.ts'
import { recordChange, recordUpdate } from './updates/queries.ts'
import {
  assignmentEntry,
  changesOfTransition,
  historyOfCustomerTransition,
  historyOfTransition,
  type TransitionInput,
} from './status/rules.ts'
import { isCustomerKind } from '../identity/rules.ts'

type WriteContext = Pick<
  Context<(typeof jobs)['deleteJob']>,
  'db' | 'account' | 'now' | 'newId' | 'audit' | 'files'
> & {
  actor: { kind: string; id: string; name: string }
  afterCommit(work: () => Promise<void>): void
}
type TransitionContext = Pick<WriteContext, 'actor' | 'db' | 'account' | 'now' | 'newId'>

/**
 * The one place where a status changes: row, times and history together.
 * @param original the job before all that is changed with it, to which staff can undo it
 */
export async function transitionJob(
  ctx: TransitionContext,
  job: JobRecord,
  to: JobStatus,
  input: TransitionInput,
  original: JobRecord = job,
) {
  const changes = changesOfTransition(job, to, input, ctx.now)
  // A declined job is unassigned at once, which counts its version up again.
  const lastVersion = job.version + (to === 'declined' ? 2 : 1)
  const undo = ctx.actor.kind === 'staff' && undoRecord(original, lastVersion, ctx.actor.id, ctx.now)
  const version = await changeJob(ctx.db, job, { ...changes, ...(undo && { undo }) }, ctx.now)
  const after = { ...job, ...changes }
  const entries = isCustomerKind(ctx.actor.kind)
    ? historyOfCustomerTransition(job, after, input.reason)
    : historyOfTransition(
        job,
        after,
        input.reason,
        after.worker_id === job.worker_id ? undefined : await assignmentOf(ctx, job.worker_id, after.worker_id),
      )
  const stamp = actorStamp(ctx)
  await Promise.all([
    addHistory(ctx.db, [jobParent(job)], entries, stamp, ctx.newId),
    recordChange(ctx.db, job, after, stamp, ctx.newId),
  ])
  if (to !== 'declined') return { id: job.id, number: job.number, status: to, version }
  await freeDeclinedJob(ctx, job)
  return { id: job.id, number: job.number, status: 'unassigned' as const, version: version + 1 }
}

/** Follows every refusal by a worker (E-40): the job is unassigned again, and the reason stays in its history. */
async function freeDeclinedJob(ctx: TransitionContext, job: JobRecord): Promise<void> {
  await addHistory(
    ctx.db,
    [jobParent(job)],
    [{ event: 'moved', audience: 'customer', from: 'declined', to: 'unassigned' }],
    systemStamp(ctx.now),
    ctx.newId,
  )
  await releaseDeclined(ctx.db, ctx.account.id, job.id, ctx.now)
}

/** The history entry of an assignment, with the workers' names. */
export async function assignmentOf(
  ctx: Pick<TransitionContext, 'db' | 'account'>,
  before: string | null,
  after: string | null,
) {
  const names = await nameWorkers(ctx.db, ctx.account.id)
  const nameOf = (worker: string | null) => (worker ? (names.get(worker) ?? null) : null)
  return assignmentEntry(nameOf(after), nameOf(before))
}

/** Deletes a job for good, with its history, comments and the bytes of files that no other job has. */
export async function deleteJobForGood(ctx: WriteContext, job: JobRecord): Promise<void> {
  const keys = await exclusiveStorageKeys(ctx.db, ctx.account.id, job.id)
  await removeJob(ctx.db, ctx.account.id, job.id)
  const { number, title } = job
  if (isCustomerKind(ctx.actor.kind))
    await recordUpdate(ctx.db, job, { kind: 'deleted', details: { number, title } }, actorStamp(ctx), ctx.newId)
  await ctx.audit({
    event: 'jobDeleted',
    subjectKind: 'job',
    subjectId: job.id,
    details: { number, title, status: job.status },
  })
  ctx.afterCommit(async () => {
    for (const key of keys) await ctx.files.delete(key)
  })
}

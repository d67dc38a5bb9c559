/** Status, worker and time of a job, changed in the office. */
import { implement, type Context, type Input } from '../../../../platform/operation.ts'
import { problem } from '../../../../platform/problem.ts'
import { addHistory } from '../../../records/queries.ts'
import { actorStamp, type HistoryEntry } from '../../../records/rules.ts'
import { jobs } from '../../contract.ts'
import { isActiveStaff } from '../../form/queries.ts'
import {
  checkVersion,
  parseLocalTime,
  parseRequestedStart,
  throwFieldErrors,
  type FieldErrors,
} from '../../form/rules.ts'
import { assignmentOf, transitionJob } from '../../handlers.ts'
import { mayPlan, mayReinstate, mayRunJobs, maySeeJob, mayTransition, transitionRolesFor } from '../../policy.ts'
import { changeJob, lockJob, type JobRecord } from '../../queries.ts'
import { isPlannable, isScheduleVisible, jobParent } from '../../rules.ts'
import type { TransitionInput } from '../../status/rules.ts'
import { transitionOf } from '../../transitions/rules.ts'
import { columnsBefore, historyOfUndo, isUndoable, undoRecord, type UndoRecord } from '../../undo/rules.ts'
import { recordChange } from '../../updates/queries.ts'

type MoveContext = Context<(typeof jobs)['changeJobStatus']>
type MoveInput = Input<(typeof jobs)['changeJobStatus']>
type AssignContext = Pick<Context<(typeof jobs)['assignJob']>, 'actor' | 'db' | 'account' | 'now' | 'newId' | 'allow'>
const { changeJobStatus, assignJob, scheduleJob, undoJobChange, cancelJob, reinstateJob } = jobs

export const jobStatusHandlers = implement(
  'jobs',
  { changeJobStatus, assignJob, scheduleJob, undoJobChange, cancelJob, reinstateJob },
  {
    async changeJobStatus(ctx, input) {
      const job = await lockJob(ctx.db, ctx.account.id, input.job)
      ctx.allow(mayTransition(ctx.actor, job, input.to))
      checkVersion(job!, input.version)
      return transitionJob(ctx, job!, input.to, await checkMove(ctx, input, job!))
    },

    async assignJob(ctx, { job: jobId, version, worker, outright }) {
      const job = await lockJob(ctx.db, ctx.account.id, jobId)
      ctx.allow(mayPlan(ctx.actor, job))
      checkVersion(job!, version)
      return assign(ctx, job!, { worker, outright })
    },

    async scheduleJob(ctx, { job: jobId, version, scheduled, durationMinutes, worker, outright }) {
      const job = await lockJob(ctx.db, ctx.account.id, jobId)
      ctx.allow(mayPlan(ctx.actor, job))
      checkVersion(job!, version)
      if (!isPlannable(job!.status)) throw problem('schedulingClosed', { vars: { status: job!.status } })
      const fieldErrors: FieldErrors = {}
      const start = parseLocalTime(scheduled, ctx.account.timeZone, 'scheduled', fieldErrors) ?? null
      throwFieldErrors(fieldErrors)
      const assignment = worker !== undefined && worker !== job!.worker_id ? { worker, outright } : undefined
      const keepsTimes = worker !== undefined && hasTimes(job!, start, durationMinutes)
      const timed = keepsTimes ? job! : await reschedule(ctx, job!, start, durationMinutes)
      return assignment ? assign(ctx, timed, assignment, job!) : presentChange(timed)
    },

    async undoJobChange(ctx, { job: jobId, version }) {
      const job = await lockJob(ctx.db, ctx.account.id, jobId)
      ctx.allow(maySeeJob(ctx.actor, job))
      const isUnchanged = job!.version === version
      if (!isUnchanged || !isUndoable(job!, ctx.actor.id, ctx.now)) throw problem('undoExpired')
      return undoChange(ctx, job!, job!.undo!)
    },

    async cancelJob(ctx, { job: jobId, version, reason }) {
      const job = await lockJob(ctx.db, ctx.account.id, jobId)
      ctx.allow(mayTransition(ctx.actor, job, 'canceled'))
      checkVersion(job!, version)
      return transitionJob(ctx, job!, 'canceled', { reason })
    },

    async reinstateJob(ctx, { job: jobId, version }) {
      const job = await lockJob(ctx.db, ctx.account.id, jobId)
      ctx.allow(mayReinstate(ctx.actor, job))
      checkVersion(job!, version)
      return transitionJob(ctx, job!, 'unassigned', {})
    },
  },
)

/** What a change of status brings along. @throws input with all that is wrong */
async function checkMove(ctx: MoveContext, input: MoveInput, job: JobRecord): Promise<TransitionInput> {
  const { timeZone, id: account } = ctx.account
  const transition = transitionOf(job.status, input.to, transitionRolesFor(ctx.actor, job))!
  const isOffice = mayRunJobs(ctx.actor).yes
  const worker = isOffice ? (input.worker ?? job.worker_id) : job.worker_id
  const fieldErrors: FieldErrors = {}
  if (transition.reason === 'required' && !input.reason) fieldErrors.reason = 'required'
  // A worker changes the status and plans nothing.
  for (const key of ['worker', 'scheduled', 'requested'] as const) {
    if (!isOffice && input[key]) fieldErrors[key] = 'unknown'
  }
  if (transition.needsWorker && !worker) fieldErrors.worker = 'required'
  const namesWorker = isOffice && input.worker
  if (namesWorker && !(await isActiveStaff(ctx.db, account, namesWorker))) fieldErrors.worker = 'choice'
  const scheduled = parseLocalTime(input.scheduled, timeZone, 'scheduled', fieldErrors)
  const requested = parseRequestedStart(input.requested, timeZone, fieldErrors)
  throwFieldErrors(fieldErrors)
  return { reason: input.reason, worker, scheduled, requested }
}

/** A job that has a worker changes hands and keeps its status, even after it has started. */
function keepsStatus(job: JobRecord, worker: string, outright: boolean): boolean {
  const isInHands = ['pending', 'assigned', 'started', 'paused'].includes(job.status)
  const staysUnpublished = job.status === 'unpublished' && !outright && worker === job.worker_id
  return isInHands || staysUnpublished
}

/** @param original the job before all that is changed with it, to which it can be undone */
async function assign(
  ctx: AssignContext,
  job: JobRecord,
  { worker, outright }: { worker: string | null; outright: boolean },
  original: JobRecord = job,
) {
  if (worker && !(await isActiveStaff(ctx.db, ctx.account.id, worker)))
    throw problem('input', { fields: { worker: 'choice' } })
  if (worker && keepsStatus(job, worker, outright)) return reassignJob(ctx, job, worker, original)
  const statusWithWorker = outright ? 'assigned' : 'pending'
  const to = worker === null ? 'unassigned' : statusWithWorker
  ctx.allow(mayTransition(ctx.actor, job, to))
  return transitionJob(ctx, job, to, { worker }, original)
}

async function reassignJob(ctx: AssignContext, job: JobRecord, worker: string, original: JobRecord) {
  const undo = undoRecord(original, job.version + 1, ctx.actor.id, ctx.now)
  const version = await changeJob(ctx.db, job, { worker_id: worker, undo }, ctx.now)
  const entry = await assignmentOf(ctx, job.worker_id, worker)
  await addHistory(ctx.db, [jobParent(job)], [entry], actorStamp(ctx), ctx.newId)
  return presentChange({ ...job, version })
}

/** Whether a job has this start and duration already; an undefined duration stays. */
const hasTimes = (job: JobRecord, start: Date | null, minutes: number | null | undefined): boolean =>
  job.scheduled_at?.getTime() === start?.getTime() && (minutes === undefined || minutes === job.duration_minutes)

/** Writes start and duration, and answers the job with them. */
async function reschedule(
  ctx: AssignContext,
  job: JobRecord,
  start: Date | null,
  minutes: number | null | undefined,
): Promise<JobRecord> {
  const changes = { scheduled_at: start, ...(minutes !== undefined && { duration_minutes: minutes }) }
  const undo = undoRecord(job, job.version + 1, ctx.actor.id, ctx.now)
  const version = await changeJob(ctx.db, job, { ...changes, undo }, ctx.now)
  const stamp = actorStamp(ctx)
  await Promise.all([
    addHistory(ctx.db, [jobParent(job)], [scheduleEntry(job, start)], stamp, ctx.newId),
    recordChange(ctx.db, job, { ...job, ...changes }, stamp, ctx.newId),
  ])
  return { ...job, ...changes, version }
}

/** What customers have seen meanwhile is recorded once more: their email compares the first state with the last one. */
async function undoChange(ctx: AssignContext, job: JobRecord, undo: UndoRecord) {
  const changes = columnsBefore(undo)
  const after = { ...job, ...changes }
  const changesWorker = after.worker_id !== job.worker_id
  const isWorkerGone =
    changesWorker && after.worker_id && !(await isActiveStaff(ctx.db, ctx.account.id, after.worker_id))
  if (isWorkerGone) throw problem('undoExpired')
  const version = await changeJob(ctx.db, job, changes, ctx.now)
  const assignment = changesWorker ? await assignmentOf(ctx, job.worker_id, after.worker_id) : undefined
  const stamp = actorStamp(ctx)
  await Promise.all([
    addHistory(ctx.db, [jobParent(job)], historyOfUndo(job, after, assignment), stamp, ctx.newId),
    recordChange(ctx.db, job, after, stamp, ctx.newId),
  ])
  return presentChange({ ...after, version })
}

const presentChange = ({ id, number, status, version }: JobRecord) => ({ id, number, status, version })

const scheduleEntry = (job: JobRecord, start: Date | null): HistoryEntry => ({
  event: 'scheduled',
  audience: isScheduleVisible(job.status) ? 'customer' : 'internal',
  details: { scheduledAt: start?.toISOString() ?? null, before: job.scheduled_at?.toISOString() ?? null },
})

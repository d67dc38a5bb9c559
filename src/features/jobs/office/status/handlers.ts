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
import { mayPlan, mayReinstate, mayRunJobs, mayTransition, transitionRolesFor } from '../../policy.ts'
import { changeJob, lockJob, type JobRecord } from '../../queries.ts'
import { isPlannable, isScheduleVisible, jobParent, transitionOf } from '../../rules.ts'
import type { TransitionInput } from '../../status/rules.ts'
import { recordChange } from '../../updates/queries.ts'

type MoveContext = Context<(typeof jobs)['changeJobStatus']>
type MoveInput = Input<(typeof jobs)['changeJobStatus']>
const { changeJobStatus, assignJob, scheduleJob, cancelJob, reinstateJob } = jobs

export const jobStatusHandlers = implement(
  'jobs',
  { changeJobStatus, assignJob, scheduleJob, cancelJob, reinstateJob },
  {
    async changeJobStatus(ctx, input) {
      const job = await lockJob(ctx.db, ctx.account.id, input.job)
      ctx.allow(mayTransition(ctx.actor, job, input.to))
      checkVersion(job!, input.version)
      return transitionJob(ctx, job!, input.to, await checkMove(ctx, input, job!))
    },

    async assignJob(ctx, { job: jobId, version, worker, outright }) {
      const account = ctx.account.id
      const job = await lockJob(ctx.db, account, jobId)
      ctx.allow(mayPlan(ctx.actor, job))
      checkVersion(job!, version)
      if (worker && !(await isActiveStaff(ctx.db, account, worker)))
        throw problem('input', { fields: { worker: 'choice' } })
      if (worker && keepsStatus(job!, worker, outright)) return reassignJob(ctx, job!, worker)
      const statusWithWorker = outright ? 'assigned' : 'pending'
      const to = worker === null ? 'unassigned' : statusWithWorker
      ctx.allow(mayTransition(ctx.actor, job, to))
      return transitionJob(ctx, job!, to, { worker })
    },

    async scheduleJob(ctx, { job: jobId, version, scheduled, durationMinutes }) {
      const job = await lockJob(ctx.db, ctx.account.id, jobId)
      ctx.allow(mayPlan(ctx.actor, job))
      checkVersion(job!, version)
      if (!isPlannable(job!.status)) throw problem('schedulingClosed', { vars: { status: job!.status } })
      const fieldErrors: FieldErrors = {}
      const start = parseLocalTime(scheduled, ctx.account.timeZone, 'scheduled', fieldErrors) ?? null
      throwFieldErrors(fieldErrors)
      const changes = {
        scheduled_at: start,
        ...(durationMinutes !== undefined && { duration_minutes: durationMinutes }),
      }
      const nextVersion = await changeJob(ctx.db, job!, changes, ctx.now)
      const stamp = actorStamp(ctx)
      await Promise.all([
        addHistory(ctx.db, [jobParent(job!)], [scheduleEntry(job!, start)], stamp, ctx.newId),
        recordChange(ctx.db, job!, { ...job!, ...changes }, stamp, ctx.newId),
      ])
      return { id: job!.id, number: job!.number, status: job!.status, version: nextVersion }
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

async function reassignJob(ctx: Context<(typeof jobs)['assignJob']>, job: JobRecord, worker: string) {
  const version = await changeJob(ctx.db, job, { worker_id: worker }, ctx.now)
  const entry = await assignmentOf(ctx, job.worker_id, worker)
  await addHistory(ctx.db, [jobParent(job)], [entry], actorStamp(ctx), ctx.newId)
  return { id: job.id, number: job.number, status: job.status, version }
}

const scheduleEntry = (job: JobRecord, start: Date | null): HistoryEntry => ({
  event: 'scheduled',
  audience: isScheduleVisible(job.status) ? 'customer' : 'internal',
  details: { scheduledAt: start?.toISOString() ?? null, before: job.scheduled_at?.toISOString() ?? null },
})

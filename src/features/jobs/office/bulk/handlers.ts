/** Several jobs at once: each is changed by the handler for one job, so rights, transitions, history and emails are the same. */
import { inSavepoint } from '../../../../platform/database/statements.ts'
import { implement, type Context, type Input } from '../../../../platform/operation.ts'
import { isProblem, problem } from '../../../../platform/problem.ts'
import { jobs } from '../../contract.ts'
import { maySeeJob, maySeeJobs } from '../../policy.ts'
import { lockJob, type JobRecord } from '../../queries.ts'
import { jobStatusHandlers } from '../status/handlers.ts'

type BulkContext = Context<(typeof jobs)['changeJobs']>
type BulkInput = Input<(typeof jobs)['changeJobs']>
const { changeJobs } = jobs

export const jobBulkHandlers = implement(
  'jobs',
  { changeJobs },
  {
    async changeJobs(ctx, input) {
      ctx.allow(maySeeJobs(ctx.actor))
      const change = changeOf(input)
      const ids = [...new Set(input.jobs)]
      const results = new Map<string, Awaited<ReturnType<typeof changeOne>>>()
      // In one order for everybody, so that two requests cannot wait for each other.
      for (const id of [...ids].sort()) results.set(id, await changeOne(ctx, id, change))
      const rows = ids.map((id) => ({ id, ...results.get(id)! }))
      return { changed: rows.filter((row) => row.changed).length, rows }
    },
  },
)

interface Change {
  operation: 'assignJob' | 'scheduleJob' | 'changeJobStatus' | 'cancelJob'
  input: object
}

/** The operation for one job, and its input without the job. @throws input when the change lacks its value */
function changeOf({ change, worker, scheduled, to, reason }: BulkInput): Change {
  const missing = (name: string) => problem('input', { fields: { [name]: 'required' } })
  switch (change) {
    case 'assign':
      if (worker === undefined) throw missing('worker')
      return { operation: 'assignJob', input: { worker, outright: true } }
    case 'schedule':
      if (scheduled === undefined) throw missing('scheduled')
      return { operation: 'scheduleJob', input: { scheduled } }
    case 'status':
      if (!to) throw missing('to')
      return { operation: 'changeJobStatus', input: { to, reason } }
    case 'cancel':
      return { operation: 'cancelJob', input: { reason } }
  }
}

async function changeOne(ctx: BulkContext, id: string, { operation, input }: Change) {
  const { handler } = jobStatusHandlers.find(({ name }) => name === operation)!
  let job: JobRecord | undefined
  try {
    await inSavepoint(ctx.db, async () => {
      job = await lockJob(ctx.db, ctx.account.id, id)
      ctx.allow(maySeeJob(ctx.actor, job))
      await (handler as unknown as (ctx: BulkContext, input: object) => Promise<unknown>)(ctx, {
        ...input,
        job: id,
        version: job!.version,
      })
    })
    return { number: job!.number, changed: true, problem: null, fields: null }
  } catch (refusal) {
    if (!isProblem(refusal)) throw refusal
    // A job that is out of reach is not found, and has no number here, like one that never was.
    const number = job?.number ?? null
    return { number, changed: false, problem: refusal.code, fields: refusal.fields ?? null }
  }
}

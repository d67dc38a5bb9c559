/** Comments and history, by the operations of each kind of parent. */
import { implement } from '../../platform/operation.ts'
import { problem } from '../../platform/problem.ts'
import { isOffice } from '../identity/rules.ts'
import { jobs } from '../jobs/contract.ts'
import { fieldsOf } from '../jobs/form/queries.ts'
import { mayPlan, maySeeJob } from '../jobs/policy.ts'
import { portalJobs } from '../jobs/portal/contract.ts'
import { countUnreadComment, findJob } from '../jobs/queries.ts'
import { jobParent, type JobStatus } from '../jobs/rules.ts'
import { recordUpdate } from '../jobs/updates/queries.ts'
import { viewFields } from '../templates/fields/rules.ts'
import { filesOf } from './files/queries.ts'
import { addComment, listHistory, markCommentsRead } from './queries.ts'
import { actorStamp, presentHistory, visibleHistory, type HistoryRecord } from './rules.ts'

const { addJobComment, markCommentsRead: markRead, getJobHistory } = jobs
const { addPortalComment } = portalJobs

export const recordsHandlers = implement(
  'jobs',
  { addJobComment, addPortalComment, markCommentsRead: markRead, getJobHistory },
  {
    async addJobComment(ctx, { job: jobId, audience, body }) {
      const job = await findJob(ctx.db, ctx.account.id, jobId)
      ctx.allow(maySeeJob(ctx.actor, job))
      const id = ctx.newId()
      const stamp = actorStamp(ctx)
      await Promise.all([
        addComment(ctx.db, jobParent(job!), { id, audience, body }, stamp),
        ...(audience === 'customer'
          ? [recordUpdate(ctx.db, job!, { kind: 'commented', details: { body } }, stamp, ctx.newId)]
          : []),
      ])
      return { id, at: ctx.now }
    },

    async addPortalComment(ctx, { job: jobId, body }) {
      const job = await findJob(ctx.db, ctx.account.id, jobId)
      ctx.allow(maySeeJob(ctx.actor, job))
      const id = ctx.newId()
      // A customer's comment is always for both sides: there is no way to ask for another audience (PS-30).
      const stamp = actorStamp(ctx)
      await Promise.all([
        addComment(ctx.db, jobParent(job!), { id, audience: 'customer', body }, stamp),
        recordUpdate(ctx.db, job!, { kind: 'commented', details: { body } }, stamp, ctx.newId),
        countUnreadComment(ctx.db, job!),
      ])
      return { id, at: ctx.now }
    },

    async markCommentsRead(ctx, { job: jobId, upTo }) {
      const job = await findJob(ctx.db, ctx.account.id, jobId)
      ctx.allow(mayPlan(ctx.actor, job))
      const unread = await markCommentsRead(ctx.db, jobParent(job!), upTo)
      if (unread === undefined) throw problem('notFound')
      return { unread }
    },

    async getJobHistory(ctx, { job: jobId }) {
      const job = await findJob(ctx.db, ctx.account.id, jobId)
      ctx.allow(maySeeJob(ctx.actor, job))
      const history = (await listHistory(ctx.db, jobParent(job!))) as HistoryRecord<JobStatus>[]
      if (isOffice(ctx.actor.role)) return { rows: history.map(presentHistory) }
      const [fields, files] = await Promise.all([
        fieldsOf(ctx.db, ctx.account.id, job!),
        filesOf(ctx.db, jobParent(job!)),
      ])
      return { rows: visibleHistory(history, files, viewFields(fields, 'worker')).map(presentHistory) }
    },
  },
)

/** Changes of jobs that wait to be told. */
import { insertRows } from '../../../platform/database/statements.ts'
import type { Read, Write } from '../../../platform/operation.ts'
import type { ActorStamp } from '../../records/rules.ts'
import type { JobRecord } from '../queries.ts'
import { BATCH_MS, isSameState, visibleState, type JobUpdate } from './rules.ts'

type JobKey = Pick<JobRecord, 'account_id' | 'id'>

/**
 * Remembers what was done to a job, for the emails about it. Call it in the transaction of the change; imports and the demo do
 * not, so nobody hears of them.
 */
export async function recordUpdate(
  db: Write,
  job: JobKey,
  { kind, details }: Pick<JobUpdate, 'kind' | 'details'>,
  stamp: ActorStamp,
  newId: () => string,
): Promise<void> {
  const row = {
    account_id: job.account_id,
    id: newId(),
    job_id: job.id,
    kind,
    actor_kind: stamp.kind,
    actor_id: stamp.id,
    actor_name: stamp.name,
    details,
    created_at: stamp.at,
    due_at: new Date(stamp.at.getTime() + BATCH_MS),
  }
  await insertRows(db, 'job_updates', [row])
}

/** The same of a change of status or time; of nothing that customers do not see. */
export async function recordChange(
  db: Write,
  before: JobKey & Parameters<typeof visibleState>[0],
  after: Parameters<typeof visibleState>[0],
  stamp: ActorStamp,
  newId: () => string,
): Promise<void> {
  const details = visibleState(before)
  if (!isSameState(details, visibleState(after)))
    await recordUpdate(db, before, { kind: 'changed', details }, stamp, newId)
}

export interface DueJob {
  account: string
  job: string
}

/** Jobs whose first change has waited long enough. A change from the future was written before the clock was set back. */
export async function listDueJobs(db: Read, now: Date, limit: number): Promise<DueJob[]> {
  const latest = new Date(now.getTime() + BATCH_MS)
  return db
    .selectFrom('job_updates')
    .select(['account_id as account', 'job_id as job'])
    .where((where) => where.or([where('due_at', '<=', now), where('due_at', '>', latest)]))
    .groupBy(['account_id', 'job_id'])
    .orderBy((by) => by.fn.min('due_at'))
    .limit(limit)
    .execute()
}

/**
 * Takes all waiting changes of a job, oldest first, with the job as it is now. Nothing when another process took them. The job is
 * locked first: a change in progress is either complete with its row here, or waits and is told later.
 */
export async function takeUpdates(
  db: Write,
  { account, job }: DueJob,
): Promise<{ updates: JobUpdate[]; job: JobRecord | undefined }> {
  const row = await db
    .selectFrom('jobs')
    .selectAll()
    .where('account_id', '=', account)
    .where('id', '=', job)
    .forNoKeyUpdate()
    .executeTakeFirst()
  const taken = await db
    .deleteFrom('job_updates')
    .where('account_id', '=', account)
    .where('job_id', '=', job)
    .returningAll()
    .execute()
  const updates = taken.sort((a, b) => a.created_at.getTime() - b.created_at.getTime() || (a.id < b.id ? -1 : 1))
  return { updates: updates as unknown as JobUpdate[], job: row as JobRecord | undefined }
}

/** Changes of jobs that wait to be told. */
import type { Write } from '../../../platform/operation.ts'
import type { ParentKey } from '../../records/queries.ts'
import type { ActorStamp } from '../../records/rules.ts'
import { addUpdate, takeUpdates } from '../../records/updates/queries.ts'
import type { JobRecord } from '../queries.ts'
import { isSameState, visibleState, type JobUpdate } from './rules.ts'

type JobKey = Pick<JobRecord, 'account_id' | 'id'>

/** Remembers what was done to a job, for the emails about it. */
export const recordUpdate = (
  db: Write,
  job: JobKey,
  update: Pick<JobUpdate, 'kind' | 'details'>,
  stamp: ActorStamp,
  newId: () => string,
): Promise<void> => addUpdate(db, { kind: 'job', account: job.account_id, id: job.id }, update, stamp, newId)

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

/** Takes all waiting changes of a job, oldest first, with the job as it is now, locked. */
export async function takeJobUpdates(
  db: Write,
  due: ParentKey,
): Promise<{ updates: JobUpdate[]; job: JobRecord | undefined }> {
  const row = await db
    .selectFrom('jobs')
    .selectAll()
    .where('account_id', '=', due.account)
    .where('id', '=', due.id)
    .forNoKeyUpdate()
    .executeTakeFirst()
  return { updates: await takeUpdates<JobUpdate>(db, due), job: row as JobRecord | undefined }
}

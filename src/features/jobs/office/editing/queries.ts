/** A form that is sent twice creates one job. */
import { sql } from 'kysely'
import type { Write } from '../../../../platform/operation.ts'
import type { JobRecord } from '../../queries.ts'

/**
 * The job that this form of this member of staff has created. The form is locked until the transaction ends, so that of two at the
 * same moment the second one finds the job of the first.
 */
export async function findJobOfForm(
  db: Write,
  account: string,
  { formKey, member }: { formKey: string; member: string },
): Promise<Pick<JobRecord, 'id' | 'number' | 'status' | 'version'> | undefined> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`${account}:${formKey}`}, 0))`.execute(db)
  const row = await db
    .selectFrom('jobs')
    .select(['id', 'number', 'status', 'version'])
    .where('account_id', '=', account)
    .where('batch_id', '=', formKey)
    .where('created_by_kind', '=', 'staff')
    .where('created_by_id', '=', member)
    .executeTakeFirst()
  return row as Pick<JobRecord, 'id' | 'number' | 'status' | 'version'> | undefined
}

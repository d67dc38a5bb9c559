/** Visits of a worker around a time, and the hours in which the business works. */
import { sql } from 'kysely'
import type { Read, Write } from '../../../platform/operation.ts'
import { ASSUMED_MINUTES, type WorkingHours } from './rules.ts'

export interface Visit {
  id: string
  number: number
  title: string
  scheduled_at: Date
}

/** The longest duration of a job is ten days: none that starts earlier can reach into a visit. */
const LONGEST_VISIT = "interval '10 days'"

export async function listOverlaps(
  db: Read,
  account: string,
  { worker, start, end, except }: { worker: string; start: Date; end: Date; except: string | undefined },
): Promise<Visit[]> {
  const { rows } = await sql<Visit>`
    select id, number, title, scheduled_at from jobs
    where account_id = ${account} and worker_id = ${worker} and id is distinct from ${except ?? null}::uuid
      and status in ('unpublished', 'pending', 'assigned', 'started', 'paused')
      and scheduled_at < ${end} and scheduled_at > ${start}::timestamptz - ${sql.raw(LONGEST_VISIT)}
      and scheduled_at + coalesce(duration_minutes, ${sql.lit(ASSUMED_MINUTES)}) * interval '1 minute' > ${start}
    order by scheduled_at, id limit 5`.execute(db as Write)
  return rows
}

export async function findWorkingHours(db: Read, account: string): Promise<WorkingHours> {
  const row = await db
    .selectFrom('account_settings')
    .select(['working_days', 'work_starts', 'work_ends'])
    .where('account_id', '=', account)
    .executeTakeFirstOrThrow()
  return { days: row.working_days, from: row.work_starts, to: row.work_ends }
}

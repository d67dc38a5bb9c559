import { sql } from 'kysely'
import { fold, foldedPatterns } from '../../../platform/fold.ts'
import type { Read, Write } from '../../../platform/operation.ts'
import { COUNT_CAP, jobsByIds, readCursor, writeCursor, type ListedJob } from '../queries.ts'
import { groupOf, statesOf, type JobGroup, type JobState } from '../rules.ts'

const run = (db: Read) => db as Write

export interface Named { id: string; name: string }

/**
 * What a customer's lists walk: the linked customers, each by its own index, so that many customers cost no sort over
 * all their jobs. A customer's name is searched beside the job, so that a renamed one is found at once.
 */
const walk = (account: string, customers: readonly Named[], search: string | undefined) => {
  const patterns = search ? foldedPatterns(search) : []
  return {
    from: sql`unnest(${customers.map((each) => each.id)}::uuid[], ${customers.map((each) => fold(each.name))}::text[]) as c(id, name)`,
    where: sql`j.account_id = ${account} and j.customer_id = c.id${patterns.length > 0 ? sql` and (j.folded_portal || ' ' || c.name) like all (${patterns}::text[])` : sql``}`,
  }
}

export async function listForCustomers(
  db: Read, account: string, customers: readonly Named[], { search, group, cursor, limit }: { search?: string | undefined; group?: JobGroup | undefined; cursor?: string | undefined; limit: number },
): Promise<{ rows: ListedJob[]; next: string | null }> {
  if (customers.length === 0) return { rows: [], next: null }
  const { from, where } = walk(account, customers, search)
  const after = cursor === undefined ? undefined : readCursor(cursor, 'newest')
  const { rows: keys } = await sql<{ id: string; at: string }>`
    select found.id, found.created_at::text as at from ${from} cross join lateral (
      select j.id, j.created_at from jobs j where ${where}
      ${group ? sql`and j.state = any (${statesOf(group)}::text[])` : sql``}
      ${after ? sql`and (j.created_at, j.id) < (${after.at}::timestamptz, ${after.id}::uuid)` : sql``}
      order by j.created_at desc, j.id desc limit ${limit + 1}) found
    order by found.created_at desc, found.id desc limit ${limit + 1}`.execute(run(db))
  const shown = keys.slice(0, limit)
  return { rows: await jobsByIds(db, account, shown.map((row) => row.id)), next: keys.length > limit ? writeCursor('newest', shown.at(-1)!) : null }
}

/** The same walk, counted by group: a count is the length of the list it stands for. */
export async function countForCustomers(db: Read, account: string, customers: readonly Named[], search: string | undefined) {
  const counts = { all: 0, open: 0, completed: 0, canceled: 0 }
  if (customers.length === 0) return counts
  const { from, where } = walk(account, customers, search)
  const { rows } = await sql<{ state: JobState; count: number }>`
    select state, count(*)::int as count from (select j.state from ${from} join jobs j on ${where} limit ${COUNT_CAP}) few group by state`.execute(run(db))
  for (const { state, count } of rows) {
    counts.all += count
    counts[groupOf(state)] += count
  }
  return counts
}

/** The visit that comes next, or goes on now. Only settled times: before, they are plans of ours. */
export async function upcomingFor(db: Read, account: string, customers: readonly Named[], since: Date): Promise<ListedJob | undefined> {
  if (customers.length === 0) return undefined
  const { rows: [row] } = await sql<{ id: string }>`
    select j.id from jobs j where j.account_id = ${account} and j.customer_id = any (${customers.map((each) => each.id)}::uuid[])
      and j.state = any ('{assigned,started,paused}'::text[]) and j.scheduled_at >= ${since}
    order by j.scheduled_at, j.id limit 1`.execute(run(db))
  return row && (await jobsByIds(db, account, [row.id]))[0]
}

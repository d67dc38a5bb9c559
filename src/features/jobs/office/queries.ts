/** The office's list of jobs, and what stands beside its filters. */
import { sql, type RawBuilder } from 'kysely'
import type { Read, Write } from '../../../platform/operation.ts'
import { COUNT_CAP, readCursor, writeCursor, type ListedJob } from '../queries.ts'
import type { JobState } from '../rules.ts'
import type { OfficeSearch } from '../search/queries.ts'

// Kysely's sql`` runs on anything that executes; a Read handle is one whose type cannot say insert.
const run = (db: Read) => db as Write

export interface JobFilter {
  found?: OfficeSearch | undefined
  /** Of a worker: their own id. The policy lets no other job through; said here, it is found by index. */
  mine?: string | undefined
  state?: JobState[] | undefined
  /** Ids, and `none` for jobs without a worker. */
  worker?: string[] | undefined
  template?: string[] | undefined
  customer?: string | undefined
}

const and = (parts: RawBuilder<unknown>[]) => sql.join(parts, sql` and `)

/** Jobs `j` of the account that match, beside their customer `c`. `near`: of the newest so many only. */
function matching(account: string, { found, mine, state, worker, template, customer }: JobFilter, near?: number): RawBuilder<unknown> {
  const own = and([
    sql`j.account_id = ${account}`, ...(mine ? [sql`j.worker_id = ${mine}`] : []), ...(customer ? [sql`j.customer_id = ${customer}`] : []),
    ...(found?.ids ? [sql`j.id = any (${found.ids}::uuid[])`] : []),
  ])
  const jobs = near ? sql`(select j.* from jobs j where ${own} order by j.created_at desc, j.id desc limit ${near}) j` : sql`jobs j`
  return sql`from ${jobs} left join customers c on c.account_id = j.account_id and c.id = j.customer_id where ${and([
    own,
    ...(found ? [sql`(j.folded_office || ' ' || coalesce(c.folded, '')) like all (${found.patterns}::text[])`] : []),
    ...(state?.length ? [sql`j.state = any (${state}::text[])`] : []),
    ...(worker?.length ? [sql`(j.worker_id = any (${worker.filter((each) => each !== 'none')}::uuid[])${worker.includes('none') ? sql` or j.worker_id is null` : sql``})`] : []),
    ...(template?.length ? [sql`j.template_id = any (${template}::uuid[])`] : []),
  ])}`
}

const SORTS = {
  newest: { key: sql`j.created_at`, down: true }, oldest: { key: sql`j.created_at`, down: false },
  soonest: { key: sql`coalesce(j.scheduled_at, 'infinity'::timestamptz)`, down: false },
  latest: { key: sql`coalesce(j.scheduled_at, '-infinity'::timestamptz)`, down: true },
  changed: { key: sql`j.updated_at`, down: true },
} as const
export type JobSort = keyof typeof SORTS

/** One page by keyset: never an offset, so that a page stays right while jobs arrive. */
export async function listOfficeJobs(
  db: Read, account: string, filter: JobFilter, { sort, cursor, limit }: { sort: JobSort; cursor: string | undefined; limit: number },
): Promise<{ rows: ListedJob[]; next: string | null }> {
  const { key, down } = SORTS[sort]
  const after = cursor === undefined ? undefined : readCursor(cursor, sort)
  const { rows: keys } = await sql<{ id: string; at: string }>`
    select j.id, (${key})::text as at ${matching(account, filter)}
    ${after ? (down ? sql`and (${key}, j.id) < (${after.at}::timestamptz, ${after.id}::uuid)` : sql`and (${key}, j.id) > (${after.at}::timestamptz, ${after.id}::uuid)`) : sql``}
    order by ${key} ${down ? sql`desc` : sql`asc`}, j.id ${down ? sql`desc` : sql`asc`} limit ${limit + 1}`.execute(run(db))
  const shown = keys.slice(0, limit)
  return { rows: await jobsByIds(db, account, shown.map((row) => row.id)), next: keys.length > limit ? writeCursor(sort, shown.at(-1)!) : null }
}

/** `capped`: there are more than counted. */
export interface Counted { all: number; capped: boolean; state: { id: JobState; count: number }[]; worker: Facet[]; template: Facet[]; customer: Facet[] }
export interface Facet { id: string; name: string; count: number }

/** Of a search that is no one's index to answer, the newest so many jobs are counted: all would be read for it. */
const COUNT_NEAR = 10_000

/** Each filter's counts hold all other filters as they are, so a count is what choosing it would list (PS-12). */
export async function countJobs(db: Read, account: string, filter: JobFilter): Promise<Counted> {
  const near = filter.found && !filter.found.ids ? COUNT_NEAR : undefined
  const without = (key: keyof JobFilter) => ({ ...filter, [key]: undefined })
  const few = (what: RawBuilder<unknown>, by: JobFilter) => sql`(select ${what} ${matching(account, by, near)} limit ${COUNT_CAP})`
  const [walked, all, state, worker, template, customer] = await Promise.all([
    near ? sql<{ more: boolean }>`select exists (select from jobs j where j.account_id = ${account} offset ${near}) as more`.execute(run(db)) : undefined,
    sql<{ count: number }>`select count(*)::int as count from ${few(sql`1`, filter)} few`.execute(run(db)),
    sql<{ id: JobState; count: number }>`select state as id, count(*)::int as count from ${few(sql`j.state`, without('state'))} few group by state`.execute(run(db)),
    sql<Facet>`select coalesce(few.worker_id::text, 'none') as id, coalesce(w.name, w.email, '') as name, few.count from
      (select worker_id, count(*)::int as count from ${few(sql`j.worker_id`, without('worker'))} jobs group by worker_id) few
      left join staff_members w on w.account_id = ${account} and w.id = few.worker_id order by name`.execute(run(db)),
    sql<Facet>`select t.id, t.name, few.count from
      (select template_id, count(*)::int as count from ${few(sql`j.template_id`, without('template'))} jobs group by template_id) few
      join templates t on t.account_id = ${account} and t.id = few.template_id order by t.position, t.id`.execute(run(db)),
    sql<Facet>`select c.id, c.name, few.count from
      (select customer_id, count(*)::int as count from ${few(sql`j.customer_id`, without('customer'))} jobs group by customer_id order by 2 desc, 1 limit 50) few
      join customers c on c.account_id = ${account} and c.id = few.customer_id order by few.count desc, c.name`.execute(run(db)),
  ])
  const count = all.rows[0]?.count ?? 0
  return { all: count, capped: count === COUNT_CAP || walked?.rows[0]?.more === true, state: state.rows, worker: worker.rows, template: template.rows, customer: customer.rows }
}

/** Rows for the ids a list has found, in that order. */
async function jobsByIds(db: Read, account: string, ids: readonly string[]): Promise<ListedJob[]> {
  if (ids.length === 0) return []
  const { rows } = await sql<ListedJob>`
    select j.id, j.number, j.title, j.state, j.customer_id, coalesce(c.name, '') as customer, j.template_id, t.name as template, t.icon,
      j.worker_id, coalesce(w.name, w.email) as worker, j.address, j.tags, j.requested_at, j.scheduled_at, j.duration_minutes,
      j.completed_at, j.canceled_at, j.made_by_kind, j.made_by_id, j.made_by_name, j.created_at, j.updated_at, j.version
    from unnest(${ids}::uuid[]) with ordinality as wanted(id, place)
    join jobs j on j.account_id = ${account} and j.id = wanted.id
    join templates t on t.account_id = j.account_id and t.id = j.template_id
    left join customers c on c.account_id = j.account_id and c.id = j.customer_id
    left join staff_members w on w.account_id = j.account_id and w.id = j.worker_id
    order by wanted.place`.execute(run(db))
  return rows
}

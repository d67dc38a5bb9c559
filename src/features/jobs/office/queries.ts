/** The office's list of jobs, and what stands beside its filters. */
import { sql, type RawBuilder } from 'kysely'
import type { Read, Write } from '../../../platform/operation.ts'
import { COUNT_CAP, readCursor, writeCursor, type JobRowRecord } from '../queries.ts'
import type { JobStatus } from '../rules.ts'
import type { OfficeSearch } from '../search/queries.ts'

// Kysely's sql`` runs on anything that executes; a Read handle is one whose type cannot say insert.
const run = (db: Read) => db as Write

export interface JobFilter {
  found?: OfficeSearch | undefined
  /** Of a worker: their own id. The policy lets no other job through; said here, it is found by index. */
  mine?: string | undefined
  status?: JobStatus[] | undefined
  /** Ids, and `none` for jobs without a worker. */
  worker?: string[] | undefined
  template?: string[] | undefined
  customer?: string | undefined
}

const and = (parts: RawBuilder<unknown>[]) => sql.join(parts, sql` and `)

interface Near {
  near: number
  seek?: RawBuilder<unknown>
}

/** What is true of a job before any text is compared. */
const own = (account: string, { found, mine, customer }: JobFilter) =>
  and([
    sql`j.account_id = ${account}`,
    ...(mine ? [sql`j.worker_id = ${mine}`] : []),
    ...(customer ? [sql`j.customer_id = ${customer}`] : []),
    ...(found?.ids ? [sql`j.id = any (${found.ids}::uuid[])`] : []),
  ])

/** The newest so many of these. */
const walked = (account: string, filter: JobFilter, { near, seek = sql`` }: Near) =>
  sql`from (select j.* from jobs j where ${own(account, filter)} ${seek} order by j.created_at desc, j.id desc limit ${near}) j`

/** Jobs `j` that match, beside their customer `c`; of the newest so many only, when that is said. */
function matching(account: string, filter: JobFilter, near?: Near): RawBuilder<unknown> {
  const { found, status, worker, template } = filter
  return sql`${near ? walked(account, filter, near) : sql`from jobs j`} left join customers c on c.account_id = j.account_id and c.id = j.customer_id where ${and(
    [
      own(account, filter),
      ...(found ? [sql`(j.folded_office || ' ' || coalesce(c.folded, '')) like all (${found.patterns}::text[])`] : []),
      ...filters({ status, worker, template }),
    ],
  )}`
}

/** Conditions on the columns of `j` that a facet is counted without. */
function filters({ status, worker, template, customer }: JobFilter): RawBuilder<unknown>[] {
  return [
    // Named, not given: how many jobs are in a status decides the plan; and one status is in order.
    ...(status?.length
      ? [
          status.length === 1
            ? sql`j.status = ${sql.lit(status[0])}`
            : sql`j.status = any (${sql.lit(`{${status.join()}}`)}::text[])`,
        ]
      : []),
    ...(worker?.join() === 'none'
      ? [sql`j.worker_id is null`]
      : worker?.length
        ? [
            sql`(j.worker_id = any (${worker.filter((each) => each !== 'none')}::uuid[])${worker.includes('none') ? sql` or j.worker_id is null` : sql``})`,
          ]
        : []),
    ...(template?.length ? [sql`j.template_id = any (${template}::uuid[])`] : []),
    ...(customer ? [sql`j.customer_id = ${customer}`] : []),
  ]
}

const SORTS = {
  newest: { key: sql`j.created_at`, down: true },
  oldest: { key: sql`j.created_at`, down: false },
  soonest: { key: sql`coalesce(j.scheduled_at, 'infinity'::timestamptz)`, down: false },
  latest: { key: sql`coalesce(j.scheduled_at, '-infinity'::timestamptz)`, down: true },
  changed: { key: sql`j.updated_at`, down: true },
} as const
export type JobSort = keyof typeof SORTS

/** A search that no index answers looks at the newest so many, then so many, then at all. */
const WALKS = [5_000, 100_000]

/** One page by keyset: never an offset, so that a page stays right while jobs arrive. */
export async function listOfficeJobs(
  db: Read,
  account: string,
  filter: JobFilter,
  { sort, cursor, limit }: { sort: JobSort; cursor: string | undefined; limit: number },
): Promise<{ rows: JobRowRecord[]; next: string | null }> {
  const { key, down } = SORTS[sort]
  const after = cursor === undefined ? undefined : readCursor(cursor, sort)
  const seek = after
    ? down
      ? sql`and (${key}, j.id) < (${after.at}::timestamptz, ${after.id}::uuid)`
      : sql`and (${key}, j.id) > (${after.at}::timestamptz, ${after.id}::uuid)`
    : sql``
  const page = async (near?: number) =>
    (
      await sql<{ id: string; at: string }>`
    select j.id, (${key})::text as at ${matching(account, filter, near === undefined ? undefined : { near, seek })} ${seek}
    order by ${key} ${down ? sql`desc` : sql`asc`}, j.id ${down ? sql`desc` : sql`asc`} limit ${limit + 1}`.execute(
        run(db),
      )
    ).rows
  let keys: { id: string; at: string }[] | undefined
  if (sort === 'newest' && filter.found && !filter.found.ids) {
    for (const near of WALKS) {
      const [
        few,
        {
          rows: [older],
        },
      ] = await Promise.all([
        page(near),
        sql<{
          more: boolean
        }>`select exists (select ${walked(account, filter, { near: near + 1, seek })} offset ${near}) as more`.execute(
          run(db),
        ),
      ])
      if (few.length > limit || !older!.more) {
        keys = few
        break
      }
    }
  }
  keys ??= await page()
  const shown = keys.slice(0, limit)
  return {
    rows: await jobsByIds(
      db,
      account,
      shown.map((row) => row.id),
    ),
    next: keys.length > limit ? writeCursor(sort, shown.at(-1)!) : null,
  }
}

/** `capped`: there are more than counted. */
export interface Counted {
  all: number
  capped: boolean
  status: { id: JobStatus; count: number }[]
  worker: Facet[]
  template: Facet[]
  customer: Facet[]
}
export interface Facet {
  id: string
  name: string
  count: number
}

/** Of a search that no index answers, the newest so many jobs are counted: all would be read for it. */
const COUNT_NEAR = 10_000

/**
 * Each filter's counts hold all other filters as they are, so a count is what choosing it would list (PS-12). A search compares its
 * texts once: what it found is kept for all five.
 */
export async function countOfficeJobs(db: Read, account: string, filter: JobFilter): Promise<Counted> {
  const { found, mine } = filter
  const near = found && !found.ids ? { near: COUNT_NEAR } : undefined
  const kept =
    found &&
    sql`with found as materialized (select j.status, j.worker_id, j.template_id, j.customer_id ${matching(account, { found, mine }, near)})`
  const few = (column: RawBuilder<unknown>, without: keyof JobFilter | undefined) => {
    const by = without ? { ...filter, [without]: undefined } : filter
    return found
      ? sql`(select ${column} from found j where ${and([sql`true`, ...filters(by)])} limit ${COUNT_CAP})`
      : sql`(select ${column} ${matching(account, by)} limit ${COUNT_CAP})`
  }
  const facets = (name: string, id: RawBuilder<unknown>, of: RawBuilder<unknown>) =>
    sql`select ${sql.lit(name)} as facet, ${id}::text as id, count(*)::int as count from ${of} few group by 2`
  const { rows } = await sql<{ facet: string; id: string; name: string; count: number }>`${kept ?? sql``}
    select counted.*, coalesce(w.name, w.email, t.name, case counted.facet when 'customer' then (select c.name from customers c where c.account_id = ${account} and c.id = counted.id::uuid) end, '') as name from (
      select 'all' as facet, '' as id, count(*)::int as count from ${few(sql`1`, undefined)} few
      union all ${facets('status', sql`few.status`, few(sql`j.status`, 'status'))}
      union all ${facets('worker', sql`coalesce(few.worker_id::text, 'none')`, few(sql`j.worker_id`, 'worker'))}
      union all ${facets('template', sql`few.template_id`, few(sql`j.template_id`, 'template'))}
      union all (${facets('customer', sql`few.customer_id`, few(sql`j.customer_id`, 'customer'))} order by 3 desc, 2 limit 50)) counted
    left join staff_members w on counted.facet = 'worker' and w.account_id = ${account} and w.id::text = counted.id
    left join templates t on counted.facet = 'template' and t.account_id = ${account} and t.id::text = counted.id
    order by t.position, t.id, case when counted.facet = 'customer' then -counted.count end, name`.execute(run(db))
  const older =
    near &&
    (
      await sql<{
        more: boolean
      }>`select exists (select from jobs j where ${own(account, { mine })} offset ${COUNT_NEAR}) as more`.execute(
        run(db),
      )
    ).rows[0]!.more
  const of = (facet: string) =>
    rows.filter((row) => row.facet === facet).map(({ id, name, count }) => ({ id, name, count }))
  const all = of('all')[0]?.count ?? 0
  return {
    all,
    capped: all === COUNT_CAP || older === true,
    status: of('status').map(({ id, count }) => ({ id: id as JobStatus, count })),
    worker: of('worker'),
    template: of('template'),
    customer: of('customer'),
  }
}

/** Rows for the ids a list has found, in that order. */
async function jobsByIds(db: Read, account: string, ids: readonly string[]): Promise<JobRowRecord[]> {
  if (ids.length === 0) return []
  const { rows } = await sql<JobRowRecord>`
    select j.id, j.number, j.title, j.status, j.customer_id, coalesce(c.name, '') as customer, j.template_id, t.name as template, t.icon,
      j.worker_id, coalesce(w.name, w.email) as worker, j.address, j.tags, j.requested_at, j.scheduled_at, j.duration_minutes,
      j.completed_at, j.canceled_at, j.created_by_kind, j.created_by_id, j.created_by_name, j.created_at, j.updated_at, j.version
    from unnest(${ids}::uuid[]) with ordinality as wanted(id, place)
    join jobs j on j.account_id = ${account} and j.id = wanted.id
    join templates t on t.account_id = j.account_id and t.id = j.template_id
    left join customers c on c.account_id = j.account_id and c.id = j.customer_id
    left join staff_members w on w.account_id = j.account_id and w.id = j.worker_id
    order by wanted.place`.execute(run(db))
  return rows
}

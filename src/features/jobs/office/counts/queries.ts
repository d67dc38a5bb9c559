/** How many jobs each value of each filter would list. */
import { sql, type RawBuilder } from 'kysely'
import type { Read } from '../../../../platform/operation.ts'
import { COUNT_CAP, type JobStatus } from '../../rules.ts'
import { allOf, executor, filterConditions, hasMoreJobs, matchingJobs, scopeOf, type JobFilter } from '../queries.ts'

export interface JobCounts {
  all: number
  /** There are more than counted. */
  capped: boolean
  unread: number
  status: { id: JobStatus; count: number }[]
  worker: Facet[]
  template: Facet[]
  customer: Facet[]
}
interface Facet {
  id: string
  name: string
  count: number
}

/** Of a search that no index answers, only the newest so many jobs are counted. */
const SEARCHED_JOBS_MAX = 10_000
const CUSTOMERS_SHOWN = 50

/**
 * Each filter's counts keep all other filters as they are, so a count is what choosing it would list (PS-12). A search compares
 * its texts once for all five.
 */
export async function countOfficeJobs(db: Read, account: string, filter: JobFilter): Promise<JobCounts> {
  const { search, assignedTo } = filter
  const hasIndex = !search || search.ids !== null
  const newest = hasIndex ? undefined : { count: SEARCHED_JOBS_MAX }
  const matches = search
    ? sql`with matches as materialized (
        select j.status, j.worker_id, j.template_id, j.customer_id, j.unread_comments, j.scheduled_at
        ${matchingJobs(account, { search, assignedTo }, newest)})`
    : sql``
  const { rows } = await sql<Facet & { facet: string }>`${matches}
    select counted.*, coalesce(w.name, w.email, t.name, case counted.facet when 'customer' then (
        select c.name from customers c where c.account_id = ${account} and c.id = counted.id::uuid) end, '') as name
    from (${allFacets(account, filter)}) counted
    left join staff_members w on counted.facet = 'worker' and w.account_id = ${account} and w.id::text = counted.id
    left join templates t on counted.facet = 'template' and t.account_id = ${account} and t.id::text = counted.id
    order by t.position, t.id, case when counted.facet = 'customer' then -counted.count end, name`.execute(executor(db))
  const hasOlder =
    !hasIndex && (await hasMoreJobs(db, sql`from jobs j where ${scopeOf(account, { assignedTo })}`, SEARCHED_JOBS_MAX))
  const facet = (name: string): Facet[] =>
    rows.filter((row) => row.facet === name).map(({ id, name, count }) => ({ id, name, count }))
  const all = facet('all')[0]?.count ?? 0
  return {
    all,
    capped: all === COUNT_CAP || hasOlder,
    unread: facet('unread')[0]?.count ?? 0,
    status: facet('status').map(({ id, count }) => ({ id: id as JobStatus, count })),
    worker: facet('worker'),
    template: facet('template'),
    customer: facet('customer'),
  }
}

/** Rows of facet, id and count. A search reads them from `matches`. */
function allFacets(account: string, filter: JobFilter): RawBuilder<unknown> {
  const jobsOf = (chosen: JobFilter, column: RawBuilder<unknown>) =>
    filter.search
      ? sql`(
          select ${column} from matches j where ${allOf([sql`true`, ...filterConditions(chosen)])}
          limit ${COUNT_CAP})`
      : sql`(select ${column} ${matchingJobs(account, chosen)} limit ${COUNT_CAP})`
  const unread = jobsOf({ ...filter, comments: 'unread' }, sql`1`)
  const facet = (name: keyof JobFilter, column: RawBuilder<unknown>, id: RawBuilder<unknown>) => sql`
      select ${sql.lit(name)} as facet, ${id}::text as id, count(*)::int as count
      from ${jobsOf({ ...filter, [name]: undefined }, column)} job group by 2`
  return sql`
      select 'all' as facet, '' as id, count(*)::int as count from ${jobsOf(filter, sql`1`)} job
      union all select 'unread' as facet, '' as id, count(*)::int as count from ${unread} job
      union all ${facet('status', sql`j.status`, sql`job.status`)}
      union all ${facet('worker', sql`j.worker_id`, sql`coalesce(job.worker_id::text, 'none')`)}
      union all ${facet('template', sql`j.template_id`, sql`job.template_id`)}
      union all (${facet('customer', sql`j.customer_id`, sql`job.customer_id`)}
        order by 3 desc, 2 limit ${CUSTOMERS_SHOWN})`
}

/**
 * Search walks the newest jobs first: a common word fills a page at once. Where that was not enough it asks the index, through
 * find_portal_jobs and find_office_jobs (0010_search.sql), which answer ids or "too common: walk on". Every row is read under
 * row-level security and compared again, so the index decides what is read, never what is seen.
 */
import { sql } from 'kysely'
import { foldedPatterns } from '../../../platform/fold.ts'
import type { Read, Write } from '../../../platform/operation.ts'

/** More than so many found by the index are walked instead: by then a page of the newest is near. */
const FOUND_MOST = 5_000
/** So many of a customer's newest jobs are looked at before the index is asked: half a page a thousand costs as much there. */
const NEAR = 500
/** The same of many customers together, by keys first. */
const NEAR_OF_MANY = 2_000
/** Where every job has to be looked at, so many found ones are counted. */
export const FOUND_CAP = 1_000

/**
 * The common table expressions of a portal search, up to `found`: the newest `$3` jobs of the customers `$2` that hold all patterns.
 * @param base conditions on `j` beside customer `c`, without the search
 * @param columns of `j` that `found` shall have, id and created_at among them; it has the customer's name too
 */
export function portalSearch({
  base,
  columns,
  patterns,
  many,
}: {
  base: string
  columns: string
  patterns: string
  many: boolean
}): string {
  const order = (of: string) => `order by ${of}.created_at desc, ${of}.id desc`
  const holds = (job: string) => `(${job}.folded_portal || ' ' || c.folded_name) like all (${patterns}::text[])`
  const mine =
    'mine as materialized (select c.id, c.name, c.folded_name from customers c where c.account_id = $1 and c.id = any ($2::uuid[]))'
  // The customer is asked once more for those who came by id: asked for are these customers and no others.
  const byIndex = `select ${columns}, c.name as customer from asked cross join lateral unnest(asked.ids) as hit(id)
      join jobs j on j.account_id = $1 and j.id = hit.id join mine c on c.id = j.customer_id where ${base} and ${holds('j')}`
  const walked = (
    which: string,
  ) => `select walk.*, c.name as customer from asked join mine c on ${which} cross join lateral (
      select ${columns} from jobs j where ${base} and ${holds('j')} ${order('j')} limit $3) walk where asked.ids is null`
  if (many) {
    // Keys first, of all customers together; by `offset 0` each row is fetched by its key, in order, until the page is full.
    return `with ${mine},
    asked as materialized (select find_portal_jobs($2::uuid[], ${patterns}::text[], ${FOUND_MOST}) as ids),
    keys as materialized (select newest.*, c.name, c.folded_name from asked join mine c on asked.ids is null cross join lateral (
      select j.id, j.created_at from jobs j where ${base} ${order('j')} limit ${NEAR_OF_MANY}) newest ${order('newest')} limit ${NEAR_OF_MANY}),
    near as materialized (select job.*, c.name as customer from (select * from keys ${order('keys')}) c cross join lateral (
      select ${columns}, j.folded_portal from jobs j where j.account_id = $1 and j.id = c.id offset 0) job where ${holds('job')} ${order('c')} limit $3),
    enough as materialized (select (select count(*) from near) >= $3 or (select count(*) from keys) < ${NEAR_OF_MANY} as reached),
    found as (select * from (${byIndex} union all select ${names(columns, 'near')}, near.customer from near where (select reached from enough)
      union all ${walked('not (select reached from enough)')}) every ${order('every')} limit $3)`
  }
  return `with ${mine},
    near as materialized (select newest.*, c.name as customer from mine c cross join lateral (
      select ${names(columns, 'near')} from (select j.* from jobs j where ${base} ${order('j')} limit ${NEAR}) near
      where ${holds('near')} ${order('near')} limit $3) newest),
    page as materialized (select near.id, near.created_at from near ${order('near')} limit $3),
    -- Customers who have more than was looked at, and newer than the last row of a full page.
    asked as materialized (select array_agg(c.id) as customers, find_portal_jobs(array_agg(c.id), ${patterns}::text[], ${FOUND_MOST}) as ids from mine c
      cross join lateral (select j.created_at, j.id from jobs j where ${base} ${order('j')} offset ${NEAR} limit 1) older
      where (select count(*) from near where near.customer_id = c.id) < $3
        and ((select count(*) from page) < $3 or (older.created_at, older.id) > (select page.created_at, page.id from page order by page.created_at, page.id limit 1))
      having count(*) > 0),
    found as (select * from (select * from near
      union all select * from (${byIndex} union all ${walked('c.id = any (asked.customers)')}) more where more.id not in (select near.id from near)) every ${order('every')} limit $3)`
}

/** Statuses of the jobs that such a search finds. Of a word too common for the index the newest `FOUND_CAP` in each customer's own walk. */
export function portalSearchStatuses({ patterns, many }: { patterns: string; many: boolean }): string {
  const of = 'j.account_id = $1 and j.customer_id = c.id'
  const holds = `(j.folded_portal || ' ' || c.folded_name) like all (${patterns}::text[])`
  // Decided before any job is read: who has few jobs is walked, for the others the index is asked.
  const walked = (whose: string, limit = '') =>
    `select walk.status from ${whose} c cross join lateral (select j.status from jobs j where ${of} and ${holds} offset 0) walk${limit}`
  return `with mine as materialized (select c.id, c.folded_name from customers c where c.account_id = $1 and c.id = any ($2::uuid[])),
    large as materialized (select c.* from mine c ${many ? '' : `where exists (select from jobs j where ${of} offset ${NEAR})`}),
    small as materialized (select c.* from mine c where c.id not in (select large.id from large)),
    asked as materialized (select find_portal_jobs(array_agg(large.id), ${patterns}::text[], ${FOUND_MOST}) as ids from large having count(*) > 0),
    common as materialized (select large.* from large where (select asked.ids is null from asked))
    ${walked('small')}
    union all select j.status from asked cross join lateral unnest(asked.ids) as hit(id) join jobs j on j.account_id = $1 and j.id = hit.id join mine c on c.id = j.customer_id where ${holds}
    union all (${walked('common', ` limit ${FOUND_CAP}`)})`
}

const names = (columns: string, of: string) => columns.replaceAll('j.', `${of}.`)

/** What the office searches by: the words, and the jobs that hold them when they are few. */
export interface OfficeSearch {
  patterns: string[]
  ids: string[] | null
}

/** Undefined when nothing is searched for. Ids are within the caller's reach; null: too common or too short for an index. */
export async function searchOffice(db: Read, typed: string | undefined): Promise<OfficeSearch | undefined> {
  const patterns = typed ? foldedPatterns(typed) : []
  if (patterns.length === 0) return undefined
  const {
    rows: [row],
  } = await sql<{ ids: string[] | null }>`select find_office_jobs(${patterns}, ${FOUND_MOST}) as ids`.execute(
    db as Write,
  )
  return { patterns, ids: row!.ids }
}

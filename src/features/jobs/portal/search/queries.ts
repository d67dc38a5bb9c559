/**
 * SQL of a portal user's search. It reads the newest jobs of each customer first: a common word fills a page at once. Where
 * that is not enough it asks the index, through find_portal_jobs, which answers ids or null: "too common, keep reading".
 * Every row is read under row-level security and compared again, so the index decides what is read, never what is shown.
 *
 * Parameters: `$1` account, `$2` customers, `$3` rows of a page; `patterns` names the one with the patterns.
 */
import { COMMON_MATCHES_CAP } from '../../rules.ts'
import { INDEX_MATCHES_MAX } from '../../search/queries.ts'

/** How many of a customer's newest jobs are read before the index is used. Reading these costs as much as one index scan. */
const NEWEST_PER_CUSTOMER = 500
/** The same of many customers together, by keys first. */
const NEWEST_OF_MANY = 2_000

export interface SearchParts {
  /** Conditions on `j` beside customer `c`, without the search. */
  base: string
  /** Columns of `j` that `matched` has, id and created_at among them; it also has the customer's name. */
  columns: string
  patterns: string
  /** The page before a cursor: the oldest beyond it are read first. */
  backward: boolean
}

/** The order in which jobs are read: newest first, or oldest first for a page that is read backward. */
const orderOf =
  ({ backward }: Pick<SearchParts, 'backward'>) =>
  (table: string) =>
    backward ? `order by ${table}.created_at, ${table}.id` : `order by ${table}.created_at desc, ${table}.id desc`
const holdsWords = (job: string, patterns: string) =>
  `(${job}.search_text_portal || ' ' || c.search_name) like all (${patterns}::text[])`
const columnsOf = (columns: string, table: string) => columns.replaceAll('j.', `${table}.`)

const SEARCHED = `searched as materialized (
    select c.id, c.name, c.search_name from customers c where c.account_id = $1 and c.id = any ($2::uuid[]))`

/** Jobs that the index found. The join with the searched customers comes last: the index may know jobs of others. */
const indexMatches = ({ base, columns, patterns }: SearchParts) => `
    select ${columns}, c.name as customer
    from hits cross join lateral unnest(hits.ids) as hit(id)
    join jobs j on j.account_id = $1 and j.id = hit.id
    join searched c on c.id = j.customer_id
    where ${base} and ${holdsWords('j', patterns)}`

/** A page of each customer, read job by job. Used if the words are too common for the index. */
const allMatches = ({ base, columns, patterns, backward }: SearchParts, condition: string) => `
    select page.*, c.name as customer
    from hits join searched c on ${condition}
    cross join lateral (
      select ${columns} from jobs j where ${base} and ${holdsWords('j', patterns)} ${orderOf({ backward })('j')} limit $3) page
    where hits.ids is null`

/** The common table expressions of a search for few customers, up to `matched`: the newest `$3` jobs that hold all words. */
export function searchFewCustomers(parts: SearchParts): string {
  const { base, columns, patterns, backward } = parts
  const inOrder = orderOf(parts)
  const lastFirst = orderOf({ backward: !backward })
  return `with ${SEARCHED},
  recent as materialized (
    select page.*, c.name as customer
    from searched c cross join lateral (
      select ${columnsOf(columns, 'newest')}
      from (select j.* from jobs j where ${base} ${inOrder('j')} limit ${NEWEST_PER_CUSTOMER}) newest
      where ${holdsWords('newest', patterns)} ${inOrder('newest')} limit $3) page),
  first_page as materialized (
    select recent.id, recent.created_at from recent ${inOrder('recent')} limit $3),
  -- Customers with more jobs than were read, and newer ones than the last row of a full page.
  hits as materialized (
    select array_agg(c.id) as customers,
      find_portal_jobs(array_agg(c.id), ${patterns}::text[], ${INDEX_MATCHES_MAX}) as ids
    from searched c cross join lateral (
      select j.created_at, j.id from jobs j where ${base} ${inOrder('j')}
      offset ${NEWEST_PER_CUSTOMER} limit 1) older
    where (select count(*) from recent where recent.customer_id = c.id) < $3
      and ((select count(*) from first_page) < $3 or (older.created_at, older.id) ${backward ? '<' : '>'} (
        select first_page.created_at, first_page.id from first_page ${lastFirst('first_page')} limit 1))
    having count(*) > 0),
  matched as (
    select * from (
      select * from recent
      union all
      select * from (${indexMatches(parts)}
        union all ${allMatches(parts, 'c.id = any (hits.customers)')}) more
      where more.id not in (select recent.id from recent)) every
    ${inOrder('every')} limit $3)`
}

/** The same for many customers: keys of all of them together come first. */
export function searchManyCustomers(parts: SearchParts): string {
  const { base, columns, patterns } = parts
  const inOrder = orderOf(parts)
  // With `offset 0` each row is fetched by its key, in order, until the page is full.
  return `with ${SEARCHED},
  hits as materialized (
    select find_portal_jobs($2::uuid[], ${patterns}::text[], ${INDEX_MATCHES_MAX}) as ids),
  keys as materialized (
    select newest.*, c.name, c.search_name
    from hits join searched c on hits.ids is null
    cross join lateral (
      select j.id, j.created_at from jobs j where ${base} ${inOrder('j')} limit ${NEWEST_OF_MANY}) newest
    ${inOrder('newest')} limit ${NEWEST_OF_MANY}),
  recent as materialized (
    select job.*, c.name as customer
    from (select * from keys ${inOrder('keys')}) c
    cross join lateral (
      select ${columns}, j.search_text_portal from jobs j where j.account_id = $1 and j.id = c.id offset 0) job
    where ${holdsWords('job', patterns)} ${inOrder('c')} limit $3),
  enough as materialized (
    select (select count(*) from recent) >= $3 or (select count(*) from keys) < ${NEWEST_OF_MANY} as reached),
  matched as (
    select * from (${indexMatches(parts)}
      union all
      select ${columnsOf(columns, 'recent')}, recent.customer from recent where (select reached from enough)
      union all ${allMatches(parts, 'not (select reached from enough)')}) every
    ${inOrder('every')} limit $3)`
}

/**
 * Statuses of the jobs that a search matches. Of a word too common for the index, only COMMON_MATCHES_CAP.
 * Whether a customer's jobs are read or the index is asked is decided before any job is read.
 */
export function searchedStatuses({ patterns, many }: { patterns: string; many: boolean }): string {
  const ofCustomer = 'j.account_id = $1 and j.customer_id = c.id'
  const hasMany = many ? '' : `where exists (select from jobs j where ${ofCustomer} offset ${NEWEST_PER_CUSTOMER})`
  const statusesOf = (customers: string) => `
    select job.status from ${customers} c
    cross join lateral (
      select j.status from jobs j where ${ofCustomer} and ${holdsWords('j', patterns)} offset 0) job`
  return `with searched as materialized (
    select c.id, c.search_name from customers c where c.account_id = $1 and c.id = any ($2::uuid[])),
  large as materialized (select c.* from searched c ${hasMany}),
  small as materialized (select c.* from searched c where c.id not in (select large.id from large)),
  hits as materialized (
    select find_portal_jobs(array_agg(large.id), ${patterns}::text[], ${INDEX_MATCHES_MAX}) as ids
    from large having count(*) > 0),
  common as materialized (select large.* from large where (select hits.ids is null from hits))
  ${statusesOf('small')}
  union all
  select j.status
  from hits cross join lateral unnest(hits.ids) as hit(id)
  join jobs j on j.account_id = $1 and j.id = hit.id
  join searched c on c.id = j.customer_id
  where ${holdsWords('j', patterns)}
  union all (${statusesOf('common')} limit ${COMMON_MATCHES_CAP})`
}

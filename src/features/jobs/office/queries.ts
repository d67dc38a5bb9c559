/** The office's list of jobs, and the conditions that list and counts share. */
import { sql, type RawBuilder } from 'kysely'
import { finalStatement, statement } from '../../../platform/database/statements.ts'
import type { Read, Write } from '../../../platform/operation.ts'
import { pageOf, readPlace, type Place } from '../../../platform/paging.ts'
import { writeCursor, type CursorRow, type JobRowRecord } from '../queries.ts'
import type { JobSort, JobStatus } from '../rules.ts'
import type { OfficeSearch } from '../search/queries.ts'
import { readingOrder, sortsByWorker, type ReadingOrder } from './order/queries.ts'

/** Kysely's sql`` runs on anything that executes; a Read handle is one whose type cannot say insert. */
export const executor = (db: Read) => db as Write

/** An id, or where the statement finds it. */
export type Id = string | RawBuilder<unknown>

// A list is sent with the look-up of the caller, so account and reader come from the transaction's own settings.
const ACCOUNT = sql`(select nullif(current_setting('app.account', true), '')::uuid)`
const ACTOR = sql`(select nullif(current_setting('app.actor_id', true), '')::uuid)`
const isStaff = (reach: 'all' | 'assigned') => sql`(select current_setting('app.staff', true) = ${sql.lit(reach)})`

export interface JobFilter {
  search?: OfficeSearch | undefined
  /** A worker's own id. Row-level security lets no other job through; the condition finds them by index. */
  assignedTo?: Id | undefined
  status?: JobStatus[] | undefined
  /** Ids, and `none` for jobs without a worker. */
  worker?: string[] | undefined
  template?: string[] | undefined
  customer?: string | undefined
  /** Start of the visit: from then, and before then. */
  scheduled?: { from?: Date | undefined; to?: Date | undefined } | undefined
  comments?: 'unread' | undefined
}

/** Only so many of the newest jobs are read, after the place where a page begins. */
export interface NewestOnly {
  count: number
  after?: RawBuilder<unknown>
  /** The oldest instead: a page that is read backward begins there. */
  backward?: boolean
}

export const allOf = (conditions: RawBuilder<unknown>[]) => sql.join(conditions, sql` and `)

/** What is known of a job before any text is compared. */
export const scopeOf = (account: Id, { search, assignedTo, customer }: JobFilter) =>
  allOf([
    sql`j.account_id = ${account}`,
    ...(assignedTo ? [sql`j.worker_id = ${assignedTo}`] : []),
    ...(customer ? [sql`j.customer_id = ${customer}`] : []),
    ...(search?.ids ? [sql`j.id = any (${search.ids}::uuid[])`] : []),
  ])

function newestJobs(account: Id, filter: JobFilter, { count, after = sql``, backward = false }: NewestOnly) {
  const direction = backward ? sql`asc` : sql`desc`
  return sql`from (
    select j.* from jobs j where ${scopeOf(account, filter)} ${after}
    order by j.created_at ${direction}, j.id ${direction} limit ${count}) j`
}

/** The index is of the office's text. What it finds for a worker is compared with what they may see. */
const searchedText = ({ assignedTo }: JobFilter) =>
  assignedTo ? sql`coalesce(j.search_text_worker, j.search_text_office)` : sql`j.search_text_office`

const WORKER_NAMES = sql`left join staff_members sorting_worker
    on sorting_worker.account_id = j.account_id and sorting_worker.id = j.worker_id`

/** Jobs `j` that match, beside their customer `c`. */
export function matchingJobs(account: Id, filter: JobFilter, newest?: NewestOnly, sort?: JobSort): RawBuilder<unknown> {
  const { search, status, worker, template, scheduled, comments } = filter
  return sql`${newest ? newestJobs(account, filter, newest) : sql`from jobs j`}
    left join customers c on c.account_id = j.account_id and c.id = j.customer_id
    ${sort && sortsByWorker(sort) ? WORKER_NAMES : sql``}
    where ${allOf([
      scopeOf(account, filter),
      ...(search
        ? [sql`(${searchedText(filter)} || ' ' || coalesce(c.search_text, '')) like all (${search.patterns}::text[])`]
        : []),
      ...filterConditions({ status, worker, template, scheduled, comments }),
    ])}`
}

/** Conditions on the columns of `j` that a facet is counted without. */
export const filterConditions = ({
  status,
  worker,
  template,
  customer,
  scheduled,
  comments,
}: JobFilter): RawBuilder<unknown>[] => [
  ...(status?.length ? [hasStatus(status)] : []),
  ...(worker?.length ? [hasWorker(worker)] : []),
  ...(template?.length ? [sql`j.template_id = any (${template}::uuid[])`] : []),
  ...(customer ? [sql`j.customer_id = ${customer}`] : []),
  ...(scheduled?.from ? [sql`j.scheduled_at >= ${scheduled.from}`] : []),
  ...(scheduled?.to ? [sql`j.scheduled_at < ${scheduled.to}`] : []),
  ...(comments ? [sql`j.unread_comments > 0`] : []),
]

/** Written into the text and not given: how many jobs have a status decides the plan. With one status rows are in order. */
const hasStatus = (status: readonly JobStatus[]) =>
  status.length === 1
    ? sql`j.status = ${sql.lit(status[0])}`
    : sql`j.status = any (${sql.lit(`{${status.join()}}`)}::text[])`

function hasWorker(worker: readonly string[]): RawBuilder<unknown> {
  if (worker.join() === 'none') return sql`j.worker_id is null`
  const ids = worker.filter((each) => each !== 'none')
  const orNone = worker.includes('none') ? sql` or j.worker_id is null` : sql``
  return sql`(j.worker_id = any (${ids}::uuid[])${orNone})`
}

/** A row with what it was sorted by. */
type ListedJob = JobRowRecord & CursorRow
/** Rows of one page, among the newest jobs only when that is given. */
type ReadPage = (newest?: number) => Promise<ListedJob[]>

interface ListPart {
  sort: JobSort
  cursor?: string | undefined
  limit: number
}

interface JobPage {
  rows: JobRowRecord[]
  next: string | null
  previous: string | null
}

/** One page by keyset, never an offset, so that a page stays right while jobs arrive. */
export async function listOfficeJobs(db: Read, account: string, filter: JobFilter, part: ListPart): Promise<JobPage> {
  const place = readPlace(part.cursor)
  const order = readingOrder(part.sort, place)
  const readPage: ReadPage = async (count) => {
    const newest = count === undefined ? undefined : { count, after: order.after, backward: place.backward }
    const keys = pageKeys(matchingJobs(account, filter, newest, part.sort), order, part)
    return (await sql<ListedJob>`${pageRows(account, keys, order)}`.execute(executor(db))).rows
  }
  const searchesWithoutIndex = filter.search !== undefined && !filter.search.ids
  const rows =
    part.sort === 'newest' && searchesWithoutIndex
      ? await readNewestPage(db, account, filter, { order, place, limit: part.limit, readPage })
      : await readPage()
  return pageOf(rows, part.limit, place, (row) => writeCursor(part.sort, row))
}

/** The same page of whoever of staff calls: a worker's own jobs, or all. Ends the transaction. */
export async function listJobsInReach(
  db: Read,
  filter: Omit<JobFilter, 'search' | 'assignedTo'>,
  part: ListPart,
): Promise<JobPage> {
  const place = readPlace(part.cursor)
  const order = readingOrder(part.sort, place)
  const keysOf = (assignedTo: Id | undefined, reach: RawBuilder<unknown>) =>
    pageKeys(sql`${matchingJobs(ACCOUNT, { ...filter, assignedTo }, undefined, part.sort)} and ${reach}`, order, part)
  const keys = sql`(${keysOf(undefined, isStaff('all'))}) union all (${keysOf(ACTOR, isStaff('assigned'))})`
  const { sql: text, parameters } = sql<ListedJob>`${pageRows(ACCOUNT, keys, order)}`.compile(executor(db))
  const rows = await statement<ListedJob>(text)(finalStatement(db), ...parameters)
  return pageOf(rows, part.limit, place, (row) => writeCursor(part.sort, row))
}

/** The same list, whole, so many rows at a time. The order is read once. */
export async function* readOfficeJobs(
  db: Read,
  account: string,
  filter: JobFilter,
  { limit, pageSize, sort }: ListPart & { pageSize: number },
): AsyncGenerator<JobRowRecord[], void> {
  const order = readingOrder(sort, readPlace(undefined))
  const keys = pageKeys(matchingJobs(account, filter, undefined, sort), { ...order, isByIndex: false }, { limit })
  const { rows } = await sql<{ id: string }>`${keys}`.execute(executor(db))
  for (let start = 0; start < rows.length; start += pageSize) {
    const ids = rows.slice(start, start + pageSize).map(({ id }) => id)
    const listed = sql`select id, place as sorted_by from unnest(${ids}::uuid[]) with ordinality as listed(id, place)`
    const inOrder = { direction: sql`asc`, isByIndex: false }
    yield (await sql<JobRowRecord>`${pageRows(account, listed, inOrder)}`.execute(executor(db))).rows
  }
}

/** The number of rows is written into the text: for an unknown one the names beside them would be read as a whole. */
const pageKeys = (
  jobs: RawBuilder<unknown>,
  { key, direction, after, isByIndex }: ReadingOrder,
  { limit }: Pick<ListPart, 'limit'>,
) => sql`
  select ${isByIndex ? sql`j.*` : sql`j.id`}, ${key} as sorted_by
  ${jobs} ${after}
  order by ${key} ${direction}, j.id ${direction} limit ${sql.lit(limit + 1)}`

/** Rows with the names beside them, in the order of their keys. */
const pageRows = (
  account: Id,
  keys: RawBuilder<unknown>,
  { direction, isByIndex }: Pick<ReadingOrder, 'direction' | 'isByIndex'>,
) => sql`
  select j.id, j.number, j.title, j.status, j.customer_id, coalesce(c.name, '') as customer,
    j.template_id, t.name as template, t.icon, j.worker_id, coalesce(w.name, w.email) as worker,
    j.address, j.tags, j.requested_at, j.requested_any_time, j.scheduled_at, j.duration_minutes,
    j.completed_at, j.canceled_at,
    j.created_by_kind, j.created_by_id, j.created_by_name, j.created_at, j.updated_at, j.version,
    j.unread_comments, sorted_by::text as at
  from (${keys}) ${isByIndex ? sql`j` : sql`page join jobs j on j.account_id = ${account} and j.id = page.id`}
  join templates t on t.account_id = j.account_id and t.id = j.template_id
  left join customers c on c.account_id = j.account_id and c.id = j.customer_id
  left join staff_members w on w.account_id = j.account_id and w.id = j.worker_id
  order by sorted_by ${direction}, j.id ${direction}`

/** A search that no index answers reads the newest so many jobs, then so many, then all. */
const SEARCH_STEPS = [5_000, 100_000]

async function readNewestPage(
  db: Read,
  account: string,
  filter: JobFilter,
  { order, place, limit, readPage }: { order: ReadingOrder; place: Place; limit: number; readPage: ReadPage },
): Promise<ListedJob[]> {
  const { after } = order
  for (const count of SEARCH_STEPS) {
    const newest = { count: count + 1, after, backward: place.backward }
    const [rows, hasOlder] = await Promise.all([
      readPage(count),
      hasMoreJobs(db, newestJobs(account, filter, newest), count),
    ])
    if (rows.length > limit || !hasOlder) return rows
  }
  return readPage()
}

export async function hasMoreJobs(db: Read, jobs: RawBuilder<unknown>, count: number): Promise<boolean> {
  const {
    rows: [row],
  } = await sql<{ more: boolean }>`select exists (select ${jobs} offset ${count}) as more`.execute(executor(db))
  return row!.more
}

/** Other customers with the address of the portal user for whom this one was created: never merged by themselves (E-24). */
export async function possibleDuplicatesOf(
  db: Read,
  account: string,
  customer: string,
): Promise<{ id: string; name: string }[]> {
  const { rows } = await sql<{ id: string; name: string }>`
    select distinct o.id, o.name from customers m
    join portal_users u on u.account_id = m.account_id and u.id = m.created_for_user_id
    join contacts c on c.account_id = m.account_id and c.email_norm = u.email_norm
    join customers o on o.account_id = c.account_id and o.id = c.customer_id
    where m.account_id = ${account} and m.id = ${customer} and o.id <> m.id limit 5`.execute(executor(db))
  return rows
}

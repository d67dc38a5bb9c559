/** The office's list of jobs, and the conditions that list and counts share. */
import { sql, type RawBuilder } from 'kysely'
import type { Read, Write } from '../../../platform/operation.ts'
import { pageOf, readPlace, type Place } from '../../../platform/paging.ts'
import { readCursor, writeCursor, type CursorRow, type JobRowRecord } from '../queries.ts'
import { JOB_STATUSES, type JobSort, type JobStatus } from '../rules.ts'
import type { OfficeSearch } from '../search/queries.ts'

/** Kysely's sql`` runs on anything that executes; a Read handle is one whose type cannot say insert. */
export const executor = (db: Read) => db as Write

export interface JobFilter {
  search?: OfficeSearch | undefined
  /** A worker's own id. Row-level security lets no other job through; the condition finds them by index. */
  assignedTo?: string | undefined
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
export const scopeOf = (account: string, { search, assignedTo, customer }: JobFilter) =>
  allOf([
    sql`j.account_id = ${account}`,
    ...(assignedTo ? [sql`j.worker_id = ${assignedTo}`] : []),
    ...(customer ? [sql`j.customer_id = ${customer}`] : []),
    ...(search?.ids ? [sql`j.id = any (${search.ids}::uuid[])`] : []),
  ])

function newestJobs(account: string, filter: JobFilter, { count, after = sql``, backward = false }: NewestOnly) {
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
export function matchingJobs(
  account: string,
  filter: JobFilter,
  newest?: NewestOnly,
  sort?: JobSort,
): RawBuilder<unknown> {
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

interface Order {
  key: RawBuilder<unknown>
  /** Type of the key, which a cursor has as text. */
  type: 'timestamptz' | 'int' | 'text'
  descending: boolean
}
const moment = (key: RawBuilder<unknown>, descending: boolean): Order => ({ key, type: 'timestamptz', descending })
/** Names are sorted by their beginning, which fits a cursor; equal ones by the job. */
const name = (text: RawBuilder<unknown>, descending: boolean): Order => ({
  key: sql`left(lower(${text}), 40)`,
  type: 'text',
  descending,
})
const byCustomer = sql`coalesce(c.name, '')`
const byWorker = sql`coalesce(sorting_worker.name, sorting_worker.email, '')`
const byStatus = sql`array_position(${sql.lit(`{${JOB_STATUSES.join()}}`)}::text[], j.status)`
const ORDERS: Record<JobSort, Order> = {
  newest: moment(sql`j.created_at`, true),
  oldest: moment(sql`j.created_at`, false),
  soonest: moment(sql`coalesce(j.scheduled_at, 'infinity'::timestamptz)`, false),
  latest: moment(sql`coalesce(j.scheduled_at, '-infinity'::timestamptz)`, true),
  changed: moment(sql`j.updated_at`, true),
  customer: name(byCustomer, false),
  '-customer': name(byCustomer, true),
  status: { key: byStatus, type: 'int', descending: false },
  '-status': { key: byStatus, type: 'int', descending: true },
  worker: name(byWorker, false),
  '-worker': name(byWorker, true),
}
const CURSOR_KEYS: Record<Exclude<Order['type'], 'timestamptz'>, (at: string) => boolean> = {
  int: (at) => /^\d{1,2}$/.test(at),
  text: (at) => at.length <= 80 && !at.includes('\u0000'),
}
const sortsByWorker = (sort: JobSort) => sort === 'worker' || sort === '-worker'

/** Keys of one page, among the newest jobs only when that is given. */
type ReadKeys = (newest?: number) => Promise<CursorRow[]>

interface ListPart {
  sort: JobSort
  cursor?: string | undefined
  limit: number
}

/** One page by keyset, never an offset, so that a page stays right while jobs arrive. */
export async function listOfficeJobs(
  db: Read,
  account: string,
  filter: JobFilter,
  part: ListPart,
): Promise<{ rows: JobRowRecord[]; next: string | null; previous: string | null }> {
  const { ids, ...cursors } = await listOfficeJobIds(db, account, filter, part)
  return { rows: await findJobRows(db, account, ids), ...cursors }
}

/** The same list, whole, so many rows at a time. The order is read once. */
export async function* readOfficeJobs(
  db: Read,
  account: string,
  filter: JobFilter,
  { limit, pageSize, sort }: ListPart & { pageSize: number },
): AsyncGenerator<JobRowRecord[], void> {
  const { ids } = await listOfficeJobIds(db, account, filter, { sort, limit })
  for (let start = 0; start < ids.length; start += pageSize)
    yield await findJobRows(db, account, ids.slice(start, start + pageSize))
}

async function listOfficeJobIds(db: Read, account: string, filter: JobFilter, { sort, cursor, limit }: ListPart) {
  const place = readPlace(cursor)
  const { backward } = place
  const { key, descending } = ORDERS[sort]
  const direction = descending === backward ? sql`asc` : sql`desc`
  const after = afterCursor(sort, place)
  const readKeys: ReadKeys = async (newest) => {
    const { rows } = await sql<CursorRow>`
      select j.id, (${key})::text as at
      ${matchingJobs(account, filter, newest === undefined ? undefined : { count: newest, after, backward }, sort)} ${after}
      order by ${key} ${direction}, j.id ${direction} limit ${limit + 1}`.execute(executor(db))
    return rows
  }
  const searchesWithoutIndex = filter.search !== undefined && !filter.search.ids
  const keys =
    sort === 'newest' && searchesWithoutIndex
      ? await readNewestKeys(db, account, filter, { after, backward, limit, readKeys })
      : await readKeys()
  const { rows: page, ...cursors } = pageOf(keys, limit, place, (row) => writeCursor(sort, row))
  return { ids: page.map((row) => row.id), ...cursors }
}

function afterCursor(sort: JobSort, { cursor, backward }: Place): RawBuilder<unknown> {
  if (cursor === undefined) return sql``
  const { key, type, descending } = ORDERS[sort]
  const { at, id } = readCursor(cursor, sort, type === 'timestamptz' ? undefined : CURSOR_KEYS[type])
  const beyond = descending !== backward ? sql`<` : sql`>`
  return sql`and (${key}, j.id) ${beyond} (${at}::${sql.raw(type)}, ${id}::uuid)`
}

/** A search that no index answers reads the newest so many jobs, then so many, then all. */
const SEARCH_STEPS = [5_000, 100_000]

async function readNewestKeys(
  db: Read,
  account: string,
  filter: JobFilter,
  {
    after,
    backward,
    limit,
    readKeys,
  }: { after: RawBuilder<unknown>; backward: boolean; limit: number; readKeys: ReadKeys },
): Promise<CursorRow[]> {
  for (const count of SEARCH_STEPS) {
    const [keys, hasOlder] = await Promise.all([
      readKeys(count),
      hasMoreJobs(db, newestJobs(account, filter, { count: count + 1, after, backward }), count),
    ])
    if (keys.length > limit || !hasOlder) return keys
  }
  return readKeys()
}

export async function hasMoreJobs(db: Read, jobs: RawBuilder<unknown>, count: number): Promise<boolean> {
  const {
    rows: [row],
  } = await sql<{ more: boolean }>`select exists (select ${jobs} offset ${count}) as more`.execute(executor(db))
  return row!.more
}

/** Rows of the list by id, in that order. */
async function findJobRows(db: Read, account: string, ids: readonly string[]): Promise<JobRowRecord[]> {
  if (ids.length === 0) return []
  const { rows } = await sql<JobRowRecord>`
    select j.id, j.number, j.title, j.status, j.customer_id, coalesce(c.name, '') as customer,
      j.template_id, t.name as template, t.icon, j.worker_id, coalesce(w.name, w.email) as worker,
      j.address, j.tags, j.requested_at, j.requested_any_time, j.scheduled_at, j.duration_minutes,
      j.completed_at, j.canceled_at,
      j.created_by_kind, j.created_by_id, j.created_by_name, j.created_at, j.updated_at, j.version,
      j.unread_comments
    from unnest(${ids}::uuid[]) with ordinality as listed(id, place)
    join jobs j on j.account_id = ${account} and j.id = listed.id
    join templates t on t.account_id = j.account_id and t.id = j.template_id
    left join customers c on c.account_id = j.account_id and c.id = j.customer_id
    left join staff_members w on w.account_id = j.account_id and w.id = j.worker_id
    order by listed.place`.execute(executor(db))
  return rows
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

import { finalStatement, statement } from '../../../platform/database/statements.ts'
import { foldedPatterns } from '../../../platform/fold.ts'
import type { Read } from '../../../platform/operation.ts'
import { COUNT_CAP, readCursor, writeCursor } from '../queries.ts'
import { portalSearch, portalSearchStatuses } from '../search/queries.ts'
import { groupOf, statusesOf, type JobGroup, type JobStatus } from '../rules.ts'

/** A job in a customer's list, with the names beside it. */
export interface PortalJobRow {
  id: string
  number: number
  title: string
  icon: string
  status: JobStatus
  customer_id: string
  customer: string
  address: string | null
  requested_at: Date | null
  scheduled_at: Date | null
  duration_minutes: number | null
  completed_at: Date | null
  canceled_at: Date | null
  worker: string | null
  created_at: Date
}

export interface Asked {
  search?: string | undefined
  group?: JobGroup | undefined
  cursor?: string | undefined
}

// ---- the list: one statement for each combination of what is asked, each with a plan of its own ----

/** With more customers than this a list first finds how far back it reaches. */
const MANY = 12
/** Keys that each of many customers gives to that question: enough for 50 rows when they are alike. */
const FEW = 4

const NAMED = `found.id, found.number, found.title, t.icon, found.status, found.customer_id, found.customer, found.address, found.requested_at, found.scheduled_at,
  found.duration_minutes, found.completed_at, found.canceled_at, coalesce(w.name, w.email) as worker, found.created_at`

const COLUMNS = `j.id, j.number, j.title, j.status, j.customer_id, j.template_id, j.worker_id, j.address, j.requested_at, j.scheduled_at,
  j.duration_minutes, j.completed_at, j.canceled_at, j.created_at`
const named = (account: string) => `join templates t on t.account_id = ${account} and t.id = found.template_id
  left join staff_members w on w.account_id = ${account} and w.id = found.worker_id`
const NAMES = named('$1')

// Whose list it is comes from the transaction's own context, so that it can be asked before anybody has seen who calls.
const OWN = `(select nullif(current_setting('app.account', true), '')::uuid)`
const MINE = `(select nullif(current_setting('app.jobs_of', true), '')::uuid[])`

/** `$1` rows; then the customer, and moment and id of the cursor, as far as given. */
function listText({
  group,
  customer,
  cursor,
}: {
  group: JobGroup | undefined
  customer: boolean
  cursor: boolean
}): string {
  let next = 2
  const value = () => `$${next++}`
  const mine = `c.account_id = ${OWN} and c.id = any (${MINE}::uuid[])${customer ? ` and c.id = ${value()}` : ''}`
  const where = [
    `j.account_id = ${OWN} and j.customer_id = c.id`,
    // Named, not given: open jobs have an index of their own.
    group && `j.status = any ('{${statusesOf(group).join()}}'::text[])`,
    cursor && `(j.created_at, j.id) < (${value()}::timestamptz, ${value()}::uuid)`,
  ]
    .filter(Boolean)
    .join(' and ')
  const newest = (columns: string, more: string, limit: string) =>
    `lateral (select ${columns} from jobs j where ${where} ${more} order by j.created_at desc, j.id desc limit ${limit})`
  // Of each customer by its own index, then merged: many customers cost no sort over all their jobs.
  return `with many as materialized (select c.id, c.name from customers c where ${mine} and cardinality(${MINE}) > ${MANY}),
    reach as (select coalesce((select few.created_at from many c cross join ${newest('j.created_at', '', String(FEW))} few
      order by few.created_at desc offset $1 - 1 limit 1), '-infinity') as since)
  select ${NAMED}, found.created_at::text as at from (
    select newest.*, c.name as customer from customers c cross join ${newest(COLUMNS, '', '$1')} newest where ${mine} and cardinality(${MINE}) <= ${MANY}
    union all
    select newest.*, c.name as customer from many c cross join ${newest(COLUMNS, 'and j.created_at >= (select since from reach)', '$1')} newest
    order by created_at desc, id desc limit $1) found
  ${named(OWN)}
  order by found.created_at desc, found.id desc`
}

type Listed = PortalJobRow & { at: string }
const lists = new Map<string, ReturnType<typeof statement<Listed>>>()

function remembered(key: string, text: () => string): ReturnType<typeof statement<Listed>> {
  let list = lists.get(key)
  if (!list) lists.set(key, (list = statement(text())))
  return list
}

const paged = (rows: Listed[], limit: number): { rows: PortalJobRow[]; next: string | null } => ({
  rows: rows.slice(0, limit),
  next: rows.length > limit ? writeCursor('newest', rows[limit - 1]!) : null,
})

/** The newest jobs within the reach of this transaction, which ends with it. */
export async function listMine(
  db: Read,
  { customer, group, cursor, limit }: Asked & { customer?: string | undefined; limit: number },
) {
  const after = cursor === undefined ? undefined : readCursor(cursor, 'newest')
  const given = { group, customer: customer !== undefined, cursor: after !== undefined }
  const list = remembered(`mine ${Object.values(given).join()}`, () => listText(given))
  // One more than asked tells whether there is a next page.
  return paged(
    await list(finalStatement(db), limit + 1, ...(customer ? [customer] : []), ...(after ? [after.at, after.id] : [])),
    limit,
  )
}

/** `$1` account, `$2` customers, `$3` rows, `$4` patterns; then moment and id of the cursor. */
function searchText({ group, cursor, many }: { group: JobGroup | undefined; cursor: boolean; many: boolean }): string {
  const base = [
    'j.account_id = $1 and j.customer_id = c.id',
    group && `j.status = any ('{${statusesOf(group).join()}}'::text[])`,
    cursor && '(j.created_at, j.id) < ($5::timestamptz, $6::uuid)',
  ]
    .filter(Boolean)
    .join(' and ')
  return `${portalSearch({ base, columns: COLUMNS, patterns: '$4', many })}
    select ${NAMED}, found.created_at::text as at from found ${NAMES} order by found.created_at desc, found.id desc`
}

/** Those of these customers' jobs that hold all words; the transaction ends with it. */
export async function searchForCustomers(
  db: Read,
  account: string,
  customers: readonly string[],
  { search, group, cursor, limit }: Asked & { search: string; limit: number },
) {
  if (customers.length === 0) return { rows: [], next: null }
  const after = cursor === undefined ? undefined : readCursor(cursor, 'newest')
  const given = { group, cursor: after !== undefined, many: customers.length > MANY }
  const list = remembered(`search ${Object.values(given).join()}`, () => searchText(given))
  return paged(
    await list(
      finalStatement(db),
      account,
      customers,
      limit + 1,
      foldedPatterns(search),
      ...(after ? [after.at, after.id] : []),
    ),
    limit,
  )
}

// ---- what stands above the list ----

const counted = (statuses: string) =>
  statement<{ status: JobStatus; count: number }>(
    `select status, count(*)::int as count from (${statuses}) few group by status`,
  )
const count = counted(
  `select j.status from customers c join jobs j on j.account_id = $1 and j.customer_id = c.id where c.account_id = $1 and c.id = any ($2::uuid[]) limit ${COUNT_CAP}`,
)
const [countFound, countFoundOfMany] = [false, true].map((many) =>
  counted(portalSearchStatuses({ patterns: '$3', many })),
)

const upcoming = statement<PortalJobRow>(`
  select ${NAMED} from (select visit.*, c.name as customer from customers c cross join lateral (
      select ${COLUMNS} from jobs j where j.account_id = $1 and j.customer_id = c.id and j.status = any ('{assigned,started,paused}'::text[]) and j.scheduled_at >= $3
      order by j.scheduled_at, j.id limit 1) visit
    where c.account_id = $1 and c.id = any ($2::uuid[]) order by visit.scheduled_at, visit.id limit 1) found ${NAMES}`)

const customersByName = statement<{ id: string; name: string }>(
  'select id, name from customers where account_id = $1 and id = any ($2::uuid[]) order by name, id',
)

/**
 * How many the list shows for each group, by the same customers and the same search (PS-12); the visit that comes next or
 * goes on now, of settled times only, for before they are plans of ours; and the customers by name.
 */
export async function overviewFor(
  db: Read,
  account: string,
  {
    mine,
    asked,
    search,
    since,
  }: { mine: readonly string[]; asked: readonly string[]; search: string | undefined; since: Date },
) {
  const patterns = search ? foldedPatterns(search) : []
  const [statuses, [next], customers] = await Promise.all([
    patterns.length === 0
      ? count(db, account, asked)
      : (asked.length > MANY ? countFoundOfMany : countFound)!(db, account, asked, patterns),
    upcoming(db, account, mine, since),
    customersByName(finalStatement(db), account, mine),
  ])
  const counts = { all: 0, open: 0, completed: 0, canceled: 0 }
  for (const each of statuses) {
    counts.all += each.count
    counts[groupOf(each.status)] += each.count
  }
  return { counts, upcoming: next, customers }
}

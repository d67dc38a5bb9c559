/** The list of a portal user's jobs. Each combination of filters is a statement of its own, with a plan of its own. */
import { finalStatement, hotStatement, statement } from '../../../platform/database/statements.ts'
import type { Read } from '../../../platform/operation.ts'
import { pageOf, readPlace, type Place } from '../../../platform/paging.ts'
import { readCursor, writeCursor } from '../queries.ts'
import { statusesOf, type JobGroup, type JobStatus } from '../rules.ts'
import { jobPatterns } from '../search/queries.ts'
import { searchFewCustomers, searchManyCustomers } from './search/queries.ts'

/** A job in a customer's list, with the names beside it. */
export interface PortalJobRow {
  id: string
  number: number
  title: string
  status: JobStatus
  customer_id: string
  customer: string
  address: string | null
  requested_at: Date | null
  requested_any_time: boolean
  scheduled_at: Date | null
  duration_minutes: number | null
  completed_at: Date | null
  canceled_at: Date | null
  worker: string | null
  created_at: Date
}

export interface PortalListInput {
  group?: JobGroup | undefined
  cursor?: string | undefined
  limit: number
}

/** With more customers than this a list first finds how far back its page reaches. */
export const MANY_CUSTOMERS = 12
/** Keys that each of many customers gives to that question: enough for 50 rows when they are alike. */
const KEYS_PER_CUSTOMER = 4

/** Columns of a job `j` before the names are joined, and of a row with them, of a job `listed`. */
export const JOB_COLUMNS = `j.id, j.number, j.title, j.status, j.customer_id, j.template_id, j.worker_id, j.address,
  j.requested_at, j.requested_any_time, j.scheduled_at, j.duration_minutes, j.completed_at, j.canceled_at,
  j.created_at`
export const ROW_COLUMNS = `listed.id, listed.number, listed.title, listed.status, listed.customer_id,
  listed.customer, listed.address, listed.requested_at, listed.requested_any_time, listed.scheduled_at,
  listed.duration_minutes,  listed.completed_at, listed.canceled_at, w.name as worker, listed.created_at`
export const joinNames = (account: string) => `
  left join staff_names w on w.account_id = ${account} and w.id = listed.worker_id`

// Statements are sent with the look-up of the caller, so account and customers come from the transaction's own settings.
export const ACCOUNT = `(select nullif(current_setting('app.account', true), '')::uuid)`
export const CUSTOMERS = `(select nullif(current_setting('app.jobs_of', true), '')::uuid[])`

interface ListShape {
  group: JobGroup | undefined
  customer: boolean
  /** Undefined: the first page. */
  cursor: 'after' | 'before' | undefined
}

/** The order in which rows are read, and what lies beyond a cursor in it: newest first, or back from the cursor. */
const readingOrder = (cursor: ListShape['cursor']) =>
  cursor === 'before'
    ? { beyond: '>', order: (table: string) => `order by ${table}created_at, ${table}id` }
    : { beyond: '<', order: (table: string) => `order by ${table}created_at desc, ${table}id desc` }

const inGroup = (group: JobGroup) => `j.status = any ('{${statusesOf(group).join()}}'::text[])`

/** `$1` rows; then the customer, and moment and id of the cursor, as far as given. */
function listText({ group, customer, cursor }: ListShape): string {
  const cursorAt = customer ? 3 : 2
  const { beyond, order } = readingOrder(cursor)
  const [direction, sinceEver, sinceReach] = cursor === 'before' ? ['', 'infinity', '<='] : ['desc', '-infinity', '>=']
  const customersInReach = [
    `c.account_id = ${ACCOUNT} and c.id = any (${CUSTOMERS}::uuid[])`,
    ...(customer ? ['c.id = $2'] : []),
  ].join(' and ')
  const ofCustomer = [
    `j.account_id = ${ACCOUNT} and j.customer_id = c.id`,
    // Statuses are written into the text and not given: open jobs have an index of their own.
    ...(group ? [inGroup(group)] : []),
    ...(cursor ? [`(j.created_at, j.id) ${beyond} ($${cursorAt}::timestamptz, $${cursorAt + 1}::uuid)`] : []),
  ].join(' and ')
  const newest = (columns: string, condition: string, limit: string) => `lateral (
      select ${columns} from jobs j where ${ofCustomer} ${condition}
      ${order('j.')} limit ${limit})`
  // Each customer's jobs come from its own index, then they are merged: many customers cost no sort over all their jobs.
  return `with many as materialized (
    select c.id, c.name from customers c where ${customersInReach} and cardinality(${CUSTOMERS}) > ${MANY_CUSTOMERS}),
  reach as (
    select coalesce((
      select recent.created_at from many c cross join ${newest('j.created_at', '', String(KEYS_PER_CUSTOMER))} recent
      order by recent.created_at ${direction} offset $1 - 1 limit 1), '${sinceEver}') as since)
  select ${ROW_COLUMNS}, listed.created_at::text as at
  from (
    select newest.*, c.name as customer
    from customers c cross join ${newest(JOB_COLUMNS, '', '$1')} newest
    where ${customersInReach} and cardinality(${CUSTOMERS}) <= ${MANY_CUSTOMERS}
    union all
    select newest.*, c.name as customer
    from many c cross join ${newest(JOB_COLUMNS, `and j.created_at ${sinceReach} (select since from reach)`, '$1')} newest
    ${order('')} limit $1) listed
  ${joinNames(ACCOUNT)}
  ${order('listed.')}`
}

type CursorRow = PortalJobRow & { at: string }
type ListStatement = ReturnType<typeof statement<CursorRow>>
const listKey = (shape: ListShape) => `list ${Object.values(shape).join()}`
const firstPage: ListShape = { group: undefined, customer: false, cursor: undefined }
const statements = new Map<string, ListStatement>([[listKey(firstPage), hotStatement(listText(firstPage))]])

/** Each text is built and named once. */
function statementOf(key: string, text: () => string): ListStatement {
  const known = statements.get(key)
  if (known) return known
  const built = statement<CursorRow>(text())
  statements.set(key, built)
  return built
}

type CursorShape = ListShape['cursor']

/** How a page is read, and the moment and id that its cursor names. */
function startOf(cursor: string | undefined): { place: Place; shape: CursorShape; values: string[] } {
  const place = readPlace(cursor)
  if (place.cursor === undefined) return { place, shape: undefined, values: [] }
  const { at, id } = readCursor(place.cursor, 'newest')
  return { place, shape: place.backward ? 'before' : 'after', values: [at, id] }
}

const cursorOf = (row: CursorRow) => writeCursor('newest', row)

/** The newest jobs within the reach of this transaction. Ends the transaction. */
export async function listPortalJobs(
  db: Read,
  { customer, group, cursor, limit }: PortalListInput & { customer?: string | undefined },
) {
  const start = startOf(cursor)
  const shape = { group, customer: customer !== undefined, cursor: start.shape }
  const list = statementOf(listKey(shape), () => listText(shape))
  const rows = await list(finalStatement(db), limit + 1, ...(customer ? [customer] : []), ...start.values)
  return pageOf(rows, limit, start.place, cursorOf)
}

/** `$1` account, `$2` customers, `$3` rows, `$4` patterns; then moment and id of the cursor. */
function searchText({ group, cursor, many }: Pick<ListShape, 'group' | 'cursor'> & { many: boolean }): string {
  const { beyond, order } = readingOrder(cursor)
  const base = [
    'j.account_id = $1 and j.customer_id = c.id',
    ...(group ? [inGroup(group)] : []),
    ...(cursor ? [`(j.created_at, j.id) ${beyond} ($5::timestamptz, $6::uuid)`] : []),
  ].join(' and ')
  const parts = { base, columns: JOB_COLUMNS, patterns: '$4', backward: cursor === 'before' }
  return `${many ? searchManyCustomers(parts) : searchFewCustomers(parts)}
  select ${ROW_COLUMNS}, listed.created_at::text as at
  from matched listed
  ${joinNames('$1')}
  ${order('listed.')}`
}

/** Jobs of these customers that hold all words. Ends the transaction. */
export async function searchPortalJobs(
  db: Read,
  account: string,
  customers: readonly string[],
  { search, group, cursor, limit }: PortalListInput & { search: string },
) {
  const start = startOf(cursor)
  if (customers.length === 0) return { rows: [], next: null, previous: null }
  const shape = { group, cursor: start.shape, many: customers.length > MANY_CUSTOMERS }
  const list = statementOf(`search ${Object.values(shape).join()}`, () => searchText(shape))
  const rows = await list(finalStatement(db), account, customers, limit + 1, jobPatterns(search), ...start.values)
  return pageOf(rows, limit, start.place, cursorOf)
}

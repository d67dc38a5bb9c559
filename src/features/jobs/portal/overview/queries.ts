/** What is shown above a portal user's list: counts, the next visit, and customers by name. */
import { finalStatement, statement } from '../../../../platform/database/statements.ts'
import type { Read } from '../../../../platform/operation.ts'
import { COUNT_CAP, groupOf, type JobStatus } from '../../rules.ts'
import { jobPatterns } from '../../search/queries.ts'
import {
  ACCOUNT,
  CUSTOMERS,
  JOB_COLUMNS,
  joinNames,
  MANY_CUSTOMERS,
  ROW_COLUMNS,
  type PortalJobRow,
} from '../queries.ts'
import { searchedStatuses } from '../search/queries.ts'

const countStatuses = (statuses: string) =>
  statement<{ status: JobStatus; count: number }>(
    `select status, count(*)::int as count from (${statuses}) job group by status`,
  )

const countsOf = (customer: string) =>
  countStatuses(`
  select j.status from customers c join jobs j on j.account_id = ${ACCOUNT} and j.customer_id = c.id
  where c.account_id = ${ACCOUNT} and c.id = any (${CUSTOMERS}::uuid[]) ${customer} limit ${COUNT_CAP}`)
const countAll = countsOf('')
/** `$1` customer. */
const countOfCustomer = countsOf('and c.id = $1')

/** `$3` patterns. */
const countSearched = countStatuses(searchedStatuses({ patterns: '$3', many: false }))
const countSearchedOfMany = countStatuses(searchedStatuses({ patterns: '$3', many: true }))

/** `$1` earliest start. */
const nextVisit = statement<PortalJobRow>(`
  select ${ROW_COLUMNS}
  from (
    select visit.*, c.name as customer
    from customers c cross join lateral (
      select ${JOB_COLUMNS} from jobs j
      where j.account_id = ${ACCOUNT} and j.customer_id = c.id
        and j.status = any ('{assigned,started,paused}'::text[]) and j.scheduled_at >= $1
      order by j.scheduled_at, j.id limit 1) visit
    where c.account_id = ${ACCOUNT} and c.id = any (${CUSTOMERS}::uuid[])
    order by visit.scheduled_at, visit.id limit 1) listed
  ${joinNames(ACCOUNT)}`)

const customersByName = statement<{ id: string; name: string }>(
  `select id, name from customers where account_id = ${ACCOUNT} and id = any (${CUSTOMERS}::uuid[]) order by name, id`,
)

/** Reads the counts by status. */
type CountStatuses = (db: Read) => Promise<{ status: JobStatus; count: number }[]>

export const countUnsearched =
  (customer: string | undefined): CountStatuses =>
  (db) =>
    customer === undefined ? countAll(db) : countOfCustomer(db, customer)

export function countMatches(account: string, customers: readonly string[], search: string): CountStatuses {
  const count = customers.length > MANY_CUSTOMERS ? countSearchedOfMany : countSearched
  return (db) => count(db, account, customers, jobPatterns(search))
}

/**
 * Counts match the list with the same filters (PS-12). Only settled times make a visit; one that started before `since` is no
 * longer the next. Ends the transaction.
 */
export async function loadOverview(db: Read, since: Date, countJobs: CountStatuses) {
  const [statuses, [upcoming], names] = await Promise.all([
    countJobs(db),
    nextVisit(db, since),
    customersByName(finalStatement(db)),
  ])
  const counts = { all: 0, open: 0, completed: 0, canceled: 0 }
  for (const { status, count } of statuses) {
    counts.all += count
    counts[groupOf(status)] += count
  }
  return { counts, upcoming, customers: names }
}

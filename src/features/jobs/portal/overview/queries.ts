/** What is shown above a portal user's list: counts, the next visit, and customers by name. */
import { finalStatement, statement } from '../../../../platform/database/statements.ts'
import type { Read } from '../../../../platform/operation.ts'
import { COUNT_CAP, groupOf, type JobStatus } from '../../rules.ts'
import { jobPatterns } from '../../search/queries.ts'
import { JOB_COLUMNS, joinNames, MANY_CUSTOMERS, ROW_COLUMNS, type PortalJobRow } from '../queries.ts'
import { searchedStatuses } from '../search/queries.ts'

const countStatuses = (statuses: string) =>
  statement<{ status: JobStatus; count: number }>(
    `select status, count(*)::int as count from (${statuses}) job group by status`,
  )

/** `$1` account, `$2` customers. */
const countAll = countStatuses(`
  select j.status from customers c join jobs j on j.account_id = $1 and j.customer_id = c.id
  where c.account_id = $1 and c.id = any ($2::uuid[]) limit ${COUNT_CAP}`)

/** `$3` patterns. */
const countSearched = countStatuses(searchedStatuses({ patterns: '$3', many: false }))
const countSearchedOfMany = countStatuses(searchedStatuses({ patterns: '$3', many: true }))

/** `$1` account, `$2` customers, `$3` earliest start. */
const nextVisit = statement<PortalJobRow>(`
  select ${ROW_COLUMNS}
  from (
    select visit.*, c.name as customer
    from customers c cross join lateral (
      select ${JOB_COLUMNS} from jobs j
      where j.account_id = $1 and j.customer_id = c.id
        and j.status = any ('{assigned,started,paused}'::text[]) and j.scheduled_at >= $3
      order by j.scheduled_at, j.id limit 1) visit
    where c.account_id = $1 and c.id = any ($2::uuid[])
    order by visit.scheduled_at, visit.id limit 1) listed
  ${joinNames('$1')}`)

const customersByName = statement<{ id: string; name: string }>(
  'select id, name from customers where account_id = $1 and id = any ($2::uuid[]) order by name, id',
)

export interface OverviewInput {
  /** Every customer of this user, for the next visit and the names. */
  customers: readonly string[]
  /** Customers whose jobs are counted. */
  counted: readonly string[]
  search: string | undefined
  /** A visit that started before is no longer the next one. */
  since: Date
}

/** Counts match the list with the same filters (PS-12). Only settled times make a visit. Ends the transaction. */
export async function loadOverview(db: Read, account: string, { customers, counted, search, since }: OverviewInput) {
  const patterns = jobPatterns(search)
  const countMatches = counted.length > MANY_CUSTOMERS ? countSearchedOfMany : countSearched
  const [statuses, [upcoming], names] = await Promise.all([
    patterns.length === 0 ? countAll(db, account, counted) : countMatches(db, account, counted, patterns),
    nextVisit(db, account, customers, since),
    customersByName(finalStatement(db), account, customers),
  ])
  const counts = { all: 0, open: 0, completed: 0, canceled: 0 }
  for (const { status, count } of statuses) {
    counts.all += count
    counts[groupOf(status)] += count
  }
  return { counts, upcoming, customers: names }
}

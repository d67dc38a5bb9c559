import { sql } from 'kysely'
import type { Read, Write } from '../../../platform/operation.ts'
import { TILES, type Tile, type TileFilter } from './rules.ts'

/** Counts stop here, so that no count reads a whole table. */
const COUNT_CAP = 1_000

export type HomeCounts = Record<Tile, number>

/** @param today the bounds of the business's day */
export async function countHomeJobs(db: Read, account: string, today: { from: Date; to: Date }): Promise<HomeCounts> {
  const counts = Object.entries(TILES).map(
    ([name, filter]) => sql`(
      select count(*)::int
      from (select 1 from jobs where ${sql.join(conditionsOf(account, filter, today), sql` and `)} limit ${COUNT_CAP}) few
    ) as ${sql.ref(name)}`,
  )
  const {
    rows: [row],
  } = await sql<HomeCounts>`select ${sql.join(counts)}`.execute(db as Write)
  return row!
}

/** Statuses are written into the text, so that the plan fits them. */
const conditionsOf = (account: string, { status, day, comments }: TileFilter, today: { from: Date; to: Date }) => [
  sql`account_id = ${account}`,
  ...(status ? [sql`status = any (${sql.lit(`{${status.join()}}`)}::text[])`] : []),
  ...(day ? [sql`scheduled_at >= ${today.from} and scheduled_at < ${today.to}`] : []),
  ...(comments ? [sql`unread_comments > 0`] : []),
]

export interface HomeJob {
  id: string
  number: number
  title: string
  status: string
  requested_at: Date | null
  requested_any_time: boolean
  scheduled_at: Date | null
  created_at: Date
  customer: string | null
  worker: string | null
}

const selectHomeJobs = (db: Read, account: string) =>
  db
    .selectFrom('jobs')
    .leftJoin('customers', (join) =>
      join.onRef('customers.account_id', '=', 'jobs.account_id').onRef('customers.id', '=', 'jobs.customer_id'),
    )
    .leftJoin('staff_members as worker', (join) =>
      join.onRef('worker.account_id', '=', 'jobs.account_id').onRef('worker.id', '=', 'jobs.worker_id'),
    )
    .select([
      'jobs.id',
      'jobs.number',
      'jobs.title',
      'jobs.status',
      'jobs.requested_at',
      'jobs.requested_any_time',
      'jobs.scheduled_at',
      'jobs.created_at',
      'customers.name as customer',
      'worker.name as worker',
    ])
    .where('jobs.account_id', '=', account)

/** The six oldest unassigned jobs. */
export const listWaitingRequests = (db: Read, account: string): Promise<HomeJob[]> =>
  selectHomeJobs(db, account)
    .where('jobs.status', '=', 'unassigned')
    .orderBy('jobs.created_at')
    .orderBy('jobs.id')
    .limit(6)
    .execute()

/** The next six visits, soonest first. What is in progress is counted by its tile and not repeated here. */
export const listNextVisits = (db: Read, account: string, now: Date): Promise<HomeJob[]> =>
  selectHomeJobs(db, account)
    .where('jobs.scheduled_at', '>=', now)
    .where('jobs.status', 'in', ['pending', 'assigned'])
    .orderBy('jobs.scheduled_at')
    .orderBy('jobs.id')
    .limit(6)
    .execute()

interface FirstSteps {
  hasTemplates: boolean
  hasCustomers: boolean
  portalOpen: boolean
  hasJobs: boolean
}

/** Which steps of setting up the business are done. */
export async function findFirstSteps(db: Read, account: string): Promise<FirstSteps> {
  const {
    rows: [row],
  } = await sql<FirstSteps>`
    select
      exists (select 1 from templates where account_id = ${account} and status = 'active') as "hasTemplates",
      exists (select 1 from customers where account_id = ${account}) as "hasCustomers",
      exists (select 1 from jobs where account_id = ${account}) as "hasJobs",
      (select enabled from portal_settings where account_id = ${account}) as "portalOpen"`.execute(db as Write)
  return row!
}

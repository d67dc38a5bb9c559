import { sql } from 'kysely'
import type { Read, Write } from '../../../platform/operation.ts'

/** Counts stop here, so that no count reads a whole table. */
const COUNT_CAP = 1_000

export interface HomeCounts {
  requested: number
  today: number
  started: number
  stuck: number
}

export async function countHomeJobs(
  db: Read,
  account: string,
  { from, to }: { from: Date; to: Date },
): Promise<HomeCounts> {
  const {
    rows: [row],
  } = await sql<HomeCounts>`
    select
      (
        select count(*)::int
        from (
          select 1
          from jobs
          where account_id = ${account} and status = 'unassigned'
          limit ${COUNT_CAP}
        ) few
      ) as requested,
      (
        select count(*)::int
        from (
          select 1
          from jobs
          where account_id = ${account}
            and scheduled_at >= ${from}
            and scheduled_at < ${to}
            and status <> 'canceled'
          limit ${COUNT_CAP}
        ) few
      ) as today,
      (
        select count(*)::int
        from (
          select 1
          from jobs
          where account_id = ${account} and status in ('started', 'paused')
          limit ${COUNT_CAP}
        ) few
      ) as started,
      (
        select count(*)::int
        from (
          select 1
          from jobs
          where account_id = ${account} and status in ('declined', 'postponed')
          limit ${COUNT_CAP}
        ) few
      ) as stuck`.execute(db as Write)
  return row!
}

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

/** The next six visits from the start of today. */
export const listNextVisits = (db: Read, account: string, from: Date): Promise<HomeJob[]> =>
  selectHomeJobs(db, account)
    .where('jobs.scheduled_at', '>=', from)
    .where('jobs.status', 'in', ['pending', 'assigned', 'started', 'paused'])
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

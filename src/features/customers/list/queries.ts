import { sql, type SqlBool } from 'kysely'
import { patternsWithPhone } from '../../../platform/fold.ts'
import type { Read } from '../../../platform/operation.ts'
import { pageOf, readPlace } from '../../../platform/paging.ts'
import { problem } from '../../../platform/problem.ts'
import { statusesOf } from '../../jobs/rules.ts'
import { MAX_COUNT, type CustomerSort, type CustomerStatus } from '../rules.ts'

export interface CustomerFilter {
  search?: string | undefined
  status: CustomerStatus
  sort: CustomerSort
}

export interface CustomerListRow {
  id: string
  name: string
  reference: string | null
  status: CustomerStatus
  createdAt: Date
  jobs: number
  openJobs: number
  contact: { id: string; name: string; email: string | null; phone: string | null } | null
  address: string | null
  siteCount: number
}

/** Searches only what every reader of the row may see: names, reference, contacts, addresses; never notes or billing. */
const searchCustomers = (db: Read, account: string, search: string | undefined) => {
  let query = db.selectFrom('customers as c').where('c.account_id', '=', account)
  for (const pattern of patternsWithPhone(search ?? '')) query = query.where('c.search_text', 'like', pattern)
  return query
}

/** One page by keyset, and the cursors of the pages beside it. */
export async function listCustomers(
  db: Read,
  account: string,
  filter: CustomerFilter,
  cursor: string | undefined,
  limit: number,
): Promise<{ rows: CustomerListRow[]; next: string | null; previous: string | null }> {
  const place = readPlace(cursor)
  const start = place.cursor ? parseCursor(place.cursor) : undefined
  const read = await sortedCustomers(db, account, filter, start, place.backward)
    .limit(limit + 1)
    .execute()
  const { rows, ...cursors } = pageOf(read, limit, place, (row) => `${row.cursorValue}_${row.id}`)
  const ids = rows.map((row) => row.id)
  const [contacts, sites, jobs] = await Promise.all([
    primaryContacts(db, account, ids),
    siteSummaries(db, account, ids),
    jobCounts(db, account, ids),
  ])
  return {
    rows: rows.map(({ cursorValue: _, ...row }) => ({
      ...row,
      status: row.status as CustomerStatus,
      contact: contacts.get(row.id) ?? null,
      address: sites.get(row.id)?.address ?? null,
      siteCount: Number(sites.get(row.id)?.count ?? 0),
      jobs: Number(jobs.get(row.id)?.total ?? 0),
      openJobs: Number(jobs.get(row.id)?.open ?? 0),
    })),
    ...cursors,
  }
}

interface Cursor {
  cursorValue: number
  id: string
}

/** `cursorValue`: Job count when sorting by jobs, otherwise 0: the cursor row supplies name and time. */
function sortedCustomers(
  db: Read,
  account: string,
  { search, status, sort }: CustomerFilter,
  cursor: Cursor | undefined,
  backward: boolean,
) {
  const base = searchCustomers(db, account, search)
    .where('c.status', '=', status)
    .select(['c.id', 'c.name', 'c.reference', 'c.status', 'c.created_at as createdAt'])
  const isDescending = sort.startsWith('-') !== backward
  const direction = isDescending ? 'desc' : 'asc'
  const comparison = isDescending ? sql`<` : sql`>`
  const cursorRow = (keys: string) =>
    sql`(select ${sql.raw(keys)} from customers cursor_row where cursor_row.account_id = ${account} and cursor_row.id = ${cursor?.id}::uuid)`
  switch (sort) {
    case 'name':
    case '-name':
      return base
        .select(sql<number>`0`.as('cursorValue'))
        .orderBy(sql`lower(c.name)`, direction)
        .orderBy('c.id', direction)
        .$if(cursor !== undefined, (query) =>
          query.where(
            sql<SqlBool>`(lower(c.name), c.id) ${comparison} ${cursorRow('lower(cursor_row.name), cursor_row.id')}`,
          ),
        )
    case 'created':
    case '-created':
      return base
        .select(sql<number>`0`.as('cursorValue'))
        .orderBy('c.created_at', direction)
        .orderBy('c.id', direction)
        .$if(cursor !== undefined, (query) =>
          query.where(
            sql<SqlBool>`(c.created_at, c.id) ${comparison} ${cursorRow('cursor_row.created_at, cursor_row.id')}`,
          ),
        )
    case 'jobs':
    case '-jobs':
      return base
        .leftJoin(
          (jobs) =>
            jobs
              .selectFrom('jobs')
              .where('account_id', '=', account)
              .select((job) => ['customer_id', job.fn.countAll<string>().as('job_count')])
              .groupBy('customer_id')
              .as('job_counts'),
          (join) => join.onRef('job_counts.customer_id', '=', 'c.id'),
        )
        .select(sql<number>`coalesce(job_counts.job_count, 0)::int`.as('cursorValue'))
        .orderBy(sql`coalesce(job_counts.job_count, 0)`, direction)
        .orderBy('c.id', direction)
        .$if(cursor !== undefined, (query) =>
          query.where(
            sql<SqlBool>`(coalesce(job_counts.job_count, 0), c.id) ${comparison} (${cursor?.cursorValue}::bigint, ${cursor?.id}::uuid)`,
          ),
        )
  }
}

/** Unsigned: it only names a position among rows that the reader may see anyway. */
function parseCursor(cursor: string): Cursor {
  const [, cursorValue, id] = /^(\d{1,9})_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(cursor) ?? []
  if (!id) throw problem('input', { fields: { cursor: 'format' } })
  return { cursorValue: Number(cursorValue), id }
}

/** Matching customers of each status (PS-12), counted no further than MAX_COUNT. */
export async function countCustomers(
  db: Read,
  account: string,
  search: string | undefined,
): Promise<{ active: number; archived: number }> {
  const count = async (status: CustomerStatus) => {
    const row = await db
      .selectFrom(
        searchCustomers(db, account, search)
          .where('c.status', '=', status)
          .select('c.id')
          .limit(MAX_COUNT)
          .as('limited_customers'),
      )
      .select((limitedCustomers) => limitedCustomers.fn.countAll<string>().as('customer_count'))
      .executeTakeFirstOrThrow()
    return Number(row.customer_count)
  }
  const [active, archived] = await Promise.all([count('active'), count('archived')])
  return { active, archived }
}

const whereCustomerIn = (ids: readonly string[]) => sql<SqlBool>`customer_id = any(${ids}::uuid[])`

async function primaryContacts(db: Read, account: string, ids: readonly string[]) {
  const rows = await db
    .selectFrom('contacts')
    .where('account_id', '=', account)
    .where(whereCustomerIn(ids))
    .where('status', '=', 'active')
    .distinctOn('customer_id')
    .select(['customer_id', 'id', 'name', 'email', 'phone'])
    .orderBy('customer_id')
    .orderBy('is_primary', 'desc')
    .orderBy(sql`lower(name)`)
    .orderBy('id')
    .execute()
  return new Map(rows.map(({ customer_id: customer, ...contact }) => [customer, contact]))
}

async function siteSummaries(db: Read, account: string, ids: readonly string[]) {
  const rows = await db
    .selectFrom('sites')
    .where('account_id', '=', account)
    .where('status', '=', 'active')
    .where(whereCustomerIn(ids))
    .groupBy('customer_id')
    .select([
      'customer_id',
      (site) => site.fn.countAll<string>().as('count'),
      sql<string>`(array_agg(address order by created_at, id))[1]`.as('address'),
    ])
    .execute()
  return new Map(rows.map((row) => [row.customer_id, row]))
}

async function jobCounts(db: Read, account: string, ids: readonly string[]) {
  const rows = await db
    .selectFrom('jobs')
    .where('account_id', '=', account)
    .where(whereCustomerIn(ids))
    .groupBy('customer_id')
    .select([
      'customer_id',
      (job) => job.fn.countAll<string>().as('total'),
      (job) => job.fn.countAll<string>().filterWhere('status', 'in', statusesOf('open')).as('open'),
    ])
    .execute()
  return new Map(rows.map((row) => [row.customer_id, row]))
}

/** What else belongs to a customer's page: jobs, portal users, possible duplicates. */
import { sql } from 'kysely'
import type { Read, Write } from '../../../platform/operation.ts'
import type { PermissionGroup } from '../../identity/rules.ts'
import { statusesOf } from '../../jobs/rules.ts'
import type { UserStatus } from '../../portal-users/rules.ts'
import type { CustomerKey } from '../queries.ts'

/** Counts and the newest ten of the customer's jobs that the caller may see. */
export async function summarizeJobs(db: Read, { account, customer }: CustomerKey) {
  const jobs = db.selectFrom('jobs').where('account_id', '=', account).where('customer_id', '=', customer)
  const [counts, newest] = await Promise.all([
    jobs
      .select((job) => [
        job.fn.countAll<string>().as('total'),
        job.fn.countAll<string>().filterWhere('status', 'in', statusesOf('open')).as('open'),
      ])
      .executeTakeFirstOrThrow(),
    jobs
      .select(['id', 'number', 'title', 'status', 'address', 'created_at as createdAt', 'scheduled_at as scheduledAt'])
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(10)
      .execute(),
  ])
  return { open: Number(counts.open), total: Number(counts.total), newest }
}

export const countOpenJobs = async (db: Read, { account, customer }: CustomerKey): Promise<number> => {
  const row = await db
    .selectFrom('jobs')
    .where('account_id', '=', account)
    .where('customer_id', '=', customer)
    .where('status', 'in', statusesOf('open'))
    .select((job) => job.fn.countAll<string>().as('open'))
    .executeTakeFirstOrThrow()
  return Number(row.open)
}

/** Who acts for the customer, in the order in which they were linked. */
export const listLinkedPortalUsers = async (db: Read, { account, customer }: CustomerKey) =>
  (await db
    .selectFrom('portal_links as l')
    .innerJoin('portal_users as u', (join) =>
      join.onRef('u.account_id', '=', 'l.account_id').onRef('u.id', '=', 'l.portal_user_id'),
    )
    .innerJoin('permission_groups as g', (join) =>
      join
        .onRef('g.account_id', '=', 'l.account_id')
        .on('g.id', '=', sql<string>`group_of_link(l.account_id, l.group_id, l.scope)`),
    )
    .where('l.account_id', '=', account)
    .where('u.account_id', '=', account)
    .where('g.account_id', '=', account)
    .where('l.customer_id', '=', customer)
    .where('u.status', '<>', 'removed')
    .select(['u.id', 'u.name', 'u.email', 'l.id as link', 'l.scope', 'l.contact_id as contact'])
    .select('u.last_sign_in_at as lastSignInAt')
    .select(sql`json_build_object('id', g.id, 'kind', g.kind, 'name', g.name)`.as('group'))
    .select(sql<boolean>`l.group_id is not null`.as('ownGroup'))
    .select((all) =>
      all
        .selectFrom('portal_links as o')
        .select(sql<number>`count(*)::int`.as('customers'))
        .where('o.account_id', '=', account)
        .whereRef('o.portal_user_id', '=', 'u.id')
        .as('customers'),
    )
    // As the list of portal users shows it.
    .select(
      sql<string>`case when u.status = 'active' and is_portal_user_disabled(u.account_id, u.id) then 'disabled' else u.status end`.as(
        'status',
      ),
    )
    .orderBy('l.created_at')
    .orderBy('l.id')
    .limit(200)
    .execute()) as {
    id: string
    link: string
    name: string | null
    email: string
    status: UserStatus | 'disabled'
    scope: 'whole' | 'contact'
    contact: string | null
    group: Pick<PermissionGroup, 'id' | 'kind' | 'name'>
    ownGroup: boolean
    customers: number
    lastSignInAt: Date | null
  }[]

/** The newest email to each contact that failed within 30 days, unless a later one arrived. */
export async function listFailedEmails(db: Read, { account, customer }: CustomerKey, now: Date) {
  const { rows } = await sql<{ contact: string; at: Date; result: string | null }>`
    select c.id as contact, f.created_at as at, f.last_result as result
    from contacts c
    join lateral (
      select o.created_at, o.last_result
      from outbox o
      where o.account_id = ${account}
        and lower(o.to_address) = lower(c.email)
        and o.status = 'failed'
        and o.created_at > ${now}::timestamptz - interval '30 days'
      order by o.created_at desc
      limit 1
    ) f on true
    where c.account_id = ${account}
      and c.customer_id = ${customer}
      and not exists (
        select 1 from outbox o
        where o.account_id = ${account}
          and o.created_at > f.created_at
          and lower(o.to_address) = lower(c.email)
          and o.status = 'sent')`.execute(db as Write)
  return rows
}

/** Other active customers with a contact of the same address: shown for review, never matched automatically. */
export const findPossibleDuplicates = (db: Read, { account, customer }: CustomerKey) =>
  db
    .selectFrom('customers as c')
    .where('c.account_id', '=', account)
    .where('c.id', '<>', customer)
    .where('c.status', '=', 'active')
    .where('c.id', 'in', (other) =>
      other
        .selectFrom('contacts as o')
        .innerJoin('contacts as m', (join) =>
          join.onRef('m.account_id', '=', 'o.account_id').onRef('m.email_norm', '=', 'o.email_norm'),
        )
        .where('o.account_id', '=', account)
        .where('m.account_id', '=', account)
        .where('m.customer_id', '=', customer)
        .select('o.customer_id'),
    )
    .select(['c.id', 'c.name', 'c.reference'])
    .orderBy('c.created_at')
    .limit(5)
    .execute()

import { sql } from 'kysely'
import type { Read, Write } from '../../../platform/operation.ts'
import type { LockMode } from '../../identity/rules.ts'
import type { CustomerKey } from '../queries.ts'
import type { CustomerStatus } from '../rules.ts'
import type { JoinedLink, MergingUser, RecordCounts } from './rules.ts'

export interface MergingCustomer {
  id: string
  name: string
  status: CustomerStatus
  version: number
  mergedInto: string | null
}

/** Both customers, as far as they exist. */
export async function findBoth(db: Read, account: string, ids: readonly string[]): Promise<MergingCustomer[]> {
  return (await db
    .selectFrom('customers')
    .select(['id', 'name', 'status', 'version', 'merged_into_id as mergedInto'])
    .where('account_id', '=', account)
    .where('id', 'in', [...ids])
    .execute()) as MergingCustomer[]
}

/**
 * Locks the links of both, then the customers, which is the order of a booking: it ends before the merge, or finds its links
 * moved. Each in the order of ids, so that two merges cannot wait for each other.
 */
export async function lockBoth(db: Write, account: string, ids: readonly string[]): Promise<void> {
  await db
    .selectFrom('portal_links')
    .select('id')
    .where('account_id', '=', account)
    .where('customer_id', 'in', [...ids])
    .orderBy('id')
    .forUpdate()
    .execute()
  await db
    .selectFrom('customers')
    .select('id')
    .where('account_id', '=', account)
    .where('id', 'in', [...ids])
    .orderBy('id')
    .forUpdate()
    .execute()
}

/** Portal users of the two, by name, each with the links to them. */
export async function listMergingUsers(db: Read, account: string, ids: readonly string[]): Promise<MergingUser[]> {
  const { rows } = await sql<MergingUser>`
    select u.id, coalesce(u.name, u.email) as name, u.permissions, u.templates_mode as "templatesMode", u.templates,
      json_agg(json_build_object(
        'id', l.id, 'customer', l.customer_id, 'scope', l.scope, 'contact', l.contact_id, 'contactName', k.name,
        'permissions', l.permissions, 'ownGroup', l.group_id,
        'group', json_build_object('id', g.id, 'kind', g.kind, 'name', g.name, 'permissions', g.permissions))
        order by l.id) as links
    from portal_links l
    join portal_users u on u.account_id = ${account} and u.id = l.portal_user_id
    join permission_groups g on g.account_id = ${account} and g.id = group_of_link(l.account_id, l.group_id, l.scope)
    left join contacts k on k.account_id = ${account} and k.id = l.contact_id
    where l.account_id = ${account} and l.customer_id = any (${ids}::uuid[]) and u.status <> 'removed'
    group by u.account_id, u.id
    order by lower(coalesce(u.name, u.email)), u.id`.execute(db as Write)
  return rows
}

export async function countMoved(db: Read, { account, customer }: CustomerKey) {
  const { rows } = await sql<{ contacts: number; sites: number; jobs: number; tickets: number; portalUsers: number }>`
    select
      (select count(*)::int from contacts where account_id = ${account} and customer_id = ${customer}) as contacts,
      (select count(*)::int from sites where account_id = ${account} and customer_id = ${customer}) as sites,
      (select count(*)::int from jobs where account_id = ${account} and customer_id = ${customer}) as jobs,
      (select count(*)::int from tickets where account_id = ${account} and customer_id = ${customer}) as tickets,
      (select count(*)::int from portal_links l
        join portal_users u on u.account_id = ${account} and u.id = l.portal_user_id and u.status <> 'removed'
        where l.account_id = ${account} and l.customer_id = ${customer}) as "portalUsers"`.execute(db as Write)
  return rows[0]!
}

/** What a portal user of each customer may see: its jobs by template, and its tickets. */
export async function countRecords(
  db: Read,
  account: string,
  ids: readonly string[],
): Promise<Map<string, RecordCounts>> {
  const { rows } = await sql<{ customer: string; template: string | null; count: number }>`
    select customer_id as customer, template_id as template, count(*)::int as count
    from jobs where account_id = ${account} and customer_id = any (${ids}::uuid[]) group by customer_id, template_id
    union all
    select customer_id, null, count(*)::int
    from tickets where account_id = ${account} and customer_id = any (${ids}::uuid[]) group by customer_id`.execute(
    db as Write,
  )
  return new Map(
    ids.map((id) => {
      const own = rows.filter(({ customer }) => customer === id)
      return [
        id,
        {
          jobs: new Map(own.flatMap(({ template, count }) => (template ? [[template, count] as const] : []))),
          tickets: own.find(({ template }) => template === null)?.count ?? 0,
        },
      ]
    }),
  )
}

/** Jobs, tickets, sites and contacts belong to the other customer, who keeps its primary contact if it has one. */
export async function moveRecordsOfCustomer(db: Write, account: string, source: string, target: string): Promise<void> {
  for (const table of ['jobs', 'tickets', 'sites'] as const)
    await db
      .updateTable(table)
      .set({ customer_id: target })
      .where('account_id', '=', account)
      .where('customer_id', '=', source)
      .execute()
  await sql`
    update contacts c set customer_id = ${target}, is_primary = c.is_primary and not exists (
      select from contacts o where o.account_id = ${account} and o.customer_id = ${target} and o.is_primary)
    where c.account_id = ${account} and c.customer_id = ${source}`.execute(db)
  await sql`select move_portal_views(${source}, ${target})`.execute(db)
}

/** Portal users keep their links; those of both keep one. */
export async function movePortalLinks(
  db: Write,
  account: string,
  { source, target, joined, now }: { source: string; target: string; joined: readonly JoinedLink[]; now: Date },
): Promise<void> {
  for (const { kept, dropped } of joined) {
    await db.deleteFrom('portal_links').where('account_id', '=', account).where('id', '=', dropped.id).execute()
    await db
      .updateTable('portal_links')
      .set({
        contact_id: kept.contact,
        permissions: kept.permissions && JSON.stringify(kept.permissions),
        updated_at: now,
      })
      .where('account_id', '=', account)
      .where('id', '=', kept.id)
      .execute()
  }
  await db
    .updateTable('portal_links')
    .set({ customer_id: target, updated_at: now })
    .where('account_id', '=', account)
    .where('customer_id', '=', source)
    .execute()
}

/** What links without a password depend on. */
export interface LockSettings {
  /** The customer's own. */
  own: LockMode | null
  effective: LockMode
  isHeld: boolean
}

export async function findLockSettings(db: Read, { account, customer }: CustomerKey): Promise<LockSettings> {
  const { rows } = await sql<LockSettings>`
    select c.lock_mode as own, coalesce(c.lock_mode, p.lock_mode) as effective, c.link_held as "isHeld"
    from customers c join portal_settings p on p.account_id = ${account}
    where c.account_id = ${account} and c.id = ${customer}`.execute(db as Write)
  return rows[0]!
}

/**
 * Ends all links of the merged customer, those that show the other as a whole, and the sessions of both. Old emails would
 * otherwise show the records of one customer to whoever has the link of the other.
 */
export async function endSecureLinks(
  db: Write,
  account: string,
  { source, target, lock, now }: { source: string; target: string; lock: Omit<LockSettings, 'effective'>; now: Date },
): Promise<void> {
  await sql`
    select revoke_secure_link(k.id, ${now}) from secure_links k
    where k.account_id = ${account} and k.ended_at is null
      and (k.customer_id = ${source} or (k.customer_id = ${target} and k.scope = 'whole'))`.execute(db)
  await db
    .updateTable('customers')
    .set((set) => ({ lock_epoch: set('lock_epoch', '+', 1) }))
    .where('account_id', '=', account)
    .where('id', 'in', [source, target])
    .execute()
  await db
    .updateTable('customers')
    .set({ lock_mode: lock.own, link_held: lock.isHeld })
    .where('account_id', '=', account)
    .where('id', '=', target)
    .execute()
}

/** The merged customer is archived and leads to the other, and so does what was merged into it before. */
export async function closeMerged(
  db: Write,
  account: string,
  source: string,
  target: string,
  now: Date,
): Promise<void> {
  await sql`
    update customers set merged_into_id = ${target}, status = 'archived', updated_at = ${now}
    where account_id = ${account} and (id = ${source} or merged_into_id = ${source})`.execute(db)
}

/** What is told about merges on a customer's page. */
export async function findMerges(db: Read, { account, customer }: CustomerKey) {
  const [into, from] = await Promise.all([
    db
      .selectFrom('customers as c')
      .innerJoin('customers as t', (join) =>
        join.onRef('t.account_id', '=', 'c.account_id').onRef('t.id', '=', 'c.merged_into_id'),
      )
      .select(['t.id', 't.name'])
      .where('c.account_id', '=', account)
      .where('t.account_id', '=', account)
      .where('c.id', '=', customer)
      .executeTakeFirst(),
    db
      .selectFrom('customers')
      .select(['id', 'name'])
      .where('account_id', '=', account)
      .where('merged_into_id', '=', customer)
      .orderBy('updated_at', 'desc')
      .orderBy('id')
      .limit(50)
      .execute(),
  ])
  return { mergedInto: into ?? null, mergedFrom: from }
}

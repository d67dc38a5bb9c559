import { sql } from 'kysely'
import type { Read, Write } from '../../../platform/operation.ts'
import type { PermissionGroup, Permissions } from '../../identity/rules.ts'

export type LinkScope = 'whole' | 'contact'

export interface LinkRow {
  id: string
  customer_id: string
  name: string
  scope: LinkScope
  contact: { id: string; name: string } | null
  permissions: Partial<Permissions> | null
  created_at: Date
  /** Null: the default of the scope. */
  group_id: string | null
  /** The one that it follows. */
  group: PermissionGroup
}

export const listLinks = async (db: Read, account: string, user: string): Promise<LinkRow[]> =>
  (await db
    .selectFrom('portal_links as l')
    .innerJoin('customers as c', (join) => join.onRef('c.id', '=', 'l.customer_id').on('c.account_id', '=', account))
    .innerJoin('permission_groups as g', (join) =>
      join
        .onRef('g.account_id', '=', 'l.account_id')
        .on('g.id', '=', sql<string>`group_of_link(l.account_id, l.group_id, l.scope)`),
    )
    .leftJoin('contacts as k', (join) => join.on('k.account_id', '=', account).onRef('k.id', '=', 'l.contact_id'))
    .select(['l.id', 'l.customer_id', 'c.name', 'l.scope', 'l.permissions', 'l.created_at', 'l.group_id'])
    .select(sql`case when k.id is not null then json_build_object('id', k.id, 'name', k.name) end`.as('contact'))
    .select(
      sql`json_build_object('id', g.id, 'kind', g.kind, 'name', g.name, 'permissions', g.permissions)`.as('group'),
    )
    .where('l.account_id', '=', account)
    .where('g.account_id', '=', account)
    .where('l.portal_user_id', '=', user)
    .orderBy('c.name')
    .orderBy('l.id')
    .execute()) as unknown as LinkRow[]

/** Active customers that have the address as a contact's or as billing address, and that are not linked yet. */
export async function suggestCustomers(db: Read, account: string, user: { id: string; email_norm: string }) {
  const { rows } = await sql<{ id: string; name: string; contact: string | null }>`
    select c.id, c.name, k.name as contact
    from customers c
    left join lateral (
      select k.name
      from contacts k
      where k.account_id = ${account} and k.customer_id = c.id and k.email_norm = ${user.email_norm}
      limit 1
    ) k on true
    where c.account_id = ${account}
      and c.status = 'active'
      and (k.name is not null or lower(trim(c.billing_email)) = ${user.email_norm})
      and not exists (
        select 1 from portal_links l
        where l.account_id = ${account} and l.portal_user_id = ${user.id} and l.customer_id = c.id)
    order by lower(c.name), c.id
    limit 5`.execute(db as Write)
  return rows
}

/** Those of the ids that are customers of this account, and were not merged into another. */
export async function findExistingCustomers(db: Read, account: string, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const rows = await db
    .selectFrom('customers')
    .select('id')
    .where('account_id', '=', account)
    .where('id', 'in', [...ids])
    .where('merged_into_id', 'is', null)
    .execute()
  return new Set(rows.map(({ id }) => id))
}

/** False when that customer is linked already. */
export async function insertLink(
  db: Write,
  account: string,
  link: {
    id: string
    user: string
    customer: string
    permissions: Partial<Permissions> | null
    group: string | null
    scope?: LinkScope | undefined
    contact?: string | null | undefined
  },
  now: Date,
): Promise<boolean> {
  const row = await db
    .insertInto('portal_links')
    .values({
      account_id: account,
      id: link.id,
      portal_user_id: link.user,
      customer_id: link.customer,
      permissions: link.permissions && JSON.stringify(link.permissions),
      group_id: link.group,
      scope: link.scope ?? 'whole',
      contact_id: link.contact ?? null,
      created_at: now,
      updated_at: now,
    })
    .onConflict((conflict) => conflict.columns(['account_id', 'portal_user_id', 'customer_id']).doNothing())
    .returning('id')
    .executeTakeFirst()
  if (row) await raiseLockEpochs(db, [link.customer], now)
  return row !== undefined
}

/**
 * Ends the sessions of secure links of customers that got or lost a portal user. Without the last one their links end and stay
 * closed until staff open them again.
 */
export async function raiseLockEpochs(db: Write, customers: readonly string[], now: Date): Promise<void> {
  if (customers.length > 0) await sql`select raise_lock_epochs(${customers}, ${now})`.execute(db)
}

export async function updateLink(
  db: Write,
  account: string,
  user: string,
  id: string,
  change: {
    permissions?: Partial<Permissions> | null
    group?: string | null
    scope?: LinkScope
    contact?: string | null
  },
  now: Date,
) {
  return db
    .updateTable('portal_links')
    .set({
      ...(change.permissions !== undefined && {
        permissions: change.permissions && JSON.stringify(change.permissions),
      }),
      ...(change.group !== undefined && { group_id: change.group }),
      ...(change.scope !== undefined && { scope: change.scope }),
      ...(change.contact !== undefined && { contact_id: change.contact }),
      updated_at: now,
    })
    .where('account_id', '=', account)
    .where('portal_user_id', '=', user)
    .where('id', '=', id)
    .returning('customer_id')
    .executeTakeFirst()
}

export async function deleteLink(db: Write, account: string, user: string, id: string, now: Date) {
  const deleted = await db
    .deleteFrom('portal_links')
    .where('account_id', '=', account)
    .where('portal_user_id', '=', user)
    .where('id', '=', id)
    .returning('customer_id')
    .executeTakeFirst()
  if (deleted) await raiseLockEpochs(db, [deleted.customer_id], now)
  return deleted
}

export const findLink = async (db: Read, account: string, user: string, id: string) =>
  (await db
    .selectFrom('portal_links')
    .select(['customer_id as customer', 'scope', 'contact_id as contact'])
    .where('account_id', '=', account)
    .where('portal_user_id', '=', user)
    .where('id', '=', id)
    .executeTakeFirst()) as { customer: string; scope: LinkScope; contact: string | null } | undefined

/**
 * A contact that a link is about to name; it is not removed before this transaction ends. Called before the user is locked,
 * in the order of a removal, so that the two cannot wait for each other.
 */
export const holdContact = (
  db: Write,
  account: string,
  contact: string,
): Promise<{ customer: string; name: string } | undefined> =>
  db
    .selectFrom('contacts')
    .select(['customer_id as customer', 'name'])
    .where('account_id', '=', account)
    .where('id', '=', contact)
    .where('status', '=', 'active')
    .forKeyShare()
    .executeTakeFirst()

/** Whether a link of the user acts for a contact that is gone or archived. */
export async function hasLinkWithoutContact(db: Read, account: string, user: string): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (
      select from portal_links l
      left join contacts c on c.account_id = ${account} and c.id = l.contact_id
      where l.account_id = ${account} and l.portal_user_id = ${user}
        and ((l.scope = 'contact' and c.id is null) or c.status = 'archived')) as found`.execute(db as Write)
  return rows[0]!.found
}

/** Links of a contact act for nobody any more. Their scope stays, so that they reach nothing. */
export async function detachContact(db: Write, account: string, contact: string, now: Date): Promise<void> {
  await db
    .updateTable('portal_links')
    .set({ contact_id: null, updated_at: now })
    .where('account_id', '=', account)
    .where('contact_id', '=', contact)
    .execute()
}

/** Links of a contact act for another one of the same customer; returns the users who are it now. */
export async function moveContactLinks(
  db: Write,
  account: string,
  from: string,
  to: string,
  now: Date,
): Promise<string[]> {
  const rows = await db
    .updateTable('portal_links')
    .set({ contact_id: to, updated_at: now })
    .where('account_id', '=', account)
    .where('contact_id', '=', from)
    .returning('portal_user_id')
    .execute()
  return rows.map(({ portal_user_id }) => portal_user_id)
}

/** Locks a contact that its users lose, then these portal users; null when the customer has no such contact. */
export async function lockUsersOfContact(
  db: Write,
  account: string,
  customer: string,
  contact: string,
): Promise<{ id: string }[] | null> {
  const locked = await db
    .selectFrom('contacts')
    .select('id')
    .where('account_id', '=', account)
    .where('customer_id', '=', customer)
    .where('id', '=', contact)
    .forUpdate()
    .executeTakeFirst()
  if (!locked) return null
  return db
    .selectFrom('portal_users')
    .select('id')
    .where('account_id', '=', account)
    .where('id', 'in', (user) =>
      user
        .selectFrom('portal_links')
        .select('portal_user_id')
        .where('account_id', '=', account)
        .where('contact_id', '=', contact),
    )
    .where('status', '<>', 'removed')
    .orderBy('id')
    .forUpdate()
    .execute()
}

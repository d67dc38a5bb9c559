import { sql } from 'kysely'
import type { Read, Write } from '../../platform/operation.ts'
import type { LinkedRecord, LockMode } from '../identity/rules.ts'
import type { LinkFacts, LinkScope, TokenStatus } from './rules.ts'

// The app role reads links in the office alone, and writes none: it calls definer functions.

export interface FoundLink {
  id: string
  customer: string
  scope: LinkScope
  contact: string | null
  record: LinkedRecord | null
  name: string
  customerName: string
  /** Of the contact. */
  email: string | null
  status: Exclude<TokenStatus, 'unknown'>
}

export async function findSecureLink(db: Read, hash: Buffer | null, now: Date): Promise<FoundLink | null> {
  const { rows } = await sql<{ link: FoundLink | null }>`
    select find_secure_link(${hash}, ${now}) as link`.execute(db as Write)
  return rows[0]?.link ?? null
}

export async function startLinkSession(
  db: Write,
  linkHash: Buffer | null,
  session: { hash: Buffer; id: string; at: Date; ends: Date; userAgent: string; clientAddress: string },
): Promise<FoundLink | null> {
  const input = JSON.stringify({ ...session, hash: session.hash.toString('hex') })
  const { rows } = await sql<{ link: FoundLink | null }>`
    select open_secure_link(${linkHash}, ${input}) as link`.execute(db)
  return rows[0]?.link ?? null
}

/** A token that may become a link, if one is needed. */
export interface SpareToken {
  id: string
  /** In hexadecimal. */
  hash: string
  sealed: string
}

export interface RequestedLink {
  id: string
  sealed: string
  email: string
  name: string
  customer: string
  customerName: string
  until: string
}

export async function requestLinks(
  db: Write,
  emailNorm: string,
  tokens: readonly SpareToken[],
  now: Date,
): Promise<RequestedLink[]> {
  const { rows } = await sql<{ links: RequestedLink[] | null }>`
    select request_secure_links(${emailNorm}, ${now}, ${JSON.stringify(tokens)}) as links`.execute(db)
  return rows[0]?.links ?? []
}

/** The link of a recipient: the one there is, or a new one. Null when there is no such active customer. */
export async function makeLink(
  db: Write,
  link: SpareToken & {
    customer: string
    scope: LinkScope
    contact: string | null
    record: LinkedRecord | null
    /** Null as the account sets. */
    days: number | null
    replaces: boolean
    at: Date
  },
): Promise<{ id: string; isNew: boolean } | null> {
  const { rows } = await sql<{ made: { id: string; isNew: boolean } | null }>`
    select make_secure_link(${JSON.stringify(link)}) as made`.execute(db)
  return rows[0]?.made ?? null
}

export async function revokeLink(db: Write, link: string, now: Date): Promise<boolean> {
  const { rows } = await sql<{ isRevoked: boolean }>`
    select revoke_secure_link(${link}, ${now}) as "isRevoked"`.execute(db)
  return rows[0]?.isRevoked ?? false
}

export interface LinkRow {
  id: string
  scope: LinkScope
  sealed: string
  contact: { id: string; name: string } | null
  record: (LinkedRecord & { title: string }) | null
  created_at: Date
  expires_at: Date
  last_used_at: Date | null
}

/** Links of a customer that have not ended: that of the customer first, then by the contact's name, each before its records. */
export async function listLinks(db: Read, account: string, customer: string, now: Date): Promise<LinkRow[]> {
  const { rows } = await sql<LinkRow>`
    select k.id, k.scope, k.sealed, k.created_at, k.expires_at, k.last_used_at,
      case when contact.id is not null then json_build_object('id', contact.id, 'name', contact.name) end as contact,
      case when t.id is not null then json_build_object(
        'kind', k.record_kind, 'id', t.id, 'title', '#' || t.number || ' ' || t.subject) end as record
    from secure_links k
    left join contacts contact
      on contact.account_id = ${account} and contact.id = k.contact_id and contact.customer_id = ${customer}
    left join tickets t on t.account_id = ${account} and t.id = k.ticket_id
    where k.account_id = ${account} and k.customer_id = ${customer} and k.ended_at is null and k.expires_at > ${now}
      and (k.contact_id is null or contact.id is not null)
      and (k.record_id is null or (t.customer_id = ${customer} and (k.contact_id is null
        or contact.is_primary or t.contact_id = contact.id or contact.id = any (t.participants))))
    order by k.contact_id is not null, lower(contact.name), t.number nulls first, k.id`.execute(db as Write)
  return rows
}

export interface LockRow extends Omit<LinkFacts, 'portalEnabled' | 'users'> {
  ownLockMode: LockMode | null
  users: { name: string; isActivated: boolean; since: string }[]
}

/** What decides whether links of a customer are open; undefined when there is no such customer. */
export async function findLock(db: Read, account: string, customer: string): Promise<LockRow | undefined> {
  const { rows } = await sql<LockRow>`
    select c.status <> 'active' as "isArchived", c.lock_mode as "ownLockMode",
      coalesce(c.lock_mode, p.lock_mode) as "lockMode", c.link_held as "isHeld", p.count_unclaimed as "countUnclaimed",
      p.record_links_alone as "recordLinksAlone",
      coalesce((
        select json_agg(json_build_object(
          'name', coalesce(u.name, u.email), 'isActivated', u.activated_at is not null,
          'since', case when p.count_unclaimed then l.created_at else greatest(l.created_at, u.activated_at) end)
          order by l.created_at)
        from portal_links l
        join portal_users u on u.account_id = ${account} and u.id = l.portal_user_id
        where l.account_id = ${account} and l.customer_id = ${customer} and u.status <> 'removed'), '[]') as users
    from customers c
    join portal_settings p on p.account_id = ${account}
    where c.account_id = ${account} and c.id = ${customer}`.execute(db as Write)
  return rows[0]
}

export const findContactOf = async (db: Read, account: string, customer: string, contact: string) =>
  db
    .selectFrom('contacts')
    .select(['id', 'is_primary'])
    .where('account_id', '=', account)
    .where('customer_id', '=', customer)
    .where('id', '=', contact)
    .executeTakeFirst()

/** The contacts of a record of a customer; undefined when it has no such record. */
export async function findRecordPeople(
  db: Read,
  account: string,
  customer: string,
  record: LinkedRecord,
): Promise<string[] | undefined> {
  const row = await db
    .selectFrom(RECORD_TABLES[record.kind])
    .select(['contact_id', 'participants'])
    .where('account_id', '=', account)
    .where('customer_id', '=', customer)
    .where('id', '=', record.id)
    .executeTakeFirst()
  return row && [...(row.contact_id ? [row.contact_id] : []), ...row.participants]
}
const RECORD_TABLES = { ticket: 'tickets' } as const satisfies Record<LinkedRecord['kind'], string>

/** Stores the setting of a customer, opens what was held, and ends the sessions of links. */
export async function setLockMode(
  db: Write,
  account: string,
  customer: string,
  lockMode: LockMode | null,
): Promise<void> {
  await db
    .updateTable('customers')
    .set((set) => ({ lock_mode: lockMode, link_held: false, lock_epoch: set('lock_epoch', '+', 1) }))
    .where('account_id', '=', account)
    .where('id', '=', customer)
    .execute()
}

/** Whether a link still opens the portal, just before it is mailed. */
export async function isLinkOpen(db: Read, account: string, link: string | null, now: Date): Promise<boolean> {
  const { rows } = await sql`
    select from secure_links k
    join customers c on c.account_id = k.account_id and c.id = k.customer_id
    join portal_settings p on p.account_id = k.account_id
    where k.account_id = ${account} and k.id = ${link} and k.ended_at is null and k.expires_at > ${now}
      and is_link_open(c, p, k.scope)`.execute(db as Write)
  return rows.length > 0
}

/**
 * `visitor`: who enters by secure link `k`, with the facts that `resolve_portal_caller` finds for a session of theirs. `links`: those
 * that have not ended, with customer `c` and contact `t`. Those of an archived contact open nothing, and neither do those to a ticket
 * in which their contact has no part any more.
 */
export const visitorFacts = (account: string, now: Date) => ({
  visitor: sql`json_build_object(
    'id', k.id, 'sessionId', k.id, 'name', coalesce(t.name, c.name), 'customerName', c.name,
    'link', json_build_object(
      'id', k.id, 'customer', c.id, 'scope', k.scope, 'contact', k.contact_id, 'permissions', null,
      'record', case when k.record_id is not null then json_build_object('kind', k.record_kind, 'id', k.record_id) end,
      'group', json_build_object('id', g.id, 'kind', g.kind, 'name', g.name, 'permissions', g.permissions)))`,
  links: sql`secure_links k
    join customers c on c.account_id = ${account} and c.id = k.customer_id
    join portal_settings p on p.account_id = ${account}
    join permission_groups g on g.account_id = ${account} and g.kind = 'visitor'
    left join contacts t
      on t.account_id = ${account} and t.id = k.contact_id and t.customer_id = k.customer_id and t.status = 'active'
    where k.account_id = ${account} and k.ended_at is null and k.expires_at > ${now}
      and (k.contact_id is null or t.id is not null)
      and (k.record_id is null or exists (
        select from tickets r
        where r.account_id = ${account} and r.id = k.ticket_id and r.customer_id = k.customer_id
          and (k.contact_id is null or t.is_primary or r.contact_id = t.id or t.id = any (r.participants))))`,
})

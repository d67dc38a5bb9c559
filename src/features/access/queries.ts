import { sql } from 'kysely'
import type { Read, Write } from '../../platform/operation.ts'
import type { CallerRow } from '../identity/queries.ts'
import type { CustomerLink, StaffRole } from '../identity/rules.ts'
import type { UserStatus } from '../portal-users/rules.ts'
import { visitorFacts } from '../secure-links/queries.ts'
import type { RecordFacts, RecordKind } from './rules.ts'

export interface ExplainedRecord extends RecordFacts {
  number: number
  title: string
  customerName: string
  templateName: string | null
}

/** Undefined when this actor does not reach the record. */
export async function findRecord(
  db: Read,
  account: string,
  kind: RecordKind,
  record: string,
): Promise<ExplainedRecord | undefined> {
  const { rows } = await (
    kind === 'job'
      ? sql<ExplainedRecord>`
        select 'job' as kind, j.id, j.number::int as number, j.title, j.customer_id as customer, c.name as "customerName",
          j.template_id as template, t.name as "templateName", null as contact, array[]::uuid[] as participants,
          j.worker_id as assignee, j.status = 'unpublished' as "isUnpublished"
        from jobs j
        join customers c on c.account_id = ${account} and c.id = j.customer_id
        join templates t on t.account_id = ${account} and t.id = j.template_id
        where j.account_id = ${account} and j.id = ${record}`
      : sql<ExplainedRecord>`
        select 'ticket' as kind, t.id, t.number::int as number, t.subject as title, t.customer_id as customer,
          c.name as "customerName", null as template, null as "templateName", t.contact_id as contact, t.participants,
          t.assignee_id as assignee, false as "isUnpublished"
        from tickets t
        join customers c on c.account_id = ${account} and c.id = t.customer_id
        where t.account_id = ${account} and t.id = ${record}`
  ).execute(db as Write)
  return rows[0]
}

/** Whether the caller of the transaction reaches a record. Row-level security decides. */
export async function isInView(db: Read, account: string, kind: RecordKind, record: string): Promise<boolean> {
  const row = await db
    .selectFrom(kind === 'job' ? 'jobs' : 'tickets')
    .select('id')
    .where('account_id', '=', account)
    .where('id', '=', record)
    .executeTakeFirst()
  return row !== undefined
}

/** As many as the portal counts at most. */
const COUNT_CAP = 10_000

/** How many records of these customers the caller of the transaction reaches. Row-level security decides. */
export async function countInView(
  db: Read,
  account: string,
  customers: readonly string[],
): Promise<{ jobs: number; tickets: number }> {
  const { rows } = await sql<{ jobs: number; tickets: number }>`
    select
      (select count(*)::int from (
        select from jobs j where j.account_id = ${account} and j.customer_id = any (${customers}::uuid[])
        limit ${COUNT_CAP}) job) as jobs,
      (select count(*)::int from (
        select from tickets t where t.account_id = ${account} and t.customer_id = any (${customers}::uuid[])
        limit ${COUNT_CAP}) ticket) as tickets`.execute(db as Write)
  return rows[0]!
}

type UserRow = NonNullable<CallerRow['portalUser']>

export interface ExplainedUser extends UserRow {
  status: UserStatus
  /** Those to archived customers, too. */
  allLinks: (CustomerLink & { contactName: string | null; isArchived: boolean })[]
}

/**
 * Portal users of a customer, and one more, with the facts that `resolve_portal_caller` finds for a session of theirs. Removed
 * ones are gone.
 */
export async function listUsers(
  db: Read,
  account: string,
  { customer = null, user = null }: { customer?: string | null; user?: string | null },
): Promise<ExplainedUser[]> {
  const { rows } = await sql<ExplainedUser>`
    select u.id, u.email, u.name, u.phone, u.locale, u.id as "sessionId", u.permissions, u.status,
      u.templates_mode as "templatesMode", u.templates, coalesce(l.links, '[]') as links,
      coalesce(l.all_links, '[]') as "allLinks", coalesce(l.archived, false) as "hasArchivedCustomer"
    from portal_users u
    left join lateral (
      select
        json_agg(link.facts order by link.created_at) filter (where not link.is_archived) as links,
        json_agg(link.facts order by link.created_at) as all_links,
        bool_or(link.is_archived) as archived
      from (
        select l.created_at, c.status <> 'active' as is_archived, json_build_object(
          'id', l.id, 'customer', l.customer_id, 'scope', l.scope, 'contact', l.contact_id,
          'permissions', l.permissions, 'contactName', k.name, 'isArchived', c.status <> 'active',
          'group', json_build_object('id', g.id, 'kind', g.kind, 'name', g.name, 'permissions', g.permissions)) as facts
        from portal_links l
        join customers c on c.account_id = ${account} and c.id = l.customer_id
        join permission_groups g
          on g.account_id = ${account} and g.id = group_of_link(l.account_id, l.group_id, l.scope)
        left join contacts k on k.account_id = ${account} and k.id = l.contact_id
        where l.account_id = ${account} and l.portal_user_id = u.id) link) l on true
    where u.account_id = ${account} and u.status <> 'removed'
      and (u.id = ${user} or exists (
        select from portal_links l
        where l.account_id = ${account} and l.portal_user_id = u.id and l.customer_id = ${customer}))
    order by u.id = ${user} desc nulls last, lower(coalesce(u.name, u.email)), u.id`.execute(db as Write)
  return rows
}

type VisitorRow = NonNullable<CallerRow['visitor']>

/** Secure links of a customer, its contacts and its tickets, as who opens one would enter. */
export async function listVisitors(db: Read, account: string, customer: string, now: Date): Promise<VisitorRow[]> {
  const { visitor, links } = visitorFacts(account, now)
  const { rows } = await sql<{ visitor: VisitorRow }>`
    select ${visitor} as visitor from ${links} and k.customer_id = ${customer}
    order by k.contact_id is not null, lower(t.name), k.id`.execute(db as Write)
  return rows.map((row) => row.visitor)
}

/** Names of contacts, in the order given. */
export async function listContacts(
  db: Read,
  account: string,
  ids: readonly string[],
): Promise<{ id: string; name: string }[]> {
  if (ids.length === 0) return []
  const rows = await db
    .selectFrom('contacts')
    .select(['id', 'name'])
    .where('account_id', '=', account)
    .where('id', 'in', [...ids])
    .execute()
  return ids.flatMap((id) => rows.find((row) => row.id === id) ?? [])
}

export interface Member {
  id: string
  personId: string | null
  name: string | null
  email: string
  role: StaffRole
}

export const listMembers = async (db: Read, account: string): Promise<Member[]> =>
  (await db
    .selectFrom('staff_members')
    .select(['id', 'person_id as personId', 'name', 'email', 'role'])
    .where('account_id', '=', account)
    .where('status', '=', 'active')
    .orderBy((order) =>
      order.case('role').when('owner').then(1).when('admin').then(2).when('dispatcher').then(3).else(4).end(),
    )
    .orderBy('name')
    .orderBy('id')
    .execute()) as Member[]

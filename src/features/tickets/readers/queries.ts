/**
 * Who may read a ticket outside a request: whom an email about it may reach. Asked when it is written and again right before it
 * is sent. The same policy decides as for a request; a test compares it with row-level security.
 */
import { sql } from 'kysely'
import type { Read } from '../../../platform/operation.ts'
import type { CustomerLink, PermissionGroup, Permissions, StaffRole } from '../../identity/rules.ts'
import type { CustomerEmail, EmailChoices, StaffEmail } from '../../notifications/rules.ts'
import { createWantedChecks, type PortalReader, type StaffReader } from '../../records/readers/queries.ts'
import { mayOnTicket, type TicketPermission } from '../policy.ts'
import type { TicketStatus } from '../rules.ts'

export interface TicketReader extends PortalReader {
  mayReply: boolean
}

/** Portal users who see the ticket: active, with a link that does; their customer is active and the portal is on. */
export async function listPortalReaders(db: Read, account: string, ticket: string): Promise<TicketReader[]> {
  const rows = await db
    .selectFrom('tickets as t')
    .innerJoin('portal_links as l', (join) =>
      join.onRef('l.account_id', '=', 't.account_id').onRef('l.customer_id', '=', 't.customer_id'),
    )
    .innerJoin('customers as c', (join) =>
      join.onRef('c.account_id', '=', 'l.account_id').onRef('c.id', '=', 'l.customer_id'),
    )
    .innerJoin('portal_users as u', (join) =>
      join.onRef('u.account_id', '=', 'l.account_id').onRef('u.id', '=', 'l.portal_user_id'),
    )
    .innerJoin('portal_settings as p', 'p.account_id', 't.account_id')
    .innerJoin('permission_groups as g', (join) =>
      join
        .onRef('g.account_id', '=', 'l.account_id')
        .on('g.id', '=', sql<string>`group_of_link(l.account_id, l.group_id, l.scope)`),
    )
    .select(['u.id', 'u.email', 'u.name', 'u.locale', 'u.email_choices', 'u.permissions as own'])
    .select(['t.id as ticket', 't.customer_id', 't.contact_id', 't.participants', 't.status', 'p.switches'])
    .select('t.merged_into_id')
    .select(['l.id as link', 'l.scope', 'l.contact_id as link_contact', 'l.permissions as of_link'])
    .select(['g.id as group', 'g.kind', 'g.permissions as of_group'])
    .where('t.account_id', '=', account)
    .where('l.account_id', '=', account)
    .where('c.account_id', '=', account)
    .where('u.account_id', '=', account)
    .where('p.account_id', '=', account)
    .where('g.account_id', '=', account)
    .where('t.id', '=', ticket)
    .where('u.status', '=', 'active')
    .where('c.status', '=', 'active')
    .where('p.enabled', '=', true)
    .orderBy('u.created_at')
    .orderBy('u.id')
    .execute()
  return rows
    .filter((row) => mayByLink(row as unknown as LinkRow, 'viewTickets'))
    .map((row) => ({
      ...{ id: row.id, email: row.email, name: row.name, locale: row.locale },
      choices: row.email_choices as EmailChoices<CustomerEmail>,
      mayReply: mayByLink(row as unknown as LinkRow, 'replyTickets'),
    }))
}

interface LinkRow {
  ticket: string
  customer_id: string
  contact_id: string | null
  participants: string[]
  status: TicketStatus
  merged_into_id: string | null
  switches: Permissions
  own: Partial<Permissions> | null
  link: string
  scope: CustomerLink['scope']
  link_contact: string | null
  of_link: Partial<Permissions> | null
  group: string
  kind: PermissionGroup['kind']
  of_group: Permissions
}

function mayByLink(row: LinkRow, permission: TicketPermission): boolean {
  const group = { id: row.group, kind: row.kind, name: null, permissions: row.of_group }
  const link = {
    id: row.link,
    customer: row.customer_id,
    scope: row.scope,
    contact: row.link_contact,
    permissions: row.of_link,
    group,
  }
  const portal = { switches: row.switches, permissions: row.of_group }
  return mayOnTicket({ permissions: row.own, links: [link] }, portal, { ...row, id: row.ticket }, permission).yes
}

/** Staff who are told of a ticket: who works on it, or the whole office while nobody does. */
export async function listStaffReaders(db: Read, account: string, ticket: string): Promise<StaffReader[]> {
  const rows = await db
    .selectFrom('tickets as t')
    .leftJoin('staff_members as a', (join) =>
      join.onRef('a.account_id', '=', 't.account_id').onRef('a.id', '=', 't.assignee_id').on('a.status', '=', 'active'),
    )
    .innerJoin('staff_members as m', 'm.account_id', 't.account_id')
    .select(['m.id', 'm.email', 'm.name', 'm.role', 'm.email_choices'])
    .where('t.account_id', '=', account)
    .where('m.account_id', '=', account)
    .where('t.id', '=', ticket)
    .where('m.status', '=', 'active')
    .where(sql<boolean>`case when a.id is null then m.role <> 'worker' else m.id = a.id end`)
    .orderBy('m.created_at')
    .orderBy('m.id')
    .execute()
  return rows.map(({ id, email, name, role, email_choices: choices }) => ({
    ...{ id, email, name },
    role: role as StaffRole,
    choices: choices as EmailChoices<StaffEmail>,
  }))
}

/** A member of staff who sees the ticket: of the office, or who works on it. */
export async function findStaffReader(db: Read, account: string, ticket: string, member: string) {
  const row = await db
    .selectFrom('staff_members as m')
    .innerJoin('tickets as t', 't.account_id', 'm.account_id')
    .select(['m.id', 'm.email', 'm.name'])
    .where('m.account_id', '=', account)
    .where('t.account_id', '=', account)
    .where('t.id', '=', ticket)
    .where('m.id', '=', member)
    .where('m.status', '=', 'active')
    .where((where) => where.or([where('m.role', '<>', 'worker'), where('t.assignee_id', '=', where.ref('m.id'))]))
    .executeTakeFirst()
  return row && { ...row, mayReply: true }
}

export const { isWantedByPortalUser, isWantedByStaff } = createWantedChecks({ listPortalReaders, listStaffReaders })

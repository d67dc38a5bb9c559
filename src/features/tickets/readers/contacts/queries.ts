/**
 * Contacts without a login who read a ticket by a link of their own: its contact, its participants and, where it has no contact, the
 * main contact. Asked when an email is written and again right before it is sent.
 */
import { sql } from 'kysely'
import type { Read, Write } from '../../../../platform/operation.ts'
import type { PermissionGroup, Permissions } from '../../../identity/rules.ts'
import { wantsCustomerEmail, type CustomerEmail } from '../../../notifications/rules.ts'
import { findBusinessEmails } from '../../../records/readers/queries.ts'
import { mayOnTicket, type TicketFacts } from '../../policy.ts'

export interface ContactReader {
  id: string
  email: string
  name: string
  /** Secure links that they have or had: as which they acted. */
  links: string[]
}

interface ContactRow extends ContactReader {
  ticket: TicketFacts
  switches: Permissions
  group: PermissionGroup
}

/**
 * Whoever has a login, of any kind and also suspended, reads by that or not at all. While links are closed there is nobody.
 */
export async function listContactReaders(db: Read, account: string, ticket: string): Promise<ContactReader[]> {
  const { rows } = await sql<ContactRow>`
    select contact.id, contact.email, contact.name, p.switches,
      array(select k.id from secure_links k where k.account_id = ${account} and k.contact_id = contact.id) as links,
      json_build_object(
        'id', t.id, 'status', t.status, 'customer_id', t.customer_id, 'merged_into_id', t.merged_into_id,
        'contact_id', t.contact_id, 'participants', t.participants) as ticket,
      json_build_object('id', g.id, 'kind', g.kind, 'name', g.name, 'permissions', g.permissions) as group
    from tickets t
    join customers c on c.account_id = ${account} and c.id = t.customer_id
    join portal_settings p on p.account_id = ${account}
    join permission_groups g on g.account_id = ${account} and g.kind = 'visitor'
    join contacts contact
      on contact.account_id = ${account} and contact.customer_id = t.customer_id and contact.status = 'active'
      and contact.email is not null
    where t.account_id = ${account} and t.id = ${ticket} and is_link_open(c, p, 'record')
      and (contact.id = t.contact_id or contact.id = any (t.participants) or (contact.is_primary and t.contact_id is null))
      and not exists (
        select from portal_users u
        where u.account_id = ${account} and u.status <> 'removed' and (u.email_norm = contact.email_norm or exists (
          select from portal_links l
          where l.account_id = ${account} and l.portal_user_id = u.id and l.contact_id = contact.id)))
    order by contact.created_at, contact.id`.execute(db as Write)
  return rows.filter((row) => mayBySecureLink(row)).map(({ id, email, name, links }) => ({ id, email, name, links }))
}

function mayBySecureLink({ id, ticket, switches, group }: ContactRow): boolean {
  const record = { kind: 'ticket' as const, id: ticket.id }
  const link = {
    id,
    customer: ticket.customer_id,
    scope: 'record' as const,
    contact: id,
    permissions: null,
    record,
    group,
  }
  const portal = { switches, permissions: group.permissions }
  return mayOnTicket({ permissions: null, links: [link] }, portal, ticket, 'viewTickets').yes
}

/** Whether a contact still reads the ticket by a link, and the business sends this kind of email. */
export async function isWantedByContact(
  db: Read,
  account: string,
  { ticket, contact, email }: { ticket: string; contact: string; email: CustomerEmail },
): Promise<boolean> {
  const business = await findBusinessEmails(db, account)
  if (!business || !wantsCustomerEmail(email, business.customerEmails, {})) return false
  const readers = await listContactReaders(db, account, ticket)
  return readers.some(({ id }) => id === contact)
}

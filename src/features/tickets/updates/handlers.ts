/** The emails about a ticket. records/updates/ collects the changes and sends what this answers. */
import type { ReplyAddresses } from '../../../platform/delivery/incoming/addresses.ts'
import type { Emission } from '../../../platform/delivery/outbox.ts'
import type { Write } from '../../../platform/operation.ts'
import type { Sealer } from '../../../platform/secrets.ts'
import { findBusinessEmails, type BusinessEmails } from '../../records/readers/queries.ts'
import type { TicketRecord } from '../queries.ts'
import { wantsCustomerEmail, wantsStaffEmail } from '../../notifications/rules.ts'
import type { ParentKey } from '../../records/queries.ts'
import { addReplyAddresses } from '../inbound/queries.ts'
import { replySubject, type ReplyRecipient } from '../inbound/rules.ts'
import { findOrAddRecordLink } from '../../secure-links/mailed/queries.ts'
import { listContactReaders } from '../readers/contacts/queries.ts'
import { listPortalReaders, listStaffReaders } from '../readers/queries.ts'
import { contactTicketMail, customerTicketMail, staffTicketMail } from './messages.ts'
import { takeTicketUpdates } from './queries.ts'
import { customerTicketUpdate, staffTicketUpdate, type TicketUpdate } from './rules.ts'

interface Mail {
  to: Pick<ReplyRecipient, 'kind' | 'reader'>
  emission: Emission
}

/** Takes the waiting changes of a ticket and answers the emails that tell them. Their reply addresses are valid from then on. */
export async function takeTicketEmails(
  db: Write,
  due: ParentKey,
  { now, replyAddresses, sealer }: { now: Date; replyAddresses: ReplyAddresses | null; sealer: Sealer },
): Promise<Emission[]> {
  const { mails, toContacts } = await writeMails(db, due, { now, sealer })
  if (replyAddresses) {
    const recipients = mails.map(({ to }) => ({ ...to, account: due.account, ticket: due.id }))
    const hashOf = (recipient: ReplyRecipient) =>
      replyAddresses.hashOf(replyAddresses.addressOf(replySubject(recipient)))!
    await addReplyAddresses(
      db,
      recipients.map((recipient) => ({ recipient, hash: hashOf(recipient) })),
      now,
    )
  }
  return [...mails.map(({ emission }) => emission), ...toContacts]
}

async function writeMails(db: Write, due: ParentKey, linking: { now: Date; sealer: Sealer }) {
  const { updates, ticket } = await takeTicketUpdates(db, due)
  const business = ticket && updates.length > 0 ? await findBusinessEmails(db, due.account) : undefined
  if (!ticket || !business) return { mails: [], toContacts: [] }
  const { customerEmails, staffEmails } = business
  const portalReaders = await listPortalReaders(db, due.account, due.id)
  const staffReaders = await listStaffReaders(db, due.account, due.id)
  const mails = [
    ...portalReaders.flatMap((reader): Mail[] => {
      const update = customerTicketUpdate(updates, ticket.status, [reader.id], (kind) =>
        wantsCustomerEmail(kind, customerEmails, reader.choices),
      )
      if (!update) return []
      const emission = customerTicketMail(reader, ticket, update, business)
      return [{ to: { kind: 'portalUser', reader: reader.id }, emission }]
    }),
    ...staffReaders.flatMap((reader): Mail[] => {
      const update = staffTicketUpdate(updates, ticket.status, reader.id, (kind) =>
        wantsStaffEmail(kind, staffEmails, reader),
      )
      if (!update) return []
      return [{ to: { kind: 'staff', reader: reader.id }, emission: staffTicketMail(reader, ticket, update, business) }]
    }),
  ]
  return { mails, toContacts: await writeToContacts(db, { updates, ticket, business }, linking) }
}

/** Who has no login gets a link of their own, which opens this ticket alone. */
async function writeToContacts(
  db: Write,
  { updates, ticket, business }: { updates: TicketUpdate[]; ticket: TicketRecord; business: BusinessEmails },
  linking: { now: Date; sealer: Sealer },
): Promise<Emission[]> {
  const { account_id: account, customer_id: customer } = ticket
  const emissions: Emission[] = []
  for (const reader of await listContactReaders(db, account, ticket.id)) {
    const update = customerTicketUpdate(updates, ticket.status, reader.links, (kind) =>
      wantsCustomerEmail(kind, business.customerEmails, {}),
    )
    if (!update) continue
    const record = { kind: 'ticket' as const, id: ticket.id }
    const link = await findOrAddRecordLink(db, { account, customer, contact: reader.id, record }, linking)
    emissions.push(contactTicketMail(reader, ticket, update, business, link))
  }
  return emissions
}

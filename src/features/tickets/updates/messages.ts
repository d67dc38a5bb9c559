/** Emails about what happened to a ticket. rules.ts decides what they tell, readers/queries.ts who may read them. */
import { message, type Emission, type Message } from '../../../platform/delivery/outbox.ts'
import { emailChoicesUrl } from '../../jobs/messages.ts'
import { staffNameFor } from '../../jobs/rules.ts'
import type { CustomerEmail, StaffEmail } from '../../notifications/rules.ts'
import type { BusinessEmails, StaffReader } from '../../records/readers/queries.ts'
import { replySubject, type ReplyRecipient } from '../inbound/rules.ts'
import type { TicketRecord } from '../queries.ts'
import { isWantedByPortalUser, isWantedByStaff, type TicketReader } from '../readers/queries.ts'
import { isWantedByContact, type ContactReader } from '../readers/contacts/queries.ts'
import { findTicketStatus } from './queries.ts'
import type {
  CustomerTicketNews,
  CustomerTicketUpdate,
  ReplyUpdate,
  StaffTicketNews,
  StaffTicketUpdate,
} from './rules.ts'

type AnyMail = {
  ticket: string
  /** '#12' */
  number: string
  title: string
  /** Whose access is checked again before the email is sent. */
  reader: string
  /** The newest reply and who wrote it; '' without one. */
  comment: string
  author: string
  comments: number
  /** What a new ticket is about. */
  description: string
  /** Whether a reply by email would become one. */
  canReply: boolean
}
/** The status when this was written. When it has changed since, a newer email tells that. */
type CustomerMail = AnyMail & { status: string }
type ContactMail = CustomerMail & { token: string; until: string }
type StaffMail = AnyMail & {
  /** Who did it: a customer, or the colleague who assigned the ticket. */
  customer: string
}

/** A reply adds a paragraph, else the description does: the context picks the text with it, `count` its plural. */
function quoteVars({ comment, comments, author, description }: AnyMail) {
  if (comments > 0) return { context: 'replied', count: comments, comment, author }
  return description ? { context: 'described', description } : {}
}

const conversation = (kind: ReplyRecipient['kind']) => ({
  replySubject: ({ ticket, reader, canReply }: AnyMail, { account_id: account }: { account_id: string }) =>
    canReply ? replySubject({ account, ticket, kind, reader }) : null,
  thread: ({ ticket }: AnyMail) => `ticket.${ticket}`,
})

const isCurrentStatus = async (
  db: Parameters<typeof findTicketStatus>[0],
  { account_id: account }: { account_id: string },
  email: CustomerEmail,
  { ticket, status }: { ticket: string; status: string },
) => email !== 'ticketMoved' || (await findTicketStatus(db, account, ticket)) === status

const customerMessage = ({ email, ...declared }: { kind: string; textKey: string; email: CustomerEmail }) =>
  message<CustomerMail>({
    ...declared,
    async stillWanted(db, row) {
      const { ticket, reader, status } = row.payload as CustomerMail
      const isCurrent = await isCurrentStatus(db, row, email, { ticket, status })
      return isCurrent && (await isWantedByPortalUser(db, row.account_id, { record: ticket, reader, email }))
    },
    ...conversation('portalUser'),
    link: ({ ticket }, sender) => ({ url: sender.portalUrl(`/tickets/${ticket}`) }),
    extra: (vars, sender) => ({ choices: emailChoicesUrl(sender, 'portal'), ...quoteVars(vars) }),
  })

/** To a contact without a login: the link is theirs and opens this ticket alone. `reader` is the contact. */
const contactMessage = ({ email, ...declared }: { kind: string; textKey: string; email: CustomerEmail }) =>
  message<ContactMail>({
    ...declared,
    footerKey: 'tickets.mail.contactFooter',
    secret: true,
    linkKind: 'signIn',
    async stillWanted(db, row) {
      const { ticket, reader, status } = row.payload as ContactMail
      const isCurrent = await isCurrentStatus(db, row, email, { ticket, status })
      return isCurrent && (await isWantedByContact(db, row.account_id, { ticket, contact: reader, email }))
    },
    thread: ({ ticket }) => `ticket.${ticket}`,
    link: ({ token, until }, sender) => ({ url: sender.portalUrl(`/link/${token}`), until: new Date(until) }),
    extra: (vars) => quoteVars(vars),
  })

const staffMessage = ({ email, ...declared }: { kind: string; textKey: string; email: StaffEmail }) =>
  message<StaffMail>({
    ...declared,
    stillWanted(db, row) {
      const { ticket, reader } = row.payload as StaffMail
      return isWantedByStaff(db, row.account_id, { record: ticket, reader, email })
    },
    ...conversation('staff'),
    link: ({ ticket }, sender) => ({ url: sender.officeUrl(`/tickets/${ticket}`) }),
    extra: (vars, sender) => ({ choices: emailChoicesUrl(sender, 'office'), ...quoteVars(vars) }),
  })

const toCustomers = (kind: string, email: CustomerEmail) =>
  customerMessage({ kind, textKey: `tickets.mail.${kind}`, email })
const toStaff = (kind: string, email: StaffEmail) => staffMessage({ kind, textKey: `tickets.mail.${kind}`, email })

const TO_CUSTOMERS = {
  created: toCustomers('ticketCreated', 'ticketCreated'),
  waiting: toCustomers('ticketWaiting', 'ticketMoved'),
  resolved: toCustomers('ticketResolved', 'ticketMoved'),
  closed: toCustomers('ticketClosed', 'ticketMoved'),
  replied: toCustomers('ticketReplied', 'ticketReplied'),
} satisfies Record<CustomerTicketNews | 'replied', Message<CustomerMail>>

const toContacts = (kind: string, email: CustomerEmail) =>
  contactMessage({ kind: `${kind}Link`, textKey: `tickets.mail.${kind}`, email })
const TO_CONTACTS = {
  created: toContacts('ticketCreated', 'ticketCreated'),
  waiting: toContacts('ticketWaiting', 'ticketMoved'),
  resolved: toContacts('ticketResolved', 'ticketMoved'),
  closed: toContacts('ticketClosed', 'ticketMoved'),
  replied: toContacts('ticketReplied', 'ticketReplied'),
} satisfies Record<CustomerTicketNews | 'replied', Message<ContactMail>>

const TO_STAFF = {
  assigned: toStaff('ticketAssignedOffice', 'ticketAssigned'),
  created: toStaff('ticketCreatedOffice', 'ticketCreated'),
  closed: toStaff('ticketClosedOffice', 'ticketMoved'),
  reopened: toStaff('ticketReopenedOffice', 'ticketMoved'),
  replied: toStaff('ticketRepliedOffice', 'ticketReplied'),
} satisfies Record<StaffTicketNews | 'replied', Message<StaffMail>>

export const ticketMessages = [
  ...Object.values(TO_CUSTOMERS),
  ...Object.values(TO_CONTACTS),
  ...Object.values(TO_STAFF),
] as unknown as Message[]

type TicketName = Pick<TicketRecord, 'id' | 'number' | 'subject' | 'description' | 'status'>

const ticketVars = (
  ticket: TicketName,
  reader: { id: string },
  { news, replies }: { news: string | null; replies: readonly ReplyUpdate[] },
  nameOf: (reply: ReplyUpdate) => string,
) => {
  const newest = replies.at(-1)
  return {
    ticket: ticket.id,
    number: `#${ticket.number}`,
    title: ticket.subject,
    reader: reader.id,
    comment: newest?.details.body ?? '',
    author: newest ? nameOf(newest) : '',
    comments: replies.length,
    description: news === 'created' || news === 'assigned' ? ticket.description : '',
  }
}

export function customerTicketMail(
  reader: TicketReader,
  ticket: TicketName,
  update: CustomerTicketUpdate,
  { staffNames, portalName }: BusinessEmails,
): Emission {
  const nameOf = ({ actor_name: name }: ReplyUpdate) => staffNameFor(staffNames, name, portalName)
  const vars: CustomerMail = {
    ...ticketVars(ticket, reader, update, nameOf),
    status: ticket.status,
    canReply: reader.mayReply && ticket.status !== 'closed',
  }
  return {
    message: TO_CUSTOMERS[update.news ?? 'replied'] as unknown as Message,
    to: { address: reader.email, name: reader.name },
    subject: { kind: 'ticket', id: ticket.id },
    locale: reader.locale,
    vars,
  }
}

export function contactTicketMail(
  reader: ContactReader,
  ticket: TicketName,
  update: CustomerTicketUpdate,
  business: BusinessEmails,
  { token, until }: { token: string; until: Date },
): Emission {
  const asReader = { ...reader, locale: business.locale, choices: {}, mayReply: false }
  const { vars, ...emission } = customerTicketMail(asReader, ticket, update, business)
  return {
    ...emission,
    message: TO_CONTACTS[update.news ?? 'replied'] as unknown as Message,
    vars: { ...vars, token, until: until.toISOString() },
  }
}

export function staffTicketMail(
  reader: StaffReader,
  ticket: TicketName,
  update: StaffTicketUpdate,
  { locale }: BusinessEmails,
): Emission {
  const nameOf = ({ actor_name: name }: ReplyUpdate) => name ?? ''
  const vars: StaffMail = {
    ...ticketVars(ticket, reader, update, nameOf),
    customer: update.by.actor_name ?? '',
    canReply: true,
  }
  return {
    message: TO_STAFF[update.news ?? 'replied'] as unknown as Message,
    to: { address: reader.email, name: reader.name },
    subject: { kind: 'ticket', id: ticket.id },
    locale,
    vars,
  }
}

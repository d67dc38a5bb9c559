/** Emails that customers and staff send to the reply address of a ticket. Pure. */
import type { TicketStatus } from '../rules.ts'

/** Who a reply address was given to, and for which ticket. */
export interface ReplyRecipient {
  account: string
  ticket: string
  kind: 'portalUser' | 'staff'
  /** Id of the portal user or member of staff. */
  reader: string
}

/** What a keyed hash is made of: one address for each recipient and ticket. */
export const replySubject = ({ account, ticket, kind, reader }: ReplyRecipient): string =>
  ['ticket', account, ticket, kind, reader].join(':')

/** Mails that one address takes in an hour. */
export const MAX_MAILS_PER_HOUR = 30
/** Characters of a comment. */
const MAX_BODY = 5_000

/** The person whom the address was given to, if they still see the ticket. */
export interface ReplyWriter {
  id: string
  email: string
  name: string | null
  mayReply: boolean
}

/** Why a mail becomes an internal note, for the office to decide. */
export type HeldReason = 'otherSender' | 'notAllowed' | 'ticketClosed'

/**
 * Whether a mail is a reply by the person whom the address was given to. Anybody who got hold of the address could have written
 * what comes from elsewhere, so the customer does not see it.
 * @param from as normalized as the writer's own address
 */
export function heldReason(
  { kind }: ReplyRecipient,
  writer: ReplyWriter | undefined,
  from: string,
  status: TicketStatus,
): HeldReason | null {
  if (!writer) return 'notAllowed'
  if (from !== writer.email) return 'otherSender'
  if (kind === 'staff') return null
  if (status === 'closed') return 'ticketClosed'
  return writer.mayReply ? null : 'notAllowed'
}

/** The text of a comment: what was written, or the names of the files where there is only those. */
export function commentBodyOf(text: string, fileNames: readonly string[]): string {
  const body = text || fileNames.join(', ')
  return body.length > MAX_BODY ? `${body.slice(0, MAX_BODY - 1).trimEnd()}…` : body
}

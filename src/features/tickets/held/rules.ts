/** Emails that are no reply: which become tickets, and why others are held. Pure: runs on server and screen. */

export const HELD_REASONS = ['unknownSender', 'severalCustomers', 'automatic', 'tooMany', 'empty'] as const
export type HeldMailReason = (typeof HELD_REASONS)[number]

/** Tickets that the emails of one sender open in an hour. The rest is held. */
export const MAX_TICKETS_PER_HOUR = 10
/** Emails that one account takes in an hour and keeps unsettled. Later ones are to be sent again. */
export const MAX_MAILS_PER_HOUR = 300
export const MAX_HELD = 1_000
/** How long emails that arrived are remembered. Held ones that nobody settled are deleted then. */
export const KEPT_DAYS = 90

const MAX_SUBJECT = 200
const MAX_TEXT = 10_000

/** Whose an email is: customers that have its sender on file, and the contact where there is one. */
export interface SenderMatch {
  customer: string
  contact: string | null
}

/** The customer and contact of a sender, or why nobody but the office can tell. */
export function chooseSender(
  matches: readonly SenderMatch[],
): SenderMatch | Extract<HeldMailReason, 'unknownSender' | 'severalCustomers'> {
  const [first] = matches
  if (!first) return 'unknownSender'
  if (matches.some(({ customer }) => customer !== first.customer)) return 'severalCustomers'
  const contacts = new Set(matches.flatMap(({ contact }) => contact ?? []))
  // Without one certain contact, only who acts for the whole customer sees the ticket.
  return { customer: first.customer, contact: contacts.size === 1 ? [...contacts][0]! : null }
}

const cut = (text: string, length: number) => (text.length > length ? `${text.slice(0, length - 1).trimEnd()}…` : text)

/** Subject and description of the ticket that an email becomes. */
export function ticketTextOf({ subject, text, from }: { subject: string; text: string; from: string }) {
  const line = subject || (text.split('\n').find((each) => each.trim()) ?? '') || from
  return { subject: cut(line.replaceAll(/\s+/g, ' ').trim(), MAX_SUBJECT), description: cut(text, MAX_TEXT) }
}

/** Which emails people get about jobs and tickets: the kinds, and what applies to whom. Pure: runs on server and screen. */
import type { StaffRole } from '../identity/rules.ts'

/** Emails to portal users. A canceled visit is told as `rescheduled`, a reopened job as `canceled`. */
export const CUSTOMER_EMAILS = [
  'booked',
  'scheduled',
  'rescheduled',
  'canceled',
  'completed',
  'commented',
  'ticketCreated',
  'ticketReplied',
  'ticketMoved',
] as const
export type CustomerEmail = (typeof CUSTOMER_EMAILS)[number]

/** Emails to staff about what customers do, and about work that somebody gave them. */
export const STAFF_EMAILS = [
  'booked',
  'commented',
  'edited',
  'canceled',
  'ticketCreated',
  'ticketReplied',
  'ticketMoved',
  'ticketAssigned',
] as const
export type StaffEmail = (typeof STAFF_EMAILS)[number]

/** The others are about jobs. Who sees no tickets is not asked about them. */
export const isAboutTickets = (kind: CustomerEmail | StaffEmail): boolean => kind.startsWith('ticket')

/** What a business or a person chose, as stored. A kind that is absent follows the default. */
export type EmailChoices<Kind extends string> = Partial<Record<Kind, boolean>>

/** Kinds that the business sends; everything it did not turn off. */
export const sentByBusiness = <Kind extends string>(kind: Kind, business: EmailChoices<Kind>): boolean =>
  business[kind] ?? true

/** Whether a portal user gets a kind of email. */
export const wantsCustomerEmail = (
  kind: CustomerEmail,
  business: EmailChoices<CustomerEmail>,
  own: EmailChoices<CustomerEmail>,
): boolean => sentByBusiness(kind, business) && (own[kind] ?? true)

/**
 * Whether a member of staff gets a kind of email about a job or ticket they can see. Owners and dispatchers run the daily work, and a
 * worker sees only their own jobs; an admin gets none until they ask for it, except about what was given to them.
 */
export const wantsStaffEmail = (
  kind: StaffEmail,
  business: EmailChoices<StaffEmail>,
  member: { role: StaffRole; choices: EmailChoices<StaffEmail> },
): boolean =>
  sentByBusiness(kind, business) && (member.choices[kind] ?? (member.role !== 'admin' || kind === 'ticketAssigned'))

/** Workers never hear of bookings and new tickets: none of them is theirs yet. */
export const staffEmailsOf = (role: StaffRole): StaffEmail[] =>
  STAFF_EMAILS.filter((kind) => role !== 'worker' || (kind !== 'booked' && kind !== 'ticketCreated'))

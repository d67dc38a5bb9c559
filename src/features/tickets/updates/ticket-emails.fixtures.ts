/** The emails that changes of a ticket cause. */
import type { Person } from '../../../../test/test-server.ts'
import { createTicketWorld, home, type TicketWorld } from '../tickets.fixtures.ts'

export const MINUTES = 60_000

export interface TicketScene extends TicketWorld {
  /** Ana's, of which nobody has been told anything that still waits. */
  ticket: string
}

export async function createTicketScene(more: object = {}): Promise<TicketScene> {
  const world = await createTicketWorld()
  const { contacts, customer, dispatcher } = world
  const ticket = { customer, contact: contacts.ana, subject: 'The gate does not open', ...more }
  const { id } = await dispatcher.ok('createTicket', ticket)
  await clearMails()
  return { ...world, ticket: id }
}

/** Lets the changes become due and answers subject and text of what was sent to `to`. */
export async function emailsTo(to: Person) {
  home.clock.advance(5 * MINUTES)
  return (await home.mailTo(to.email)).map(({ subject, text }) => ({ subject, text: text ?? '' }))
}

export const subjectsTo = async (to: Person) => (await emailsTo(to)).map(({ subject }) => subject)

/** Lets the changes become due, and writes the emails without sending them. */
export async function queueEmails() {
  home.clock.advance(5 * MINUTES)
  await home.app.deliverer.collect()
}

/** Forgets what was sent so far. */
export async function clearMails() {
  home.clock.advance(5 * MINUTES)
  await home.mailTo()
  home.mails.length = 0
}

export const replyByOffice = (
  { dispatcher, ticket }: TicketScene,
  body: string,
  audience: 'customer' | 'internal' = 'customer',
) => dispatcher.ok('addTicketComment', { ticket, audience, body })

export async function moveByOffice({ dispatcher, ticket }: TicketScene, to: string) {
  const { version } = await dispatcher.ok('getTicket', { ticket })
  return dispatcher.ok('changeTicketStatus', { ticket, version, to: to as 'open' })
}

export async function assign({ dispatcher, ticket }: TicketScene, assignee: string | null) {
  const { version } = await dispatcher.ok('getTicket', { ticket })
  return dispatcher.ok('assignTicket', { ticket, version, assignee })
}

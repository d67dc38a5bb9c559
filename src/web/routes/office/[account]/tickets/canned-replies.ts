import { fillReply, replyValues } from '../../../../../features/tickets/settings/rules.ts'

type Office = { name: string; me: { name: string } }
type Ticket = Awaited<ReturnType<App.Locals['api']['getTicket']>>

/** The canned replies, filled in for a ticket that takes comments. */
export async function repliesTo({ api }: App.Locals, office: Office, ticket: Ticket | null) {
  if (!ticket?.can.comment) return []
  const { cannedReplies, signInUrl } = await api.getTicketSettings()
  const values = replyValues({ ticket, staff: office.me.name, business: office.name, signInUrl })
  return cannedReplies.map(({ id, name, text }) => ({ id, name, text: fillReply(text, values) }))
}

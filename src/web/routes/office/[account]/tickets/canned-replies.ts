import { fillReply, replyValues } from '../../../../../features/tickets/settings/rules.ts'

type Office = { name: string; me: { name: string } }
type Ticket = Awaited<ReturnType<App.Locals['api']['getTicket']>>

/** The canned replies, filled in for a ticket that takes comments. */
export async function repliesTo({ api }: App.Locals, office: Office, ticket: Ticket | null) {
  if (!ticket?.can.comment) return []
  const values = replyValues({ ticket, staff: office.me.name, business: office.name })
  const { cannedReplies } = await api.getTicketSettings()
  return cannedReplies.map(({ id, name, text }) => ({ id, name, text: fillReply(text, values) }))
}

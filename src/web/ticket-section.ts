/** What the section of tickets on a customer's or a contact's page shows; null: the business does not use tickets. */
interface Owner {
  customer: string
  contact?: string
}

/** Most tickets that the section shows; "All tickets" leads to the others. */
const SHOWN = 5

export async function loadTicketSection({ api }: App.Locals, of: Owner, usesTickets: boolean) {
  if (!usesTickets) return null
  const [tickets, counts] = await Promise.all([api.listTickets({ ...of, limit: SHOWN }), api.countTickets(of)])
  return { tickets, counts, of }
}

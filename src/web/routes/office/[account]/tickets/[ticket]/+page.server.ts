import { ticketActions } from '../ticket-actions.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals: { api, t, words }, params }) => {
  const ticket = await api.getTicket({ ticket: params.ticket })
  return {
    ...words('tickets.office', 'records.office'),
    title: t('tickets.office.pageTitle', ticket),
    ticket,
    options: ticket.can.edit
      ? await api.getTicketFormOptions({ customer: ticket.customer.id })
      : { assignees: [], contacts: [], customer: null },
  }
}

export const actions: Actions = ticketActions

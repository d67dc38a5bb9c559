import { repliesTo } from '../canned-replies.ts'
import { ticketActions } from '../ticket-actions.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params, parent }) => {
  const { api, t, words } = locals
  const ticket = await api.getTicket({ ticket: params.ticket })
  return {
    ...words('tickets.office', 'records.office', 'access.open'),
    title: t('tickets.office.pageTitle', ticket),
    ticket,
    replies: await repliesTo(locals, (await parent()).office, ticket),
    options: ticket.can.edit
      ? await api.getTicketFormOptions({ customer: ticket.customer.id })
      : { assignees: [], contacts: [], customer: null },
  }
}

export const actions: Actions = ticketActions

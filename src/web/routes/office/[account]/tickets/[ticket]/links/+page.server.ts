import { ticketLinkActions } from '../../../../../../secure-link-actions.ts'
import type { Actions, PageServerLoad } from './$types'

/** Links that open this ticket alone. */
export const load: PageServerLoad = async ({ locals: { api, t, words }, params }) => {
  const ticket = await api.getTicket({ ticket: params.ticket })
  const { rows, ...links } = await api.listSecureLinks({ customer: ticket.customer.id })
  return {
    ...words(
      'tickets.office.list',
      'tickets.office.links',
      'secure-links.office',
      'customers.done',
      'portal-views.start',
    ),
    title: t('tickets.office.links.title', ticket),
    ticket,
    links: { ...links, rows: rows.filter(({ record }) => record?.id === ticket.id) },
  }
}

export const actions: Actions = ticketLinkActions

import { error } from '@sveltejs/kit'
import { attempt, readForm } from '../../../../../../../ui/forms.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params }) => {
  const [ticket, { customers }] = await Promise.all([
    locals.api.getPortalTicket({ ticket: params.ticket }),
    locals.api.getPortalTicketOptions({ ticket: params.ticket }),
  ])
  if (!ticket.can.setPriority && !ticket.can.addParticipants) error(403, locals.t('problems.ticketPriorityNotAllowed'))
  return {
    ...locals.words('tickets.portal'),
    title: locals.t('tickets.portal.edit'),
    ticket,
    contacts: customers[0]?.contacts ?? [],
    ownBar: true,
  }
}

export const actions: Actions = {
  default: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, () =>
      locals.api.updatePortalTicket({
        ticket: params.ticket,
        version: typed.number('version') ?? 0,
        priority: typed.text('priority') as never,
        addParticipants: typed.all('addParticipants'),
      }),
    )
    if (failure) return failure
    locals.finish(locals.paths.ticket(params.ticket, { done: 'saved' }))
  },
}

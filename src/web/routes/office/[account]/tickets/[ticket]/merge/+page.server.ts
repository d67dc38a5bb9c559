import { attempt, isProblem, readForm } from '../../../../../../../ui/forms.ts'
import { paths } from '../../../../../../../paths.ts'
import { TICKET_ID } from '../../ticket-actions.ts'
import { TICKET_STATUSES } from '../../../../../../../features/tickets/rules.ts'
import type { Actions, PageServerLoad } from './$types'

/** Closed tickets take nothing. */
const TARGETS = TICKET_STATUSES.filter((status) => status !== 'closed')

/** First the other ticket, found by search; then what merging does. */
export const load: PageServerLoad = async ({ locals: { api, t, words }, params, url }) => {
  const ticket = await api.getTicket({ ticket: params.ticket })
  const chosen = url.searchParams.get('into')
  const into =
    chosen && TICKET_ID.test(chosen) && chosen !== ticket.id
      ? await api.getTicket({ ticket: chosen }).catch((refusal: unknown) => {
          if (isProblem(refusal) && refusal.status === 404) return null
          throw refusal
        })
      : null
  const found = into
    ? null
    : await api.listTickets({
        customer: ticket.customer.id,
        status: TARGETS,
        search: url.searchParams.get('q')?.slice(0, 100) || undefined,
      })
  return {
    ...words('tickets.office'),
    title: t('tickets.office.merge.title', ticket),
    ticket,
    into,
    found: found?.rows.filter(({ id }) => id !== ticket.id) ?? null,
  }
}

export const actions: Actions = {
  default: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure, output } = await attempt(locals, typed, () =>
      locals.api.mergeTickets({
        ticket: params.ticket,
        version: typed.number('version') ?? 0,
        into: typed.string('into'),
      }),
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).ticket(output.id, { done: 'merged' }))
  },
}

import { attempt, readForm } from '../../../../../../ui/forms.ts'
import { paths } from '../../../../../../paths.ts'
import { factsOf, TICKET_ID } from '../ticket-actions.ts'
import type { Actions, PageServerLoad } from './$types'

const customerIn = (url: URL): string | undefined => {
  const id = url.searchParams.get('customer')
  return id && TICKET_ID.test(id) ? id : undefined
}

/** First the customer, found by search and never by a typed name; then the form. */
export const load: PageServerLoad = async ({ locals: { api, t, words }, url }) => {
  const options = await api.getTicketFormOptions({ customer: customerIn(url) })
  const found = options.customer
    ? null
    : await api.listCustomers({ search: url.searchParams.get('q')?.slice(0, 100) || undefined })
  return { ...words('tickets.office'), title: t('tickets.office.new'), options, found }
}

export const actions: Actions = {
  default: async ({ request, locals, params, url }) => {
    const typed = await readForm(request)
    const { failure, output } = await attempt(locals, typed, () =>
      locals.api.createTicket({
        customer: customerIn(url)!,
        ...factsOf(typed),
        assignee: typed.text('assignee') ?? null,
      }),
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).ticket(output.id, { done: 'created' }))
  },
}

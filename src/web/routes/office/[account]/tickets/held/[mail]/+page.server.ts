import { attempt, readForm } from '../../../../../../../ui/forms.ts'
import { paths } from '../../../../../../../paths.ts'
import { TICKET_ID } from '../../ticket-actions.ts'
import type { Actions, PageServerLoad } from './$types'

const customerIn = (url: URL): string | undefined => {
  const id = url.searchParams.get('customer')
  return id && TICKET_ID.test(id) ? id : undefined
}

/** The email; below it the customer, found by search and never by a typed name. */
export const load: PageServerLoad = async ({ locals: { api, t, words }, params, url }) => {
  const mail = await api.getHeldMail({ heldMail: params.mail })
  const options = await api.getTicketFormOptions({ customer: customerIn(url) })
  // Most mails are by somebody who is known under another address.
  const search = url.searchParams.get('q') ?? (mail.name || undefined)
  const found = options.customer ? null : await api.listCustomers({ search: search?.slice(0, 100) || undefined })
  return {
    ...words('tickets.held', 'tickets.office'),
    title: mail.subject || t('tickets.held.noSubject'),
    mail,
    options,
    found: found?.rows.slice(0, 12) ?? null,
    timeZone: (await api.listHeldMails()).timeZone,
  }
}

export const actions: Actions = {
  create: async ({ request, locals, params, url }) => {
    const typed = await readForm(request)
    const { failure, output } = await attempt(locals, typed, () =>
      locals.api.openHeldMail({
        heldMail: params.mail,
        customer: customerIn(url) ?? '',
        contact: typed.text('contact') ?? null,
      }),
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).ticket(output.id, { done: 'created' }))
  },
  discard: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, () => locals.api.discardHeldMail({ heldMail: params.mail }))
    if (failure) return failure
    locals.finish(paths.office(params.account).heldMails({ done: 'discarded' }))
  },
}

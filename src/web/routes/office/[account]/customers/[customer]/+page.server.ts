import { attempt, readForm } from '../../../../../../ui/forms.ts'
import { paths } from '../../../../../../paths.ts'
import { secureLinkActions } from '../../../../../secure-link-actions.ts'
import { loadTicketSection } from '../../../../../ticket-section.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params, parent }) => {
  const customer = await locals.api.getCustomer({ customer: params.customer })
  const { office } = await parent()
  const links = customer.office ? await locals.api.listSecureLinks({ customer: params.customer }) : null
  return {
    ...locals.words('customers.page', 'customers.done', 'customers.access', 'secure-links.office', 'tickets.section'),
    title: customer.name,
    customer,
    links,
    section: await loadTicketSection(locals, { customer: customer.id }, office.tickets),
  }
}

export const actions: Actions = {
  ...secureLinkActions,
  archive: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () => locals.api.archiveCustomer({ customer: params.customer }),
      'archive',
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).customer(params.customer, { done: 'archived' }))
  },
  restore: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () => locals.api.restoreCustomer({ customer: params.customer }),
      'restore',
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).customer(params.customer, { done: 'restored' }))
  },
  copyBilling: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () =>
        locals.api.copyBillingContact({
          customer: params.customer,
          version: typed.number('version') ?? 0,
          contact: typed.string('contact'),
        }),
      'copyBilling',
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).customer(params.customer, { done: 'billing' }))
  },
  /** Invites a contact to the portal, for this customer. */
  invite: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { contacts } = await locals.api.getCustomer({ customer: params.customer })
    const contact = contacts.find(({ id }) => id === typed.string('contact'))
    const { failure } = await attempt(
      locals,
      typed,
      () =>
        locals.api.addPortalUser({ email: contact?.email ?? '', contact: contact?.id, customers: [params.customer] }),
      'invite',
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).customer(params.customer, { done: 'invited' }))
  },
}

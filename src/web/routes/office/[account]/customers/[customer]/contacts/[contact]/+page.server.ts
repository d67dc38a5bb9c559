import { error } from '@sveltejs/kit'
import { contactIn } from '../../../../../../../../features/customers/ui/form-input.ts'
import { attempt, readForm } from '../../../../../../../../ui/forms.ts'
import { paths } from '../../../../../../../../paths.ts'
import { loadTicketSection } from '../../../../../../../ticket-section.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params, parent }) => {
  const customer = await locals.api.getCustomer({ customer: params.customer })
  const contact = customer.contacts.find((each) => each.id === params.contact)
  if (!contact) error(404, locals.t('problems.notFound'))
  if (!customer.can.edit)
    error(403, locals.t(customer.status === 'archived' ? 'problems.customerArchived' : 'problems.officeOnly'))
  const { office } = await parent()
  return {
    ...locals.words('customers.form', 'customers.access', 'tickets.section'),
    title: contact.name,
    customer,
    contact,
    section: await loadTicketSection(locals, { customer: customer.id, contact: contact.id }, office.tickets),
  }
}

export const actions: Actions = {
  save: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, () =>
      locals.api.updateContact({
        customer: params.customer,
        contact: params.contact,
        version: typed.number('version') ?? 0,
        ...contactIn(typed),
        ...(typed.ticked('isPrimary') && { isPrimary: true }),
      }),
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).customer(params.customer, { done: 'contactSaved' }))
  },
  remove: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () =>
        locals.api.removeContact({
          customer: params.customer,
          contact: params.contact,
          ...(typed.string('portalUsers') === 'suspend' && { portalUsers: 'suspend' }),
        }),
      'remove',
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).customer(params.customer, { done: 'contactRemoved' }))
  },
  archive: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () =>
        locals.api.archiveContact({
          customer: params.customer,
          contact: params.contact,
          ...(typed.string('portalUsers') === 'suspend' && { portalUsers: 'suspend' }),
        }),
      'archive',
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).customer(params.customer, { done: 'contactArchived' }))
  },
  restore: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, () =>
      locals.api.restoreContact({ customer: params.customer, contact: params.contact }),
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).customer(params.customer, { done: 'contactRestored' }))
  },
  merge: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () => locals.api.mergeContact({ customer: params.customer, contact: params.contact, into: typed.string('into') }),
      'merge',
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).customer(params.customer, { done: 'contactMerged' }))
  },
}

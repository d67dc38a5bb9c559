import { error } from '@sveltejs/kit'
import { attempt, readForm } from '../../../../../../../../../ui/forms.ts'
import { paths } from '../../../../../../../../../paths.ts'
import { chosenCustomer, findCustomers } from '../../../../find-customers.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params, url }) => {
  const customer = await locals.api.getCustomer({ customer: params.customer })
  const contact = customer.contacts.find((each) => each.id === params.contact)
  if (!contact) error(404, locals.t('problems.notFound'))
  if (!customer.can.edit)
    error(403, locals.t(customer.status === 'archived' ? 'problems.customerArchived' : 'problems.officeOnly'))
  return {
    ...locals.words('customers.form'),
    title: locals.t('customers.form.moveContactTitle', { name: contact.name }),
    customer,
    contact,
    matches: await findCustomers(locals, url, customer.id),
    target: await chosenCustomer(locals, url.searchParams.get('to'), customer.id),
  }
}

export const actions: Actions = {
  move: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const to = typed.string('to')
    const { failure } = await attempt(
      locals,
      typed,
      () =>
        locals.api.moveContact({
          customer: params.customer,
          contact: params.contact,
          to,
          ...(typed.string('portalUsers') === 'suspend' && { portalUsers: 'suspend' }),
        }),
      'move',
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).customer(to, { done: 'contactMoved' }))
  },
}

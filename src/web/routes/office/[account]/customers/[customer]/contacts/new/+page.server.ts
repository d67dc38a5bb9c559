import { error } from '@sveltejs/kit'
import { contactIn } from '../../../../../../../../features/customers/ui/form-input.ts'
import { attempt, readForm } from '../../../../../../../../ui/forms.ts'
import { paths } from '../../../../../../../../paths.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params }) => {
  const customer = await locals.api.getCustomer({ customer: params.customer })
  if (!customer.can.edit)
    error(403, locals.t(customer.status === 'archived' ? 'problems.customerArchived' : 'problems.officeOnly'))
  return { ...locals.words('customers.form'), title: locals.t('customers.form.newContact'), customer }
}

export const actions: Actions = {
  default: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, () =>
      locals.api.addContact({ customer: params.customer, ...contactIn(typed), isPrimary: typed.ticked('isPrimary') }),
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).customer(params.customer, { done: 'contactAdded' }))
  },
}

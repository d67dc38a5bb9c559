import { error } from '@sveltejs/kit'
import { siteIn } from '../../../../../../../../features/customers/ui/form-input.ts'
import { attempt, readForm } from '../../../../../../../../ui/forms.ts'
import { paths } from '../../../../../../../../paths.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params }) => {
  const customer = await locals.api.getCustomer({ customer: params.customer })
  if (!customer.can.edit)
    error(403, locals.t(customer.status === 'archived' ? 'problems.customerArchived' : 'problems.officeOnly'))
  return { ...locals.words('customers.form'), title: locals.t('customers.form.newSite'), customer }
}

export const actions: Actions = {
  default: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, () =>
      locals.api.addSite({ customer: params.customer, ...siteIn(typed) }),
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).customer(params.customer, { done: 'siteAdded' }))
  },
}

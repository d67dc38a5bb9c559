import { error } from '@sveltejs/kit'
import { attempt, readForm } from '../../../../../../ui/forms.ts'
import { paths } from '../../../../../../paths.ts'
import { billingIn, contactIn, customerIn, siteIn } from '../../../../../../features/customers/ui/form-input.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, parent }) => {
  // Nobody fills in a form that the office alone may send.
  const { office } = await parent()
  if (!office.can.runOffice) error(403, locals.t('problems.officeOnly'))
  return { ...locals.words('customers.form'), title: locals.t('customers.form.newTitle') }
}

export const actions: Actions = {
  default: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const contact = contactIn(typed, 'contact.')
    const site = siteIn(typed, 'site.')
    const isEntered = (part: object) => Object.values(part).some((value) => value !== null && value !== '')
    const { failure, output } = await attempt(locals, typed, () =>
      locals.api.createCustomer({
        ...customerIn(typed),
        billing: billingIn(typed),
        ...(isEntered(contact) && { contact: { ...contact, isPrimary: true } }),
        ...(isEntered(site) && { site }),
      }),
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).customer(output.id, { done: 'created' }))
  },
}

import { error, redirect } from '@sveltejs/kit'
import { attempt, readForm, refuse } from '../../../../../../ui/forms.ts'
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
    if (!contact.name && (contact.email || contact.phone || contact.role))
      return refuse(typed, {
        title: locals.t('problems.input'),
        fields: { 'contact.name': locals.t('customers.form.contactNeedsName') },
      })
    if (!site.address && (site.name || site.latitude != null || site.longitude != null || site.notes))
      return refuse(typed, {
        title: locals.t('problems.input'),
        fields: { 'site.address': locals.t('customers.form.siteNeedsAddress') },
      })
    const { failure, output } = await attempt(locals, typed, () =>
      locals.api.createCustomer({
        ...customerIn(typed),
        billing: billingIn(typed),
        ...(contact.name && { contact: { ...contact, isPrimary: true } }),
        ...(site.address && { site }),
      }),
    )
    if (failure) return failure
    redirect(303, paths.office(params.account).customer(output.id, { done: 'created' }))
  },
}

import { error } from '@sveltejs/kit'
import { siteIn } from '../../../../../../../../features/customers/ui/form-input.ts'
import { attempt, readForm } from '../../../../../../../../ui/forms.ts'
import { paths } from '../../../../../../../../paths.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params }) => {
  const customer = await locals.api.getCustomer({ customer: params.customer })
  const site = customer.sites.find((each) => each.id === params.site)
  if (!site) error(404, locals.t('problems.notFound'))
  if (!customer.can.edit)
    error(403, locals.t(customer.status === 'archived' ? 'problems.customerArchived' : 'problems.officeOnly'))
  return { ...locals.words('customers.form'), title: site.name ?? site.address.split('\n')[0] ?? '', customer, site }
}

export const actions: Actions = {
  save: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, () =>
      locals.api.updateSite({
        customer: params.customer,
        site: params.site,
        version: typed.number('version') ?? 0,
        ...siteIn(typed),
      }),
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).customer(params.customer, { done: 'siteSaved' }))
  },
  archive: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, () =>
      locals.api.archiveSite({ customer: params.customer, site: params.site }),
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).customer(params.customer, { done: 'siteArchived' }))
  },
  restore: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, () =>
      locals.api.restoreSite({ customer: params.customer, site: params.site }),
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).customer(params.customer, { done: 'siteRestored' }))
  },
}

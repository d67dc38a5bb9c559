import { error } from '@sveltejs/kit'
import { attempt, readForm } from '../../../../../../../ui/forms.ts'
import { paths } from '../../../../../../../paths.ts'
import { chosenCustomer, findCustomers } from '../../find-customers.ts'
import type { Actions, PageServerLoad } from './$types'

/** First the other customer, found by search; then who sees more afterward. */
export const load: PageServerLoad = async ({ locals, params, url }) => {
  const customer = await locals.api.getCustomer({ customer: params.customer })
  if (!customer.can.merge) {
    const archived = customer.office?.mergedInto ? 'customerMerged' : 'customerArchived'
    error(403, locals.t(`problems.${customer.status === 'archived' ? archived : 'managersOnly'}`))
  }
  const target = await chosenCustomer(locals, url.searchParams.get('into'), customer.id)
  return {
    ...locals.words('customers.form', 'customers.merge'),
    title: locals.t('customers.merge.title', { name: customer.name }),
    customer,
    matches: target ? null : await findCustomers(locals, url, customer.id),
    preview: target ? await locals.api.previewCustomerMerge({ customer: customer.id, into: target.id }) : null,
  }
}

export const actions: Actions = {
  default: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure, output } = await attempt(locals, typed, () =>
      locals.api.mergeCustomer({
        customer: params.customer,
        version: typed.number('version') ?? 0,
        into: typed.string('into'),
      }),
    )
    if (failure) return failure
    locals.finish(paths.office(params.account).customer(output.id, { done: 'merged' }))
  },
}

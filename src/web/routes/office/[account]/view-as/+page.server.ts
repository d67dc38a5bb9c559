import { redirect } from '@sveltejs/kit'
import type { ViewKind } from '../../../../../features/portal-views/rules.ts'
import { attempt, readForm } from '../../../../../ui/forms.ts'
import { paths } from '../../../../../paths.ts'
import type { Actions, PageServerLoad } from './$types'

const SHOWN = 10

/** Where staff choose as whom they view the portal. */
export const load: PageServerLoad = async ({ locals, url }) => {
  const search = url.searchParams.get('q')?.trim() || undefined
  const customer = url.searchParams.get('customer')
  const [customers, users, chosen] = await Promise.all([
    locals.api.listCustomers({ search, limit: SHOWN }),
    locals.api.listPortalUsers({ search, limit: SHOWN }),
    customer ? locals.api.getCustomer({ customer }) : null,
  ])
  return {
    ...locals.words('portal-views.choose', 'portal-views.start'),
    title: locals.t('portal-views.choose.title'),
    customers: customers.rows,
    users: users.rows,
    customer: chosen,
  }
}

export const actions: Actions = {
  start: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure, output } = await attempt(locals, typed, () =>
      locals.api.startPortalView({ kind: typed.string('kind') as ViewKind, id: typed.string('id') }),
    )
    if (failure) return failure
    redirect(303, paths.office(params.account).portalView(output.id))
  },
  leave: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure, output } = await attempt(locals, typed, () =>
      locals.api.endPortalView({ view: typed.string('view') }),
    )
    if (failure) return failure
    const to = paths.office(params.account)
    redirect(303, output.customer ? to.customer(output.customer) : to.portalUser(output.portalUser!))
  },
}

import type { PageServerLoad } from './$types'

const SORTS = ['name', '-name', 'created', '-created', 'jobs', '-jobs'] as const

export const load: PageServerLoad = async ({ locals, url }) => {
  const asked = url.searchParams
  const status = asked.get('status') === 'archived' ? ('archived' as const) : ('active' as const)
  const sort = SORTS.find((one) => one === asked.get('sort')) ?? 'name'
  return {
    ...locals.words('customers.list'),
    title: locals.t('customers.list.title'),
    status,
    sort,
    list: await locals.api.listCustomers({
      search: asked.get('q') || undefined,
      status,
      sort,
      cursor: asked.get('cursor') || undefined,
    }),
  }
}

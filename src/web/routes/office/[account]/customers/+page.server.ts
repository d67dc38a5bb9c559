import type { PageServerLoad } from './$types'

const SORTS = ['name', '-name', 'created', '-created', 'jobs', '-jobs'] as const

export const load: PageServerLoad = async ({ locals, url }) => {
  const asked = url.searchParams
  const state = asked.get('state') === 'archived' ? ('archived' as const) : ('active' as const)
  const sort = SORTS.find((one) => one === asked.get('sort')) ?? 'name'
  return {
    ...locals.words('customers.list'),
    title: locals.t('customers.list.title'),
    state,
    sort,
    list: await locals.api.listCustomers({
      search: asked.get('q') || undefined,
      state,
      sort,
      cursor: asked.get('cursor') || undefined,
    }),
  }
}

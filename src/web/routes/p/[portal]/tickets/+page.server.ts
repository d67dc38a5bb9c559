import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, url, params }) => {
  const query = url.searchParams
  const search = query.get('q')?.trim() || undefined
  const only = query.get('only') === 'mine' ? ('mine' as const) : undefined
  const group = (query.get('group') || undefined) as never
  const [tickets, counts] = await Promise.all([
    locals.api.listPortalTickets({
      search,
      only,
      group,
      cursor: query.get('cursor') || undefined,
    }),
    locals.api.countPortalTickets({ search, only }),
  ])
  return {
    ...locals.words('tickets.portal'),
    title: locals.t('tickets.portal.title'),
    tickets,
    counts,
    exportHref: locals.paths.api(params.portal, '/tickets.csv', { search, only, group }),
  }
}

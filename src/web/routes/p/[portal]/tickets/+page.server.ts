import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, url }) => {
  const query = url.searchParams
  const search = query.get('q')?.trim() || undefined
  const [tickets, counts] = await Promise.all([
    locals.api.listPortalTickets({
      search,
      group: (query.get('group') || undefined) as never,
      cursor: query.get('cursor') || undefined,
    }),
    locals.api.countPortalTickets({ search }),
  ])
  return { ...locals.words('tickets.portal'), title: locals.t('tickets.portal.title'), tickets, counts }
}

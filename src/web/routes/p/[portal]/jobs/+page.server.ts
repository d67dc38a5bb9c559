import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, url }) => {
  const query = url.searchParams
  const search = query.get('q')?.trim() || undefined
  const group = query.get('group') || undefined
  const [list, overview] = await Promise.all([
    locals.api.listPortalJobs({ search, group: group as never, cursor: query.get('cursor') || undefined }),
    locals.api.getPortalJobsOverview({ search }),
  ])
  const jobs = { ...list, ...overview }
  // Before the first job the page shows the services that can be booked.
  const isFirstVisit = jobs.counts.all === 0 && !search && !group
  return {
    ...locals.words('jobs.portal'),
    title: locals.t('jobs.portal.title'),
    jobs,
    bookable: isFirstVisit ? await locals.api.getBookingOptions({}) : null,
  }
}

import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, url }) => {
  const asked = url.searchParams
  const search = asked.get('q')?.trim() || undefined
  const group = asked.get('group') || undefined
  const [list, overview] = await Promise.all([
    locals.api.listPortalJobs({ search, group: group as never, cursor: asked.get('cursor') || undefined }),
    locals.api.getPortalJobsOverview({ search }),
  ])
  const jobs = { ...list, ...overview }
  // Nothing yet: the first thing to see is what can be booked.
  const first = jobs.counts.all === 0 && !search && !group
  return {
    ...locals.words('jobs.portal'),
    title: locals.t('jobs.portal.title'),
    jobs,
    bookable: first ? await locals.api.getBookingOptions({}) : null,
  }
}

import type { PageServerLoad } from './$types'

const SHOWN = 10

/** What a portal user sees, and a search for the record of which somebody asks why they don't. */
export const load: PageServerLoad = async ({ locals, params, url }) => {
  const search = url.searchParams.get('q')?.trim().slice(0, 100) || undefined
  const [answer, jobs, tickets] = await Promise.all([
    locals.api.explainUserAccess({ user: params.user }),
    search ? locals.api.listJobs({ search, limit: SHOWN }) : null,
    search ? locals.api.listTickets({ search, limit: SHOWN }) : null,
  ])
  return {
    ...locals.words('access'),
    title: locals.t('access.user.title', answer),
    user: params.user,
    answer,
    jobs: jobs && jobs.rows.map(({ id, number, title, customer }) => ({ id, number, title, customer: customer.name })),
    tickets:
      tickets &&
      tickets.rows.map(({ id, number, subject, customer }) => ({
        id,
        number,
        title: subject,
        customer: customer.name,
      })),
  }
}

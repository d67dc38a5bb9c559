import { jobActions } from '../job-actions.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params, url }) => {
  const job = await locals.api.getJob({ job: params.job })
  const needsWorkers = job.can.assign && ['schedule', 'status'].includes(url.searchParams.get('do') ?? '')
  return {
    ...locals.words('jobs.office', 'jobs.statuses', 'records.office', 'access.open'),
    title: locals.t('jobs.office.pageTitle', { number: job.number, title: job.title }),
    job,
    workers: needsWorkers ? (await locals.api.getJobFormOptions({})).workers : [],
  }
}

export const actions: Actions = jobActions

import { paths } from '../../../../../paths.ts'
import { isProblem } from '../../../../../ui/forms.ts'
import { jobActions } from './job-actions.ts'
import { changeSelected } from './bulk-action.ts'
import { JOB_ID, readFilters, readSort } from './list-query.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params, url, parent }) => {
  const { api } = locals
  const query = url.searchParams
  const chosen = query.get('job')
  // Only a filter by unread comments asks who is reading.
  const isOffice = query.has('comments') && (await parent()).office.me.role !== 'worker'
  const filter = readFilters(query, isOffice)
  const sort = readSort(query)
  const [list, counts, open] = await Promise.all([
    api.listJobs({
      ...filter,
      cursor: query.get('cursor') ?? undefined,
      sort,
    }),
    api.countJobs(filter),
    // A job that the caller can't see leaves the list as it is.
    chosen && JOB_ID.test(chosen)
      ? api.getJob({ job: chosen }).catch((refusal: unknown) => {
          if (isProblem(refusal) && refusal.status === 404) return null
          throw refusal
        })
      : null,
  ])
  // Without a match the filters still offer what there is, so that another choice is one click away.
  const choices = list.rows.length === 0 && url.search ? await api.countJobs({}) : counts
  const asksForWorker = open?.can.assign && ['schedule', 'status'].includes(query.get('do') ?? '')
  const needsWorkers = asksForWorker || (query.has('select') && list.can.create)
  const { office } = await parent()
  return {
    ...locals.words('jobs.office', 'jobs.statuses', 'records.office'),
    title: open
      ? locals.t('jobs.office.pageTitle', { number: open.number, title: open.title })
      : locals.t('jobs.office.list.title'),
    jobs: { ...list, counts },
    choices,
    exportHref: paths.office(params.account).api('/jobs.csv', { ...filter, sort }),
    open,
    workers: needsWorkers ? (await api.getJobFormOptions({})).workers : [],
    person: { id: office.me.id, role: office.me.role },
  }
}

export const actions: Actions = { ...jobActions, bulk: changeSelected }

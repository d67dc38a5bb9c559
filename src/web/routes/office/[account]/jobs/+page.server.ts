import { isProblem } from '../../../../../ui/forms.ts'
import { JOB_STATUSES, type JobStatus } from '../../../../../features/jobs/rules.ts'
import { uploadProblem } from '../../../../upload-problem.ts'
import { jobActions } from './job-actions.ts'
import type { Actions, PageServerLoad } from './$types'

/** The operation's order for each sort parameter. */
const SORTS = { number: 'oldest', '-number': 'newest', when: 'soonest', '-when': 'latest' } as const
const ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/

export const load: PageServerLoad = async ({ locals, url, parent }) => {
  const { api } = locals
  const query = url.searchParams
  const ids = (name: string) => query.getAll(name).filter((id) => ID.test(id) || (name === 'worker' && id === 'none'))
  const chosen = query.get('job')
  const asked = query.get('sort') ?? ''
  const filter = {
    search: query.get('q')?.slice(0, 100) || undefined,
    status: query
      .getAll('status')
      .filter((status): status is JobStatus => (JOB_STATUSES as readonly string[]).includes(status)),
    worker: ids('worker'),
    template: ids('template'),
    customer: ids('customer')[0],
    // Workers are not shown what the office has read.
    comments:
      query.get('comments') === 'unread' && (await parent()).office.me.role !== 'worker'
        ? ('unread' as const)
        : undefined,
  }
  const [list, counts, open] = await Promise.all([
    api.listJobs({
      ...filter,
      cursor: query.get('cursor') ?? undefined,
      sort: Object.hasOwn(SORTS, asked) ? SORTS[asked as keyof typeof SORTS] : 'newest',
    }),
    api.countJobs(filter),
    // A job that the caller can't see leaves the list as it is.
    chosen && ID.test(chosen)
      ? api.getJob({ job: chosen }).catch((refusal: unknown) => {
          if (isProblem(refusal) && refusal.status === 404) return null
          throw refusal
        })
      : null,
  ])
  const needsWorkers = open?.can.assign && ['schedule', 'status'].includes(query.get('do') ?? '')
  const { office } = await parent()
  return {
    ...locals.words('jobs.office', 'jobs.statuses', 'records.office'),
    title: open
      ? locals.t('jobs.office.pageTitle', { number: open.number, title: open.title })
      : locals.t('jobs.office.list.title'),
    jobs: { ...list, counts },
    open,
    workers: needsWorkers ? (await api.getJobFormOptions({})).workers : [],
    person: { id: office.me.id, role: office.me.role },
    problem: uploadProblem(locals, locals.t('records.office.files.refused')),
  }
}

export const actions: Actions = jobActions

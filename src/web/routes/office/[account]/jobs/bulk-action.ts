/** The form below a list of jobs with ticks: one change for all of them. */
import { attempt, readForm, type Typed } from '../../../../../ui/forms.ts'
import type { JobStatus } from '../../../../../features/jobs/rules.ts'
import { localOf } from './job-actions.ts'

/** The choice that unassigns; without a choice the form is refused. */
const NO_WORKER = 'none'
const CHANGES = ['assign', 'schedule', 'status', 'cancel'] as const

export async function changeSelected({ request, locals }: { request: Request; locals: App.Locals }) {
  const typed = await readForm(request)
  const change = CHANGES.find((each) => each === typed.string('change'))!
  const { failure, output } = await attempt(
    locals,
    typed,
    () =>
      locals.api.changeJobs({
        jobs: typed.all('ids'),
        change,
        worker: change === 'assign' ? workerOf(typed) : undefined,
        // Empty fields take no start from anybody: they were forgotten.
        scheduled: change === 'schedule' ? (localOf(typed, 'scheduled') ?? undefined) : undefined,
        to: change === 'status' ? (typed.string('to') as JobStatus) : undefined,
        reason: change === 'cancel' ? typed.text('reason') : undefined,
      }),
    'bulk',
  )
  if (failure) return failure
  const refused = output.rows
    .filter((row) => !row.changed)
    .map(({ id, number, problem }) => ({ id, number, reason: locals.t(`problems.${problem}`) }))
  return { bulk: { changed: output.changed, refused } }
}

function workerOf(typed: Typed): string | null | undefined {
  const worker = typed.text('worker')
  return worker === NO_WORKER ? null : worker
}

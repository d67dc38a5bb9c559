/** The form below a list of jobs with ticks: one change for all of them. */
import { attempt, readForm, type Typed } from '../../../../../ui/forms.ts'
import { writeBulkOutcome, type BulkReport } from '../../../../../features/jobs/office/ui/bulk-outcome.ts'
import type { JobStatus } from '../../../../../features/jobs/rules.ts'
import { withQuery } from '../../../../../ui/query.ts'
import { localOf } from './job-actions.ts'

/** The choice that unassigns; without a choice the form is refused. */
const NO_WORKER = 'none'
const CHANGES = ['assign', 'schedule', 'status', 'cancel'] as const

export async function changeSelected({ request, locals, url }: { request: Request; locals: App.Locals; url: URL }) {
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
  const query = url.searchParams
  const report = writeBulkOutcome({ changed: output.changed, refused: refusals(output.rows, locals) })
  return locals.finish(withQuery(url, { cursor: query.get('cursor'), start: query.get('start'), ...report }))
}

type Rows = Awaited<ReturnType<App.Locals['api']['changeJobs']>>['rows']

/** The numbers of the jobs that refused, by the reason in words. */
function refusals(rows: Rows, { t }: App.Locals): BulkReport['refused'] {
  const numbers = new Map<string, (number | null)[]>()
  for (const { number, problem, fields } of rows.filter((row) => !row.changed)) {
    const [field, fault] = Object.entries(fields ?? {})[0] ?? []
    const missing = fault?.code === 'required' ? `problems.byField.required.${field}` : `problems.fields.${fault?.code}`
    const reason = fault ? t(missing, fault.vars) : t(`problems.${problem}`)
    numbers.set(reason, [...(numbers.get(reason) ?? []), number])
  }
  return [...numbers].map(([reason, numbers]) => ({ reason, numbers }))
}

function workerOf(typed: Typed): string | null | undefined {
  const worker = typed.text('worker')
  return worker === NO_WORKER ? null : worker
}

/** Form actions on a job, for the panel beside the list (`?job=`) and for the job page. */
import { fail, redirect } from '@sveltejs/kit'
import { attempt, isProblem, readForm, type Typed } from '../../../../../ui/forms.ts'
import { paths } from '../../../../../paths.ts'
import { withQuery } from '../../../../../ui/query.ts'
import { addJobFiles } from '../../../../attachments.ts'
import { audienceOf } from './form-fields.ts'
import { visitWarnings } from './visit-warnings.ts'
import type { JobStatus } from '../../../../../features/jobs/rules.ts'

type Event = { request: Request; locals: App.Locals; url: URL; params: Partial<Record<string, string>> }

const jobOf = ({ url, params }: Event): string => params.job ?? url.searchParams.get('job') ?? ''

/** Returns to the same list, filters and open job with a success message. */
const succeed = ({ url, locals }: Event, outcome: string): never =>
  locals.finish(
    withQuery(url, {
      cursor: url.searchParams.get('cursor'),
      do: null,
      to: null,
      file: null,
      problem: null,
      done: outcome,
    }),
  )

/** The local day and time of a form; null when both are empty. */
export function localOf(typed: Typed, name: string): { day: string; time: string } | null {
  const day = typed.string(`${name}.day`),
    time = typed.string(`${name}.time`)
  return day || time ? { day, time } : null
}

export const jobActions = {
  schedule: async (event: Event) => {
    const {
      locals: { api },
    } = event
    const typed = await readForm(event.request)
    const job = jobOf(event)
    const scheduled = localOf(typed, 'scheduled'),
      minutes = typed.number('minutes') ?? null,
      worker = typed.text('worker') ?? null
    const isEmpty = !worker && !scheduled && minutes === null
    if (isEmpty && !(await hasVisit(event, job))) return missingWorker(event, typed)
    const warnings = await visitWarnings(event.locals, typed, { scheduled, minutes, worker, job }, 'schedule')
    if (warnings) return warnings
    const { failure } = await attempt(
      event.locals,
      typed,
      () =>
        api.scheduleJob({
          job,
          version: typed.number('version') ?? 0,
          scheduled,
          durationMinutes: minutes,
          worker,
          outright: !typed.ticked('requireAcceptance'),
        }),
      'schedule',
    )
    return failure ?? succeed(event, 'scheduled')
  },

  changeStatus: async (event: Event) => {
    const typed = await readForm(event.request)
    const to = typed.string('to') as JobStatus
    const warnings = await workerWarnings(event, typed)
    if (warnings) return warnings
    const { failure } = await attempt(
      event.locals,
      typed,
      () =>
        event.locals.api.changeJobStatus({
          job: jobOf(event),
          version: typed.number('version') ?? 0,
          to,
          reason: typed.text('reason'),
          worker: typed.text('worker'),
        }),
      'changeStatus',
    )
    return failure ?? leave(event, to)
  },

  cancel: async (event: Event) => {
    const typed = await readForm(event.request)
    const { failure } = await attempt(
      event.locals,
      typed,
      () =>
        event.locals.api.cancelJob({
          job: jobOf(event),
          version: typed.number('version') ?? 0,
          reason: typed.text('reason'),
        }),
      'cancel',
    )
    return failure ?? succeed(event, 'canceled')
  },

  undo: async (event: Event) => {
    const typed = await readForm(event.request)
    const { failure } = await attempt(
      event.locals,
      typed,
      () => event.locals.api.undoJobChange({ job: jobOf(event), version: typed.number('version') ?? 0 }),
      'changeStatus',
    )
    return failure ?? leave(event, 'undone')
  },

  reinstate: async (event: Event) => {
    const typed = await readForm(event.request)
    const { failure } = await attempt(
      event.locals,
      typed,
      () => event.locals.api.reinstateJob({ job: jobOf(event), version: typed.number('version') ?? 0 }),
      'reinstate',
    )
    return failure ?? succeed(event, 'reinstated')
  },

  delete: async (event: Event) => {
    const typed = await readForm(event.request)
    const job = jobOf(event)
    const { failure, output } = await attempt(
      event.locals,
      typed,
      async () => {
        const { number } = await event.locals.api.getJob({ job })
        await event.locals.api.deleteJob({ job })
        return number
      },
      'delete',
    )
    if (failure) return failure
    const list = event.params.job
      ? paths.office(event.params.account!).jobs({ done: 'deleted', name: output })
      : withQuery(event.url, {
          cursor: event.url.searchParams.get('cursor'),
          job: null,
          tab: null,
          do: null,
          done: 'deleted',
          name: String(output),
        })
    event.locals.finish(list)
  },

  comment: async (event: Event) => {
    const typed = await readForm(event.request)
    const audience = audienceOf(typed)
    const { failure } = await attempt(
      event.locals,
      typed,
      () => event.locals.api.addJobComment({ job: jobOf(event), audience, body: typed.string('body') }),
      'comment',
    )
    return failure ?? succeed(event, audience === 'customer' ? 'commentShared' : 'commentAdded')
  },

  markRead: async (event: Event) => {
    const typed = await readForm(event.request)
    const { failure } = await attempt(
      event.locals,
      typed,
      () => event.locals.api.markCommentsRead({ job: jobOf(event), upTo: typed.string('upTo') }),
      'markRead',
    )
    if (failure) return failure
    redirect(303, withQuery(event.url, { cursor: event.url.searchParams.get('cursor'), done: null }))
  },

  addFiles: async (event: Event) => {
    const typed = await readForm(event.request)
    const { problem, count } = await addJobFiles(event.locals, typed, (file) =>
      event.locals.api.uploadJobFile({ job: jobOf(event), audience: audienceOf(typed), file }),
    )
    if (problem) return fail(422, { problem, values: typed.values, form: 'files' })
    return succeed(event, count === 1 ? 'fileAdded' : 'filesAdded')
  },

  deleteFile: async (event: Event) => {
    const typed = await readForm(event.request)
    const { failure } = await attempt(
      event.locals,
      typed,
      () => event.locals.api.removeJobFile({ job: jobOf(event), file: typed.string('file') }),
      'file',
    )
    return failure ?? succeed(event, 'fileDeleted')
  },
}

/** After a status change a worker may no longer see the job. The list is then the next page. */
async function leave(event: Event, outcome: JobStatus | 'undone'): Promise<never> {
  try {
    await event.locals.api.getJob({ job: jobOf(event) })
  } catch (refusal) {
    if (!isProblem(refusal) || refusal.status !== 404) throw refusal
    redirect(303, paths.office(event.params.account!).jobs())
  }
  return succeed(event, outcome)
}

/** Whether a job has a worker, a start or a duration, which an empty form takes away. */
async function hasVisit({ locals }: Event, job: string): Promise<boolean> {
  const { worker, scheduled, durationMinutes } = await locals.api.getJob({ job })
  return worker !== null || scheduled !== null || durationMinutes !== null
}

/** For a form in which nothing was chosen: saving it would change nothing. */
function missingWorker({ locals: { t } }: Event, { values }: Typed) {
  const fields = { worker: t('problems.byField.required.worker') }
  return fail(422, { problem: { code: 'input', title: t('problems.input'), fields }, values, form: 'schedule' })
}

/** What is unusual about giving a scheduled job to the worker that a form names. */
async function workerWarnings(event: Event, typed: Typed) {
  const worker = typed.text('worker')
  if (!worker) return undefined
  const job = jobOf(event)
  const { scheduled, durationMinutes: minutes } = await event.locals.api.getJob({ job })
  const start = scheduled && { day: scheduled.day, time: scheduled.time }
  return visitWarnings(event.locals, typed, { scheduled: start, minutes, worker, job }, 'changeStatus')
}

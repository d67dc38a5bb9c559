/** Asks before a visit is planned that is unusual. A form that was confirmed for this very visit is not asked again. */
import { fail, type ActionFailure } from '@sveltejs/kit'
import { attempt, type FormFailure, type Typed } from '../../../../../ui/forms.ts'
import { shortMoment } from '../../../../../ui/when.ts'

interface Visit {
  scheduled: { day: string; time: string } | null
  minutes: number | null
  worker: string | null
  /** The job itself, when it exists. */
  job?: string
}

/** The refusal that says what is unusual, or nothing. */
export async function visitWarnings(
  locals: App.Locals,
  typed: Typed,
  { scheduled, minutes, worker, job }: Visit,
  form = 'form',
): Promise<ActionFailure<FormFailure> | undefined> {
  if (!scheduled?.day || !scheduled.time) return undefined
  // Not by spaces: one at the end, for no worker, would be cut off.
  const confirmed = [scheduled.day, scheduled.time, minutes, worker].join()
  if (typed.string('confirmed') === confirmed) return undefined
  const { failure, output } = await attempt(
    locals,
    typed,
    () =>
      locals.api.getScheduleWarnings({
        ...scheduled,
        ...(minutes !== null && { minutes }),
        ...(worker && { worker }),
        ...(job && { job }),
      }),
    form,
  )
  // What is wrong with the values is said by the operation that saves them.
  if (failure) return undefined
  const { timeZone, locale } = await locals.api.getOffice()
  const { t } = locals
  const warnings = [
    ...(output.past ? [t('jobs.office.warnings.past')] : []),
    ...(output.outsideHours ? [t('jobs.office.warnings.outsideHours')] : []),
    ...output.overlaps.map(({ number, title, scheduledAt }) =>
      t('jobs.office.warnings.overlap', {
        number,
        title,
        when: shortMoment(scheduledAt, locale, timeZone),
      }),
    ),
  ]
  if (warnings.length === 0) return undefined
  const problem = { code: 'scheduleWarnings', title: t('problems.scheduleWarnings'), fields: {}, warnings }
  return fail(409, { problem, values: { ...typed.values, confirmed }, form })
}

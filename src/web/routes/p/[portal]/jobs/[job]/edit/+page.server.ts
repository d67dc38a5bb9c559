import { fail, redirect } from '@sveltejs/kit'
import { getMinorDigits } from '../../../../../../../features/templates/amounts/rules.ts'
import { parseFormValues } from '../../../../../../../features/templates/form/rules.ts'
import { requestedStartOf } from '../../../../../../requested-start.ts'
import {
  attachments,
  fileIdsToSend,
  portalUploads,
  withFileFaults,
  type KeptFile,
} from '../../../../../../attachments.ts'
import { attempt, readForm, type FormFailure } from '../../../../../../../ui/forms.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params }) => {
  const job = await locals.api.getPortalJob({ job: params.job })
  // Too late or not permitted: the job page says why.
  if (!job.can.edit) redirect(303, locals.paths.job(params.job))
  const { requestedStart, today } = await locals.api.getBookingOptions({})
  return {
    ...locals.words('jobs.portal', 'records.portal'),
    title: locals.t('jobs.portal.editTitle', { number: job.number }),
    job,
    slug: params.portal,
    requestedStart,
    today,
    kept: filesOfAnswers(job),
    ownBar: true,
  }
}

export const actions: Actions = {
  default: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const job = await locals.api.getPortalJob({ job: params.job })
    const writable = job.fields.filter((field) => field.permission !== 'readOnly' && field.type !== 'section')
    const attached = await attachments(locals, typed, {
      store: portalUploads(locals),
      names: writable.filter((field) => field.type === 'file').map((field) => `fields.${field.id}`),
      existing: filesOfAnswers(job),
    })
    const again = (status: number, data: Partial<FormFailure>) =>
      fail(status, { values: typed.values, form: 'form', ...data, kept: attached.kept })
    if (typed.text('remove')) return again(200, {})
    const given = parseFormValues(
      writable as never,
      Object.fromEntries(
        writable.map(({ id, type }) => [
          id,
          type === 'file' ? fileIdsToSend(attached, `fields.${id}`) : [typed.values[`fields.${id}`] ?? []].flat(),
        ]),
      ),
      { moment: (local) => local, minorDigits: getMinorDigits(job.currency) },
    )
    const site = typed.text('site')
    const { failure } = await attempt(locals, typed, () =>
      locals.api.updatePortalJob({
        job: params.job,
        version: typed.number('version') ?? 0,
        fields: given as never,
        ...(site && site !== 'other' ? { site } : { address: typed.string('address') }),
        ...('requested.day' in typed.values && { requested: requestedStartOf(typed) }),
      }),
    )
    // A job that has started can no longer be edited: its page says so (E-41).
    if (failure && TOO_LATE.includes(failure.data.problem.code))
      locals.finish(locals.paths.job(params.job, { problem: failure.data.problem.code }))
    if (failure) {
      const { problem } = failure.data
      const { address, ...others } = problem.fields
      // Unless another address is chosen, the error belongs to the list of sites.
      if (address && 'site' in typed.values && site !== 'other') problem.fields = { site: address, ...others }
      problem.fields = withFileFaults(problem.fields, attached)
      return again(failure.status, failure.data)
    }
    locals.finish(locals.paths.job(params.job, { done: 'saved' }))
  },
}

const TOO_LATE = ['jobStarted', 'editingClosed', 'editingNotAllowed']

function filesOfAnswers(job: {
  files: { id: string; name: string; size: number; field: string | null }[]
}): KeptFile[] {
  return job.files.flatMap(({ id, name, size, field }) => (field ? [{ id, name, size, for: field }] : []))
}

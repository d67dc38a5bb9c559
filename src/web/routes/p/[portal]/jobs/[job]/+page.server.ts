import { fail, redirect } from '@sveltejs/kit'
import { attempt, readForm } from '../../../../../../ui/forms.ts'
import { uploadProblem } from '../../../../../upload-problem.ts'
import { addJobFiles } from '../../../../../attachments.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params }) => {
  const job = await locals.api.getPortalJob({ job: params.job })
  // An edit that came too late leads here with its code, and so does a form that posts a file to the API.
  return {
    ...locals.words('jobs.portal', 'records.portal'),
    title: `${job.title} ${job.number}`,
    job,
    slug: params.portal,
    refusal: uploadProblem(locals, locals.t('records.portal.files.refused')),
  }
}

export const actions: Actions = {
  comment: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () => locals.api.addPortalComment({ job: params.job, body: typed.string('body') }),
      'comment',
    )
    if (failure) return failure
    redirect(303, `${locals.paths.job(params.job)}#comments`)
  },
  addFiles: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { problem, count } = await addJobFiles(locals, typed, (file) =>
      locals.api.uploadPortalJobFile({ job: params.job, file }),
    )
    if (problem) return fail(422, { problem, values: typed.values, form: 'files' })
    locals.finish(locals.paths.job(params.job, { done: count === 1 ? 'attached' : 'attachedFiles' }))
  },
  cancel: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () => locals.api.cancelPortalJob({ job: params.job, reason: typed.text('reason') }),
      'cancel',
    )
    if (failure) return failure
    locals.finish(locals.paths.job(params.job, { done: 'canceled' }))
  },
  delete: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure, output } = await attempt(
      locals,
      typed,
      () => locals.api.deletePortalJob({ job: params.job }),
      'delete',
    )
    if (failure) return failure
    locals.finish(locals.paths.jobs({ done: 'deleted', name: output.number }))
  },
}

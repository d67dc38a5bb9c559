import { redirect } from '@sveltejs/kit'
import { attempt, readForm } from '../../../../../../ui/forms.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params, url }) => {
  const job = await locals.api.getPortalJob({ job: params.job })
  // Uploads post to the API, which redirects back here with the error code; so does an edit that came too late.
  const problemCode = url.searchParams.get('problem')
  return {
    ...locals.words('jobs.portal', 'records.portal'),
    title: `${job.title} ${job.number}`,
    job,
    slug: params.portal,
    refusal:
      problemCode && /^[A-Za-z]{2,40}$/.test(problemCode)
        ? (problemText(locals, problemCode) ?? locals.t('records.portal.files.refused'))
        : null,
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
  cancel: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () => locals.api.cancelPortalJob({ job: params.job, reason: typed.text('reason') }),
      'cancel',
    )
    if (failure) return failure
    redirect(303, locals.paths.job(params.job, { done: 'canceled' }))
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
    redirect(303, locals.paths.jobs({ done: 'deleted', name: output.number }))
  },
}

const FILE_ERRORS = [
  'fileTooLarge',
  'fileEmpty',
  'fileTypeRefused',
  'filePictureBroken',
  'filePictureTooLarge',
  'required',
]
const TOO_LATE = ['jobStarted', 'editingClosed', 'editingNotAllowed']
function problemText(locals: App.Locals, code: string): string | undefined {
  if (TOO_LATE.includes(code)) return locals.t(`problems.${code}`)
  if (code === 'tooLarge') return locals.t('problems.fields.fileTooLarge', { max: 10 })
  return FILE_ERRORS.includes(code) ? locals.t(`problems.fields.${code}`, { max: 10 }) : undefined
}

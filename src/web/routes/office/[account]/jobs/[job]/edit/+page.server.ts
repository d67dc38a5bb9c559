import { error } from '@sveltejs/kit'
import { attempt, readForm } from '../../../../../../../ui/forms.ts'
import { paths } from '../../../../../../../paths.ts'
import { requestedStartOf } from '../../../../../../requested-start.ts'
import { answersOf, nameMissingAddress, placeOf, tagsOf } from '../../form-fields.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params }) => {
  const job = await locals.api.getJob({ job: params.job })
  if (!job.can.edit) error(404, { code: 'notFound', message: locals.t('problems.notFound') })
  return {
    ...locals.words('jobs.office', 'jobs.statuses'),
    title: locals.t('jobs.office.form.editTitle', { number: job.number }),
    job,
    choices: await locals.api.getJobFormOptions({ customer: job.customer.id }),
  }
}

export const actions: Actions = {
  save: async ({ locals, params, request }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(locals, typed, async () => {
      const [job, { currency }] = await Promise.all([
        locals.api.getJob({ job: params.job }),
        locals.api.getJobFormOptions({}),
      ])
      const { site, address } = placeOf(typed)
      const { place } = job
      // Its own address is shown as another one when its site has a new address: the job keeps both.
      const same = site === null && address !== null ? address === place.address : site === place.site
      return locals.api.updateJob({
        job: params.job,
        version: typed.number('version') ?? 0,
        title: typed.string('title'),
        ...(same ? {} : { site, address }),
        requested: requestedStartOf(typed),
        durationMinutes: typed.number('durationMinutes') ?? null,
        tags: tagsOf(typed),
        fields: answersOf(typed, job.fields, currency, job.files.length > 0),
      })
    })
    if (failure) {
      nameMissingAddress(failure, typed, locals)
      return failure
    }
    locals.finish(paths.office(params.account).job(params.job, { done: 'saved' }))
  },
}

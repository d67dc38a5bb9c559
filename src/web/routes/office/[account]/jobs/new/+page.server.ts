import { attempt, readForm } from '../../../../../../ui/forms.ts'
import { paths } from '../../../../../../paths.ts'
import { requestedStartOf } from '../../../../../requested-start.ts'
import { answersOf, placeOf, refuseMissingAddress, tagsOf } from '../form-fields.ts'
import { localOf } from '../job-actions.ts'
import { visitWarnings } from '../visit-warnings.ts'
import type { Actions, PageServerLoad } from './$types'

const ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/
const idIn = (url: URL, name: string) => {
  const id = url.searchParams.get(name)
  return id && ID.test(id) ? id : undefined
}

/** First the customer, found by search and never by a typed name (E-16); then the template; then its form. */
export const load: PageServerLoad = async ({ locals, url }) => {
  const customer = idIn(url, 'customer'),
    template = idIn(url, 'template')
  const choices = await locals.api.getJobFormOptions({ customer, template })
  const found = choices.customer
    ? null
    : await locals.api.listCustomers({ search: url.searchParams.get('q')?.slice(0, 100) || undefined })
  return {
    ...locals.words('jobs.office', 'jobs.statuses'),
    title: locals.t('jobs.office.new'),
    choices,
    template: choices.templates.some((each) => each.id === template) ? template! : null,
    found,
  }
}

export const actions: Actions = {
  create: async ({ locals, params, request, url }) => {
    const typed = await readForm(request)
    const refused = refuseMissingAddress(locals, typed)
    if (refused) return refused
    const customer = idIn(url, 'customer') ?? '',
      template = idIn(url, 'template') ?? ''
    const scheduled = localOf(typed, 'scheduled'),
      minutes = typed.number('durationMinutes') ?? null,
      worker = typed.text('worker') ?? null
    const warnings = await visitWarnings(locals, typed, { scheduled, minutes, worker })
    if (warnings) return warnings
    const { failure, output } = await attempt(locals, typed, async () => {
      const { fields, currency } = await locals.api.getJobFormOptions({ template: template || undefined })
      const given = answersOf(typed, fields, currency, false)
      return locals.api.createJob({
        customer,
        template,
        title: typed.text('title'),
        ...placeOf(typed),
        fields: given,
        requested: requestedStartOf(typed),
        scheduled,
        durationMinutes: minutes,
        worker,
        outright: !typed.ticked('requireAcceptance'),
        tags: tagsOf(typed),
        note: typed.text('note'),
      })
    })
    if (failure) return failure
    locals.finish(paths.office(params.account).job(output.id, { done: 'created' }))
  },
}

import { attempt, isProblem, readForm } from '../../../../../../ui/forms.ts'
import { paths } from '../../../../../../paths.ts'
import { requestedStartOf } from '../../../../../requested-start.ts'
import { answersOf, nameMissingAddress, placeOf, tagsOf } from '../form-fields.ts'
import { localOf } from '../job-actions.ts'
import { visitWarnings } from '../visit-warnings.ts'
import type { Actions, PageServerLoad } from './$types'

const ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/
const idIn = (url: URL, name: string) => {
  const id = url.searchParams.get(name)
  return id && ID.test(id) ? id : undefined
}

/** The job that the form begins with, or null: it was deleted, or the reader cannot see it. */
async function readSource(locals: App.Locals, url: URL) {
  const job = idIn(url, 'from')
  if (!job) return null
  return locals.api.getJob({ job }).catch((refusal: unknown) => {
    if (isProblem(refusal) && refusal.status === 404) return null
    throw refusal
  })
}

type Source = NonNullable<Awaited<ReturnType<typeof readSource>>>
type Choices = Awaited<ReturnType<App.Locals['api']['getJobFormOptions']>>

/** The form's questions with the answers that the job gave to the same ones. Files answer one job only. */
function withAnswersOf(source: Source, choices: Choices): Choices {
  const answers = new Map(source.fields.map((field) => [field.id, field]))
  const fields = choices.fields.map((field) => {
    const answer = answers.get(field.id)
    const isSame = answer?.type === field.type && field.type !== 'file' && field.type !== 'section'
    return isSame && answer.value !== undefined ? { ...field, value: answer.value } : field
  })
  return { ...choices, fields }
}

/** First the customer, found by search and never by a typed name (E-16); then the template; then its form. */
export const load: PageServerLoad = async ({ locals, url }) => {
  const customer = idIn(url, 'customer'),
    template = idIn(url, 'template')
  const choices = await locals.api.getJobFormOptions({ customer, template })
  const found = choices.customer
    ? null
    : await locals.api.listCustomers({ search: url.searchParams.get('q')?.slice(0, 100) || undefined })
  const source = await readSource(locals, url)
  return {
    ...locals.words('jobs.office', 'jobs.statuses'),
    title: locals.t('jobs.office.new'),
    choices: source ? withAnswersOf(source, choices) : choices,
    source,
    template: choices.templates.some((each) => each.id === template) ? template! : null,
    found,
  }
}

export const actions: Actions = {
  create: async ({ locals, params, request, url }) => {
    const typed = await readForm(request)
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
        duplicateOf: (await readSource(locals, url))?.id,
      })
    })
    if (failure) {
      nameMissingAddress(failure, typed, locals)
      return failure
    }
    locals.finish(paths.office(params.account).job(output.id, { done: 'created' }))
  },
}

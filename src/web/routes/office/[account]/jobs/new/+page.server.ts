import { fail, type ActionFailure } from '@sveltejs/kit'
import { attempt, isProblem, readForm, type FormFailure, type Typed } from '../../../../../../ui/forms.ts'
import { attachments, fileIdsToSend, officeUploads, withFileFaults, type Attached } from '../../../../../attachments.ts'
import { paths } from '../../../../../../paths.ts'
import { requestedStartOf } from '../../../../../requested-start.ts'
import { answersOf, audienceOf, nameMissingAddress, placeOf, tagsOf } from '../form-fields.ts'
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

/** The ticket that the job is created from, or null: it is another customer's, or the reader cannot see it. */
async function readTicket(locals: App.Locals, url: URL) {
  const ticket = idIn(url, 'ticket')
  if (!ticket) return null
  const found = await locals.api.getTicket({ ticket }).catch((refusal: unknown) => {
    if (isProblem(refusal) && refusal.status === 404) return null
    throw refusal
  })
  if (!found || found.customer.id !== idIn(url, 'customer')) return null
  const { id, number, subject, description } = found
  return { id, number, subject, description }
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
    ...locals.words('jobs.office', 'jobs.statuses', 'records.office'),
    title: locals.t('jobs.office.new'),
    choices: source ? withAnswersOf(source, choices) : choices,
    source,
    ticket: await readTicket(locals, url),
    template: choices.templates.some((each) => each.id === template) ? template! : null,
    found,
    formKey: crypto.randomUUID(),
  }
}

export const actions: Actions = {
  create: async ({ locals, params, request, url }) => {
    const typed = await readForm(request)
    const template = idIn(url, 'template') ?? ''
    const { failure: unread, output: read } = await attempt(locals, typed, () => readFiles(locals, typed, template))
    if (unread) return fail(unread.status, { ...unread.data, kept: [] as Attached['kept'] })
    const { fields, currency, attached } = read
    const again = ({ status, data }: ActionFailure<FormFailure>) => fail(status, { ...data, kept: attached.kept })
    if (typed.text('remove')) return fail(200, { values: typed.values, form: 'form', kept: attached.kept })
    const visit = {
      scheduled: localOf(typed, 'scheduled'),
      minutes: typed.number('durationMinutes') ?? null,
      worker: typed.text('worker') ?? null,
    }
    // A refused file is said first, with all else that is wrong.
    const isFileRefused = Object.keys(attached.faults).length > 0
    const warnings = isFileRefused ? undefined : await visitWarnings(locals, typed, visit)
    if (warnings) return again(warnings)
    const { failure, output } = await attempt(locals, typed, async () =>
      locals.api.createJob({
        customer: idIn(url, 'customer') ?? '',
        template,
        title: typed.text('title'),
        ...placeOf(typed),
        fields: { ...answersOf(typed, fields, currency, false), ...fileAnswers(fields, attached) },
        requested: requestedStartOf(typed),
        scheduled: visit.scheduled,
        durationMinutes: visit.minutes,
        worker: visit.worker,
        outright: !typed.ticked('requireAcceptance'),
        tags: tagsOf(typed),
        note: typed.text('note'),
        files: fileIdsToSend(attached, 'files'),
        filesAudience: audienceOf(typed, 'filesAudience'),
        ticket: (await readTicket(locals, url))?.id,
        duplicateOf: (await readSource(locals, url))?.id,
        formKey: typed.text('formKey'),
      }),
    )
    if (failure) {
      nameMissingAddress(failure, typed, locals)
      const { problem } = failure.data
      problem.fields = withFileFaults(problem.fields, attached)
      return again(failure)
    }
    locals.finish(paths.office(params.account).job(output.id, { done: 'created' }))
  },
}

/** What the form asks for, and its files: those chosen now and those kept before. */
async function readFiles(locals: App.Locals, typed: Typed, template: string) {
  const { fields, currency } = await locals.api.getJobFormOptions({ template: template || undefined })
  const names = ['files', ...fileFieldsOf(fields).map(({ id }) => `fields.${id}`)]
  return { fields, currency, attached: await attachments(locals, typed, { store: officeUploads(locals), names }) }
}

const fileFieldsOf = (fields: Choices['fields']) => fields.filter(({ type }) => type === 'file')

/** The files that answer fields, by field. */
const fileAnswers = (fields: Choices['fields'], attached: Attached): Record<string, string[]> =>
  Object.fromEntries(fileFieldsOf(fields).map(({ id }) => [id, fileIdsToSend(attached, `fields.${id}`)]))

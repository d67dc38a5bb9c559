import { fail, redirect } from '@sveltejs/kit'
import { getMinorDigits } from '../../../../../../../features/templates/amounts/rules.ts'
import { parseFormValues } from '../../../../../../../features/templates/form/rules.ts'
import { requestedStartOf } from '../../../../../../requested-start.ts'
import {
  attachments,
  fileIdsToSend,
  portalUploads,
  withFileFaults,
  type Attached,
} from '../../../../../../attachments.ts'
import { attempt, readForm, type FormFailure, type Typed } from '../../../../../../../ui/forms.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params, url, request }) => {
  const named = url.searchParams.get('form')
  const formKey = named && UUID.test(named) ? named : crypto.randomUUID()
  // The address names the form, so that Back leads to the same one, which books once.
  if (formKey !== named && request.method === 'GET')
    redirect(303, locals.paths.newJobOf(params.template, { ...Object.fromEntries(url.searchParams), form: formKey }))
  const bookable = await locals.api.getBookingOptions({ template: params.template, formKey })
  const template = bookable.templates.find((each) => each.id === params.template)!
  return {
    ...locals.words('jobs.portal', 'records.portal'),
    title: locals.t('jobs.portal.newOf', { name: template.name }),
    bookable,
    template,
    slug: params.portal,
    customer: url.searchParams.get('customer'),
    formKey,
    ownBar: true,
  }
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

export const actions: Actions = {
  default: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const bookable = await locals.api.getBookingOptions({ template: params.template })
    const { fields: questions, currency } = bookable
    const writable = (questions ?? []).filter((field) => field.permission !== 'readOnly' && field.type !== 'section')
    const attached = await attachments(locals, typed, {
      store: portalUploads(locals),
      names: ['files', ...writable.filter((field) => field.type === 'file').map((field) => `fields.${field.id}`)],
    })
    const again = (status: number, data: Partial<FormFailure>) =>
      fail(status, { values: typed.values, form: 'form', ...data, kept: attached.kept })
    if (typed.text('remove')) return again(200, {})
    // Addresses belong to a customer: nothing entered for another one stays.
    const { site: _site, address: _address, ...valuesOfAnyCustomer } = typed.values
    if (typed.text('change')) return again(200, { values: valuesOfAnyCustomer })

    const given = parseFormValues(writable as never, answered(typed, writable, attached), {
      moment: (local) => local,
      minorDigits: getMinorDigits(currency),
    })
    const site = typed.text('site')
    const { failure, output } = await attempt(locals, typed, () =>
      locals.api.createPortalJob({
        template: params.template,
        customer: typed.text('customer'),
        ...(site && site !== 'other' ? { site } : { address: typed.string('address') }),
        requested: requestedStartOf(typed) ?? undefined,
        quantity: typed.number('quantity'),
        fields: given as never,
        files: fileIdsToSend(attached, 'files'),
        formKey: typed.text('formKey'),
      }),
    )
    if (failure) {
      const problem = moveAddressError(failure.data.problem, typed, bookable)
      return again(failure.status, {
        ...failure.data,
        problem: { ...problem, fields: withFileFaults(problem.fields, attached) },
      })
    }
    const done = output.isRepeat ? 'bookedBefore' : 'booked'
    locals.finish(
      output.jobs.length === 1 ? locals.paths.job(output.jobs[0]!.id, { done }) : locals.paths.jobs({ done }),
    )
  },
}

/** Unless another address is chosen, the error belongs to the list of sites. Before a customer is chosen, the form asks for neither. */
function moveAddressError(
  problem: FormFailure['problem'],
  typed: Typed,
  { customers }: { customers: { id: string; sites: unknown[] }[] },
): FormFailure['problem'] {
  const { customer, address, ...others } = problem.fields
  const chosen = customers.length === 1 ? customers[0] : customers.find(({ id }) => id === typed.text('customer'))
  if (customer && customers.length > 1 && !chosen) return { ...problem, fields: { customer, ...others } }
  return address && chosen && chosen.sites.length > 0 && typed.text('site') !== 'other'
    ? { ...problem, fields: { ...(customer && { customer }), site: address, ...others } }
    : problem
}

function answered(
  typed: Typed,
  questions: { id: string; type: string }[],
  attached: Attached,
): Record<string, string[] | undefined> {
  return Object.fromEntries(
    questions.map(({ id, type }) => [
      id,
      type === 'file' ? fileIdsToSend(attached, `fields.${id}`) : [typed.values[`fields.${id}`] ?? []].flat(),
    ]),
  )
}

import { fail } from '@sveltejs/kit'
import { attempt, readForm } from '../../../../../../ui/forms.ts'
import { attachments, fileIdsToSend, portalUploads, withFileFaults } from '../../../../../attachments.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params }) => {
  const { customers } = await locals.api.getPortalTicketOptions({})
  return {
    ...locals.words('tickets.portal'),
    title: locals.t('tickets.portal.new'),
    customers,
    slug: params.portal,
    ownBar: true,
  }
}

export const actions: Actions = {
  default: async ({ request, locals }) => {
    const typed = await readForm(request)
    const attached = await attachments(locals, typed, { store: portalUploads(locals), names: ['files'] })
    const { kept } = attached
    if (typed.text('remove')) return fail(200, { values: typed.values, form: 'form', kept })
    const { failure, output } = await attempt(locals, typed, () =>
      locals.api.createPortalTicket({
        customer: typed.text('customer'),
        contact: typed.text('contact'),
        participants: typed.all('participants'),
        subject: typed.string('subject'),
        description: typed.string('description'),
        priority: typed.text('priority') as never,
        files: fileIdsToSend(attached, 'files'),
      }),
    )
    if (failure) {
      const { problem } = failure.data
      const fields = withFileFaults(problem.fields, attached)
      return fail(failure.status, { ...failure.data, problem: { ...problem, fields }, kept })
    }
    locals.finish(locals.paths.ticket(output.id, { done: 'created' }))
  },
}

import { fail, redirect } from '@sveltejs/kit'
import { attempt, readForm } from '../../../../../../ui/forms.ts'
import { attachments, fileIdsToSend, portalUploads, withFileFaults } from '../../../../../attachments.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params }) => {
  const ticket = await locals.api.getPortalTicket({ ticket: params.ticket })
  return {
    ...locals.words('tickets.portal', 'records.portal'),
    title: `${ticket.subject} ${ticket.number}`,
    ticket,
    slug: params.portal,
  }
}

export const actions: Actions = {
  comment: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const attached = await attachments(locals, typed, { store: portalUploads(locals), names: ['files'] })
    const { kept } = attached
    if (typed.text('remove')) return fail(200, { values: typed.values, form: 'comment', kept })
    const { failure } = await attempt(
      locals,
      typed,
      () =>
        locals.api.addPortalTicketComment({
          ticket: params.ticket,
          body: typed.string('body'),
          files: fileIdsToSend(attached, 'files'),
        }),
      'comment',
    )
    if (failure) {
      const { problem } = failure.data
      const fields = withFileFaults(problem.fields, attached)
      return fail(failure.status, { ...failure.data, problem: { ...problem, fields }, kept })
    }
    redirect(303, `${locals.paths.ticket(params.ticket)}#comments`)
  },
  close: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () => locals.api.closePortalTicket({ ticket: params.ticket }),
      'status',
    )
    if (failure) return failure
    locals.finish(locals.paths.ticket(params.ticket, { done: 'closed' }))
  },
  reopen: async ({ request, locals, params }) => {
    const typed = await readForm(request)
    const { failure } = await attempt(
      locals,
      typed,
      () => locals.api.reopenPortalTicket({ ticket: params.ticket }),
      'status',
    )
    if (failure) return failure
    locals.finish(locals.paths.ticket(params.ticket, { done: 'reopened' }))
  },
}

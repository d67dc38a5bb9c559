/** Form actions on a ticket, for the panel beside the list (`?ticket=`) and for the ticket's page. */
import { fail, redirect } from '@sveltejs/kit'
import { attachments, fileIdsToSend, officeUploads, withFileFaults } from '../../../../attachments.ts'
import { attempt, readForm, type Typed } from '../../../../../ui/forms.ts'
import { withQuery } from '../../../../../ui/query.ts'
import type { TicketPriority, TicketStatus } from '../../../../../features/tickets/rules.ts'

type Event = { request: Request; locals: App.Locals; url: URL; params: Partial<Record<string, string>> }

export const TICKET_ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/
const ticketOf = ({ url, params }: Event): string => params.ticket ?? url.searchParams.get('ticket') ?? ''

/** This page, with the same list and open ticket. */
const here = ({ url }: Event, done: string | null): string =>
  withQuery(url, { cursor: url.searchParams.get('cursor'), done, reply: null })

/** The facts of a ticket as its form sends them. */
export const factsOf = (typed: Typed) => ({
  subject: typed.string('subject'),
  description: typed.string('description'),
  priority: typed.text('priority') as TicketPriority | undefined,
  contact: typed.text('contact') ?? null,
  participants: typed.all('participants'),
  tags: typed
    .string('tags')
    .split(',')
    .map((tag) => tag.trim())
    .filter(Boolean),
})

export const ticketActions = {
  comment: async (event: Event) => {
    const { locals } = event
    const typed = await readForm(event.request)
    const attached = await attachments(locals, typed, { store: officeUploads(locals), names: ['files'] })
    const { kept } = attached
    if (typed.text('remove')) return fail(200, { values: typed.values, form: 'comment', kept })
    const { failure } = await attempt(
      locals,
      typed,
      () =>
        event.locals.api.addTicketComment({
          ticket: ticketOf(event),
          audience: typed.string('audience') === 'customer' ? 'customer' : 'internal',
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
    redirect(303, here(event, null))
  },

  status: async (event: Event) => {
    const typed = await readForm(event.request)
    const { failure } = await attempt(
      event.locals,
      typed,
      () =>
        event.locals.api.changeTicketStatus({
          ticket: ticketOf(event),
          version: typed.number('version') ?? 0,
          to: typed.string('to') as TicketStatus,
        }),
      'status',
    )
    return failure ?? event.locals.finish(here(event, 'moved'))
  },

  assign: async (event: Event) => {
    const typed = await readForm(event.request)
    const { failure } = await attempt(
      event.locals,
      typed,
      () =>
        event.locals.api.assignTicket({
          ticket: ticketOf(event),
          version: typed.number('version') ?? 0,
          assignee: typed.text('assignee') ?? null,
        }),
      'assign',
    )
    return failure ?? event.locals.finish(here(event, 'assigned'))
  },

  edit: async (event: Event) => {
    const typed = await readForm(event.request)
    const { failure } = await attempt(event.locals, typed, () =>
      event.locals.api.updateTicket({
        ticket: ticketOf(event),
        version: typed.number('version') ?? 0,
        ...factsOf(typed),
      }),
    )
    return failure ?? event.locals.finish(withQuery(event.url, { edit: null, done: 'saved' }))
  },
}

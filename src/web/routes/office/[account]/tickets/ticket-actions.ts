/** Form actions on a ticket, for the panel beside the list (`?ticket=`) and for the ticket's page. */
import { redirect } from '@sveltejs/kit'
import { attempt, readForm, type Typed } from '../../../../../ui/forms.ts'
import { withQuery } from '../../../../../ui/query.ts'
import type { TicketPriority, TicketStatus } from '../../../../../features/tickets/rules.ts'

type Event = { request: Request; locals: App.Locals; url: URL; params: Partial<Record<string, string>> }

export const TICKET_ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/
const ticketOf = ({ url, params }: Event): string => params.ticket ?? url.searchParams.get('ticket') ?? ''

/** This page, with the same list and open ticket. */
const here = ({ url }: Event, done: string | null): string =>
  withQuery(url, { cursor: url.searchParams.get('cursor'), done })

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
    const typed = await readForm(event.request)
    const { failure } = await attempt(
      event.locals,
      typed,
      () =>
        event.locals.api.addTicketComment({
          ticket: ticketOf(event),
          audience: typed.string('audience') === 'customer' ? 'customer' : 'internal',
          body: typed.string('body'),
        }),
      'comment',
    )
    if (failure) return failure
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

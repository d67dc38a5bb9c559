/** Forms of the secure links on the page of a customer, and on that of the links to one ticket. */
import type { RequestEvent } from '@sveltejs/kit'
import { LOCK_MODES } from '../features/identity/rules.ts'
import { confirmAccess, type Change } from './confirm-access.ts'
import { attempt, readForm, type Typed } from '../ui/forms.ts'
import { paths } from '../paths.ts'

type Event = RequestEvent<{ account: string; customer: string }>

/** A change of access is asked about first. */
async function act(
  event: Event,
  done: string,
  call: (typed: Typed, customer: string) => Promise<unknown>,
  changeOf?: (typed: Typed, customer: string) => Change,
) {
  const { request, locals, params } = event
  const typed = await readForm(request)
  const form = 'secureLinks'
  const asked = changeOf && (await confirmAccess(event, typed, changeOf(typed, params.customer), { form }))
  if (asked) return asked
  const { failure } = await attempt(locals, typed, () => call(typed, params.customer), form)
  if (failure) return failure
  locals.finish(paths.office(params.account).customer(params.customer, { done }))
}

const contactOf = (typed: Typed) => {
  const contact = typed.text('contact')
  return contact === 'customer' ? undefined : contact
}

/** The one record that a listed link opens. */
const recordOf = (typed: Typed) => {
  const ticket = typed.text('ticket')
  return ticket ? { record: { kind: 'ticket' as const, id: ticket } } : {}
}

export const secureLinkActions = {
  createLink: (event: Event) =>
    act(event, 'linkCreated', (typed, customer) =>
      event.locals.api.createSecureLink({ customer, contact: contactOf(typed), days: typed.number('days') }),
    ),
  replaceLink: (event: Event) => {
    const enteredLink = (typed: Typed, customer: string) => ({
      ...{ customer, contact: contactOf(typed) },
      ...{ ...recordOf(typed), replace: true },
    })
    return act(
      event,
      'linkReplaced',
      (typed, customer) => event.locals.api.createSecureLink(enteredLink(typed, customer)),
      (typed, customer) => ({ operation: 'createSecureLink', input: enteredLink(typed, customer) }),
    )
  },
  revokeLink: (event: Event) =>
    act(
      event,
      'linkRevoked',
      (typed, customer) => event.locals.api.revokeSecureLink({ customer, secureLink: typed.string('link') }),
      (typed, customer) => ({ operation: 'revokeSecureLink', input: { customer, secureLink: typed.string('link') } }),
    ),
  linkLock: (event: Event) =>
    act(
      event,
      'linkLock',
      (typed, customer) => event.locals.api.updateLinkLock({ customer, lockMode: enteredMode(typed) }),
      (typed, customer) => ({ operation: 'updateLinkLock', input: { customer, lockMode: enteredMode(typed) } }),
    ),
}

const enteredMode = (typed: Typed) => LOCK_MODES.find((mode) => mode === typed.string('lockMode')) ?? null

type TicketEvent = RequestEvent<{ account: string; ticket: string }>

async function actOnTicket(
  { request, locals, params }: TicketEvent,
  done: string,
  call: (typed: Typed, customer: string) => Promise<unknown>,
) {
  const typed = await readForm(request)
  const { customer } = await locals.api.getTicket({ ticket: params.ticket })
  const { failure } = await attempt(locals, typed, () => call(typed, customer.id), 'secureLinks')
  if (failure) return failure
  locals.finish(paths.office(params.account).ticketLinks(params.ticket, { done }))
}

const ticketOf = ({ params }: TicketEvent) => ({ kind: 'ticket' as const, id: params.ticket })

export const ticketLinkActions = {
  createLink: (event: TicketEvent) =>
    actOnTicket(event, 'linkCreated', (typed, customer) =>
      event.locals.api.createSecureLink({
        ...{ customer, contact: contactOf(typed) },
        ...{ record: ticketOf(event), days: typed.number('days') },
      }),
    ),
  replaceLink: (event: TicketEvent) =>
    actOnTicket(event, 'linkReplaced', (typed, customer) =>
      event.locals.api.createSecureLink({
        ...{ customer, contact: contactOf(typed) },
        ...{ record: ticketOf(event), replace: true },
      }),
    ),
  revokeLink: (event: TicketEvent) =>
    actOnTicket(event, 'linkRevoked', (typed, customer) =>
      event.locals.api.revokeSecureLink({ customer, secureLink: typed.string('link') }),
    ),
}

/** Who may do what with tickets. Row-level security has decided before what is in view at all. */
import { no, notFound, yes, type Decision } from '../../platform/problem.ts'
import { mayRunOffice } from '../identity/policy.ts'
import {
  linksWithTickets,
  resolvePermission,
  type Actor,
  type CustomerLink,
  type Permission,
  type PortalConfig,
  type CustomerActor,
  type StaffActor,
} from '../identity/rules.ts'
import { isTransition, peopleOf, type TicketPeople, type TicketStatus } from './rules.ts'

export { mayRunOffice as mayRunTickets }

/** Facts of a ticket that a policy needs; undefined: not in view. */
export interface TicketFacts extends TicketPeople {
  id: string
  status: TicketStatus
  customer_id: string
  merged_into_id: string | null
}

// ---- staff ----

/** Staff who see a ticket may read it, comment and change its status. A worker sees those assigned to them. */
export const maySeeTicket = (actor: Actor, ticket: TicketFacts | undefined): Decision =>
  ticket && actor.kind === 'staff' ? yes : notFound

export const maySeeTickets = (actor: Actor): Decision => (actor.kind === 'staff' ? yes : notFound)

/** Assigning a ticket and changing its facts: it must be in view, and the actor owner, admin or dispatcher. */
export function mayEditTicket(actor: StaffActor, ticket: TicketFacts | undefined): Decision {
  if (!ticket) return notFound
  const decision = mayRunOffice(actor)
  return decision.yes ? mayGoOn(ticket) : decision
}

/** A ticket that was merged into another takes no changes and no comments. */
const mayGoOn = ({ merged_into_id }: TicketFacts): Decision => (merged_into_id ? no('ticketMerged') : yes)

export const mayCommentOnTicket = (actor: Actor, ticket: TicketFacts | undefined): Decision =>
  ticket && actor.kind === 'staff' ? mayGoOn(ticket) : notFound

/** A transition that the table lacks is refused and not hidden: the ticket is in view. */
export function mayMoveTicket(actor: Actor, ticket: TicketFacts | undefined, to: TicketStatus): Decision {
  if (actor.kind !== 'staff' || !ticket) return notFound
  if (ticket.merged_into_id) return no('ticketMerged')
  return isTransition(ticket.status, to, 'staff') ? yes : no('ticketTransitionNotAllowed', { from: ticket.status, to })
}

// ---- portal users ----

/** Whether a portal user sees more tickets than those of the contact that they are (T-31). */
export const hasOwnTickets = (actor: CustomerActor, portal: PortalConfig): boolean =>
  linksWithTickets(actor, portal).some(({ scope, contact }) => scope === 'whole' && contact !== null)

/** For a portal user who may not see tickets there are none. */
export const mayUseTickets = (actor: CustomerActor, portal: PortalConfig): Decision =>
  linksWithTickets(actor, portal).length > 0 ? yes : notFound

/** What decides about a ticket: of an actor, or of who an email may reach. */
type TicketReader = Pick<CustomerActor, 'links' | 'permissions'>

/** The link by which a portal user sees a ticket. */
const linkTo = (actor: TicketReader, ticket: TicketFacts): CustomerLink | undefined =>
  actor.links.find(
    ({ customer, scope, contact, record }) =>
      customer === ticket.customer_id &&
      (scope === 'whole' ||
        (scope === 'contact' && contact !== null && peopleOf(ticket).includes(contact)) ||
        (record?.kind === 'ticket' && record.id === ticket.id)),
  )

const CODES = {
  viewTickets: 'notFound',
  createTickets: 'creatingTicketsNotAllowed',
  replyTickets: 'replyingNotAllowed',
  closeTickets: 'closingNotAllowed',
  setTicketPriority: 'ticketPriorityNotAllowed',
} as const
export type TicketPermission = keyof typeof CODES

/** Whether a portal user has a permission for a ticket in view. */
export function mayOnTicket(
  actor: TicketReader,
  portal: Pick<PortalConfig, 'switches' | 'permissions'>,
  ticket: TicketFacts | undefined,
  permission: TicketPermission,
): Decision {
  const link = ticket && linkTo(actor, ticket)
  const has = (name: Permission) => resolvePermission(name, portal, actor.permissions, link ?? null).allowed
  if (!link || !has('viewTickets')) return notFound
  return has(permission) ? yes : no(CODES[permission])
}

/** Links by which a portal user may create tickets. */
export const linksForNewTickets = (actor: CustomerActor, portal: PortalConfig): CustomerLink[] =>
  linksWithTickets(actor, portal, 'createTickets')

export function mayCreateTicket(actor: CustomerActor, portal: PortalConfig): Decision {
  if (!mayUseTickets(actor, portal).yes) return notFound
  return linksForNewTickets(actor, portal).length > 0 ? yes : no(CODES.createTickets)
}

/** Who may not set priorities creates tickets of normal priority. */
export const maySetPriority = (actor: CustomerActor, portal: PortalConfig, link: CustomerLink): boolean =>
  resolvePermission('setTicketPriority', portal, actor.permissions, link).allowed

/** Who acts for the whole customer and may reply adds its contacts to a ticket that is not closed. */
export function mayAddParticipants(
  actor: CustomerActor,
  portal: PortalConfig,
  ticket: TicketFacts | undefined,
): Decision {
  const decision = mayOnTicket(actor, portal, ticket, 'viewTickets')
  if (!decision.yes) return decision
  const isWhole = linkTo(actor, ticket!)?.scope === 'whole'
  return isWhole && mayOnTicket(actor, portal, ticket, 'replyTickets').yes ? yes : no('addingParticipantsNotAllowed')
}

/** Whether a portal user names the contacts of the customer of a ticket. */
export const reachesContacts = (actor: CustomerActor, ticket: TicketFacts): boolean =>
  linkTo(actor, ticket)?.scope === 'whole'

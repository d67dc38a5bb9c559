/**
 * Statuses and transitions of a ticket: one table, for each kind of actor. Everything else is derived. Pure: runs on server
 * and screen.
 */

export const TICKET_STATUSES = ['new', 'open', 'waiting', 'onHold', 'resolved', 'closed'] as const
export type TicketStatus = (typeof TICKET_STATUSES)[number]
/** Lowest first. */
export const TICKET_PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const
export type TicketPriority = (typeof TICKET_PRIORITIES)[number]
export const TICKET_SOURCES = ['office', 'portal', 'email', 'link'] as const
export type TicketSource = (typeof TICKET_SOURCES)[number]
/** Orders of the office's list. */
export const TICKET_SORTS = [
  'changed',
  '-changed',
  'newest',
  'oldest',
  'priority',
  '-priority',
  'status',
  '-status',
  'assignee',
  '-assignee',
] as const
export type TicketSort = (typeof TICKET_SORTS)[number]

/** Whether a ticket still needs work: what customers filter by. */
export const TICKET_GROUPS = ['open', 'closed'] as const
export type TicketGroup = (typeof TICKET_GROUPS)[number]
const DONE: readonly TicketStatus[] = ['resolved', 'closed']
const groupOf = (status: TicketStatus): TicketGroup => (DONE.includes(status) ? 'closed' : 'open')
export const statusesOf = (group: TicketGroup): TicketStatus[] =>
  TICKET_STATUSES.filter((status) => groupOf(status) === group)

// ---- transitions ----

/** staff: who may work on the ticket · customer: by closing and reopening · reply: follows a customer's reply by itself. */
export type TicketRole = 'staff' | 'customer' | 'reply'

/** The one table: from → to, by whom. Whatever is not in it is refused. */
const TRANSITIONS: readonly { from: readonly TicketStatus[]; to: TicketStatus; who: readonly TicketRole[] }[] = [
  { from: ['new', 'waiting', 'onHold'], to: 'open', who: ['staff'] },
  { from: ['resolved', 'closed'], to: 'open', who: ['staff', 'customer'] },
  { from: ['new', 'open', 'onHold'], to: 'waiting', who: ['staff'] },
  { from: ['new', 'open', 'waiting'], to: 'onHold', who: ['staff'] },
  { from: ['new', 'open', 'waiting', 'onHold'], to: 'resolved', who: ['staff'] },
  { from: ['new', 'open', 'waiting', 'onHold', 'resolved'], to: 'closed', who: ['staff', 'customer'] },
  { from: ['waiting', 'resolved'], to: 'open', who: ['reply'] },
]

export const isTransition = (from: TicketStatus, to: TicketStatus, by: TicketRole): boolean =>
  TRANSITIONS.some((move) => move.to === to && move.from.includes(from) && move.who.includes(by))

/** Where a ticket can go from here, for the buttons of a screen. */
export const transitionsFrom = (from: TicketStatus, by: TicketRole): TicketStatus[] =>
  TICKET_STATUSES.filter((to) => isTransition(from, to, by))

/** Most files of one comment or new ticket. */
export const MAX_TICKET_FILES = 10
/** Most contacts who take part in a ticket beside its own. */
export const MAX_PARTICIPANTS = 20

// ---- records beside a ticket ----

export interface TicketPeople {
  contact_id: string | null
  participants: readonly string[]
}

/** What is given for a new ticket. */
export interface CreatedFields extends TicketPeople {
  customer_id: string
  participants: string[]
  subject: string
  description: string
  priority: TicketPriority
  assignee_id: string | null
  source: TicketSource
  tags: string[]
}

/** Contacts who see a ticket: its own and those who take part. */
export const peopleOf = ({ contact_id, participants }: TicketPeople): string[] => [
  ...(contact_id ? [contact_id] : []),
  ...participants.filter((contact) => contact !== contact_id),
]

/** A ticket as the parent of its comments, files and history. */
export const ticketParent = (ticket: TicketPeople & { account_id: string; id: string; customer_id: string }) => ({
  kind: 'ticket' as const,
  account: ticket.account_id,
  id: ticket.id,
  customer: ticket.customer_id,
  contacts: peopleOf(ticket),
})

const COMPARED = ['subject', 'description', 'priority', 'contact_id', 'participants', 'tags'] as const

/** Names of what an edit changed, for the history; never the values. */
export const changedFacts = (before: Record<string, unknown>, changes: Record<string, unknown>): string[] =>
  COMPARED.filter((key) => changes[key] !== undefined && JSON.stringify(changes[key]) !== JSON.stringify(before[key]))

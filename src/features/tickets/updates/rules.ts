/**
 * What people hear about a ticket. Changes wait five minutes and are told as one email about what is different in the end, as
 * for jobs. Internal notes are never among them. Pure.
 */
import type { CustomerEmail, StaffEmail } from '../../notifications/rules.ts'
import type { RecordUpdate } from '../../records/updates/rules.ts'
import type { TicketStatus } from '../rules.ts'

/** A change that waits. */
export type TicketUpdate = RecordUpdate &
  (
    | { kind: 'created' }
    /** The status before. */
    | { kind: 'changed'; details: { status: TicketStatus } }
    /** A reply that both sides see. */
    | { kind: 'commented'; details: { body: string } }
    /** Id of the member of staff. */
    | { kind: 'assigned'; details: { to: string } }
  )
type Assignment = Extract<TicketUpdate, { kind: 'assigned' }>
type StatusUpdate = Extract<TicketUpdate, { kind: 'changed' }>
export type ReplyUpdate = Extract<TicketUpdate, { kind: 'commented' }>

/** Statuses that customers are told of. */
const TOLD_STATUSES = ['waiting', 'resolved', 'closed'] as const
type ToldStatus = (typeof TOLD_STATUSES)[number]
export type CustomerTicketNews = 'created' | ToldStatus
export type StaffTicketNews = 'assigned' | 'created' | 'closed' | 'reopened'

const isByStaff = ({ actor_kind: kind }: RecordUpdate) => kind === 'staff'
const isByCustomer = (update: RecordUpdate) => !isByStaff(update) && update.actor_kind !== 'system'
const isStatus = (update: TicketUpdate): update is StatusUpdate => update.kind === 'changed'
const isAssignment = (update: TicketUpdate): update is Assignment => update.kind === 'assigned'
const isReply = (update: TicketUpdate): update is ReplyUpdate => update.kind === 'commented'

/** What a customer hears of the waiting changes of a ticket, or null for nothing. */
export function customerTicketUpdate(
  updates: readonly TicketUpdate[],
  status: TicketStatus,
  /** As whom the reader acts: their id, or those of their secure links. */
  reader: readonly string[],
  wants: (kind: CustomerEmail) => boolean,
) {
  const isCreated = updates.some((update) => update.kind === 'created' && isByStaff(update))
  const moves = updates.filter(isStatus)
  const last = moves.at(-1)
  const isMoved = last !== undefined && moves[0]!.details.status !== status
  // What someone did last themselves is no news to them.
  const isOwn = last !== undefined && isByCustomer(last) && reader.includes(last.actor_id ?? '')
  const told = isMoved && !isOwn && wants('ticketMoved') ? TOLD_STATUSES.find((each) => each === status) : undefined
  const news: CustomerTicketNews | null = isCreated && wants('ticketCreated') ? 'created' : (told ?? null)
  // Only the business writes to the customer; a colleague's reply is addressed to the business.
  const replies = wants('ticketReplied') ? updates.filter(isReply).filter(isByStaff) : []
  return news || replies.length > 0 ? { news, replies } : null
}

/**
 * What a member of staff hears of the waiting changes of a ticket, or null for nothing: what customers do, and first of all that
 * somebody else assigned it to them. Whoever it is not assigned to any more is not among the readers.
 */
export function staffTicketUpdate(
  updates: readonly TicketUpdate[],
  status: TicketStatus,
  reader: string,
  wants: (kind: StaffEmail) => boolean,
) {
  const creation = updates.find((update) => update.kind === 'created' && isByCustomer(update))
  const replies = wants('ticketReplied') ? updates.filter(isReply).filter(isByCustomer) : []
  // Staff know what they did themselves: what a customer did after that counts.
  const afterStaff = updates.findLastIndex((update) => isStatus(update) && isByStaff(update)) + 1
  const moves = updates.slice(afterStaff).filter(isStatus).filter(isByCustomer)
  const move = moves.length > 0 && wants('ticketMoved') ? staffNewsOf(moves[0]!.details.status, status) : null
  const assignment = updates.filter(isAssignment).findLast(({ details }) => details.to === reader)
  const isByOther = assignment !== undefined && assignment.actor_id !== reader
  if (isByOther && wants('ticketAssigned')) return { news: 'assigned', by: assignment, replies } as const
  if (creation && wants('ticketCreated')) return { news: 'created', by: creation, replies } as const
  if (move) return { news: move, by: moves.at(-1)!, replies } as const
  return replies.length > 0 ? ({ news: null, by: replies.at(-1)!, replies } as const) : null
}

function staffNewsOf(before: TicketStatus, after: TicketStatus): StaffTicketNews | null {
  if (after === 'closed') return before === 'closed' ? null : 'closed'
  return (before === 'closed' || before === 'resolved') && after === 'open' ? 'reopened' : null
}

export type CustomerTicketUpdate = NonNullable<ReturnType<typeof customerTicketUpdate>>
export type StaffTicketUpdate = NonNullable<ReturnType<typeof staffTicketUpdate>>

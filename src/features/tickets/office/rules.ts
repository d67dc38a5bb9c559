/** Tickets as the office's answers show them. Pure; screens do not load this file. */
import { presentAttachment, presentComment, presentHistory } from '../../records/rules.ts'
import type { TicketPageRecords } from '../page/queries.ts'
import type { TicketRowRecord } from './queries.ts'

export const presentTicketRow = (ticket: TicketRowRecord) => ({
  id: ticket.id,
  number: ticket.number,
  subject: ticket.subject,
  status: ticket.status,
  priority: ticket.priority,
  customer: { id: ticket.customer_id, name: ticket.customer },
  contact: ticket.contact_id ? { id: ticket.contact_id, name: ticket.contact ?? '' } : null,
  assignee: ticket.assignee_id ? { id: ticket.assignee_id, name: ticket.assignee ?? '' } : null,
  source: ticket.source,
  tags: ticket.tags,
  createdAt: ticket.created_at,
  updatedAt: ticket.updated_at,
})

export function presentTicket({ ticket, comments, files, history }: TicketPageRecords) {
  const nameOf = (id: string | null) => ticket.people.find((person) => person.id === id)?.name ?? null
  return {
    ...presentTicketRow({ ...ticket, contact: nameOf(ticket.contact_id) }),
    description: ticket.description,
    participants: ticket.participants.map((id) => ({ id, name: nameOf(id) ?? '' })),
    createdBy: { kind: ticket.created_by_kind, id: ticket.created_by_id, name: ticket.created_by_name },
    mergedInto: ticket.merged_into,
    jobs: ticket.jobs,
    closedAt: ticket.closed_at,
    version: ticket.version,
    comments: comments.map(presentComment),
    files: files.map(presentAttachment),
    history: history.map(presentHistory),
  }
}

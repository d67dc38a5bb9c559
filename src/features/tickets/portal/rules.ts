/** Tickets as a customer may know them. Pure; screens do not load this file. */
import { presentPerson, type PortalReader } from '../../jobs/portal/rules.ts'
import { presentPortalAttachment, presentPortalComment, type HistoryRecord } from '../../records/rules.ts'
import type { TicketPageRecords } from '../page/queries.ts'
import type { ExportColumn } from '../../../platform/csv.ts'
import { toSheetTime } from '../../../platform/zone.ts'
import type { TicketPriority, TicketStatus } from '../rules.ts'
import type { PortalTicketRow } from './queries.ts'

/** The contact is named to who reaches them: whole customers, and the contact. */
export const presentPortalTicketRow = (ticket: PortalTicketRow) => ({
  id: ticket.id,
  number: ticket.number,
  subject: ticket.subject,
  status: ticket.status,
  priority: ticket.priority,
  customer: { id: ticket.customer_id, name: ticket.customer },
  contact: ticket.contact_id && ticket.contact !== null ? { id: ticket.contact_id, name: ticket.contact } : null,
  createdAt: ticket.created_at,
  updatedAt: ticket.updated_at,
})

export function presentPortalTicket(reader: PortalReader, { ticket, comments, files, history }: TicketPageRecords) {
  const person = (kind: string, id: string | null, name: string | null) => presentPerson(reader, kind, id, name)
  const contact = ticket.people.find(({ id }) => id === ticket.contact_id)?.name ?? null
  return {
    ...presentPortalTicketRow({ ...ticket, contact }),
    description: ticket.description,
    participants: ticket.people.filter(({ id }) => ticket.participants.includes(id)),
    createdBy: person(ticket.created_by_kind, ticket.created_by_id, ticket.created_by_name),
    mergedInto: ticket.merged_into,
    jobs: ticket.jobs,
    comments: comments.map((comment) => presentPortalComment(comment, person)),
    files: files.map((file) => ({ ...presentPortalAttachment(file, person), comment: file.comment_id })),
    history: history.flatMap((entry) => presentEntry(entry, person)),
    timeZone: reader.account.timeZone,
    version: ticket.version,
  }
}

const isShown = (event: string): event is 'created' | 'moved' => event === 'created' || event === 'moved'

function presentEntry(
  { id, event, to_status, actor_kind, actor_id, actor_name, created_at }: HistoryRecord<TicketStatus>,
  person: (kind: string, id: string | null, name: string | null) => ReturnType<typeof presentPerson>,
) {
  if (!isShown(event)) return []
  return [{ id, at: created_at, by: person(actor_kind, actor_id, actor_name), event, to: to_status }]
}

// ---- the exported list ----

/** As the screens name them in English; a test compares the two. */
const STATUS_NAMES: Record<TicketStatus, string> = {
  new: 'New',
  open: 'Open',
  waiting: 'Waiting for you',
  onHold: 'On hold',
  resolved: 'Resolved',
  closed: 'Closed',
}
const PRIORITY_NAMES: Record<TicketPriority, string> = { low: 'Low', normal: 'Normal', high: 'High', urgent: 'Urgent' }

/** Columns of the file: what the list and its rows say. */
export const ticketColumns = (timeZone: string): ExportColumn<PortalTicketRow>[] => [
  { heading: 'No.', cell: (ticket) => ticket.number },
  { heading: 'Subject', cell: (ticket) => ticket.subject },
  { heading: 'Customer', cell: (ticket) => ticket.customer },
  { heading: 'Contact', cell: (ticket) => ticket.contact },
  { heading: 'Status', cell: (ticket) => STATUS_NAMES[ticket.status] },
  { heading: 'Priority', cell: (ticket) => PRIORITY_NAMES[ticket.priority] },
  { heading: 'Created', cell: (ticket) => toSheetTime(ticket.created_at, timeZone) },
  { heading: 'Last updated', cell: (ticket) => toSheetTime(ticket.updated_at, timeZone) },
]

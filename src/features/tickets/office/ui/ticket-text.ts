/** What the office's ticket screens share. */
import type { Api } from '../../../../web/api.ts'
import type { OfficePaths } from '../../../../paths.ts'
import type { FormFailure } from '../../../../ui/forms.ts'
import type { Facet } from '../../../../ui/list.ts'
import { withQueryKeepingPage, type Address } from '../../../../ui/query.ts'
import { statusesOf, TICKET_PRIORITIES, TICKET_STATUSES } from '../../rules.ts'
import { look } from '../../ui/ticket-text.ts'

export type FormAnswer =
  (Partial<FormFailure> & { kept?: { id: string; name: string; size: number }[] }) | null | undefined
export type Ticket = Awaited<ReturnType<Api['getTicket']>>
export type TicketRow = Awaited<ReturnType<Api['listTickets']>>['rows'][number]
/** A canned reply, filled in for a ticket. */
export type Reply = { id: string; name: string; text: string }
export type TicketList = Awaited<ReturnType<Api['listTickets']>>
export type TicketCounts = Awaited<ReturnType<Api['countTickets']>>
export type TicketOptions = Awaited<ReturnType<Api['getTicketFormOptions']>>
type Texts = (key: string, vars?: Record<string, unknown>) => string

/** Files of one comment, or those that came with the ticket itself. */
export const filesOfTicket = (ticket: Pick<Ticket, 'id' | 'files'>, to: OfficePaths, comment: string | null) =>
  ticket.files
    .filter((file) => file.comment === comment)
    .map((file) => ({ ...file, href: to.api(`/tickets/${ticket.id}/files/${file.id}`) }))

const OPEN = statusesOf('open')

export const openCount = ({ status }: TicketCounts): number =>
  status.filter(({ id }) => OPEN.includes(id)).reduce((sum, { count }) => sum + count, 0)

/** What the list can be narrowed to. */
export function ticketFacets(counts: TicketCounts, isOffice: boolean, t: Texts): Facet[] {
  const countOf = (facet: readonly { id: string; count: number }[], id: string) =>
    facet.find((each) => each.id === id)?.count ?? 0
  return [
    ...(isOffice
      ? [
          {
            name: 'assignee',
            label: t('tickets.office.list.assignee'),
            menu: true,
            options: counts.assignee.map(({ id, name, count }) => ({
              value: id,
              label: id === 'none' ? t('tickets.office.noAssignee') : name,
              count,
            })),
          },
        ]
      : []),
    {
      name: 'priority',
      label: t('tickets.office.list.priority'),
      menu: true,
      options: TICKET_PRIORITIES.toReversed().map((value) => ({
        value,
        label: t(`tickets.office.priorities.${value}`),
        count: countOf(counts.priority, value),
      })),
    },
    {
      name: 'status',
      label: t('tickets.office.list.status'),
      multiple: true,
      options: TICKET_STATUSES.map((value) => ({
        value,
        label: t(`tickets.office.statuses.${value}`),
        count: countOf(counts.status, value),
        look: look(value),
      })),
    },
  ]
}

/** The tabs above the list: all tickets, open ones, and those that wait for the reader. */
export function ticketTabs(url: Address, personId: string, isOffice: boolean, t: Texts) {
  const query = new URLSearchParams(url.search)
  const assignee = query.get('assignee')
  const isOpen = query.getAll('status').join() === OPEN.join()
  const tab = (label: string, status: string[], of: string | null) => ({
    href: withQueryKeepingPage(url, { status, assignee: of, cursor: null, ticket: null }),
    label: t(`tickets.office.list.${label}`),
    current: assignee === of && (status.length === 0 ? query.getAll('status').length === 0 : isOpen),
  })
  return [
    tab('all', [], null),
    tab('open', OPEN, null),
    ...(isOffice ? [tab('unassigned', OPEN, 'none'), tab('assignedToMe', OPEN, personId)] : []),
  ]
}

import { TICKET_PRIORITIES, TICKET_STATUSES } from '../../../../../features/tickets/rules.ts'
import { isProblem } from '../../../../../ui/forms.ts'
import { repliesTo } from './canned-replies.ts'
import { TICKET_ID, ticketActions } from './ticket-actions.ts'
import type { Actions, PageServerLoad } from './$types'

/** The operation's order for each sort parameter. */
const SORTS = {
  number: 'oldest',
  '-number': 'newest',
  changed: '-changed',
  '-changed': 'changed',
  priority: '-priority',
  '-priority': 'priority',
  status: 'status',
  '-status': '-status',
  assignee: 'assignee',
  '-assignee': '-assignee',
} as const
const readSort = (sort: string | null) =>
  sort !== null && Object.hasOwn(SORTS, sort) ? SORTS[sort as keyof typeof SORTS] : undefined

/** What does not fit is left out, so that an old or made-up link still lists tickets. */
function readFilters(query: URLSearchParams) {
  const known = <T extends string>(name: string, values: readonly T[]) =>
    query.getAll(name).filter((value): value is T => (values as readonly string[]).includes(value))
  const ids = (name: string) => query.getAll(name).filter((id) => TICKET_ID.test(id))
  return {
    search: query.get('q')?.slice(0, 100) || undefined,
    status: known('status', TICKET_STATUSES),
    priority: known('priority', TICKET_PRIORITIES),
    assignee: query.getAll('assignee').filter((id) => id === 'none' || TICKET_ID.test(id)),
    customer: ids('customer')[0],
    contact: ids('contact')[0],
  }
}

export const load: PageServerLoad = async ({ locals, url, parent }) => {
  const { api, t, words } = locals
  const query = url.searchParams
  const filter = readFilters(query)
  const chosen = query.get('ticket')
  const [tickets, counts, open] = await Promise.all([
    api.listTickets({
      ...filter,
      sort: readSort(query.get('sort')),
      cursor: query.get('cursor') ?? undefined,
    }),
    api.countTickets(filter),
    // A ticket that the caller can't see leaves the list as it is.
    chosen && TICKET_ID.test(chosen)
      ? api.getTicket({ ticket: chosen }).catch((refusal: unknown) => {
          if (isProblem(refusal) && refusal.status === 404) return null
          throw refusal
        })
      : null,
  ])
  const { office } = await parent()
  return {
    ...words('tickets.office', 'records.office'),
    title: open ? t('tickets.office.pageTitle', open) : t('tickets.office.list.title'),
    tickets,
    counts,
    open,
    assignees: open?.can.edit ? (await api.getTicketFormOptions({})).assignees : [],
    replies: await repliesTo(locals, office, open),
    personId: office.me.id,
  }
}

export const actions: Actions = ticketActions

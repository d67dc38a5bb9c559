/** Tickets of Harbour Appliance Repair: questions and complaints of its customers, some answered. */
import { newId } from '../../src/platform/ids.ts'
import type { TicketPriority, TicketStatus } from '../../src/features/tickets/rules.ts'
import { searchTexts } from '../../src/features/tickets/queries.ts'
import { actorColumns, type Actor } from '../model.ts'
import type { Harbour } from './business.ts'
import { staffActor, type FeaturedJobs } from './featured-job.ts'

type Author = 'ben' | 'ruth' | 'eleanor' | 'naveed' | 'oliver'
/** Working days from today, and a time of day. */
type When = [days: number, time: string]

interface DemoTicket {
  customer: string
  by: Author
  subject: string
  description: string
  at: When
  status?: TicketStatus
  priority?: TicketPriority
  assignee?: 'ben' | 'ruth'
  tags?: string[]
  replies?: { by: Author; body: string; at: When; isInternal?: boolean }[]
}

const TICKETS: DemoTicket[] = [
  {
    customer: 'Lockside Hotel',
    by: 'oliver',
    subject: 'Annual service of both glasswashers',
    description: 'Our insurer asks for a service report each year. What does it cost, and can you come before 10 am?',
    at: [-9, '11:20'],
    status: 'closed',
    assignee: 'ben',
    replies: [
      { by: 'ben', body: '£85 for each machine. Before 10 is fine on weekdays.', at: [-9, '14:05'] },
      { by: 'oliver', body: 'Thank you. I’ll book it here.', at: [-8, '09:10'] },
    ],
  },
  {
    customer: 'Dockside Lettings',
    by: 'naveed',
    subject: 'Invoices to our accounts team',
    description: 'Please send invoices of all flats to accounts@docksidelettings.example from now on.',
    at: [-4, '16:40'],
    status: 'resolved',
    assignee: 'ruth',
    tags: ['billing'],
    replies: [{ by: 'ruth', body: 'Done for all seven customers.', at: [-3, '09:15'] }],
  },
  {
    customer: 'Lockside Hotel',
    by: 'oliver',
    subject: 'Dryer of the laundry trips the fuse',
    description: 'It happened three times this week, always after about 20 minutes.',
    at: [-2, '08:50'],
    status: 'waiting',
    priority: 'urgent',
    assignee: 'ben',
    tags: ['laundry'],
    replies: [
      {
        by: 'ben',
        body: 'Could be the heating element. Priya has one.',
        at: [-2, '09:05'],
        isInternal: true,
      },
      { by: 'ben', body: 'Please send a photo of the type plate, inside the door.', at: [-2, '09:10'] },
    ],
  },
  {
    customer: 'Eleanor Finch',
    by: 'eleanor',
    subject: 'Is the pump still under warranty?',
    description: 'You replaced it in spring, and it is loud again.',
    at: [-1, '17:30'],
    status: 'open',
    assignee: 'ben',
    replies: [{ by: 'ben', body: 'Parts have a year of warranty. Which machine is it?', at: [-1, '17:55'] }],
  },
  {
    customer: 'Dockside Lettings',
    by: 'naveed',
    subject: 'New tenant in flat 6',
    description: 'The keys are with the concierge from Monday.',
    at: [0, '08:10'],
    priority: 'low',
  },
]

export function addTickets(harbour: Harbour, jobs: FeaturedJobs): void {
  TICKETS.forEach((ticket, index) => addTicket(harbour, jobs, ticket, index + 1))
  const { account, add } = harbour.builder
  add('counters', { account_id: account, kind: 'ticket', next: String(TICKETS.length + 1) })
  addHeldMails(harbour)
}

/** Emails that the office decides about. */
function addHeldMails({ builder: { account, add }, calendar }: Harbour): void {
  const held = { account_id: account, outcome: 'held' }
  add(
    'held_mails',
    {
      ...{
        ...held,
        id: newId(),
        message_key: 'demo-1',
        reason: 'unknownSender',
        received_at: calendar.past(0, '07:45'),
      },
      ...{ from_address: 'tom.reed@post.example', from_name: 'Tom Reed', subject: 'Do you repair range cookers?' },
      body: 'Hello,\n\nOur range cooker does not get hot any more. Do you repair those, and when could you come?\n\nTom Reed',
    },
    {
      ...{ ...held, id: newId(), message_key: 'demo-2', reason: 'automatic', received_at: calendar.past(1, '18:20') },
      ...{ from_address: 'office@quayside-flats.example', from_name: 'Quayside Flats', subject: 'Out of office' },
      body: 'The office is closed until Monday.',
    },
  )
}

function addTicket(harbour: Harbour, jobs: FeaturedJobs, ticket: DemoTicket, number: number): void {
  const { builder, calendar, staff } = harbour
  const { subject, description, status = 'new', assignee, tags = [], replies = [] } = ticket
  const momentOf = ([days, time]: When) => calendar.past(days, time)
  const changed = momentOf(replies.at(-1)?.at ?? ticket.at)
  const actorOf = (by: Author): Actor => (by === 'ben' || by === 'ruth' ? staffActor(staff[by]) : jobs.portalActor(by))
  const row = { account_id: builder.account, id: newId(), customer_id: harbour.customer(ticket.customer).id }
  builder.add('tickets', {
    ...row,
    number,
    subject,
    description,
    status,
    priority: ticket.priority ?? 'normal',
    assignee_id: assignee ? staff[assignee].id : null,
    source: 'portal',
    tags,
    ...actorColumns('created_by', actorOf(ticket.by)),
    ...searchTexts({ number, subject, description, tags }),
    created_at: momentOf(ticket.at),
    updated_at: changed,
    closed_at: status === 'closed' ? changed : null,
  })
  const { id, ...others } = row
  const beside = { ...others, parent_kind: 'ticket', parent_id: id }
  builder.add('history', {
    ...beside,
    id: newId(),
    event: 'created',
    audience: 'customer',
    ...actorColumns('actor', actorOf(ticket.by)),
    created_at: momentOf(ticket.at),
  })
  for (const { by, body, at, isInternal = false } of replies)
    builder.add('comments', {
      ...beside,
      id: newId(),
      audience: isInternal ? 'internal' : 'customer',
      body,
      ...actorColumns('author', actorOf(by)),
      created_at: momentOf(at),
    })
}

/**
 * Tickets: what a customer asks or reports, with a conversation. This contract is the office's view; `portal/` is the
 * customer's. Statuses and transitions are in rules.ts. Comments, files and history are those of `records`.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { declareProblems } from '../../platform/problem.ts'
import {
  count,
  cursor,
  empty,
  flag,
  id,
  limit,
  line,
  moment,
  named,
  page,
  recordId,
  recordVersion,
  search,
  seenVersion,
  several,
  text,
} from '../../platform/schema.ts'
import { historyEntry } from '../jobs/job/contract.ts'
import { addedComment, actor, audience, comment, commentBody, storedFile } from '../records/contract.ts'
import { DOWNLOADED_TYPES } from '../records/files/contract.ts'
import { jobsOfTicket, mergedInto } from './page/contract.ts'
import {
  MAX_PARTICIPANTS,
  MAX_TICKET_FILES,
  TICKET_PRIORITIES,
  TICKET_SORTS,
  TICKET_SOURCES,
  TICKET_STATUSES,
} from './rules.ts'

declareProblems({
  ticketChanged: [409, 'Someone else changed the ticket since the `version` you sent. Read it again.'],
  ticketTransitionNotAllowed: [409, 'The ticket cannot change from its status to this one.'],
  ticketMerged: [409, 'The ticket was merged into another one, which goes on.'],
  ticketClosed: [409, 'The ticket is closed. Reopen it first.'],
  creatingTicketsNotAllowed: [403, 'This portal user may not create tickets.'],
  replyingNotAllowed: [403, 'This portal user may not reply to the ticket.'],
  ticketPriorityNotAllowed: [403, 'This portal user may not set the priority of the ticket.'],
  addingParticipantsNotAllowed: [403, 'This portal user may not add participants to the ticket.'],
  closingNotAllowed: [403, 'This portal user may not close or reopen the ticket.'],
})

export const ticketStatus = z.enum(TICKET_STATUSES).meta({
  id: 'TicketStatus',
  description: 'Status of a ticket. `waiting` waits for the customer.',
})
export const ticketPriority = z.enum(TICKET_PRIORITIES).meta({ id: 'TicketPriority', description: 'How urgent it is.' })
export const ticketParams = z.strictObject({ ticket: id().describe('ID of the ticket.') })

export const subject = () => line(200).describe('Subject.')
export const description = () => text(10_000).describe('What it is about.')
export const contactIds = () => z.array(id()).max(MAX_PARTICIPANTS, 'tooMany')
const files = z.array(id()).max(MAX_TICKET_FILES, 'tooMany').default([])
const ticketFiles = files.meta({ id: 'TicketFiles', description: 'IDs of files that you uploaded for it.' })
export const fileIds = () => ticketFiles
const tags = () => z.array(line(40)).max(20, 'tooMany').describe('Tags. Customers do not see them.')

export const ticketFacts = {
  id: recordId(),
  number: z.number().describe('Number of the ticket.'),
  subject: z.string().describe('Subject.'),
  status: ticketStatus,
  priority: ticketPriority,
  createdAt: moment().describe('When it was created.'),
  updatedAt: moment().describe('Last change or comment.'),
}

const row = z
  .object({
    ...ticketFacts,
    customer: named().describe('Customer that it is for.'),
    contact: named().nullable().describe('Contact whose ticket it is.'),
    assignee: named().nullable().describe('Member of staff who works on it.'),
    source: z.enum(TICKET_SOURCES).describe('How it came.'),
    tags: z.array(z.string()).describe('Tags.'),
  })
  .meta({ id: 'TicketRow', description: 'A ticket in a list.' })

export const ticketFile = storedFile
  .extend({
    comment: z.string().nullable().describe('ID of the comment that it was sent with.'),
    at: moment().describe('When it was uploaded.'),
  })
  .meta({ id: 'TicketFile', description: 'A file of a ticket.' })

const ticketEvent = historyEntry
  .extend({
    from: ticketStatus.nullable().describe('Status before, if the status changed.'),
    to: ticketStatus.nullable().describe('Status after, if the status changed.'),
  })
  .meta({ id: 'TicketHistoryEntry', description: 'Something that happened to a ticket.' })

const ticket = z
  .object({
    ...row.shape,
    description: z.string().describe('What it is about.'),
    participants: z.array(named()).describe('Other contacts who see it.'),
    createdBy: actor.describe('Who created it.'),
    mergedInto,
    jobs: jobsOfTicket,
    closedAt: moment().nullable().describe('When it was closed.'),
    version: recordVersion(),
    comments: z.array(comment).describe('Comments, oldest first.'),
    files: z
      .array(ticketFile.extend({ audience, by: actor.describe('Who uploaded it.') }))
      .describe('Files, oldest first.'),
    history: z.array(ticketEvent).describe('What happened to the ticket, oldest first.'),
    timeZone: z.string().describe("The business's time zone, such as Europe/London."),
    transitions: z.array(ticketStatus).describe('Statuses that you may change the ticket to.'),
    can: z
      .object({
        edit: flag('Update and assign the ticket.'),
        comment: flag('Add a comment.'),
        merge: flag('Merge the ticket into another one.'),
        createJob: flag('Create a job from the ticket.'),
      })
      .describe('What you may do now.'),
  })
  .meta({ id: 'Ticket', description: 'A ticket as the office sees it.' })

/** Filters that list and counts share. */
const filters = () => ({
  search: search(),
  status: several(ticketStatus),
  priority: several(ticketPriority),
  assignee: several(z.union([id(), z.literal('none')])).describe('IDs of staff; `none` for tickets without one.'),
  customer: id().optional().describe('Only tickets of this customer.'),
  contact: id().optional().describe('Only tickets of this contact, or that it takes part in.'),
})

const seen = { version: seenVersion() }
export const changedTicket = z.object({ id: recordId(), version: recordVersion() })
const facet = z
  .object({ ...named().shape, count: count('How many tickets match.') })
  .meta({ id: 'TicketFacet', description: 'A value of a filter, with the number of tickets that match it.' })
const office = { audience: ['staff'], writes: true } as const

const reading = {
  listTickets: operation({
    method: 'GET',
    path: '/office/{account}/tickets',
    audience: ['staff'],
    summary: 'List tickets',
    description: 'Tickets that match the search and filters. A worker sees those assigned to them.',
    query: z.strictObject({
      ...filters(),
      sort: z
        .enum(TICKET_SORTS)
        .default('changed')
        .describe('By last change, creation, priority, status or assignee. A minus sign turns the order around.'),
      cursor: cursor(),
      limit: limit(),
    }),
    output: z.object({
      ...page(row),
      timeZone: z.string().describe("The business's time zone, such as Europe/London."),
      can: z.object({ create: flag('Create tickets.') }).describe('What you may do.'),
    }),
  }),
  countTickets: operation({
    method: 'GET',
    path: '/office/{account}/tickets/counts',
    audience: ['staff'],
    summary: 'Count tickets by filter',
    description: 'For each value of a filter, how many tickets match it together with all other filters (PS-12).',
    query: z.strictObject(filters()),
    output: z.object({
      all: count('How many tickets match all filters.'),
      capped: flag('True if there are more than were counted.'),
      status: z.array(z.object({ id: ticketStatus, count: count('How many tickets match.') })).describe('By status.'),
      priority: z
        .array(z.object({ id: ticketPriority, count: count('How many tickets match.') }))
        .describe('By priority.'),
      assignee: z.array(facet).describe('By assignee; `none` without one.'),
    }),
  }),
  getTicket: operation({
    method: 'GET',
    path: '/office/{account}/tickets/{ticket}',
    audience: ['staff'],
    summary: 'Get a ticket',
    description: 'The ticket with its comments, files and history.',
    params: ticketParams,
    output: ticket,
  }),
  getTicketFormOptions: operation({
    method: 'GET',
    path: '/office/{account}/tickets/form',
    audience: ['staff'],
    summary: 'Get what a ticket can be given',
    description: 'Staff to assign, and contacts of a customer.',
    query: z.strictObject({ customer: id().optional().describe('Customer whose contacts are listed.') }),
    output: z.object({
      assignees: z.array(named()).describe('Active staff.'),
      customer: named().nullable().describe('The customer.'),
      contacts: z.array(named()).describe('Contacts of the customer.'),
    }),
    problems: ['officeOnly'],
  }),
  downloadTicketFile: operation({
    method: 'GET',
    path: '/office/{account}/tickets/{ticket}/files/{file}',
    audience: ['staff'],
    summary: 'Download a file of a ticket',
    description: 'The bytes of the file, with its name in `Content-Disposition`.',
    params: z.strictObject({ ...ticketParams.shape, file: id().describe('ID of the file.') }),
    output: empty(),
    download: DOWNLOADED_TYPES,
  }),
}

const writing = {
  createTicket: operation({
    ...office,
    method: 'POST',
    path: '/office/{account}/tickets',
    summary: 'Create a ticket',
    description: 'Creates a ticket for a customer, who sees it in the portal.',
    body: z.strictObject({
      customer: id().describe('Customer that it is for.'),
      contact: id().nullable().optional().describe('Contact whose ticket it is.'),
      participants: contactIds().default([]).describe('Other contacts of the customer who see it.'),
      subject: subject(),
      description: description().default(''),
      priority: ticketPriority.default('normal'),
      assignee: id().nullable().optional().describe('Member of staff who works on it.'),
      tags: tags().default([]),
      files: fileIds(),
    }),
    output: z.object({ id: recordId(), number: ticketFacts.number, version: recordVersion() }),
    problems: ['officeOnly'],
    creates: true,
  }),
  updateTicket: operation({
    ...office,
    method: 'PATCH',
    path: '/office/{account}/tickets/{ticket}',
    summary: 'Update a ticket',
    description: 'Changes what you send. Contacts who no longer take part stop seeing it at once.',
    params: ticketParams,
    body: z.strictObject({
      ...seen,
      subject: subject().optional(),
      description: description().optional(),
      priority: ticketPriority.optional(),
      contact: id().nullable().optional().describe('Contact whose ticket it is; null for none.'),
      participants: contactIds().optional().describe('Other contacts of the customer who see it.'),
      tags: tags().optional(),
    }),
    output: changedTicket,
    problems: ['officeOnly', 'ticketChanged', 'ticketMerged'],
  }),
  changeTicketStatus: operation({
    ...office,
    method: 'POST',
    path: '/office/{account}/tickets/{ticket}/status',
    summary: 'Change the status of a ticket',
    description: 'Moves the ticket to a status that `transitions` names.',
    params: ticketParams,
    body: z.strictObject({ ...seen, to: ticketStatus }),
    output: changedTicket.extend({ status: ticketStatus }),
    problems: ['ticketChanged', 'ticketTransitionNotAllowed', 'ticketMerged'],
  }),
  assignTicket: operation({
    ...office,
    method: 'POST',
    path: '/office/{account}/tickets/{ticket}/assign',
    summary: 'Assign a ticket',
    description: 'Gives the ticket to a member of staff, or to nobody.',
    params: ticketParams,
    body: z.strictObject({ ...seen, assignee: id().nullable().describe('Member of staff; null for nobody.') }),
    output: changedTicket,
    problems: ['officeOnly', 'ticketChanged', 'ticketMerged'],
  }),
  addTicketComment: operation({
    ...office,
    method: 'POST',
    path: '/office/{account}/tickets/{ticket}/comments',
    summary: 'Reply to a ticket',
    description: 'Adds a reply to the customer, or an internal note that customers do not see.',
    params: ticketParams,
    body: z.strictObject({ audience, body: commentBody(), files: fileIds() }),
    output: addedComment(),
    problems: ['ticketMerged'],
    creates: true,
  }),
}

export const tickets = contract(
  { name: 'Tickets', description: 'What customers ask and report, as the office sees it.' },
  { ...reading, ...writing },
)

/**
 * A customer's view of tickets. Nothing internal is in these answers: no internal notes, tags, assignees or other customers.
 * Who acts for one contact sees that contact's tickets and those it takes part in.
 */
import { z } from 'zod'
import { contract, operation } from '../../../platform/operation.ts'
import {
  count,
  cursor,
  empty,
  flag,
  id,
  limit,
  moment,
  named,
  page,
  recordId,
  recordVersion,
  search,
  seenVersion,
} from '../../../platform/schema.ts'
import { addedComment, commentBody, portalActor, portalComment } from '../../records/contract.ts'
import {
  contactIds,
  description,
  fileIds,
  subject,
  ticketFacts,
  ticketFile,
  ticketParams,
  ticketPriority,
  ticketStatus,
} from '../contract.ts'
import { jobsOfTicket, mergedInto } from '../page/contract.ts'
import { TICKET_GROUPS } from '../rules.ts'
import { CUSTOMER_KINDS } from '../../identity/rules.ts'

const group = z.enum(TICKET_GROUPS).describe('`closed` are resolved and closed tickets.')
const row = z
  .object({
    ...ticketFacts,
    customer: named().describe('Customer that it is for.'),
    contact: named().nullable().describe('Contact whose ticket it is, if you may see them.'),
  })
  .meta({ id: 'PortalTicketRow', description: 'A ticket in a list, as a customer sees it.' })

const ticket = z
  .object({
    ...row.shape,
    description: z.string().describe('What it is about.'),
    participants: z.array(named()).describe('Other contacts who see it, as far as you may see them.'),
    createdBy: portalActor.describe('Who created it.'),
    mergedInto,
    jobs: jobsOfTicket,
    comments: z.array(portalComment).describe('Comments, oldest first.'),
    files: z
      .array(ticketFile.extend({ by: portalActor.describe('Who uploaded it.') }))
      .describe('Files, oldest first.'),
    history: z
      .array(
        z.object({
          id: recordId(),
          at: moment().describe('When it happened.'),
          by: portalActor.describe('Who did it.'),
          event: z.enum(['created', 'moved']).describe('What happened.'),
          to: ticketStatus.nullable().describe('New status, if it changed.'),
        }),
      )
      .describe('What happened to the ticket, oldest first.'),
    timeZone: z.string().describe("The business's time zone, such as Europe/London."),
    version: recordVersion(),
    can: z
      .object({
        reply: flag('Reply to the ticket.'),
        close: flag('Close the ticket.'),
        reopen: flag('Reopen the ticket.'),
        setPriority: flag('Change the priority.'),
        addParticipants: flag('Add participants.'),
      })
      .describe('What you may do now.'),
  })
  .meta({ id: 'PortalTicket', description: 'A ticket as a customer sees it.' })

const filters = () => ({
  search: search(),
  customer: id().optional().describe('Only tickets of this customer.'),
  only: z
    .enum(['mine'])
    .optional()
    .describe('`mine`: only tickets of the contact that you are, and those that the contact takes part in.'),
})
const changed = z.object({ id: recordId(), status: ticketStatus })

export const portalTickets = contract(
  { name: 'Portal tickets', description: 'Tickets as the customers of a business see them.' },
  {
    listPortalTickets: operation({
      method: 'GET',
      path: '/portal/{portal}/tickets',
      audience: CUSTOMER_KINDS,
      summary: 'List your tickets',
      description: 'Tickets of the customers and contacts you act for, last changed first.',
      query: z.strictObject({ ...filters(), group: group.optional(), cursor: cursor(), limit: limit() }),
      output: z.object({
        ...page(row),
        timeZone: z.string().describe("The business's time zone, such as Europe/London."),
        can: z
          .object({
            create: flag('Create tickets.'),
            onlyMine: flag('Narrow the list to your own tickets: you see those of the whole customer.'),
          })
          .describe('What you may do.'),
      }),
    }),
    exportPortalTickets: operation({
      method: 'GET',
      path: '/portal/{portal}/tickets.csv',
      audience: CUSTOMER_KINDS,
      summary: 'Export your tickets as CSV',
      description:
        "The same list in one file, with all pages. Times are in the business's time zone. At most 20,000 rows; the name " +
        'of a file that leaves out rows says so.',
      query: z.strictObject({ ...filters(), group: group.optional() }),
      output: empty(),
      download: ['text/csv'],
      limits: [{ by: 'caller', max: 20, seconds: 3_600 }],
    }),
    countPortalTickets: operation({
      method: 'GET',
      path: '/portal/{portal}/tickets/counts',
      audience: CUSTOMER_KINDS,
      summary: 'Count your tickets',
      description: 'How many tickets match the search (PS-12). Counts stop at 10,000.',
      query: z.strictObject(filters()),
      output: z.object({
        all: count('All tickets.'),
        open: count('Tickets that are not resolved or closed.'),
        closed: count('Resolved and closed tickets.'),
      }),
    }),
    getPortalTicketOptions: operation({
      method: 'GET',
      path: '/portal/{portal}/tickets/form',
      audience: CUSTOMER_KINDS,
      summary: 'Get what a ticket can be given',
      description:
        'Customers you may create tickets for, or the customer of `ticket`. Their contacts are listed if you act for the whole customer.',
      query: z.strictObject({ ticket: id().optional().describe('Ticket to change. Leave out for a new one.') }),
      output: z.object({
        customers: z
          .array(
            named().extend({
              contacts: z.array(named()).describe('Contacts whose ticket it can be, or who can take part.'),
              priority: flag('Whether you may set the priority.'),
            }),
          )
          .describe('Customers that you may create tickets for.'),
      }),
      problems: ['creatingTicketsNotAllowed'],
    }),
    getPortalTicket: operation({
      method: 'GET',
      path: '/portal/{portal}/tickets/{ticket}',
      audience: CUSTOMER_KINDS,
      summary: 'Get your ticket',
      description: 'The ticket with its comments, files and history.',
      params: ticketParams,
      output: ticket,
    }),
    createPortalTicket: operation({
      method: 'POST',
      path: '/portal/{portal}/tickets',
      audience: CUSTOMER_KINDS,
      summary: 'Create a ticket',
      description: 'A ticket of somebody who acts for one contact belongs to that contact.',
      body: z.strictObject({
        customer: id().optional().describe('Customer that it is for. Leave out if you act for one.'),
        contact: id().optional().describe('Contact of the customer whose ticket it is.'),
        participants: contactIds().default([]).describe('Other contacts of the customer who see it.'),
        subject: subject(),
        description: description().default(''),
        priority: ticketPriority.optional(),
        files: fileIds(),
      }),
      output: z.object({ id: recordId(), number: ticketFacts.number }),
      problems: ['creatingTicketsNotAllowed'],
      writes: true,
      creates: true,
      limits: [{ by: 'caller', max: 30, seconds: 3_600 }],
    }),
    updatePortalTicket: operation({
      method: 'PATCH',
      path: '/portal/{portal}/tickets/{ticket}',
      audience: CUSTOMER_KINDS,
      summary: 'Update your ticket',
      description: 'Changes the priority, or adds participants if you act for the whole customer.',
      params: ticketParams,
      body: z.strictObject({
        version: seenVersion(),
        priority: ticketPriority.optional(),
        addParticipants: contactIds().default([]).describe('Contacts of the customer who will see it, too.'),
      }),
      output: z.object({ id: recordId(), version: recordVersion() }),
      problems: ['ticketPriorityNotAllowed', 'addingParticipantsNotAllowed', 'ticketChanged', 'ticketClosed'],
      writes: true,
    }),
    addPortalTicketComment: operation({
      method: 'POST',
      path: '/portal/{portal}/tickets/{ticket}/comments',
      audience: CUSTOMER_KINDS,
      summary: 'Reply to your ticket',
      description: 'The business and everyone who can see the ticket can read it. A resolved ticket is open again.',
      params: ticketParams,
      body: z.strictObject({ body: commentBody(), files: fileIds() }),
      output: addedComment(),
      problems: ['replyingNotAllowed', 'ticketClosed'],
      writes: true,
      creates: true,
      limits: [{ by: 'caller', max: 60, seconds: 3_600 }],
    }),
    closePortalTicket: operation({
      method: 'POST',
      path: '/portal/{portal}/tickets/{ticket}/close',
      audience: CUSTOMER_KINDS,
      summary: 'Close your ticket',
      description: 'The ticket stays in the list and can be reopened.',
      params: ticketParams,
      output: changed,
      problems: ['closingNotAllowed', 'ticketTransitionNotAllowed', 'ticketMerged'],
      writes: true,
    }),
    reopenPortalTicket: operation({
      method: 'POST',
      path: '/portal/{portal}/tickets/{ticket}/reopen',
      audience: CUSTOMER_KINDS,
      summary: 'Reopen your ticket',
      description: 'A resolved or closed ticket is open again.',
      params: ticketParams,
      output: changed,
      problems: ['closingNotAllowed', 'ticketTransitionNotAllowed', 'ticketMerged'],
      writes: true,
    }),
  },
)

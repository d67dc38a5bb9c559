/** Merging a ticket into another of the same customer. */
import { z } from 'zod'
import { contract, operation } from '../../../platform/operation.ts'
import { id, seenVersion } from '../../../platform/schema.ts'
import { changedTicket, ticketFacts, ticketParams } from '../contract.ts'

export const ticketMerging = contract(
  { name: 'Merging tickets', description: 'Two tickets of one customer become one.' },
  {
    mergeTickets: operation({
      method: 'POST',
      path: '/office/{account}/tickets/{ticket}/merge',
      audience: ['staff'],
      summary: 'Merge a ticket into another',
      description:
        'Moves comments, files, participants and jobs to another open ticket of the same customer, and closes this one. ' +
        'Everyone who saw one of the two sees what both had.',
      params: ticketParams,
      body: z.strictObject({ version: seenVersion(), into: id().describe('Ticket that goes on.') }),
      output: changedTicket.extend({ number: ticketFacts.number }),
      problems: ['officeOnly', 'ticketChanged', 'ticketMerged', 'ticketClosed'],
      writes: true,
    }),
  },
)

/** What office and portal show beside a ticket. */
import { z } from 'zod'
import { recordId } from '../../../platform/schema.ts'

export const mergedInto = z
  .object({ id: recordId(), number: z.number().describe('Number of the ticket.') })
  .nullable()
  .describe('Ticket that it was merged into, if you may see it.')
export const jobsOfTicket = z
  .array(
    z.object({
      id: recordId(),
      number: z.number().describe('Number of the job.'),
      title: z.string().describe('What is to be done.'),
    }),
  )
  .describe('Jobs that were created from it, as far as you may see them.')

/** What else a customer's page shows. */
import { z } from 'zod'
import { count, moment, recordId } from '../../../platform/schema.ts'

export const jobsOfCustomer = z
  .object({
    open: count('Number of open jobs.'),
    total: count('Number of jobs.'),
    newest: z
      .array(
        z.object({
          id: recordId(),
          number: z.number().describe('Number of the job.'),
          title: z.string().describe('What is to be done.'),
          status: z.string().describe('Status of the job.'),
          address: z.string().nullable().describe('Service address.'),
          createdAt: moment().describe('When the job was created.'),
          scheduledAt: moment().nullable().describe('Scheduled start.'),
        }),
      )
      .describe('The newest jobs, at most ten.'),
  })
  .describe('Jobs of the customer that you may see.')

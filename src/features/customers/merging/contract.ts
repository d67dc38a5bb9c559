/** Merging: two customers become one. Portal users of both see what both had, so a preview says who gains what. */
import { z } from 'zod'
import { operation } from '../../../platform/operation.ts'
import { count, id, named, recordId, seenVersion } from '../../../platform/schema.ts'
import { customerParams, customerVersion } from '../contacts/contract.ts'

const into = () => id().describe('Customer that goes on.')

const people = z
  .object({
    total: count('How many there are.'),
    first: z
      .array(
        z.object({
          user: named(),
          customer: z.string().describe('Customer that they act for now.'),
          contact: z.string().nullable().describe('Contact as whom they will act.'),
          jobs: count('Jobs that they will see as well.'),
          tickets: count('Tickets that they will see as well.'),
        }),
      )
      .describe('The first ten, by name.'),
  })
  .meta({ id: 'PeopleOfMerge', description: 'Portal users who see more, or less.' })

export const merging = {
  previewCustomerMerge: operation({
    method: 'GET',
    path: '/office/{account}/customers/{customer}/merge',
    audience: ['staff'],
    summary: 'Preview the merge of a customer',
    description: 'What moves, and which portal users see more or less.',
    params: customerParams,
    query: z.strictObject({ into: into() }),
    output: z.object({
      into: named(),
      version: customerVersion().describe('Send it with the merge.'),
      moves: z
        .record(z.enum(['contacts', 'sites', 'jobs', 'tickets', 'portalUsers']), z.number())
        .describe('How many of each kind go to the other customer.'),
      gains: people,
      loses: people,
    }),
    problems: ['customerArchived', 'customerMerged', 'managersOnly'],
  }),
  mergeCustomer: operation({
    audience: ['staff'],
    writes: true,
    method: 'POST',
    path: '/office/{account}/customers/{customer}/merge',
    summary: 'Merge a customer into another',
    description: 'Moves its records and portal users, archives it, and ends secure links. It cannot be undone.',
    params: customerParams,
    body: z.strictObject({ version: seenVersion(), into: into() }),
    output: z.object({ id: recordId(), version: customerVersion() }),
    problems: ['customerChanged', 'customerArchived', 'customerMerged', 'managersOnly'],
  }),
}

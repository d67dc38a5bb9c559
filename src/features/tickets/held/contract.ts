/**
 * Held mails: emails to the address of the business that did not become tickets by themselves. The office opens them as tickets
 * or discards them.
 */
import { z } from 'zod'
import { contract, operation } from '../../../platform/operation.ts'
import { empty, id, moment, recordId } from '../../../platform/schema.ts'
import { ticketFacts } from '../contract.ts'
import { HELD_REASONS } from './rules.ts'

const facts = {
  id: recordId(),
  from: z.string().describe('Address of the sender.'),
  name: z.string().describe('Name of the sender, or empty.'),
  subject: z.string().describe('Subject.'),
  reason: z
    .enum(HELD_REASONS)
    .describe(
      'Why it did not become a ticket: no or several customers have the address, a program wrote it, or too many.',
    ),
  receivedAt: moment().describe('When it arrived.'),
}
const row = z.object(facts).meta({ id: 'HeldMailRow', description: 'An email that waits for the office.' })
const heldMail = row
  .extend({
    text: z.string().describe('What was written.'),
    files: z.array(z.string()).describe('Names of its files, which were not kept.'),
  })
  .meta({ id: 'HeldMail', description: 'An email that waits for the office, with its text.' })
const params = z.strictObject({ heldMail: id().describe('ID of the held mail.') })
const office = { audience: ['staff'], problems: ['officeOnly'] } as const

export const heldMails = contract(
  { name: 'Held mails', description: 'Emails that did not become tickets by themselves.' },
  {
    listHeldMails: operation({
      ...office,
      method: 'GET',
      path: '/office/{account}/held-mails',
      summary: 'List held mails',
      description: 'The newest 200 that nobody has settled. They are deleted after 90 days.',
      output: z.object({
        rows: z.array(row).describe('Held mails, newest first.'),
        timeZone: z.string().describe("The business's time zone, such as Europe/London."),
      }),
    }),
    getHeldMail: operation({
      ...office,
      method: 'GET',
      path: '/office/{account}/held-mails/{heldMail}',
      summary: 'Get a held mail',
      description: 'The email with its text.',
      params,
      output: heldMail,
    }),
    openHeldMail: operation({
      ...office,
      method: 'POST',
      path: '/office/{account}/held-mails/{heldMail}/ticket',
      summary: 'Create a ticket from a held mail',
      description: 'The customer sees the ticket in the portal, as written by the sender.',
      params,
      body: z.strictObject({
        customer: id().describe('Customer that it is for.'),
        contact: id().nullable().optional().describe('Contact whose ticket it is.'),
      }),
      output: z.object({ id: recordId(), number: ticketFacts.number }),
      writes: true,
    }),
    discardHeldMail: operation({
      ...office,
      method: 'DELETE',
      path: '/office/{account}/held-mails/{heldMail}',
      summary: 'Discard a held mail',
      description: 'Deletes its text. Nobody is informed.',
      params,
      output: empty(),
      writes: true,
    }),
  },
)

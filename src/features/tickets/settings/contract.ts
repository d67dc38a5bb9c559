/** Settings of tickets: who gets those that customers create, and the canned replies of the staff. */
import { z } from 'zod'
import { contract, operation } from '../../../platform/operation.ts'
import { flag, id, line, named, recordId, recordVersion, seenVersion, text } from '../../../platform/schema.ts'
import { MAX_CANNED_REPLIES } from './rules.ts'

const placeholders =
  'Placeholders are `{{customer_name}}`, `{{contact_first_name}}`, `{{ticket_number}}`, `{{staff_name}}`, `{{business_name}}` and `{{portal_sign_in_url}}`.'

const settings = z
  .object({
    defaultAssignee: named().nullable().describe('Member of staff who gets tickets from the portal; null for nobody.'),
    cannedReplies: z
      .array(
        z.object({
          id: recordId(),
          name: z.string().describe('Name in lists.'),
          text: z.string().describe('Text with placeholders.'),
        }),
      )
      .describe('Canned replies by name.'),
    emailTickets: flag('Emails to `inbox` open tickets, or are held.'),
    inbox: z.string().nullable().describe('Address for emails that are no reply; null where no email is taken in.'),
    signInUrl: z.string().describe('Address where customers sign in to the portal.'),
    version: recordVersion(),
    can: z.object({ edit: flag('Change these settings.') }).describe('What you may do.'),
  })
  .meta({ id: 'TicketSettings', description: 'Settings of tickets.' })

export const ticketSettings = contract(
  { name: 'Ticket settings', description: 'Default assignee and canned replies.' },
  {
    getTicketSettings: operation({
      method: 'GET',
      path: '/office/{account}/ticket-settings',
      audience: ['staff'],
      summary: 'Get the ticket settings',
      description: `Default assignee and canned replies. ${placeholders}`,
      output: settings,
    }),
    updateTicketSettings: operation({
      method: 'PATCH',
      path: '/office/{account}/ticket-settings',
      audience: ['staff'],
      summary: 'Update the ticket settings',
      description: 'Changes what you send. Canned replies with an unknown placeholder are refused.',
      body: z.strictObject({
        version: seenVersion(),
        defaultAssignee: id().nullable().optional().describe('Active member of staff; null for nobody.'),
        emailTickets: z.boolean().optional().describe('Whether emails open tickets.'),
        cannedReplies: z
          .array(
            z.strictObject({
              id: id().optional().describe('Leave out for a new one.'),
              name: line(80).describe('Name in lists.'),
              text: text(5_000).min(1, 'required').describe('Text with placeholders.'),
            }),
          )
          .max(MAX_CANNED_REPLIES, 'tooMany')
          .optional()
          .describe('All canned replies. Those that are left out are deleted.'),
      }),
      output: settings,
      problems: ['managersOnly', 'accountChanged'],
      writes: true,
    }),
  },
)

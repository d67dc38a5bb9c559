/**
 * Which emails about jobs and tickets a person gets. A business turns kinds off for everybody (portal settings); a person turns them off
 * for themselves, in each account.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { flag } from '../../platform/schema.ts'
import { CUSTOMER_EMAILS, STAFF_EMAILS, type CustomerEmail, type StaffEmail } from './rules.ts'

const CUSTOMER_MEANINGS: Record<CustomerEmail, string> = {
  booked: 'A booking of theirs was received.',
  scheduled: 'A visit was scheduled.',
  rescheduled: 'A visit was moved, or needs a new time.',
  canceled: 'A job was canceled, or reopened after that.',
  completed: 'A job was completed.',
  commented: 'The business commented.',
  ticketCreated: 'The business created a ticket for them.',
  ticketReplied: 'The business replied to a ticket.',
  ticketMoved: 'A ticket waits for them, or was resolved or closed.',
}
const STAFF_MEANINGS: Record<StaffEmail, string> = {
  booked: 'A customer booked.',
  commented: 'A customer commented.',
  edited: 'A customer changed the details or files of a job.',
  canceled: 'A customer canceled or deleted a job.',
  ticketCreated: 'A customer created a ticket.',
  ticketReplied: 'A customer replied to a ticket.',
  ticketMoved: 'A customer closed or reopened a ticket.',
  ticketAssigned: 'Somebody else assigned a ticket to them.',
}

const flags = <Kind extends string>(meanings: Record<Kind, string>) =>
  Object.fromEntries(Object.entries<string>(meanings).map(([kind, meaning]) => [kind, flag(meaning)])) as Record<
    Kind,
    z.ZodBoolean
  >
const { booked: _confirmation, ...CUSTOMER_SWITCHES } = CUSTOMER_MEANINGS

/** What a business sends at all. Booking confirmations have a setting of their own. */
export const customerEmails = z
  .strictObject(flags(CUSTOMER_SWITCHES))
  .meta({ id: 'CustomerEmails', description: 'Which emails customers get about their jobs and tickets.' })
export const staffEmails = z
  .strictObject(flags(STAFF_MEANINGS))
  .meta({ id: 'StaffEmails', description: 'Which emails staff get about what customers do.' })

const choices = <Kind extends string>(kinds: readonly [Kind, ...Kind[]]) =>
  z.object({
    emails: z
      .array(z.object({ kind: z.enum(kinds).describe('When it is sent.'), on: flag('Whether you get it.') }))
      .describe('Emails that the business sends.'),
  })
const change = <Kind extends string>(meanings: Record<Kind, string>) =>
  z.strictObject({
    emails: z
      .strictObject(
        Object.fromEntries(
          Object.keys(meanings).map((kind) => [kind, flag(meanings[kind as Kind]).optional()]),
        ) as Record<Kind, z.ZodOptional<z.ZodBoolean>>,
      )
      .describe('Kinds to turn on or off. The others stay as they are.'),
  })

export const notifications = contract(
  { name: 'Email choices', description: 'Which emails about jobs and tickets the signed-in person gets.' },
  {
    getPortalEmailChoices: operation({
      method: 'GET',
      path: '/portal/{portal}/me/emails',
      audience: ['portalUser'],
      isPersonal: true,
      summary: 'Get your email choices',
      description: 'Which emails about your jobs and tickets you get.',
      output: choices(CUSTOMER_EMAILS).meta({ id: 'PortalEmailChoices', description: 'Emails of a portal user.' }),
    }),
    updatePortalEmailChoices: operation({
      method: 'PATCH',
      path: '/portal/{portal}/me/emails',
      audience: ['portalUser'],
      summary: 'Change your email choices',
      description: 'Turns emails about your jobs and tickets on or off. Emails about your account are always sent.',
      body: change(CUSTOMER_MEANINGS),
      output: choices(CUSTOMER_EMAILS).meta({ id: 'PortalEmailChoices', description: 'Emails of a portal user.' }),
      writes: true,
    }),
    getEmailChoices: operation({
      method: 'GET',
      path: '/office/{account}/me/emails',
      audience: ['staff'],
      summary: 'Get your email choices',
      description:
        'Which emails you get about what customers do in this account. A worker gets those of their own jobs and tickets.',
      output: choices(STAFF_EMAILS).meta({ id: 'EmailChoices', description: 'Emails of a member of staff.' }),
    }),
    updateEmailChoices: operation({
      method: 'PATCH',
      path: '/office/{account}/me/emails',
      audience: ['staff'],
      summary: 'Change your email choices',
      description: 'Turns emails about what customers do on or off, in this account.',
      body: change(STAFF_MEANINGS),
      output: choices(STAFF_EMAILS).meta({ id: 'EmailChoices', description: 'Emails of a member of staff.' }),
      writes: true,
    }),
  },
)

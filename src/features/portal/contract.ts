/**
 * The portal of one account: whether it is on, who has access, what it asks and offers, and its address.
 * Default settings (switches) are hard caps for everyone; default permissions apply to users and links without their own.
 * Branding (logo, color, support address) belongs to the business itself.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { declareProblems } from '../../platform/problem.ts'
import { count, flag, id, line, named, recordVersion, seenVersion, text } from '../../platform/schema.ts'
import { LOCK_MODES, PERMISSIONS, VISITOR_PRESETS, type Permission } from '../identity/rules.ts'
import { customerEmails, staffEmails } from '../notifications/contract.ts'
import { QUESTIONS } from './rules.ts'

export const portalProblems = declareProblems({
  editConflict: [409, 'Someone else saved since the `version` you sent. Read it again.'],
  portalAddressTaken: [409, 'Another account uses the address.'],
})

/** What each permission allows, for the API document. */
export const PERMISSION_MEANINGS: Record<Permission, string> = {
  viewJobs: 'See jobs. The other permissions for jobs need it.',
  createJobs: 'Book jobs.',
  chooseTemplates: 'Choose among the services.',
  editJobs: 'Update jobs until they start.',
  cancelJobs: 'Cancel jobs until they start.',
  deleteJobs: 'Delete jobs that are not scheduled.',
  viewTickets: 'See tickets. The other permissions for tickets need it.',
  createTickets: 'Create tickets.',
  replyTickets: 'Reply to tickets.',
  closeTickets: 'Close and reopen tickets.',
  setTicketPriority: 'Set the priority of tickets.',
}

export const permissions = z
  .strictObject(
    Object.fromEntries(PERMISSIONS.map((name) => [name, flag(PERMISSION_MEANINGS[name])])) as Record<
      Permission,
      z.ZodBoolean
    >,
  )
  .meta({ id: 'Permissions', description: 'What portal users may do.' })
const rule = (what: string) => z.enum(['off', 'optional', 'required']).describe(what)
const signUpFields = z
  .strictObject({
    name: z.enum(['required']).describe('Full name; always asked.'),
    phone: rule('Phone number.'),
    company: rule('Company.'),
    address: rule('Postal address.'),
  })
  .meta({ id: 'SignUpFields', description: 'Which contact details a sign-up asks for.' })

export const lockMode = z.enum(LOCK_MODES).meta({
  id: 'LockMode',
  description:
    '`automatic`: a secure link is enough until the customer has a portal user. `password`: never enough. `closed`: no links.',
})

const settings = {
  enabled: flag('Whether the portal is on.'),
  public: flag('Whether anyone may sign up.'),
  name: line(80).nullable().describe('Name of the portal; null uses the name of the business.'),
  introduction: text(2_000).describe('Text beside the sign-in form.'),
  signUpFields,
  signUpDomains: z
    .array(z.string().max(260))
    .max(100, 'tooMany')
    .describe('Email domains that may sign up; empty allows all.'),
  blockedEmails: z
    .array(z.string().max(260))
    .max(10_000, 'tooMany')
    .describe('Email addresses that cannot sign up. They can be invited.'),
  switches: permissions.describe('What any portal user may do at most. No permission exceeds it.'),
  permissions: permissions.describe('What portal users may do by default: the group Full access.'),
  templates: z.array(id()).max(200, 'tooMany').describe('Default services, in the order that customers see.'),
  hideJobsOfOtherTemplates: flag('Hide existing jobs of services that a user does not have.'),
  severalJobs: flag('Allow several identical jobs in one booking.'),
  requestedStart: flag('Allow asking for a start.'),
  createCustomers: flag('Create a customer at the first booking of a user without one.'),
  staffNames: z.enum(['full', 'first', 'business']).describe('How staff are named to customers.'),
  confirmBookings: flag('Email a confirmation of each booking.'),
  mailOnRemoval: flag('Email portal users when they are removed.'),
  lockMode: lockMode.describe('How secure links work for customers without a setting of their own.'),
  linkDays: z
    .int({ error: 'whole' })
    .min(1, { error: 'whole' })
    .max(730, { error: 'tooBig' })
    .describe('Days until a new secure link expires, 1 to 730.'),
  visitors: z
    .enum(VISITOR_PRESETS)
    .describe('What whoever came by a secure link may do: `classic` all but deleting, `minimal` create tickets.'),
  countUnclaimed: flag('Close secure links also for a portal user who has not activated yet.'),
  recordLinksAlone: flag(
    'Let a link to one record open it without a password also once the customer has portal users.',
  ),
  customerEmails,
  staffEmails,
}

const portalSettings = z
  .object({
    ...settings,
    version: recordVersion(),
    slug: z.string().describe("Name in the account's addresses."),
    businessName: z.string().describe('Name of the business.'),
    addresses: z
      .object({
        home: z.string().describe('Home page.'),
        signIn: z.string().describe('Sign-in page.'),
        signUp: z.string().describe('Sign-up page.'),
      })
      .describe('Full addresses of the portal.'),
    button: z.string().describe("HTML of a link for the business's own website."),
    choices: z
      .array(z.object({ ...named().shape, archived: flag('Archived.'), offered: flag('A default service.') }))
      .describe('Templates that can be offered; default services first, in their order.'),
    can: z.object({ edit: flag('Change the settings.') }).describe('What you may do.'),
  })
  .meta({ id: 'PortalSettings', description: 'Settings of the customer portal.' })

const checklistLine = z
  .object({
    code: z.string().describe('What was checked.'),
    status: z.enum(['done', 'open', 'note']).describe('`note` is neither right nor wrong.'),
    count: count('Number of records it is about.'),
    page: z
      .enum(['portalSettings', 'portalUsers', 'newPortalUser', 'templates', 'business', 'messages'])
      .describe('Page where it can be changed.'),
    anchor: z.string().nullable().describe('Section of that page.'),
  })
  .meta({ id: 'ChecklistLine', description: 'One finding of the portal checklist.' })

export const portal = contract(
  { name: 'Portal settings', description: 'How the customer portal of the account works.' },
  {
    getPortalSettings: operation({
      method: 'GET',
      path: '/office/{account}/portal-settings',
      audience: ['staff'],
      summary: 'Get the portal settings',
      description: 'All settings of the customer portal, with its addresses.',
      output: portalSettings,
      problems: ['managersOnly'],
    }),
    updatePortalSettings: operation({
      method: 'PATCH',
      path: '/office/{account}/portal-settings',
      checksInput: true,
      audience: ['staff'],
      summary: 'Update the portal settings',
      description: 'Changes what you send. Turning the portal off ends every portal session.',
      body: z.strictObject({
        version: seenVersion(),
        ...(Object.fromEntries(Object.entries(settings).map(([name, schema]) => [name, schema.optional()])) as {
          [K in keyof typeof settings]: z.ZodOptional<(typeof settings)[K]>
        }),
      }),
      output: portalSettings.extend({ sessionsEnded: count('Number of portal sessions that ended.') }).meta({
        id: 'UpdatedPortalSettings',
        extends: 'PortalSettings',
        description: 'The settings after the change.',
      }),
      problems: ['managersOnly', 'editConflict'],
      writes: true,
    }),
    changePortalAddress: operation({
      method: 'PUT',
      path: '/office/{account}/portal-address',
      audience: ['staff'],
      summary: 'Change the portal address',
      description: 'Moves office and portal to another name. The old one redirects for a year.',
      body: z.strictObject({
        slug: z
          .string()
          .trim()
          .toLowerCase()
          .min(1, 'required')
          .max(40, 'tooLong')
          .describe("New name in the account's addresses: 2 to 40 lowercase letters, digits and hyphens."),
      }),
      output: z.object({ slug: z.string().describe('The new name.') }),
      problems: ['managersOnly', 'portalAddressTaken'],
      writes: true,
    }),
    getPortalChecklist: operation({
      method: 'GET',
      path: '/office/{account}/portal-checklist',
      audience: ['staff'],
      summary: 'Get the portal checklist',
      description: 'Four planning questions, answered from the settings and records of the account.',
      output: z.object({
        done: count('Number of findings that are done.'),
        of: count('Number of findings that are done or open.'),
        questions: z
          .array(
            z.object({
              question: z.enum(QUESTIONS).describe('The question.'),
              lines: z.array(checklistLine).describe('Findings that answer it.'),
            }),
          )
          .describe('The questions.'),
      }),
      problems: ['managersOnly'],
    }),
  },
)

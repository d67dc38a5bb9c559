/**
 * The portal of one account: whether it is on, who gets in, what it asks and offers, and where it lives.
 * Default settings (switches) are hard caps for everyone; default permissions are where users and links start.
 * Looks (logo, colour, support address) belong to the business itself.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { declareProblems } from '../../platform/problem.ts'
import { id, line, seenVersion, text } from '../../platform/schema.ts'
import { PERMISSIONS, SIGN_UP_FIELDS } from '../identity/rules.ts'
import { QUESTIONS } from './rules.ts'

export const portalProblems = declareProblems({
  /** Somebody else saved first; nothing of this form was stored. */
  editConflict: 409,
  portalAddressTaken: 409,
})

const eachPermission = z.strictObject(
  Object.fromEntries(PERMISSIONS.map((name) => [name, z.boolean()])) as Record<
    (typeof PERMISSIONS)[number],
    z.ZodBoolean
  >,
)
const eachField = z.strictObject(
  Object.fromEntries(SIGN_UP_FIELDS.map((name) => [name, z.enum(['off', 'optional', 'required'])])) as Record<
    (typeof SIGN_UP_FIELDS)[number],
    z.ZodEnum<{ off: 'off'; optional: 'optional'; required: 'required' }>
  >,
)

const settings = {
  enabled: z.boolean(),
  public: z.boolean(),
  /** Empty: the business's own name. */
  name: line(80).nullable(),
  introduction: text(2_000),
  signUpFields: eachField,
  signUpDomains: z.array(z.string().max(260)).max(100, 'tooMany'),
  switches: eachPermission,
  permissions: eachPermission,
  /** Default templates, in the order customers see them. */
  templates: z.array(id()).max(200, 'tooMany'),
  hideJobsOfOtherTemplates: z.boolean(),
  severalJobs: z.boolean(),
  requestedStart: z.boolean(),
  /** null follows `public`. */
  createCustomers: z.boolean().nullable(),
  staffNames: z.enum(['full', 'first', 'business']),
  confirmBookings: z.boolean(),
  mailOnRemoval: z.boolean(),
}

const answer = z.object({
  ...settings,
  version: z.number(),
  slug: z.string(),
  businessName: z.string(),
  addresses: z.object({ home: z.string(), signIn: z.string(), signUp: z.string() }),
  /** HTML for the business's own website. */
  button: z.string(),
  /** Every template that can be offered, or still is; default ones first, in their order. */
  choices: z.array(z.object({ id: z.string(), name: z.string(), archived: z.boolean(), offered: z.boolean() })),
  can: z.object({ edit: z.boolean() }),
})

export const portal = contract('portal', {
  getPortalSettings: operation({
    method: 'GET',
    path: '/office/{account}/portal-settings',
    audience: ['staff'],
    summary: 'How the customer portal is set up',
    output: answer,
    problems: ['managersOnly'],
  }),
  updatePortalSettings: operation({
    method: 'PATCH',
    path: '/office/{account}/portal-settings',
    audience: ['staff'],
    summary:
      'Change how the customer portal works; what is not named stays. Switching it off ends every portal session',
    body: z.strictObject({
      version: seenVersion(),
      ...(Object.fromEntries(Object.entries(settings).map(([name, schema]) => [name, schema.optional()])) as {
        [K in keyof typeof settings]: z.ZodOptional<(typeof settings)[K]>
      }),
    }),
    output: answer.extend({ sessionsEnded: z.number() }),
    problems: ['managersOnly', 'editConflict'],
    writes: true,
  }),
  changePortalAddress: operation({
    method: 'PUT',
    path: '/office/{account}/portal-address',
    audience: ['staff'],
    summary: 'Move office and portal to another name; the old one leads there for a year',
    body: z.strictObject({ slug: z.string().trim().toLowerCase().min(1, 'required').max(40, 'tooLong') }),
    output: z.object({ slug: z.string() }),
    problems: ['managersOnly', 'portalAddressTaken'],
    writes: true,
  }),
  getPortalChecklist: operation({
    method: 'GET',
    path: '/office/{account}/portal-checklist',
    audience: ['staff'],
    summary: 'The four planning questions, answered by the status of the account, each with the page to change it',
    output: z.object({
      done: z.number(),
      of: z.number(),
      questions: z.array(
        z.object({
          question: z.enum(QUESTIONS),
          lines: z.array(
            z.object({
              code: z.string(),
              status: z.enum(['done', 'open', 'note']),
              count: z.number(),
              page: z.enum(['portalSettings', 'portalUsers', 'newPortalUser', 'templates', 'business', 'messages']),
              anchor: z.string().nullable(),
            }),
          ),
        }),
      ),
    }),
    problems: ['managersOnly'],
  }),
})

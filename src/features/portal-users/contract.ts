/**
 * Portal users: the logins of one account's portal, as the office sees them. A portal user is not a customer; links
 * between the two say for whom it acts, and with which permissions. Passwords are nobody's but the user's: no
 * operation here takes or shows one.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { declareProblems } from '../../platform/problem.ts'
import { cursor, email, id, moment, page, search, seenVersion } from '../../platform/schema.ts'
import { PERMISSIONS } from '../identity/rules.ts'
import { portalProblems } from '../portal/contract.ts'
import { DISPLAY_STATUSES, STATUSES, TEMPLATE_MODES } from './rules.ts'

declareProblems({
  editConflict: portalProblems.editConflict,
  /** `vars.user` is the id of the one there is. */
  alreadyPortalUser: 409,
  alreadyActivated: 409,
  notActivatedYet: 409,
  portalUserSuspended: 409,
  portalUserRemoved: 409,
  alreadyLinked: 409,
  portalIsOff: 409,
  /** A mail with a link went out within the last minute. */
  resentTooSoon: 429,
})

const own = z.strictObject(
  Object.fromEntries(PERMISSIONS.map((name) => [name, z.boolean().optional()])) as Record<
    (typeof PERMISSIONS)[number],
    z.ZodOptional<z.ZodBoolean>
  >,
)
const explained = z.array(
  z.object({
    permission: z.enum(PERMISSIONS),
    allowed: z.boolean(),
    /** Where the value comes from: the account's cap, the link, the user, the account's default. */
    source: z.enum(['switch', 'link', 'user', 'default']),
    /** What is set at this very place; null follows. */
    own: z.boolean().nullable(),
    /** What holds when it follows. */
    otherwise: z.boolean(),
  }),
)
const mail = z
  .object({
    id: z.string(),
    status: z.enum(['waiting', 'retrying', 'delivered', 'refused']),
    at: moment(),
    /** When it is tried again. */
    next: moment().nullable(),
    result: z.string().nullable(),
  })
  .nullable()
const can = z.object({
  resend: z.boolean(),
  manage: z.boolean(),
  changeEmail: z.boolean(),
  suspend: z.boolean(),
  reactivate: z.boolean(),
  remove: z.boolean(),
})

const shared = {
  id: z.string(),
  email: z.string(),
  /** Null until the user gave it. */
  name: z.string().nullable(),
  status: z.enum(STATUSES),
  displayStatus: z.enum(DISPLAY_STATUSES),
  createdAt: moment(),
  lastSignInAt: moment().nullable(),
  /** The newest activation mail. */
  mail,
  can,
}

const one = { user: id() }
const seen = { version: seenVersion() }
const done = z.object({ version: z.number() })
const manage = ['managersOnly', 'portalUserRemoved'] as const

export const portalUsers = contract('portal-users', {
  listPortalUsers: operation({
    method: 'GET',
    path: '/office/{account}/portal-users',
    audience: ['staff'],
    summary: 'Portal users, found by name or email',
    query: z.strictObject({
      search: search(),
      displayStatus: z.enum(DISPLAY_STATUSES).optional(),
      /** Only those linked to this customer. */
      customer: id().optional(),
      sort: z
        .enum(['name', '-name', 'status', '-status', 'lastSignIn', '-lastSignIn', 'created', '-created'])
        .optional(),
      cursor: cursor(),
    }),
    output: z.object({
      ...page(
        z.object({
          ...shared,
          customers: z.object({ count: z.number(), names: z.array(z.string()) }),
          customized: z.boolean(),
        }),
      ),
      /** Of what the search finds; `all` is without removed ones. */
      counts: z.object({
        all: z.number(),
        active: z.number(),
        notActivated: z.number(),
        suspended: z.number(),
        removed: z.number(),
      }),
      can: z.object({ invite: z.boolean(), manage: z.boolean() }),
      portal: z.object({ enabled: z.boolean(), public: z.boolean() }),
    }),
    problems: ['officeOnly'],
  }),
  getPortalUser: operation({
    method: 'GET',
    path: '/office/{account}/portal-users/{user}',
    audience: ['staff'],
    summary: 'One portal user: customers, permissions with their source, templates, what a removal would end',
    params: z.strictObject(one),
    output: z.object({
      ...shared,
      version: z.number(),
      phone: z.string().nullable(),
      company: z.string().nullable(),
      postalAddress: z.string().nullable(),
      /** Waits to be confirmed at that address. */
      pendingEmail: z.string().nullable(),
      activatedAt: moment().nullable(),
      removedAt: moment().nullable(),
      links: z.array(
        z.object({
          id: z.string(),
          customer: z.object({ id: z.string(), name: z.string() }),
          whole: z.boolean(),
          since: moment(),
          customized: z.boolean(),
          permissions: explained,
        }),
      ),
      permissions: z.object({ customized: z.boolean(), values: explained }),
      templates: z.object({
        mode: z.enum(TEMPLATE_MODES),
        /** Named by the mode: added, the own list, or hidden. */
        own: z.array(z.string()),
        choices: z.array(
          z.object({
            id: z.string(),
            name: z.string(),
            isDefault: z.boolean(),
            bookable: z.boolean(),
            archived: z.boolean(),
          }),
        ),
        /** Existing jobs of other templates are hidden from this user, too (E-19). */
        hidesJobs: z.boolean(),
      }),
      /** Customers known under the same address that are not linked: for staff to decide, never linked by itself (E-24). */
      suggestions: z.array(z.object({ id: z.string(), name: z.string(), contact: z.string().nullable() })),
      removal: z.object({ sessions: z.number(), links: z.number(), jobs: z.number() }),
      portal: z.object({ enabled: z.boolean() }),
    }),
    problems: ['officeOnly'],
  }),
  addPortalUser: operation({
    method: 'POST',
    path: '/office/{account}/portal-users',
    audience: ['staff'],
    summary: 'Invite somebody by email address alone; the activation mail goes out at once',
    body: z.strictObject({
      email: email(),
      customers: z.array(id()).max(50, 'tooMany').optional(),
      templatesMode: z.enum(TEMPLATE_MODES).optional(),
      templates: z.array(id()).max(200, 'tooMany').optional(),
      permissions: own.optional(),
    }),
    output: z.object({ id: z.string(), email: z.string() }),
    problems: ['officeOnly', 'managersOnly', 'alreadyPortalUser', 'portalIsOff'],
    limits: [{ by: 'caller', max: 300, seconds: 3600 }],
    writes: true,
    creates: true,
  }),
  resendPortalInvitation: operation({
    method: 'POST',
    path: '/office/{account}/portal-users/{user}/resend',
    audience: ['staff'],
    summary: 'Mail the activation link again; the earlier one stops working',
    params: z.strictObject(one),
    output: z.object({ email: z.string() }),
    problems: [
      'officeOnly',
      'alreadyActivated',
      'portalUserSuspended',
      'portalUserRemoved',
      'portalIsOff',
      'resentTooSoon',
    ],
    writes: true,
  }),
  updatePortalUser: operation({
    method: 'PATCH',
    path: '/office/{account}/portal-users/{user}',
    audience: ['staff'],
    summary: 'Change the address: at once and with a new mail before activation, after it only once confirmed there',
    params: z.strictObject(one),
    body: z.strictObject({ ...seen, email: email() }),
    output: z.object({ version: z.number(), outcome: z.enum(['invitedAnew', 'confirmationSent']) }),
    problems: [...manage, 'editConflict', 'alreadyPortalUser', 'portalUserSuspended', 'portalIsOff'],
    writes: true,
  }),
  linkCustomer: operation({
    method: 'POST',
    path: '/office/{account}/portal-users/{user}/links',
    audience: ['staff'],
    summary: 'Let this user act for a customer',
    params: z.strictObject(one),
    body: z.strictObject({ customer: id(), permissions: own.optional() }),
    output: z.object({ id: z.string() }),
    problems: [...manage, 'alreadyLinked'],
    writes: true,
    creates: true,
  }),
  updatePortalLink: operation({
    method: 'PATCH',
    path: '/office/{account}/portal-users/{user}/links/{link}',
    audience: ['staff'],
    summary: 'Permissions of this user for this one customer; what is not named follows the user',
    params: z.strictObject({ ...one, link: id() }),
    body: z.strictObject({ permissions: own.nullable() }),
    output: z.object({}),
    problems: [...manage],
    writes: true,
  }),
  unlinkCustomer: operation({
    method: 'DELETE',
    path: '/office/{account}/portal-users/{user}/links/{link}',
    audience: ['staff'],
    summary: 'End acting for a customer: hides its jobs from this user, deletes nothing',
    params: z.strictObject({ ...one, link: id() }),
    output: z.object({}),
    problems: [...manage],
    writes: true,
  }),
  setTemplateAccess: operation({
    method: 'PUT',
    path: '/office/{account}/portal-users/{user}/templates',
    audience: ['staff'],
    summary: 'Follow the default templates, add to them, replace them, or hide some',
    params: z.strictObject(one),
    body: z.strictObject({ ...seen, mode: z.enum(TEMPLATE_MODES), templates: z.array(id()).max(200, 'tooMany') }),
    output: done,
    problems: [...manage, 'editConflict'],
    writes: true,
  }),
  customizePermissions: operation({
    method: 'PUT',
    path: '/office/{account}/portal-users/{user}/permissions',
    audience: ['staff'],
    summary: 'Own permissions; what is not named follows the default',
    params: z.strictObject(one),
    body: z.strictObject({ ...seen, permissions: own }),
    output: done,
    problems: [...manage, 'editConflict'],
    writes: true,
  }),
  resetPermissions: operation({
    method: 'DELETE',
    path: '/office/{account}/portal-users/{user}/permissions',
    audience: ['staff'],
    summary: 'Follow the default permissions again',
    params: z.strictObject(one),
    output: done,
    problems: [...manage],
    writes: true,
  }),
  suspendPortalUser: operation({
    method: 'POST',
    path: '/office/{account}/portal-users/{user}/suspend',
    audience: ['staff'],
    summary: 'End all sessions and refuse sign-in until reactivated',
    params: z.strictObject(one),
    output: z.object({ sessionsEnded: z.number() }),
    problems: [...manage, 'notActivatedYet'],
    writes: true,
  }),
  reactivatePortalUser: operation({
    method: 'POST',
    path: '/office/{account}/portal-users/{user}/reactivate',
    audience: ['staff'],
    summary: 'Let a suspended user sign in again',
    params: z.strictObject(one),
    output: z.object({}),
    problems: [...manage, 'notActivatedYet'],
    writes: true,
  }),
  removePortalUser: operation({
    method: 'DELETE',
    path: '/office/{account}/portal-users/{user}',
    audience: ['staff'],
    summary: 'Remove: access, links and open mails end at once; customers and jobs stay as they are',
    params: z.strictObject(one),
    output: z.object({
      /** The second of two who remove at once learns that it was done. */
      outcome: z.enum(['removed', 'alreadyRemoved']),
      name: z.string(),
      ended: z.object({ sessions: z.number(), links: z.number() }),
    }),
    problems: ['managersOnly'],
    writes: true,
  }),
})

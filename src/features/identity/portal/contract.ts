/**
 * The portal's own doors: signing in and out, sessions and passwords of portal users, and what a stranger may know.
 * A portal user is a login of one account: the same address elsewhere, or as staff, is somebody else (PS-51).
 */
import { z } from 'zod'
import { contract, operation } from '../../../platform/operation.ts'
import { declareProblems } from '../../../platform/problem.ts'
import { email, id, moment } from '../../../platform/schema.ts'
import { LINK_PROBLEMS, linkToken, newPassword } from '../../portal-users/activation/contract.ts'
import { LINK_STATUSES } from '../../portal-users/activation/rules.ts'
import { SIGN_IN_LIMITS } from '../contract.ts'

declareProblems({
  /** Said only after a correct password (CP-12, E-64). */
  notActivated: 403,
})

const ANYONE = ['anonymous', 'portalUser'] as const
const rule = z.enum(['off', 'optional', 'required'])
const me = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  phone: z.string().nullable(),
  can: z.object({ createJobs: z.boolean() }),
})
const password = () => z.string().min(1, 'required').max(1_000, 'tooLong')

export const portalIdentity = contract('identity', {
  getPortal: operation({
    method: 'GET',
    path: '/portal/{portal}',
    audience: ANYONE,
    summary: 'What everybody may know of a portal; when it is off, only that',
    output: z.object({
      slug: z.string(),
      enabled: z.boolean(),
      public: z.boolean(),
      name: z.string(),
      introduction: z.string(),
      /** #rrggbb */
      accent: z.string().nullable(),
      /** Path of its picture on this host. */
      logo: z.string().nullable(),
      signUpFields: z.object({ name: rule, phone: rule, company: rule, address: rule }),
      supportEmail: z.string().nullable(),
      supportPhone: z.string().nullable(),
      postalAddress: z.string().nullable(),
      timeZone: z.string().nullable(),
      locale: z.string(),
      /** Who is signed in here, if anybody. */
      me: me.nullable(),
    }),
  }),
  getPortalLogo: operation({
    method: 'GET',
    path: '/portal/{portal}/logo',
    audience: ANYONE,
    summary: 'The logo of the business, as pages and mails show it',
    output: z.object({}),
    download: true,
  }),
  getCurrentPortalUser: operation({
    method: 'GET',
    path: '/portal/{portal}/me',
    audience: ['portalUser'],
    summary: 'Who is signed in, and what they may do',
    output: me,
  }),
  signInToPortal: operation({
    method: 'POST',
    path: '/portal/{portal}/sign-in',
    audience: ANYONE,
    summary: 'Sign in as a portal user',
    body: z.strictObject({ email: email(), password: password() }),
    output: z.object({ name: z.string() }),
    problems: ['portalOff', 'wrongCredentials', 'notActivated'],
    limits: SIGN_IN_LIMITS,
    writes: true,
  }),
  signOutOfPortal: operation({
    method: 'POST',
    path: '/portal/{portal}/sign-out',
    audience: ['portalUser'],
    summary: 'Sign out',
    output: z.object({}),
    writes: true,
  }),
  listPortalSessions: operation({
    method: 'GET',
    path: '/portal/{portal}/me/sessions',
    audience: ['portalUser'],
    summary: 'Where I am signed in, last used first',
    output: z.object({
      rows: z.array(
        z.object({
          id: z.string(),
          current: z.boolean(),
          createdAt: moment(),
          seenAt: moment(),
          endsAt: moment(),
          userAgent: z.string(),
          clientAddress: z.string(),
        }),
      ),
    }),
  }),
  endPortalSession: operation({
    method: 'DELETE',
    path: '/portal/{portal}/me/sessions/{session}',
    audience: ['portalUser'],
    summary: 'Sign one of my devices out',
    params: z.strictObject({ session: id() }),
    output: z.object({}),
    writes: true,
  }),
  endOtherPortalSessions: operation({
    method: 'POST',
    path: '/portal/{portal}/me/sessions/end-others',
    audience: ['portalUser'],
    summary: 'Sign every other device of mine out',
    output: z.object({ ended: z.number().int() }),
    writes: true,
  }),
  changePortalPassword: operation({
    method: 'POST',
    path: '/portal/{portal}/me/password',
    audience: ['portalUser'],
    summary: 'Change my password, with the old one; ends my other sessions',
    body: z.strictObject({ current: password(), password: newPassword() }),
    output: z.object({}),
    limits: [{ by: 'caller', max: 10, seconds: 900 }],
    writes: true,
  }),
  requestPortalPasswordReset: operation({
    method: 'POST',
    path: '/portal/{portal}/password-resets',
    audience: ANYONE,
    summary:
      'Mail a link to choose a new password; the answer is the same for everybody, and nothing changes before it is used',
    body: z.strictObject({ email: email() }),
    output: z.object({}),
    problems: ['portalOff'],
    limits: [
      { by: 'address', max: 60, seconds: 3600 },
      { by: 'login', max: 20, seconds: 3600 },
    ],
    writes: true,
  }),
  getPortalPasswordReset: operation({
    method: 'GET',
    path: '/portal/{portal}/password-resets/{token}',
    audience: ANYONE,
    summary: 'What a link to choose a password opens now; changes nothing',
    params: linkToken(),
    output: z.object({ status: z.enum(LINK_STATUSES), email: z.string().nullable() }),
    problems: ['portalOff'],
    limits: [{ by: 'address', max: 300, seconds: 3600 }],
  }),
  resetPortalPassword: operation({
    method: 'POST',
    path: '/portal/{portal}/password-resets/{token}',
    audience: ANYONE,
    summary: 'Choose a new password by a mailed link; ends every session and signs nobody in',
    params: linkToken(),
    body: z.strictObject({ password: newPassword() }),
    output: z.object({ email: z.string() }),
    problems: [...LINK_PROBLEMS],
    limits: [{ by: 'address', max: 60, seconds: 3600 }],
    writes: true,
  }),
})

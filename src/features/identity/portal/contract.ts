/**
 * Sign-in to the portal: signing in and out, sessions and passwords of portal users, and what anyone may know.
 * A portal user is a login of one account: the same address elsewhere, or as staff, is another login (PS-51).
 */
import { z } from 'zod'
import { contract, operation } from '../../../platform/operation.ts'
import { declareProblems } from '../../../platform/problem.ts'
import { email, empty, flag, id, moment, password, recordId } from '../../../platform/schema.ts'
import { LINK_PROBLEMS, linkToken, newPassword } from '../../portal-users/activation/contract.ts'
import { LINK_STATUSES } from '../../portal-users/activation/rules.ts'
import { SIGN_IN_PROBLEMS } from '../contract.ts'
import { CUSTOMER_KINDS, LINKED_KINDS } from '../rules.ts'

declareProblems({
  /** Answered only after a correct password (CP-12, E-64). */
  notActivated: [403, 'The password is right, but the portal user did not open the activation link yet.'],
})

const ICON_NAMES = ['favicon', 'apple-touch', '192', '512', 'maskable'] as const
const ANYONE = ['anonymous', 'portalUser', 'linkVisitor'] as const
const rule = z
  .enum(['off', 'optional', 'required'])
  .meta({ id: 'SignUpRule', description: 'Whether a contact detail is asked for.' })
const can = z
  .object({
    viewJobs: flag('See jobs.'),
    createJobs: flag('Book jobs.'),
    viewTickets: flag('See tickets.'),
    createTickets: flag('Create tickets.'),
  })
  .meta({ id: 'PortalAbilities', description: 'What somebody may do in the portal.' })
export const linkedRecord = z
  .object({ kind: z.enum(LINKED_KINDS).describe('Kind of the record.'), id: recordId() })
  .meta({ id: 'LinkedRecord', description: 'A record that a secure link opens alone.' })
const currentUser = z
  .object({
    id: recordId(),
    name: z.string().describe('Full name.'),
    email: z.string().describe('Email address.'),
    phone: z.string().nullable().describe('Phone number.'),
    can,
  })
  .meta({ id: 'CurrentPortalUser', description: 'The signed-in portal user.' })
const session = z
  .object({
    id: recordId(),
    current: flag('Whether it is the session of this request.'),
    createdAt: moment().describe('When the session started.'),
    seenAt: moment().describe('When it was last used.'),
    endsAt: moment().describe('When it ends.'),
    userAgent: z.string().describe('Browser or program.'),
    clientAddress: z.string().describe('IP address at the sign-in.'),
  })
  .meta({ id: 'PortalSession', description: 'A device or program that is signed in to the portal.' })
const portal = z
  .object({
    slug: z.string().describe("Name in the portal's addresses."),
    enabled: flag('Whether the portal is on. If not, only the name, branding and contact details are shown.'),
    public: flag('Whether anyone may sign up.'),
    name: z.string().describe('Name of the portal.'),
    introduction: z.string().describe('Text beside the sign-in form.'),
    accent: z.string().nullable().describe('Brand color as #rrggbb.'),
    logo: z.string().nullable().describe('Path of the logo on this host.'),
    iconVersion: z.string().describe('Changes when the icons do. Send it as `v` of an icon.'),
    signUpFields: z
      .object({ name: rule, phone: rule, company: rule, address: rule })
      .describe('Contact details that a sign-up asks for.'),
    supportEmail: z.string().nullable().describe('Email address of the business.'),
    supportPhone: z.string().nullable().describe('Phone number of the business.'),
    postalAddress: z.string().nullable().describe('Postal address of the business.'),
    timeZone: z.string().nullable().describe("The business's time zone."),
    locale: z.string().describe('Language.'),
    currentUser: currentUser.nullable().describe('The signed-in portal user, if there is one.'),
    visitor: z
      .object({
        name: z.string().describe('Name of the contact, or of the customer.'),
        customer: z.string().describe('Name of the customer.'),
        record: linkedRecord.nullable().describe('The one record that the link opens; null if it opens more.'),
        can,
      })
      .nullable()
      .describe('Who came by a secure link, if the session is one.'),
    secureLinks: flag('Whether secure links can be requested by email.'),
  })
  .meta({ id: 'Portal', description: 'The customer portal of a business, as anyone may see it.' })

const portalOperations = {
  getPortal: operation({
    method: 'GET',
    path: '/portal/{portal}',
    audience: ANYONE,
    summary: 'Get the portal',
    description: 'What anyone may know of the portal. While it is off: whose it is and how to reach the business.',
    output: portal,
  }),
  getPortalLogo: operation({
    method: 'GET',
    path: '/portal/{portal}/logo',
    audience: ANYONE,
    summary: 'Download the logo',
    description: 'The logo of the business, as pages and emails show it.',
    output: empty(),
    download: ['image/png'],
  }),
  getPortalIcon: operation({
    method: 'GET',
    path: '/portal/{portal}/icons/{icon}',
    audience: ANYONE,
    summary: 'Download an icon',
    description: 'The logo, or the first letter on the brand color, for browsers and home screens.',
    params: z.strictObject({ icon: z.enum(ICON_NAMES).describe('Which icon; numbers are pixels.') }),
    query: z.strictObject({ v: z.string().max(60).optional().describe('`iconVersion` of the portal.') }),
    output: empty(),
    download: ['image/png'],
  }),
  getCurrentPortalUser: operation({
    method: 'GET',
    path: '/portal/{portal}/me',
    audience: ['portalUser'],
    summary: 'Get the signed-in portal user',
    description: 'Who is signed in, and what they may do.',
    output: currentUser,
  }),
  signInToPortal: operation({
    method: 'POST',
    path: '/portal/{portal}/sign-in',
    audience: ANYONE,
    summary: 'Sign in to the portal',
    description: 'Starts a session of this portal. Send its cookie with all further requests.',
    body: z.strictObject({ email: email(), password: password('Password.') }),
    output: z.object({ name: z.string().describe('Full name.') }),
    problems: ['portalOff', 'notActivated', ...SIGN_IN_PROBLEMS],
    writes: true,
    session: 'starts',
    example: {
      body: { email: 'rosa@example.com', password: 'correct horse battery' },
      answer: { name: 'Rosa Martin' },
    },
  }),
  signOutOfPortal: operation({
    method: 'POST',
    path: '/portal/{portal}/sign-out',
    audience: CUSTOMER_KINDS,
    summary: 'Sign out of the portal',
    description: 'Ends this session.',
    output: empty(),
    writes: true,
    session: 'ends',
  }),
}

const sessionOperations = {
  listPortalSessions: operation({
    method: 'GET',
    path: '/portal/{portal}/me/sessions',
    audience: ['portalUser'],
    isPersonal: true,
    summary: 'List your sessions',
    description: 'Devices and programs that are signed in as you, last used first.',
    output: z.object({ rows: z.array(session).describe('The sessions.') }),
  }),
  endPortalSession: operation({
    method: 'DELETE',
    path: '/portal/{portal}/me/sessions/{session}',
    audience: ['portalUser'],
    summary: 'End a session',
    description: 'Signs out one device.',
    params: z.strictObject({ session: id().describe('ID of the session.') }),
    output: empty(),
    writes: true,
  }),
  endOtherPortalSessions: operation({
    method: 'POST',
    path: '/portal/{portal}/me/sessions/end-others',
    audience: ['portalUser'],
    summary: 'End your other sessions',
    description: 'Signs out every device but this one.',
    output: z.object({ ended: z.number().int().describe('Number of sessions that ended.') }),
    writes: true,
  }),
}

const passwordOperations = {
  changePortalPassword: operation({
    method: 'POST',
    path: '/portal/{portal}/me/password',
    checksInput: true,
    audience: ['portalUser'],
    summary: 'Change your password',
    description: 'Ends your other sessions, and this one goes on under a new cookie.',
    session: 'starts',
    body: z.strictObject({ current: password('Current password.'), password: newPassword() }),
    output: empty(),
    limits: [{ by: 'caller', max: 10, seconds: 900, counts: 'failures' }],
    writes: true,
  }),
  requestPortalPasswordReset: operation({
    method: 'POST',
    path: '/portal/{portal}/password-resets',
    audience: ANYONE,
    summary: 'Request a password reset',
    description: 'Emails a link to choose a new password. The answer is the same for every address.',
    body: z.strictObject({ email: email() }),
    output: empty(),
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
    summary: 'Check a password reset link',
    description: 'Whether the link can still be used. Changes nothing.',
    params: linkToken(),
    output: z.object({
      status: z.enum(LINK_STATUSES).describe('Whether the link can be used.'),
      email: z.string().nullable().describe('Email address of the portal user, if the link can be used.'),
    }),
    problems: ['portalOff'],
    limits: [{ by: 'address', max: 300, seconds: 3600, counts: 'failures' }],
  }),
  resetPortalPassword: operation({
    method: 'POST',
    path: '/portal/{portal}/password-resets/{token}',
    audience: ANYONE,
    summary: 'Reset the password',
    description: 'Sets a new password and ends all sessions of the portal user. The link can be used once.',
    params: linkToken(),
    body: z.strictObject({ password: newPassword() }),
    output: z.object({ email: z.string().describe('Email address to sign in with.') }),
    problems: [...LINK_PROBLEMS],
    limits: [{ by: 'address', max: 60, seconds: 3600, counts: 'failures' }],
    writes: true,
    session: 'ends',
  }),
}

export const portalIdentity = contract(
  { name: 'Portal sign-in', description: 'The public side of a portal, and the sessions and passwords of its users.' },
  { ...portalOperations, ...sessionOperations, ...passwordOperations },
)

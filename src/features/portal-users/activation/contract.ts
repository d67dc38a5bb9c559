/**
 * Activation: both ways into a portal. A sign-up or an invitation creates the profile and emails a link; the page of the
 * link turns the profile into a login, once. Opening a link never changes anything: pressing its button does.
 */
import { z } from 'zod'
import { contract, operation } from '../../../platform/operation.ts'
import { declareProblems } from '../../../platform/problem.ts'
import { email, empty, line, password, phone } from '../../../platform/schema.ts'
import { LINK_STATUSES } from './rules.ts'

declareProblems({
  /** CP-02. */
  portalOff: [404, 'The business turned its portal off.'],
  /** CP-05, E-08. */
  signUpClosed: [403, 'The portal is private: nobody can sign up without an invitation.'],
  linkUsed: [409, 'The link was used.'],
  linkExpired: [409, 'The link has expired.'],
  linkReplaced: [409, 'A newer link replaced this one.'],
  linkInvalid: [404, 'The link is not valid.'],
  /** CP-21. */
  detailsMissing: [
    409,
    'Nobody signed up with this client. Accept the invitation with details and a password instead.',
  ],
  addressTaken: [409, 'Another portal user has the email address.'],
})

/** What a link may be refused with. */
export const LINK_PROBLEMS = ['portalOff', 'linkUsed', 'linkExpired', 'linkReplaced', 'linkInvalid'] as const

/** As typed; judged by checkNewPassword. */
export const newPassword = () => password('New password.')
/** In a link; anything that cannot be one is simply unknown. */
export const linkToken = () =>
  z.strictObject({
    token: z
      .string()
      .max(500)
      .meta({ shared: 'portalToken', description: 'Token of a link that was emailed to a portal user.' }),
  })
const contactDetails = {
  name: line(120).optional().describe('Full name.'),
  phone: phone().optional(),
  company: line(120).optional().describe('Company.'),
  address: line(300).optional().describe('Postal address.'),
}
const linkStatus = z.enum(LINK_STATUSES).describe('Whether the link can be used.')
const signInEmail = z.string().describe('Email address to sign in with.')

const ANYONE = ['anonymous', 'portalUser', 'linkVisitor'] as const
/** One address filling mailboxes. */
const BY_ADDRESS = { by: 'address', max: 60, seconds: 3600 } as const
/** Guesses at links. */
const GUESSES = { by: 'address', max: 60, seconds: 3600, counts: 'failures' } as const

const activationOperations = {
  signUp: operation({
    method: 'POST',
    path: '/portal/{portal}/sign-up',
    audience: ANYONE,
    summary: 'Sign up',
    description:
      'Emails an activation link. The answer is the same whether the address was known. With its cookie, this client ' +
      'can activate without sending details again.',
    body: z.strictObject({ email: email(), password: password('Password.'), ...contactDetails }),
    output: z.object({ email: z.string().describe('Email address as it was sent.') }),
    problems: ['portalOff', 'signUpClosed'],
    limits: [BY_ADDRESS, { by: 'login', max: 30, seconds: 3600 }],
    creates: true,
    secrets: ['password'],
    status: 200,
    writes: true,
    checksInput: true,
  }),
  getActivation: operation({
    method: 'GET',
    path: '/portal/{portal}/activations/{token}',
    audience: ANYONE,
    summary: 'Check an activation link',
    description: 'Whether the link can be used, and what it needs. Changes nothing.',
    params: linkToken(),
    output: z.object({
      status: linkStatus,
      kind: z
        .enum(['activation', 'signUp', 'invitation'])
        .nullable()
        .describe(
          '`activation`: activate here. `invitation`, and `signUp` in another browser than the one that signed up: send ' +
            'contact details and a password.',
        ),
      email: z.string().nullable().describe('Email address of the portal user.'),
      name: z.string().nullable().describe('Full name.'),
    }),
    problems: ['portalOff'],
    limits: [{ by: 'address', max: 300, seconds: 3600, counts: 'failures' }],
  }),
  activateAccount: operation({
    method: 'POST',
    path: '/portal/{portal}/activations/{token}',
    audience: ANYONE,
    summary: 'Activate after a sign-up',
    description:
      'Activates the portal user and signs them in. The link can be used once, with the cookie of the sign-up; other ' +
      'clients accept the invitation.',
    params: linkToken(),
    output: z.object({ email: signInEmail }),
    problems: [...LINK_PROBLEMS, 'detailsMissing'],
    limits: [GUESSES],
    writes: true,
    session: 'starts',
  }),
  acceptInvitation: operation({
    method: 'POST',
    path: '/portal/{portal}/activations/{token}/details',
    audience: ANYONE,
    summary: 'Accept an invitation to the portal',
    description:
      'Saves contact details and password in place of any typed before, activates the portal user and signs them in.',
    params: linkToken(),
    body: z.strictObject({ password: newPassword(), ...contactDetails }),
    output: z.object({ email: signInEmail }),
    problems: [...LINK_PROBLEMS],
    limits: [GUESSES],
    writes: true,
    checksInput: true,
    session: 'starts',
  }),
  resendActivation: operation({
    method: 'POST',
    path: '/portal/{portal}/activation-links',
    audience: ANYONE,
    summary: 'Resend the activation email',
    description: 'Emails a new link to the address itself. The answer is the same for every address.',
    body: z.strictObject({ email: email() }),
    output: empty(),
    problems: ['portalOff'],
    limits: [BY_ADDRESS, { by: 'login', max: 20, seconds: 3600 }],
    writes: true,
  }),
  renewActivation: operation({
    method: 'POST',
    path: '/portal/{portal}/activations/{token}/renewals',
    audience: ANYONE,
    summary: 'Renew an activation link',
    description: 'Emails a new link in place of an expired or replaced one, to the address of the old one.',
    params: linkToken(),
    output: z.object({ email: z.string().describe('Email address that the link was sent to.') }),
    problems: [...LINK_PROBLEMS],
    limits: [BY_ADDRESS],
    writes: true,
  }),
}

const emailChangeOperations = {
  getEmailChange: operation({
    method: 'GET',
    path: '/portal/{portal}/email-changes/{token}',
    audience: ANYONE,
    summary: 'Check a link to confirm an email address',
    description: 'Whether the link can be used. Changes nothing.',
    params: linkToken(),
    output: z.object({
      status: linkStatus,
      email: z.string().nullable().describe('Present email address.'),
      newEmail: z.string().nullable().describe('New email address.'),
      needsPassword: z.boolean().describe('Whether confirming takes a new password: unless signed in as this user.'),
    }),
    problems: ['portalOff'],
    limits: [{ by: 'address', max: 300, seconds: 3600, counts: 'failures' }],
  }),
  confirmEmailChange: operation({
    method: 'POST',
    path: '/portal/{portal}/email-changes/{token}',
    audience: ANYONE,
    summary: 'Confirm a new email address',
    description:
      'The new address becomes the one to sign in with. Ends every session and informs the old address. Unless the ' +
      'client is signed in as this user, a new password replaces the old one, which somebody else may know.',
    params: linkToken(),
    body: z.strictObject({ password: newPassword().optional() }),
    output: z.object({ email: signInEmail }),
    problems: [...LINK_PROBLEMS, 'addressTaken'],
    limits: [GUESSES],
    writes: true,
  }),
}

export const activation = contract(
  { name: 'Portal activation', description: 'Signing up, accepting an invitation and confirming an email address.' },
  { ...activationOperations, ...emailChangeOperations },
)

/**
 * Activation: both ways into a portal. A sign-up or an invitation makes the profile and mails a link; what the link
 * opens turns the profile into a login, once. Opening a link never changes anything: pressing its button does.
 */
import { z } from 'zod'
import { contract, operation } from '../../../platform/operation.ts'
import { declareProblems } from '../../../platform/problem.ts'
import { email, line } from '../../../platform/schema.ts'
import { LINK_STATUSES } from './rules.ts'

declareProblems({
  /** The business switched its portal off (CP-02). */
  portalOff: 404,
  /** The portal is private: nobody signs up by themselves (CP-05, E-08). */
  signUpClosed: 403,
  linkUsed: 409,
  linkExpired: 409,
  linkReplaced: 409,
  linkInvalid: 404,
  /** The profile has no details or password yet: the link's page asks for them (CP-21). */
  detailsMissing: 409,
  addressTaken: 409,
})

/** What a link may be refused with. */
export const LINK_PROBLEMS = ['portalOff', 'linkUsed', 'linkExpired', 'linkReplaced', 'linkInvalid'] as const

/** As typed; judged by checkNewPassword. */
export const newPassword = () => z.string().min(1, 'required').max(1_000, 'tooLong')
/** In a link; anything that cannot be one is simply unknown. */
export const linkToken = () => z.strictObject({ token: z.string().max(500) })
export const phone = () => line(40).regex(/^\+?[\d\s()./-]{4,}$/, 'phone')
const contactShape = {
  name: line(120).optional(),
  phone: phone().optional(),
  company: line(120).optional(),
  address: line(300).optional(),
}

const ANYONE = ['anonymous', 'portalUser'] as const
/** Guesses at links, and one address filling mailboxes. */
const BY_ADDRESS = { by: 'address', max: 60, seconds: 3600 } as const

export const activation = contract('portal-users', {
  signUp: operation({
    method: 'POST',
    path: '/portal/{portal}/sign-up',
    audience: ANYONE,
    summary: 'Sign up in a public portal; the answer is the same whether the address was known',
    body: z.strictObject({ email: email(), password: newPassword(), ...contactShape }),
    output: z.object({ email: z.string() }),
    problems: ['portalOff', 'signUpClosed'],
    limits: [BY_ADDRESS, { by: 'login', max: 30, seconds: 3600 }],
    writes: true,
  }),
  getActivation: operation({
    method: 'GET',
    path: '/portal/{portal}/activations/{token}',
    audience: ANYONE,
    summary: 'What an activation link opens now; changes nothing',
    params: linkToken(),
    output: z.object({
      status: z.enum(LINK_STATUSES),
      /** `activation`: one button. `invitation`: contact details and a password. */
      way: z.enum(['activation', 'invitation']).nullable(),
      email: z.string().nullable(),
      name: z.string().nullable(),
    }),
    problems: ['portalOff'],
    limits: [{ by: 'address', max: 300, seconds: 3600 }],
  }),
  activateAccount: operation({
    method: 'POST',
    path: '/portal/{portal}/activations/{token}',
    audience: ANYONE,
    summary: 'Activate after a sign-up, and sign in for the first time',
    params: linkToken(),
    output: z.object({ email: z.string() }),
    problems: [...LINK_PROBLEMS, 'detailsMissing'],
    limits: [BY_ADDRESS],
    writes: true,
  }),
  acceptInvitation: operation({
    method: 'POST',
    path: '/portal/{portal}/activations/{token}/details',
    audience: ANYONE,
    summary: 'Accept an invitation with contact details and a password, and sign in for the first time',
    params: linkToken(),
    body: z.strictObject({ password: newPassword(), ...contactShape }),
    output: z.object({ email: z.string() }),
    problems: [...LINK_PROBLEMS],
    limits: [BY_ADDRESS],
    writes: true,
  }),
  resendActivation: operation({
    method: 'POST',
    path: '/portal/{portal}/activation-links',
    audience: ANYONE,
    summary: 'Send the activation link again, to its own address only; the answer is the same for everybody',
    body: z.strictObject({ email: email() }),
    output: z.object({}),
    problems: ['portalOff'],
    limits: [BY_ADDRESS, { by: 'login', max: 20, seconds: 3600 }],
    writes: true,
  }),
  renewActivation: operation({
    method: 'POST',
    path: '/portal/{portal}/activations/{token}/renewals',
    audience: ANYONE,
    summary: 'Send a new link in place of an expired or replaced one, to the address the old one was mailed to',
    params: linkToken(),
    output: z.object({ email: z.string() }),
    problems: [...LINK_PROBLEMS],
    limits: [BY_ADDRESS],
    writes: true,
  }),
  getEmailChange: operation({
    method: 'GET',
    path: '/portal/{portal}/email-changes/{token}',
    audience: ANYONE,
    summary: 'What a link to confirm a new address opens now; changes nothing',
    params: linkToken(),
    output: z.object({ status: z.enum(LINK_STATUSES), email: z.string().nullable(), newEmail: z.string().nullable() }),
    problems: ['portalOff'],
    limits: [{ by: 'address', max: 300, seconds: 3600 }],
  }),
  confirmEmailChange: operation({
    method: 'POST',
    path: '/portal/{portal}/email-changes/{token}',
    audience: ANYONE,
    summary: 'Make the confirmed address the one to sign in with; ends every session, tells the old address',
    params: linkToken(),
    output: z.object({ email: z.string() }),
    problems: [...LINK_PROBLEMS, 'addressTaken'],
    limits: [BY_ADDRESS],
    writes: true,
  }),
})

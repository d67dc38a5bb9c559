/**
 * Staff: people's places in one account. Who works here, in which role, and how they come and go.
 * Their login is `identity/people`: one for the whole installation.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { declareProblems } from '../../platform/problem.ts'
import { email, id, line, moment } from '../../platform/schema.ts'
import { ROLES } from '../identity/rules.ts'

declareProblems({
  ownersOnly: 403,
  notYourself: 403,
  wrongPerson: 403,
  lastOwner: 409,
  alreadyStaff: 409,
  alreadyInvited: 409,
  staffDeactivated: 409,
  notInvited: 409,
  notActive: 409,
  notDeactivated: 409,
  invitationClosed: 409,
})

const role = () => z.enum(ROLES)
const member = z.object({
  id: z.string(),
  name: z.string().nullable(),
  email: z.string(),
  role: role(),
  status: z.enum(['invited', 'active', 'deactivated']),
  you: z.boolean(),
  since: moment(),
  /** While invited: until when the link works, and how its mail went. */
  invitation: z
    .object({
      expiresAt: moment(),
      expired: z.boolean(),
      mail: z.enum(['waiting', 'sending', 'sent', 'failed', 'canceled']).nullable(),
      message: z.string().nullable(),
    })
    .nullable(),
  /** What I may do. `reason` says why the last owner stays. */
  can: z.object({
    resend: z.boolean(),
    revoke: z.boolean(),
    deactivate: z.boolean(),
    reactivate: z.boolean(),
    roles: z.array(role()),
  }),
  lastOwner: z.boolean(),
})
const params = z.strictObject({ member: id() })
const token = z.strictObject({ token: z.string().max(200) })

export const staff = contract('staff', {
  listStaff: operation({
    method: 'GET',
    path: '/office/{account}/staff',
    audience: ['staff'],
    summary: 'Everyone who works here, or was invited to',
    output: z.object({ members: z.array(member), mayInvite: z.array(role()) }),
  }),
  inviteStaff: operation({
    method: 'POST',
    path: '/office/{account}/staff',
    audience: ['staff'],
    summary: 'Invite somebody to the staff by mail; the link works once, for 7 days',
    body: z.strictObject({ email: email(), role: role() }),
    output: z.object({ id: z.string() }),
    problems: ['ownersOnly', 'alreadyStaff', 'alreadyInvited', 'staffDeactivated'],
    creates: true,
    writes: true,
  }),
  resendStaffInvitation: operation({
    method: 'POST',
    path: '/office/{account}/staff/{member}/invitation',
    audience: ['staff'],
    summary: 'Send the invitation again; the link before it dies',
    params,
    output: z.object({}),
    problems: ['ownersOnly', 'notInvited'],
    limits: [{ by: 'caller', max: 30, seconds: 900 }],
    writes: true,
  }),
  revokeStaffInvitation: operation({
    method: 'DELETE',
    path: '/office/{account}/staff/{member}/invitation',
    audience: ['staff'],
    summary: 'Take an invitation back; its link dies',
    params,
    output: z.object({}),
    problems: ['ownersOnly', 'notInvited'],
    writes: true,
  }),
  changeStaffRole: operation({
    method: 'PATCH',
    path: '/office/{account}/staff/{member}/role',
    audience: ['staff'],
    summary: 'Give a member of the staff another role',
    params,
    body: z.strictObject({ role: role() }),
    output: z.object({}),
    problems: ['ownersOnly', 'notYourself', 'lastOwner'],
    writes: true,
  }),
  deactivateStaff: operation({
    method: 'POST',
    path: '/office/{account}/staff/{member}/deactivation',
    audience: ['staff'],
    summary: "End somebody's access to this account, from their next request on",
    params,
    output: z.object({}),
    problems: ['ownersOnly', 'notYourself', 'lastOwner', 'notActive'],
    writes: true,
  }),
  reactivateStaff: operation({
    method: 'DELETE',
    path: '/office/{account}/staff/{member}/deactivation',
    audience: ['staff'],
    summary: 'Give somebody their access back',
    params,
    output: z.object({}),
    problems: ['ownersOnly', 'notDeactivated'],
    writes: true,
  }),
  getStaffInvitation: operation({
    method: 'GET',
    path: '/people/staff-invitations/{token}',
    audience: ['anonymous', 'person'],
    summary: 'What an invitation link is about',
    params: token,
    output: z.object({
      status: z.enum(['open', 'accepted', 'expired', 'replaced', 'unknown']),
      invitation: z
        .object({
          business: z.string(),
          accent: z.string(),
          slug: z.string(),
          email: z.string(),
          role: role(),
          expiresAt: moment(),
          /** `new`: choose name and password · `signIn`: sign in first · `join`: one press · `other`: signed in as somebody else. */
          next: z.enum(['new', 'signIn', 'join', 'other']),
          signedInAs: z.string().nullable(),
        })
        .nullable(),
    }),
  }),
  acceptStaffInvitation: operation({
    method: 'POST',
    path: '/people/staff-invitations/{token}',
    audience: ['anonymous', 'person'],
    summary: 'Join the staff of an account: with name and password when new here, else signed in as the person invited',
    params: token,
    body: z.strictObject({ name: line(120).optional(), password: z.string().max(1_000, 'tooLong').optional() }),
    output: z.object({ slug: z.string() }),
    problems: ['invitationClosed', 'wrongPerson', 'notSignedIn'],
    limits: [{ by: 'address', max: 60, seconds: 900 }],
    writes: true,
  }),
})

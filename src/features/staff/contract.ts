/**
 * Staff: people's memberships in one account. Who works here, in which role, and how they join and leave.
 * Their login is `identity/people`: one for the whole installation.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { declareProblems } from '../../platform/problem.ts'
import { email, empty, flag, id, line, moment, recordId } from '../../platform/schema.ts'
import { staffRole } from '../identity/contract.ts'

declareProblems({
  ownersOnly: [403, 'Only an owner may do this with an owner.'],
  notYourself: [403, 'You cannot do this to yourself.'],
  wrongPerson: [403, 'The invitation is for another person.'],
  lastOwner: [409, 'An account needs at least one owner.'],
  alreadyStaff: [409, 'The person is already on the staff.'],
  alreadyInvited: [409, 'The person is already invited. Resend the invitation instead.'],
  staffDeactivated: [409, 'The person is on the staff but deactivated. Reactivate them instead.'],
  notInvited: [409, 'The invitation is no longer open.'],
  notActive: [409, 'The person is not active.'],
  notDeactivated: [409, 'The person is not deactivated.'],
  passwordExists: [409, 'The person has a password already. They sign in with it and send none.'],
  invitationClosed: [409, 'The invitation was accepted, replaced or withdrawn, or has expired.'],
})

const member = z
  .object({
    id: recordId(),
    name: z.string().nullable().describe('Full name; null if an invited person was not named.'),
    email: z.string().describe('Email address.'),
    role: staffRole,
    status: z.enum(['invited', 'active', 'deactivated']).describe('Status of the membership.'),
    you: flag('Whether it is you.'),
    since: moment().describe('When the person was invited or joined.'),
    invitation: z
      .object({
        expiresAt: moment().describe('When the link expires.'),
        expired: flag('Whether it has expired.'),
        mail: z
          .enum(['waiting', 'sending', 'sent', 'failed', 'canceled'])
          .nullable()
          .describe('Delivery status of the email.'),
        message: z.string().nullable().describe('ID of the message.'),
      })
      .nullable()
      .describe('The invitation, while the person is invited.'),
    can: z
      .object({
        resend: flag('Resend the invitation.'),
        revoke: flag('Revoke the invitation.'),
        deactivate: flag('Deactivate the person.'),
        reactivate: flag('Reactivate the person.'),
        roles: z.array(staffRole).describe('Roles that you may give them.'),
      })
      .describe('What you may do now.'),
    lastOwner: flag('Whether it is the last owner, who must stay.'),
  })
  .meta({ id: 'StaffMember', description: 'A person on the staff of the account.' })
const memberParams = z.strictObject({ member: id().describe('ID of the staff member.') })
const token = z.strictObject({
  token: z.string().max(200).meta({ shared: 'staffToken', description: 'Token of a link that was emailed to staff.' }),
})

const memberOperations = {
  listStaff: operation({
    method: 'GET',
    path: '/office/{account}/staff',
    audience: ['staff'],
    summary: 'List staff',
    description: 'Everyone on the staff, with open invitations.',
    output: z.object({
      members: z.array(member).describe('The staff.'),
      mayInvite: z.array(staffRole).describe('Roles that you may invite to.'),
    }),
  }),
  inviteStaff: operation({
    method: 'POST',
    path: '/office/{account}/staff',
    audience: ['staff'],
    summary: 'Invite staff',
    description: 'Emails an invitation. Its link can be used once and expires after 7 days.',
    body: z.strictObject({
      email: email(),
      name: line(120).optional().describe('Full name, shown until the person accepts and gives their own.'),
      role: staffRole,
    }),
    output: z.object({ id: recordId() }),
    problems: ['ownersOnly', 'alreadyStaff', 'alreadyInvited', 'staffDeactivated'],
    creates: true,
    writes: true,
  }),
  resendStaffInvitation: operation({
    method: 'POST',
    path: '/office/{account}/staff/{member}/invitation',
    audience: ['staff'],
    summary: 'Resend an invitation',
    description: 'Emails a new link; the earlier link stops working.',
    params: memberParams,
    output: empty(),
    problems: ['ownersOnly', 'notInvited'],
    limits: [{ by: 'caller', max: 30, seconds: 900 }],
    writes: true,
  }),
  revokeStaffInvitation: operation({
    method: 'DELETE',
    path: '/office/{account}/staff/{member}/invitation',
    audience: ['staff'],
    summary: 'Revoke an invitation',
    description: 'The link stops working and the person leaves the list.',
    params: memberParams,
    output: empty(),
    problems: ['ownersOnly', 'notInvited'],
    writes: true,
  }),
  changeStaffRole: operation({
    method: 'PATCH',
    path: '/office/{account}/staff/{member}/role',
    audience: ['staff'],
    summary: 'Change the role of a staff member',
    description: 'The new role applies from their next request.',
    params: memberParams,
    body: z.strictObject({ role: staffRole }),
    output: empty(),
    problems: ['ownersOnly', 'notYourself', 'lastOwner'],
    writes: true,
  }),
  deactivateStaff: operation({
    method: 'POST',
    path: '/office/{account}/staff/{member}/deactivation',
    audience: ['staff'],
    summary: 'Deactivate a staff member',
    description: 'They lose access to the account from their next request.',
    params: memberParams,
    output: empty(),
    problems: ['ownersOnly', 'notYourself', 'lastOwner', 'notActive'],
    writes: true,
  }),
  reactivateStaff: operation({
    method: 'DELETE',
    path: '/office/{account}/staff/{member}/deactivation',
    audience: ['staff'],
    summary: 'Reactivate a staff member',
    description: 'They have access to the account again, in their former role.',
    params: memberParams,
    output: empty(),
    problems: ['ownersOnly', 'notDeactivated'],
    writes: true,
  }),
}

const invitationOperations = {
  getStaffInvitation: operation({
    method: 'GET',
    path: '/people/staff-invitations/{token}',
    audience: ['anonymous', 'person'],
    summary: 'Check an invitation link',
    description: 'What the invitation is for and what to do next. Changes nothing.',
    params: token,
    output: z.object({
      status: z.enum(['open', 'accepted', 'expired', 'replaced', 'unknown']).describe('Whether the link can be used.'),
      invitation: z
        .object({
          business: z.string().describe('Name of the business.'),
          accent: z.string().describe('Brand color as #rrggbb.'),
          slug: z.string().describe('Slug of the account.'),
          email: z.string().describe('Email address that was invited.'),
          name: z.string().nullable().describe('Name in the invitation, for who is new; null if there is none.'),
          role: staffRole,
          expiresAt: moment().describe('When the link expires.'),
          next: z
            .enum(['new', 'signIn', 'join', 'other'])
            .describe(
              '`new`: send name and password. `signIn`: sign in first. `join`: accept. `other`: sign out first.',
            ),
          signedInAs: z.string().nullable().describe('Email address of the person who is signed in.'),
        })
        .nullable()
        .describe('The invitation, if the link is known.'),
    }),
    limits: [{ by: 'address', max: 300, seconds: 3600, counts: 'failures' }],
  }),
  acceptStaffInvitation: operation({
    method: 'POST',
    path: '/people/staff-invitations/{token}',
    checksInput: true,
    audience: ['anonymous', 'person'],
    summary: 'Accept an invitation',
    description: 'Someone new sends name and password and is signed in. Someone with a login signs in first.',
    params: token,
    body: z.strictObject({
      name: line(120).optional().describe('Full name, if you are new.'),
      password: z.string().max(1_000, 'tooLong').optional().describe('Password, if you are new.'),
    }),
    output: z.object({ slug: z.string().describe('Slug of the account.') }),
    problems: ['invitationClosed', 'wrongPerson', 'notSignedIn', 'passwordExists'],
    limits: [{ by: 'address', max: 60, seconds: 900, counts: 'failures' }],
    writes: true,
    session: 'starts',
  }),
}

export const staff = contract(
  { name: 'Staff', description: 'Staff of the account, their roles and invitations.' },
  { ...memberOperations, ...invitationOperations },
)

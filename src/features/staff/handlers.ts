import { constraintOf } from '../../platform/database/errors.ts'
import { emailNorm } from '../../platform/email-address.ts'
import { implement, prepared, withEffect, type Context, type Input } from '../../platform/operation.ts'
import { problem, yes } from '../../platform/problem.ts'
import { checkNewPassword, hashPassword, hashToken, newToken } from '../../platform/secrets.ts'
import { rememberBrowser } from '../identity/guessing/queries.ts'
import { findOrCreatePerson, setFirstPassword } from '../identity/people/queries.ts'
import { STAFF_SESSION_MS } from '../identity/people/rules.ts'
import { endPersonSessions, startPersonSession } from '../identity/queries.ts'
import { staff } from './contract.ts'
import { staffInvitation } from './messages.ts'
import { allowedActions, mayChangeMember, mayChangeRole, mayGiveRole, mayManageMember, maySeeStaff } from './policy.ts'
import {
  acceptInvitation,
  addInvitation,
  findInvitation,
  listOpenInvitations,
  peekInvitation,
  replaceInvitations,
  type StaffInvitation,
} from './invitations/queries.ts'
import {
  addMember,
  changeMemberStatus,
  lockMember,
  findMemberOfPerson,
  findNewestMails,
  listMembers,
  lockOwners,
  removeMember,
  setRole,
  type Member,
} from './queries.ts'
import {
  assignableRoles,
  INVITATION_MS,
  invitationStatus,
  isActiveOwner,
  nextStep,
  presentInvitation,
} from './rules.ts'

export const staffHandlers = implement('staff', staff, {
  async listStaff(ctx) {
    ctx.allow(maySeeStaff(ctx.actor))
    const members = await listMembers(ctx.db, ctx.account.id)
    const invitations = await listOpenInvitations(ctx.db, ctx.account.id)
    const invitedIds = members.filter((each) => each.status === 'invited').map((each) => each.id)
    const mails = await findNewestMails(ctx.db, ctx.account.id, invitedIds)
    const activeOwners = members.filter(isActiveOwner).length
    return {
      members: members.map((member) => ({
        id: member.id,
        name: member.name,
        email: member.email,
        role: member.role,
        status: member.status,
        you: member.id === ctx.actor.id,
        since: member.created_at,
        invitation: presentInvitation(
          member,
          invitations.find((each) => each.subject_id === member.id),
          mails.get(member.id),
          ctx.now,
        ),
        can: allowedActions(ctx.actor, member),
        lastOwner: isActiveOwner(member) && activeOwners === 1,
      })),
      mayInvite: assignableRoles(ctx.actor.role),
    }
  },

  async inviteStaff(ctx, input) {
    ctx.allow(mayGiveRole(ctx.actor, input.role))
    // Normalized, so that an address in look-alike characters is not taken for another person's.
    const email = input.email.normalize('NFKC')
    const person = await findOrCreatePerson(ctx.db, {
      id: ctx.newId(),
      email,
      emailNorm: emailNorm(email),
      name: '',
      passwordHash: null,
      at: ctx.now,
    })
    const existing = await findMemberOfPerson(ctx.db, ctx.account.id, person)
    if (existing) throw problem(REFUSAL_OF_EXISTING[existing.status])
    const id = ctx.newId()
    const { name = null, role } = input
    try {
      await addMember(ctx.db, ctx.account.id, { id, person, email, name, role, at: ctx.now })
    } catch (error) {
      throw constraintOf(error) === 'staff_members_person_unique' ? problem('alreadyInvited') : error
    }
    await sendInvitation(ctx, { id, email, role: input.role })
    await ctx.audit({
      event: 'staffInvited',
      subjectKind: 'staffMember',
      subjectId: id,
      details: { email, role: input.role },
    })
    return { id }
  },

  async resendStaffInvitation(ctx, { member: id }) {
    const member = await lockMember(ctx.db, ctx.account.id, id)
    ctx.allow(mayManageMember(ctx.actor, member))
    if (member!.status !== 'invited') throw problem('notInvited')
    await replaceInvitations(ctx.db, ctx.account.id, id, ctx.now)
    await sendInvitation(ctx, member!)
    await ctx.audit({ event: 'staffInvitationResent', subjectKind: 'staffMember', subjectId: id })
    return {}
  },

  async revokeStaffInvitation(ctx, { member: id }) {
    const member = await lockMember(ctx.db, ctx.account.id, id)
    ctx.allow(mayManageMember(ctx.actor, member))
    await replaceInvitations(ctx.db, ctx.account.id, id, ctx.now)
    if (!(await removeMember(ctx.db, ctx.account.id, id))) throw problem('notInvited')
    await ctx.audit({
      event: 'staffInvitationWithdrawn',
      subjectKind: 'staffMember',
      subjectId: id,
      details: { email: member!.email },
    })
    return {}
  },

  async changeStaffRole(ctx, { member: id, role }) {
    const member = await lockMember(ctx.db, ctx.account.id, id)
    ctx.allow(mayChangeRole(ctx.actor, member, role))
    if (member!.role === role) return {}
    await requireAnotherOwner(ctx, member!)
    await setRole(ctx.db, ctx.account.id, id, role, ctx.now)
    await ctx.audit({
      event: 'staffRoleChanged',
      subjectKind: 'staffMember',
      subjectId: id,
      details: { from: member!.role, to: role },
    })
    return {}
  },

  async deactivateStaff(ctx, { member: id }) {
    const member = await lockMember(ctx.db, ctx.account.id, id)
    ctx.allow(mayChangeMember(ctx.actor, member))
    await requireAnotherOwner(ctx, member!)
    if (!(await changeMemberStatus(ctx.db, ctx.account.id, id, 'active', 'deactivated', ctx.now)))
      throw problem('notActive')
    await ctx.audit({ event: 'staffDeactivated', subjectKind: 'staffMember', subjectId: id })
    return {}
  },

  async reactivateStaff(ctx, { member: id }) {
    const member = await lockMember(ctx.db, ctx.account.id, id)
    ctx.allow(mayManageMember(ctx.actor, member))
    if (!(await changeMemberStatus(ctx.db, ctx.account.id, id, 'deactivated', 'active', ctx.now)))
      throw problem('notDeactivated')
    await ctx.audit({ event: 'staffReactivated', subjectKind: 'staffMember', subjectId: id })
    return {}
  },

  async getStaffInvitation(ctx, { token }) {
    ctx.allow(yes)
    const invitation = await findInvitation(ctx.db, hashToken(token))
    const status = invitationStatus(invitation, ctx.now)
    if (!invitation || status === 'unknown') {
      ctx.countFailure()
      return { status: 'unknown' as const, invitation: null }
    }
    const person = ctx.actor.kind === 'person' ? ctx.actor : null
    return {
      status,
      invitation: {
        business: invitation.business,
        accent: invitation.accent,
        slug: invitation.slug,
        email: invitation.email,
        name: invitation.has_password ? null : invitation.name,
        role: invitation.role,
        expiresAt: invitation.expires_at,
        next: nextStep(invitation, person?.id ?? null),
        signedInAs: person?.email ?? null,
      },
    }
  },

  acceptStaffInvitation: prepared(
    async (input, { actor, query, now }) => {
      const invitation = await peekInvitation(query, hashToken(input.token))
      if (!invitation || invitationStatus(invitation, now) !== 'open') throw problem('invitationClosed')
      const typesPassword = input.password !== undefined
      switch (nextStep(invitation, actor.kind === 'person' ? actor.id : null)) {
        // An invitation never sets the password of an existing login: whoever reads the mail could take it over. What
        // somebody typed into a form that was opened before there was one is not dropped without a word.
        case 'join':
          if (typesPassword) throw problem('passwordExists')
          return { invitation, passwordHash: null, name: invitation.name! }
        case 'signIn':
          throw problem(typesPassword ? 'passwordExists' : 'notSignedIn')
        case 'other':
          throw problem('wrongPerson')
        case 'new':
          return { invitation, ...(await prepareNewLogin(input, invitation)) }
      }
    },
    async (ctx, { token }, { invitation, passwordHash, name }) => {
      ctx.allow(yes)
      // Before the account is entered: inside one, logins are out of reach. A link that is used by now undoes it.
      const session =
        passwordHash === null ? undefined : await startFirstSession(ctx, invitation, { name, passwordHash })
      await ctx.enter(invitation.account_id)
      const isAccepted = await acceptInvitation(ctx.db, invitation.account_id, hashToken(token), name, ctx.now)
      if (!isAccepted) throw problem('invitationClosed')
      await ctx.audit({
        event: 'staffJoined',
        subjectKind: 'staffMember',
        subjectId: invitation.member_id,
        details: { name, role: invitation.role },
      })
      if (session === 'passwordExists') throw problem('passwordExists')
      return session ? withEffect({ slug: invitation.slug }, session) : { slug: invitation.slug }
    },
  ),
})

const REFUSAL_OF_EXISTING = {
  invited: 'alreadyInvited',
  active: 'alreadyStaff',
  deactivated: 'staffDeactivated',
} as const

/** The name and password of a person who has no login yet. */
async function prepareNewLogin(
  { name, password }: Input<typeof staff.acceptStaffInvitation>,
  invitation: StaffInvitation,
): Promise<{ passwordHash: string; name: string }> {
  const missing = name ? {} : { name: 'required' }
  await checkNewPassword(password ?? '', [invitation.business, invitation.email, name], missing)
  return { passwordHash: await hashPassword(password!), name: name! }
}

/** Sets the password of a new person and signs them in; `passwordExists` when they accepted another invitation meanwhile. */
async function startFirstSession(
  ctx: Context<typeof staff.acceptStaffInvitation>,
  invitation: StaffInvitation,
  { name, passwordHash }: { name: string; passwordHash: string },
) {
  const person = invitation.person_id
  if (!(await setFirstPassword(ctx.db, { person, name, passwordHash, at: ctx.now }))) return 'passwordExists'
  if (ctx.actor.kind === 'person') await endPersonSessions(ctx.db, ctx.actor.id, { only: ctx.actor.sessionId })
  const { token, hash } = newToken()
  const ends = new Date(ctx.now.getTime() + STAFF_SESSION_MS)
  await startPersonSession(ctx.db, {
    hash,
    id: ctx.newId(),
    person,
    at: ctx.now,
    ends,
    userAgent: ctx.userAgent,
    clientAddress: ctx.clientAddress,
  })
  const browser = await rememberBrowser(ctx, person, passwordHash)
  return { session: 'start', audience: 'people', token, ends, browser } as const
}

/** An account always keeps an active owner, also when two requests arrive at once. */
async function requireAnotherOwner(
  ctx: Context<typeof staff.deactivateStaff> | Context<typeof staff.changeStaffRole>,
  member: Member,
): Promise<void> {
  if (!isActiveOwner(member)) return
  const owners = await lockOwners(ctx.db, ctx.account.id)
  if (owners.every((id) => id === member.id)) throw problem('lastOwner')
}

async function sendInvitation(
  ctx: Context<typeof staff.inviteStaff> | Context<typeof staff.resendStaffInvitation>,
  member: Pick<Member, 'id' | 'email' | 'role'>,
): Promise<void> {
  const { token, hash } = newToken()
  await addInvitation(ctx.db, {
    id: ctx.newId(),
    member: member.id,
    hash,
    emailNorm: emailNorm(member.email),
    at: ctx.now,
    expires: new Date(ctx.now.getTime() + INVITATION_MS),
  })
  await ctx.emit({
    message: staffInvitation,
    to: { address: member.email },
    subject: { kind: 'staffMember', id: member.id },
    locale: ctx.account.locale,
    vars: { token, inviter: ctx.actor.name, role: member.role },
  })
}

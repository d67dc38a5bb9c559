import { constraintOf } from '../../platform/database/errors.ts'
import { emailNorm, implement, prepared, withEffect, type Context } from '../../platform/operation.ts'
import { problem, yes } from '../../platform/problem.ts'
import { checkNewPassword, hashPassword, hashToken, newToken } from '../../platform/secrets.ts'
import { findOrCreatePerson } from '../identity/people/queries.ts'
import { STAFF_SESSION_MS } from '../identity/people/rules.ts'
import { endPersonSessions, startPersonSession } from '../identity/queries.ts'
import type { Actor } from '../identity/rules.ts'
import { staff } from './contract.ts'
import { staffInvitation } from './messages.ts'
import { mayChangeRole, mayGiveRole, mayChangeMember, maySeeStaff, mayManageMember } from './policy.ts'
import {
  addInvitation,
  addMember,
  peekInvitation,
  findInvitation,
  findMember,
  findMemberOfPerson,
  activateMember,
  listMembers,
  lockOwners,
  findNewestMails,
  changeMemberStatus,
  listOpenInvitations,
  removeMember,
  replaceInvitations,
  setRole,
  consumeInvitation,
  type StaffInvitation,
  type Member,
} from './queries.ts'
import { INVITATION_MS, invitationStatus, assignableRoles } from './rules.ts'

export const staffHandlers = implement('staff', staff, {
  async listStaff(ctx) {
    ctx.allow(maySeeStaff(ctx.actor))
    const members = await listMembers(ctx.db, ctx.account.id)
    const links = new Map(
      (await listOpenInvitations(ctx.db, ctx.account.id)).map((each) => [each.subject_id, each.expires_at]),
    )
    const mails = await findNewestMails(
      ctx.db,
      ctx.account.id,
      members.filter((each) => each.status === 'invited').map((each) => each.id),
    )
    const owners = members.filter((each) => each.role === 'owner' && each.status === 'active').length
    return {
      members: members.map((member) => {
        const expiresAt = links.get(member.id),
          mail = mails.get(member.id)
        return {
          id: member.id,
          name: member.name,
          email: member.email,
          role: member.role,
          status: member.status,
          you: member.id === ctx.actor.id,
          since: member.created_at,
          invitation:
            member.status === 'invited' && expiresAt
              ? { expiresAt, expired: expiresAt <= ctx.now, mail: mail?.status ?? null, message: mail?.id ?? null }
              : null,
          can: allowedActions(ctx.actor, member),
          lastOwner: member.role === 'owner' && member.status === 'active' && owners === 1,
        }
      }),
      mayInvite: assignableRoles(ctx.actor.role),
    }
  },

  async inviteStaff(ctx, input) {
    ctx.allow(mayGiveRole(ctx.actor, input.role))
    // One mailbox, one spelling: letters that only look like others never lead to another mailbox.
    const email = input.email.normalize('NFKC')
    const person = await findOrCreatePerson(ctx.db, {
      id: ctx.newId(),
      email,
      emailNorm: emailNorm(email),
      name: '',
      passwordHash: null,
      at: ctx.now,
    })
    const known = await findMemberOfPerson(ctx.db, ctx.account.id, person)
    if (known)
      throw problem(
        { invited: 'alreadyInvited', active: 'alreadyStaff', deactivated: 'staffDeactivated' }[known.status],
      )
    const id = ctx.newId()
    try {
      await addMember(ctx.db, ctx.account.id, { id, person, email, role: input.role, at: ctx.now })
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
    const member = await findMember(ctx.db, ctx.account.id, id)
    ctx.allow(mayManageMember(ctx.actor, member))
    if (member!.status !== 'invited') throw problem('notInvited')
    await replaceInvitations(ctx.db, ctx.account.id, id, ctx.now)
    await sendInvitation(ctx, member!)
    await ctx.audit({ event: 'staffInvitationResent', subjectKind: 'staffMember', subjectId: id })
    return {}
  },

  async revokeStaffInvitation(ctx, { member: id }) {
    const member = await findMember(ctx.db, ctx.account.id, id)
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
    const member = await findMember(ctx.db, ctx.account.id, id)
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
    const member = await findMember(ctx.db, ctx.account.id, id)
    ctx.allow(mayChangeMember(ctx.actor, member))
    await requireAnotherOwner(ctx, member!)
    if (!(await changeMemberStatus(ctx.db, ctx.account.id, id, 'active', 'deactivated', ctx.now)))
      throw problem('notActive')
    await ctx.audit({ event: 'staffDeactivated', subjectKind: 'staffMember', subjectId: id })
    return {}
  },

  async reactivateStaff(ctx, { member: id }) {
    const member = await findMember(ctx.db, ctx.account.id, id)
    ctx.allow(mayManageMember(ctx.actor, member))
    if (!(await changeMemberStatus(ctx.db, ctx.account.id, id, 'deactivated', 'active', ctx.now)))
      throw problem('notDeactivated')
    await ctx.audit({ event: 'staffReactivated', subjectKind: 'staffMember', subjectId: id })
    return {}
  },

  async getStaffInvitation(ctx, { token }) {
    ctx.allow(yes)
    const found = await findInvitation(ctx.db, hashToken(token))
    const status = invitationStatus(found, ctx.now)
    if (!found || status === 'unknown') return { status: 'unknown' as const, invitation: null }
    const me = ctx.actor.kind === 'person' ? ctx.actor : null
    return {
      status,
      invitation: {
        business: found.business,
        accent: found.accent,
        slug: found.slug,
        email: found.email,
        role: found.role,
        expiresAt: found.expires_at,
        next: nextStep(found, me?.id ?? null),
        signedInAs: me?.email ?? null,
      },
    }
  },

  acceptStaffInvitation: prepared(
    async ({ token, name, password }, { actor, query, now }) => {
      const found = await peekInvitation(query, hashToken(token))
      if (!found || invitationStatus(found, now) !== 'open') throw problem('invitationClosed')
      switch (nextStep(found, actor.kind === 'person' ? actor.id : null)) {
        case 'join':
          return { found, passwordHash: null, name: found.name }
        // Their password is theirs: an invitation never sets it anew.
        case 'signIn':
          throw problem('notSignedIn')
        case 'other':
          throw problem('wrongPerson')
        case 'new': {
          if (!name || !password)
            throw problem('input', {
              fields: { ...(!name && { name: 'required' }), ...(!password && { password: 'required' }) },
            })
          checkNewPassword(password, [found.business, found.email, name])
          return { found, passwordHash: await hashPassword(password), name }
        }
      }
    },
    async (ctx, _input, { found, passwordHash, name }) => {
      ctx.allow(yes)
      await ctx.enter(found.account_id)
      if (
        !(await consumeInvitation(ctx.db, found.account_id, found.token_id, ctx.now)) ||
        !(await activateMember(ctx.db, found.account_id, found.member_id, name, ctx.now))
      ) {
        throw problem('invitationClosed')
      }
      await ctx.audit({
        event: 'staffJoined',
        subjectKind: 'staffMember',
        subjectId: found.member_id,
        details: { name, role: found.role },
      })
      if (!passwordHash) return { slug: found.slug }
      await findOrCreatePerson(ctx.db, {
        id: ctx.newId(),
        email: found.email,
        emailNorm: emailNorm(found.email),
        name,
        passwordHash,
        at: ctx.now,
      })
      if (ctx.actor.kind === 'person') await endPersonSessions(ctx.db, ctx.actor.id, { only: ctx.actor.sessionId })
      const { token, hash } = newToken()
      const ends = new Date(ctx.now.getTime() + STAFF_SESSION_MS)
      await startPersonSession(ctx.db, {
        hash,
        id: ctx.newId(),
        person: found.person_id,
        at: ctx.now,
        ends,
        userAgent: ctx.userAgent,
        clientAddress: ctx.clientAddress,
      })
      return withEffect({ slug: found.slug }, { session: 'start', audience: 'people', token, ends })
    },
  ),
})

/** What the holder of an open link does next. */
function nextStep(
  found: Pick<StaffInvitation, 'has_password' | 'person_id'>,
  me: string | null,
): 'new' | 'signIn' | 'join' | 'other' {
  if (me === found.person_id) return 'join'
  if (!found.has_password) return 'new'
  return me ? 'other' : 'signIn'
}

/** What this actor may do with this member, from the same policies that decide the deeds. */
function allowedActions(actor: Extract<Actor, { kind: 'staff' }>, member: Member) {
  const touch = mayManageMember(actor, member).yes,
    move = mayChangeMember(actor, member).yes
  return {
    resend: touch && member.status === 'invited',
    revoke: touch && member.status === 'invited',
    deactivate: move && member.status === 'active',
    reactivate: touch && member.status === 'deactivated',
    roles: move && member.status !== 'deactivated' ? assignableRoles(actor.role) : [],
  }
}

/** An account always has an active owner, whoever asks at the same time. */
async function requireAnotherOwner(
  ctx: Context<typeof staff.deactivateStaff> | Context<typeof staff.changeStaffRole>,
  member: Member,
): Promise<void> {
  if (member.role !== 'owner' || member.status !== 'active') return
  const owners = await lockOwners(ctx.db, ctx.account.id)
  if (owners.every((id) => id === member.id)) throw problem('lastOwner')
}

async function sendInvitation(
  ctx: Context<typeof staff.inviteStaff> | Context<typeof staff.resendStaffInvitation>,
  member: Pick<Member, 'id' | 'email' | 'role'>,
): Promise<void> {
  const { token, hash } = newToken()
  await addInvitation(ctx.db, ctx.account.id, {
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

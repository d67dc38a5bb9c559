import { checkNewPassword, hashPassword, verifyPassword } from '../../../platform/secrets.ts'
import { emailNorm, implement, prepared, withEffect, type Write } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import type { AuditInput } from '../../audit/rules.ts'
import { endPortalSessions, openPortalSession } from '../../identity/portal/queries.ts'
import { findPortalLogin } from '../../identity/queries.ts'
import { portalAccountExists, portalEmailChanged, sendActivation, sendNotice, type Sending } from '../messages.ts'
import { activation } from './contract.ts'
import { maySignUp, portalIsOpen } from './policy.ts'
import {
  acceptInvitedUser,
  activateUser,
  insertSignUp,
  resetToInvited,
  changeEmail,
  lockLogin,
  lockLoginByEmail,
  consumeMailLimit,
  type Login,
} from './queries.ts'
import {
  findToken,
  countLinksSince,
  replaceTokens,
  consumeToken,
  type FoundToken,
  type TokenKind,
} from './tokens/queries.ts'
import {
  activationStatus,
  answersToStore,
  mayUseAddress,
  findMissingAnswers,
  oneUseStatus,
  type LinkStatus,
} from './rules.ts'

const MINUTE = 60_000
const LINK_PROBLEM_CODES: Record<Exclude<LinkStatus, 'open'>, string> = {
  accepted: 'linkUsed',
  expired: 'linkExpired',
  replaced: 'linkReplaced',
  unknown: 'linkInvalid',
}

export const activationHandlers = implement('portal-users', activation, {
  signUp: prepared(
    async (input, { account, query }) => {
      checkNewPassword(input.password, [account.name, account.portal.name, input.email, input.name])
      const known = await findPortalLogin(query, account.id, emailNorm(input.email))
      // Against account enumeration by response time: both hashes are always computed (PS-46).
      return {
        isSamePassword: await verifyPassword(known?.password_hash ?? null, input.password),
        password_hash: await hashPassword(input.password),
      }
    },
    async (ctx, input, { isSamePassword, password_hash }) => {
      ctx.allow(maySignUp(ctx.account))
      const { signUpFields, signUpDomains } = ctx.account.portal
      const norm = emailNorm(input.email)
      const fieldErrors = {
        ...findMissingAnswers(signUpFields, input),
        ...(!mayUseAddress(signUpDomains, norm) && { email: 'domainNotAllowed' }),
      }
      if (Object.keys(fieldErrors).length > 0) throw problem('input', { fields: fieldErrors })
      const mayMail = await consumeMailLimit(ctx.db, ctx.account.id, norm, ctx.now)
      const added = await insertSignUp(ctx.db, ctx.account.id, {
        ...answersToStore(signUpFields, input),
        id: ctx.newId(),
        email: input.email,
        password_hash,
        locale: ctx.locale,
        at: ctx.now,
      })
      if (added) {
        await sendActivation(ctx, added)
        await ctx.audit({ event: 'portalUserSignedUp', subjectKind: 'portalUser', subjectId: added.id })
      } else if (mayMail) await notifyExistingUser(ctx, norm, isSamePassword)
      return { email: input.email }
    },
  ),

  async getActivation(ctx, { token }) {
    ctx.allow(portalIsOpen(ctx.account))
    const found = await findToken(ctx.db, ctx.account.id, 'portalActivation', token)
    const status = activationStatus(found, ctx.now)
    if (!found || status === 'unknown') return { status, kind: null, email: null, name: null }
    // A link that was mailed to another address shows nothing of the present one.
    const isPresentAddress = found.email_norm === found.user.email_norm
    const kind = found.user.password_hash === null ? ('invitation' as const) : ('activation' as const)
    return {
      status,
      kind,
      email: isPresentAddress ? found.user.email : null,
      name: isPresentAddress ? found.user.name : null,
    }
  },

  async activateAccount(ctx, { token }) {
    ctx.allow(portalIsOpen(ctx.account))
    const found = await consumeLink(ctx, 'portalActivation', token, activationStatus)
    const user = await activateUser(ctx.db, ctx.account.id, found.user.id, ctx.now)
    if (!user) throw problem('detailsMissing') // Rolls back: the link stays open.
    return startFirstSession(ctx, user)
  },

  acceptInvitation: prepared(
    async (input, { account }) => {
      checkNewPassword(input.password, [account.name, account.portal.name, input.name])
      return hashPassword(input.password)
    },
    async (ctx, input, password_hash) => {
      ctx.allow(portalIsOpen(ctx.account))
      const { signUpFields } = ctx.account.portal
      const fieldErrors = findMissingAnswers(signUpFields, input)
      const {
        user: { id, email },
      } = await consumeLink(ctx, 'portalActivation', input.token, activationStatus)
      // Rolls back: after missing answers the link stays open (CP-21).
      if (Object.keys(fieldErrors).length > 0) throw problem('input', { fields: fieldErrors })
      checkNewPassword(input.password, [email])
      const user = await acceptInvitedUser(
        ctx.db,
        ctx.account.id,
        id,
        { ...answersToStore(signUpFields, input), password_hash, email },
        ctx.now,
      )
      if (!user) throw problem('linkInvalid')
      return startFirstSession(ctx, user)
    },
  ),

  async resendActivation(ctx, input) {
    ctx.allow(portalIsOpen(ctx.account))
    const norm = emailNorm(input.email)
    const mayMail = await consumeMailLimit(ctx.db, ctx.account.id, norm, ctx.now)
    const user = await lockLoginByEmail(ctx.db, ctx.account.id, norm)
    if (user && mayMail) await notifyPendingUser(ctx, user, 1)
    return {}
  },

  async renewActivation(ctx, { token }) {
    ctx.allow(portalIsOpen(ctx.account))
    const found = await findLockedLink(ctx, 'portalActivation', token)
    const status = activationStatus(found, ctx.now)
    const isPresentAddress = found && found.email_norm === found.user.email_norm
    const isRenewable = status === 'expired' || status === 'replaced'
    if (!isPresentAddress || !isRenewable)
      throw problem(status === 'open' ? 'linkReplaced' : LINK_PROBLEM_CODES[status])
    if (await consumeMailLimit(ctx.db, ctx.account.id, found.email_norm, ctx.now))
      await notifyPendingUser(ctx, found.user, 1)
    return { email: found.user.email }
  },

  async getEmailChange(ctx, { token }) {
    ctx.allow(portalIsOpen(ctx.account))
    const found = await findToken(ctx.db, ctx.account.id, 'portalEmailChange', token)
    const status = emailChangeStatus(found, ctx.now)
    return status === 'open'
      ? { status, email: found!.user.email, newEmail: found!.user.pending_email }
      : { status, email: null, newEmail: null }
  },

  async confirmEmailChange(ctx, { token }) {
    ctx.allow(portalIsOpen(ctx.account))
    const { user } = await consumeLink(ctx, 'portalEmailChange', token, emailChangeStatus)
    const newEmail = user.pending_email!
    await changeEmail(ctx.db, ctx.account.id, user, newEmail, ctx.now)
    await replaceTokens(
      ctx.db,
      ctx.account.id,
      ['portalActivation', 'portalReset', 'portalEmailChange'],
      user.id,
      ctx.now,
    )
    // Sessions of the old address end; the user signs in with the new one.
    await endPortalSessions(ctx.db, ctx.account.id, user.id)
    await sendNotice(ctx, user, portalEmailChanged, { newEmail })
    await ctx.audit({
      event: 'portalUserEmailChanged',
      subjectKind: 'portalUser',
      subjectId: user.id,
      details: { from: user.email, to: newEmail },
    })
    return { email: newEmail }
  },
})

type AuditedSending = Sending & { audit(entry: AuditInput): Promise<void> }
type ActivationContext = AuditedSending & {
  actor: { kind: string; id?: string; sessionId?: string }
  userAgent: string
  clientAddress: string
}
type LinkStatusOf = (found: FoundToken | undefined, now: Date) => LinkStatus

/** Open only while the address it was mailed to is still the pending one. */
const emailChangeStatus: LinkStatusOf = (found, now) => {
  if (!found || found.user.status !== 'active') return 'unknown'
  const status = oneUseStatus(found, now)
  return status === 'open' && emailNorm(found.user.pending_email ?? '') !== found.email_norm ? 'replaced' : status
}

/** The link, with its user's row locked: changes to a user's access run one after the other. */
async function findLockedLink(
  { db, account }: { db: Write; account: { id: string } },
  kind: TokenKind,
  token: string,
): Promise<FoundToken | undefined> {
  const found = await findToken(db, account.id, kind, token)
  if (!found) return undefined
  await lockLogin(db, account.id, found.user.id)
  return findToken(db, account.id, kind, token)
}

/** Uses a link; throws the problem that matches its status. */
async function consumeLink(
  ctx: ActivationContext,
  kind: TokenKind,
  token: string,
  statusOf: LinkStatusOf,
): Promise<FoundToken> {
  const found = await findLockedLink(ctx, kind, token)
  const status = statusOf(found, ctx.now)
  if (status !== 'open') throw problem(LINK_PROBLEM_CODES[status])
  if (!found || !(await consumeToken(ctx.db, ctx.account.id, kind, token, ctx.now))) throw problem('linkUsed')
  return found
}

/** The first sign-in opens a new session, whatever session the browser had before. */
async function startFirstSession(ctx: ActivationContext, user: Login) {
  await replaceTokens(ctx.db, ctx.account.id, ['portalActivation', 'portalReset'], user.id, ctx.now)
  await ctx.audit({ event: 'portalUserActivated', subjectKind: 'portalUser', subjectId: user.id })
  return withEffect({ email: user.email }, await openPortalSession(ctx, user.id))
}

/** Activation links created within the last minute. */
const countRecentLinks = (ctx: Sending, user: Login): Promise<number> =>
  countLinksSince(ctx.db, ctx.account.id, 'portalActivation', user.id, new Date(ctx.now.getTime() - MINUTE))

/** Sends a new link to a user who is not active yet, unless more than `max` were sent in the last minute (E-03). */
async function notifyPendingUser(ctx: AuditedSending, user: Login, max: number): Promise<void> {
  if (user.status !== 'invited' && user.status !== 'signed_up') return
  const recent = await countRecentLinks(ctx, user)
  if (recent > max) return
  await sendActivation(ctx, user)
  await ctx.audit({ event: 'portalActivationSent', subjectKind: 'portalUser', subjectId: user.id })
}

/**
 * Somebody signed up with an address that has a user. An active user is notified by mail (E-01). A user who is not active
 * yet gets a new link. Against account pre-hijacking: when another password was typed this time, the stored one is
 * deleted and the link asks its reader for a new one.
 */
async function notifyExistingUser(ctx: AuditedSending, norm: string, isSamePassword: boolean): Promise<void> {
  const user = await lockLoginByEmail(ctx.db, ctx.account.id, norm)
  if (!user) return
  if (user.status === 'active' || user.status === 'suspended') return sendNotice(ctx, user, portalAccountExists, {})
  const recent = await countRecentLinks(ctx, user)
  if (recent > 0) return
  const pendingUser =
    isSamePassword || user.status === 'invited' ? user : await resetToInvited(ctx.db, ctx.account.id, user.id, ctx.now)
  if (!pendingUser) return
  await sendActivation(ctx, pendingUser)
  await ctx.audit({ event: 'portalActivationSent', subjectKind: 'portalUser', subjectId: pendingUser.id })
}

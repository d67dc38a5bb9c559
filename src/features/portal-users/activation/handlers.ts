import { checkNewPassword, hashPassword, verifyPassword } from '../../../platform/secrets.ts'
import { emailNorm, implement, prepared, withEffect, type Write } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import { endPortalSessions, openPortalSession } from '../../identity/portal/queries.ts'
import { findPortalLogin } from '../../identity/queries.ts'
import { portalAccountExists, portalEmailChanged, sendActivation, sendNotice, type Sending } from '../messages.ts'
import { activation } from './contract.ts'
import { maySignUp, portalIsOpen } from './policy.ts'
import {
  accept,
  activate,
  addSignUp,
  resetToInvited,
  changeEmail,
  findToken,
  linksSince,
  lockLogin,
  lockLoginByEmail,
  replaceTokens,
  consumeMailLimit,
  consumeToken,
  type FoundToken,
  type Login,
  type TokenKind,
} from './queries.ts'
import { activationStatus, keptAnswers, mayUseAddress, missingAnswers, oneUseStatus, type LinkStatus } from './rules.ts'

const MINUTE = 60_000
const REFUSALS: Record<Exclude<LinkStatus, 'open'>, string> = {
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
      // Both hashings always happen: the time of the answer tells nothing about the address (PS-46).
      return {
        same: await verifyPassword(known?.password_hash ?? null, input.password),
        password_hash: await hashPassword(input.password),
      }
    },
    async (ctx, input, { same, password_hash }) => {
      ctx.allow(maySignUp(ctx.account))
      const { signUpFields, signUpDomains } = ctx.account.portal
      const norm = emailNorm(input.email)
      const fieldErrors = {
        ...missingAnswers(signUpFields, input),
        ...(!mayUseAddress(signUpDomains, norm) && { email: 'domainNotAllowed' }),
      }
      if (Object.keys(fieldErrors).length > 0) throw problem('input', { fields: fieldErrors })
      const mayMail = await consumeMailLimit(ctx.db, ctx.account.id, norm, ctx.now)
      const added = await addSignUp(ctx.db, ctx.account.id, {
        ...keptAnswers(signUpFields, input),
        id: ctx.newId(),
        email: input.email,
        password_hash,
        locale: ctx.locale,
        at: ctx.now,
      })
      if (added) {
        await sendActivation(ctx, added)
        await ctx.audit({ event: 'portalUserSignedUp', subjectKind: 'portalUser', subjectId: added.id })
      } else if (mayMail) await notifyExistingUser(ctx, norm, same)
      return { email: input.email }
    },
  ),

  async getActivation(ctx, { token }) {
    ctx.allow(portalIsOpen(ctx.account))
    const found = await findToken(ctx.db, ctx.account.id, 'portalActivation', token)
    const status = activationStatus(found, ctx.now)
    if (!found || status === 'unknown') return { status, way: null, email: null, name: null }
    // A link that was mailed to another address shows nothing of the present one.
    const mine = found.email_norm === found.user.email_norm
    const way = found.user.password_hash === null ? ('invitation' as const) : ('activation' as const)
    return { status, way, email: mine ? found.user.email : null, name: mine ? found.user.name : null }
  },

  async activateAccount(ctx, { token }) {
    ctx.allow(portalIsOpen(ctx.account))
    const found = await consumeLink(ctx, 'portalActivation', token, activationStatus)
    const user = await activate(ctx.db, ctx.account.id, found.user.id, ctx.now)
    if (!user) throw problem('detailsMissing') // rolls back: the link stays good
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
      const fieldErrors = missingAnswers(signUpFields, input)
      const {
        user: { id, email },
      } = await consumeLink(ctx, 'portalActivation', input.token, activationStatus)
      if (Object.keys(fieldErrors).length > 0) throw problem('input', { fields: fieldErrors }) // rolls back: leaving half-way keeps the link (CP-21)
      checkNewPassword(input.password, [email])
      const user = await accept(
        ctx.db,
        ctx.account.id,
        id,
        { ...keptAnswers(signUpFields, input), password_hash, email },
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
    const found = await lockedLink(ctx, 'portalActivation', token)
    const status = activationStatus(found, ctx.now)
    const mine = found && found.email_norm === found.user.email_norm
    if (!mine || !(status === 'expired' || status === 'replaced'))
      throw problem(status === 'open' ? 'linkReplaced' : REFUSALS[status])
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
    // Whoever was signed in with the old address signs in again with the new one.
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

type Ctx = Sending & {
  actor: { kind: string; id?: string; sessionId?: string }
  userAgent: string
  clientAddress: string
  audit(entry: { event: string; subjectKind?: string; subjectId?: string }): Promise<void>
}
type Judge = (found: FoundToken | undefined, now: Date) => LinkStatus

/** Good only while the address it was mailed to is still the one being waited for. */
const emailChangeStatus: Judge = (found, now) => {
  if (!found || found.user.status !== 'active') return 'unknown'
  const status = oneUseStatus(found, now)
  return status === 'open' && emailNorm(found.user.pending_email ?? '') !== found.email_norm ? 'replaced' : status
}

/** A link with its user's row held: everything that changes a way in happens one after the other. */
async function lockedLink(
  { db, account }: { db: Write; account: { id: string } },
  kind: TokenKind,
  token: string,
): Promise<FoundToken | undefined> {
  const found = await findToken(db, account.id, kind, token)
  if (!found) return undefined
  await lockLogin(db, account.id, found.user.id)
  return findToken(db, account.id, kind, token)
}

/** Consumes a link; throws what is wrong with it. */
async function consumeLink(ctx: Ctx, kind: TokenKind, token: string, judge: Judge): Promise<FoundToken> {
  const found = await lockedLink(ctx, kind, token)
  const status = judge(found, ctx.now)
  if (status !== 'open') throw problem(REFUSALS[status])
  if (!found || !(await consumeToken(ctx.db, ctx.account.id, kind, token, ctx.now))) throw problem('linkUsed')
  return found
}

/** The first sign-in: a new session, whatever the browser held before. */
async function startFirstSession(ctx: Ctx, user: Login) {
  await replaceTokens(ctx.db, ctx.account.id, ['portalActivation', 'portalReset'], user.id, ctx.now)
  await ctx.audit({ event: 'portalUserActivated', subjectKind: 'portalUser', subjectId: user.id })
  return withEffect({ email: user.email }, await openPortalSession(ctx, user.id))
}

/** A waiting user gets a fresh link, unless `most` were sent within the last minute (E-03). */
async function notifyPendingUser(ctx: Sending, user: Login, most: number): Promise<void> {
  if (user.status !== 'invited' && user.status !== 'signed_up') return
  const recent = await linksSince(
    ctx.db,
    ctx.account.id,
    'portalActivation',
    user.id,
    new Date(ctx.now.getTime() - MINUTE),
  )
  if (recent <= most) await sendActivation(ctx, user)
}

/**
 * Somebody signed up with an address that has a profile. Who is in learns so by mail (E-01). A profile that waits gets a
 * fresh link; when another password was typed this time, neither is believed: the link asks its reader for a new one, so
 * that nobody prepares an account for someone else's address.
 */
async function notifyExistingUser(ctx: Sending, norm: string, same: boolean): Promise<void> {
  const user = await lockLoginByEmail(ctx.db, ctx.account.id, norm)
  if (!user) return
  if (user.status === 'active' || user.status === 'suspended') return sendNotice(ctx, user, portalAccountExists, {})
  const recent = await linksSince(
    ctx.db,
    ctx.account.id,
    'portalActivation',
    user.id,
    new Date(ctx.now.getTime() - MINUTE),
  )
  if (recent > 0) return
  const waiting =
    same || user.status === 'invited' ? user : await resetToInvited(ctx.db, ctx.account.id, user.id, ctx.now)
  if (waiting) await sendActivation(ctx, waiting)
}

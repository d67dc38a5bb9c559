import { undoUnless } from '../../../platform/database/statements.ts'
import { emailNorm } from '../../../platform/email-address.ts'
import { implement, prepared, withEffect, type Context } from '../../../platform/operation.ts'
import { notFound, problem, yes, type Problem } from '../../../platform/problem.ts'
import { checkNewPassword, hashPassword, verifyPassword } from '../../../platform/secrets.ts'
import {
  portalPasswordChanged,
  portalSignInsFailed,
  replyAlike,
  sendNotice,
  standIn,
} from '../../portal-users/messages.ts'
import { portalIsOpen } from '../../portal-users/activation/policy.ts'
import {
  findToken,
  countRecentActivationLinks,
  replaceTokens,
  consumeToken,
  type FoundToken,
} from '../../portal-users/activation/tokens/queries.ts'
import { lockLoginByEmail, findLogin, consumeMailLimit } from '../../portal-users/activation/queries.ts'
import { isWaiting, oneUseStatus, type LinkStatus } from '../../portal-users/activation/rules.ts'
import { isCustomer, isPortalUser } from '../policy.ts'
import { beginSignIn, consumeAlert, forgetGuesses, rememberBrowser, type SignInAttempt } from '../guessing/queries.ts'
import { ALERT_AFTER } from '../guessing/rules.ts'
import { findPortalLogin } from '../queries.ts'
import {
  canBook,
  linksWithTickets,
  seesJobs,
  type CustomerActor,
  type LinkVisitorActor,
  type PortalConfig,
  type PortalUserActor,
} from '../rules.ts'
import { drawPortalIcon, presentClosedPortal, presentOpenPortal } from './branding/handlers.ts'
import { portalIdentity } from './contract.ts'
import {
  endPortalSessions,
  endSessionOf,
  recordSignIn,
  openPortalSession,
  listPortalSessionRows,
  setPortalPassword,
} from './queries.ts'

export const portalIdentityHandlers = implement('identity', portalIdentity, {
  async getPortal(ctx) {
    ctx.allow(yes)
    if (!portalIsOpen(ctx.account).yes) return presentClosedPortal(ctx.account)
    const { portal } = ctx.account
    const currentUser = ctx.actor.kind === 'portalUser' ? presentPortalUser(ctx.actor, portal) : null
    const visitor = ctx.actor.kind === 'linkVisitor' ? presentVisitor(ctx.actor, portal) : null
    return presentOpenPortal(ctx.account, currentUser, visitor)
  },

  async getPortalLogo(ctx) {
    // Also served while the portal is off, because mails of the business show it.
    ctx.allow(ctx.account.logoKey ? yes : notFound)
    const { stream, size } = await ctx.files.get(ctx.account.logoKey!)
    return withEffect({}, { file: { stream, size, name: 'logo.png', type: 'image/png', inline: true, anywhere: true } })
  },

  async getPortalIcon(ctx, { icon }) {
    ctx.allow(yes)
    return withEffect({}, { file: await drawPortalIcon(ctx.account, icon, ctx.files) })
  },

  async getCurrentPortalUser(ctx) {
    ctx.allow(isPortalUser(ctx.actor))
    return presentPortalUser(ctx.actor, ctx.account.portal)
  },

  signInToPortal: prepared(
    async (input, tools) => {
      const attempt = await beginSignIn(tools, tools.account, emailNorm(input.email))
      // Verified also without a login or password, so that the time does not reveal which addresses have one (PS-46).
      const correct = await verifyPassword(attempt.login?.password_hash ?? null, input.password)
      if (!correct) await attempt.fail()
      return { attempt, correct }
    },
    async (ctx, { email }, { attempt, correct }) => {
      const { login } = attempt
      ctx.allow(portalIsOpen(ctx.account))
      const subject = login && { kind: 'portalUser', id: login.id }
      if (!login || !correct) return refuseGuess(ctx, email, attempt)
      if (login.status === 'signed_up') {
        ctx.afterCommit(attempt.complete)
        return problem('notActivated', { subject })
      }
      // Suspended and removed users are refused like a wrong password, also when it happened since the check.
      const [isRecorded, session, browser] = await Promise.all([
        recordSignIn(ctx.db, ctx.account.id, login.id, login.password_hash!, ctx.now),
        openPortalSession(ctx, login.id),
        rememberBrowser(ctx, login.id, login.password_hash!),
        ctx.audit({ event: 'portalUserSignedIn', subjectKind: 'portalUser', subjectId: login.id }),
      ])
      if (!isRecorded || !session) throw problem('wrongCredentials', { subject })
      ctx.afterCommit(attempt.complete)
      return withEffect({ name: login.name ?? '' }, { ...session, browser })
    },
  ),

  async signOutOfPortal(ctx) {
    ctx.allow(isCustomer(ctx.actor))
    await endSessionOf(ctx.db, ctx.account.id, ctx.actor)
    if (ctx.actor.kind === 'portalUser')
      await ctx.audit({ event: 'portalUserSignedOut', subjectKind: 'portalUser', subjectId: ctx.actor.id })
    return withEffect({}, { session: 'end', audience: 'portal' })
  },

  async listPortalSessions(ctx) {
    ctx.allow(isPortalUser(ctx.actor))
    const rows = await listPortalSessionRows(ctx.db, ctx.account.id, ctx.actor.id, ctx.now)
    return {
      rows: rows.map((row) => ({
        id: row.id,
        current: row.id === ctx.actor.sessionId,
        createdAt: row.created_at,
        seenAt: row.seen_at,
        endsAt: row.ends_at,
        userAgent: row.user_agent,
        clientAddress: row.client_address,
      })),
    }
  },

  async endPortalSession(ctx, { session }) {
    const sessions = await listPortalSessionRows(ctx.db, ctx.account.id, ctx.actor.id, ctx.now)
    const isOwnSession = sessions.some((row) => row.id === session)
    ctx.allow(isOwnSession ? isPortalUser(ctx.actor) : notFound)
    await endPortalSessions(ctx.db, ctx.account.id, ctx.actor.id, { only: session })
    await auditEndedSessions(ctx, 1)
    return session === ctx.actor.sessionId ? withEffect({}, { session: 'end', audience: 'portal' }) : {}
  },

  async endOtherPortalSessions(ctx) {
    ctx.allow(isPortalUser(ctx.actor))
    const ended = await endPortalSessions(ctx.db, ctx.account.id, ctx.actor.id, { but: ctx.actor.sessionId })
    await auditEndedSessions(ctx, ended)
    return { ended }
  },

  changePortalPassword: prepared(
    async (input, { account, actor, query }) => {
      const { email, name } = actor as { email: string; name: string }
      const login = await findPortalLogin(query, account.id, emailNorm(email))
      const isRight = await verifyPassword(login?.password_hash ?? null, input.current)
      const others = isRight ? {} : { current: 'wrongPassword' }
      await checkNewPassword(input.password, [account.name, account.portal.name, email, name], others)
      return { checkedHash: login!.password_hash!, hash: await hashPassword(input.password) }
    },
    async (ctx, _input, { hash, checkedHash }) => {
      ctx.allow(isPortalUser(ctx.actor))
      const user = await findLogin(ctx.db, ctx.account.id, ctx.actor.id)
      if (!user || !(await setPortalPassword(ctx.db, ctx.account.id, user.id, { hash, checkedHash, now: ctx.now }))) {
        throw problem('input', { fields: { current: 'wrongPassword' } })
      }
      // Whoever knows a token from before the change has nothing: this session goes on under a new one.
      await endPortalSessions(ctx.db, ctx.account.id, user.id)
      const session = await openPortalSession(ctx, user.id)
      await replaceTokens(ctx.db, ctx.account.id, ['portalReset'], user.id, ctx.now)
      await sendNotice(ctx, user, portalPasswordChanged, {})
      await ctx.audit({ event: 'portalUserPasswordChanged', subjectKind: 'portalUser', subjectId: user.id })
      const browser = await rememberBrowser(ctx, user.id, hash)
      return session ? withEffect({}, { ...session, browser }) : {}
    },
  ),

  async requestPortalPasswordReset(ctx, input) {
    ctx.allow(portalIsOpen(ctx.account))
    const norm = emailNorm(input.email)
    const mayMail = await consumeMailLimit(ctx.db, ctx.account.id, norm, ctx.now)
    const user = await lockLoginByEmail(ctx.db, ctx.account.id, norm)
    // A user who never activated gets the activation link again, at most twice a minute.
    const recent = await countRecentActivationLinks(ctx.db, ctx.account.id, user, ctx.now)
    const mail = user?.status === 'active' ? 'reset' : isWaiting(user) && recent < 2 ? 'activation' : null
    const event = mail === 'activation' ? 'portalActivationSent' : 'portalPasswordResetRequested'
    await replyAlike(ctx, user, { mail: mayMail ? mail : null, event })
    return {}
  },

  async getPortalPasswordReset(ctx, { token }) {
    ctx.allow(portalIsOpen(ctx.account))
    const resetToken = await findToken(ctx.db, ctx.account.id, 'portalReset', token)
    const status = portalResetStatus(resetToken, ctx.now)
    if (status === 'unknown') ctx.countFailure()
    return { status, email: status === 'open' || status === 'accepted' ? resetToken!.user.email : null }
  },

  resetPortalPassword: prepared(
    async (input, { account }) => {
      await checkNewPassword(input.password, [account.name, account.portal.name])
      return hashPassword(input.password)
    },
    async (ctx, input, hash) => {
      ctx.allow(portalIsOpen(ctx.account))
      const { id: account } = ctx.account
      const token = await findToken(ctx.db, account, 'portalReset', input.token, { lock: true })
      const status = portalResetStatus(token, ctx.now)
      if (!token || status !== 'open') throw problem(REFUSALS[status])
      const { user } = token
      await checkNewPassword(input.password, [user.email, user.name])
      if (!(await consumeToken(ctx.db, account, 'portalReset', input.token, ctx.now))) throw problem('linkUsed')
      if (!(await setPortalPassword(ctx.db, account, user.id, { hash, now: ctx.now }))) throw problem('linkInvalid')
      await replaceTokens(ctx.db, account, ['portalReset'], user.id, ctx.now)
      await endPortalSessions(ctx.db, account, user.id)
      await forgetGuesses(ctx.db, user.id)
      const browser = await rememberBrowser(ctx, user.id, hash)
      await sendNotice(ctx, user, portalPasswordChanged, {})
      await ctx.audit({ event: 'portalUserPasswordReset', subjectKind: 'portalUser', subjectId: user.id })
      // The browser that used the link is signed out too, and signs in with the new password.
      return withEffect({ email: user.email }, { session: 'end', audience: 'portal', browser })
    },
  ),
})

const auditEndedSessions = (
  ctx: Context<typeof portalIdentity.endPortalSession> | Context<typeof portalIdentity.endOtherPortalSessions>,
  ended: number,
): Promise<void> =>
  ctx.audit({
    event: 'portalSessionsEnded',
    subjectKind: 'portalUser',
    subjectId: ctx.actor.id,
    details: { sessionsEnded: ended },
  })
/** The refusal of a wrong password. After many in a row the owner of the login is told. */
async function refuseGuess(
  ctx: Context<typeof portalIdentity.signInToPortal>,
  email: string,
  { login, failures }: SignInAttempt,
): Promise<Problem> {
  if (failures >= ALERT_AFTER) {
    // The same work for every address, so that its time does not tell who has a login (PS-46).
    const user = await lockLoginByEmail(ctx.db, ctx.account.id, emailNorm(email))
    const isActive = user?.status === 'active'
    const recipient = user ?? standIn(ctx.newId())
    const isDue = await undoUnless(ctx.db, isActive, () => consumeAlert(ctx.db, recipient.id, ctx.now))
    const vars = { count: String(failures) }
    await undoUnless(ctx.db, isActive && isDue, () => sendNotice(ctx, recipient, portalSignInsFailed, vars))
  }
  return problem('wrongCredentials', { subject: login && { kind: 'portalUser', id: login.id } })
}

const presentPortalUser = (actor: PortalUserActor, portal: PortalConfig) => ({
  id: actor.id,
  name: actor.name,
  email: actor.email,
  phone: actor.phone,
  can: allowedInPortal(actor, portal),
})

const presentVisitor = (actor: LinkVisitorActor, portal: PortalConfig) => ({
  name: actor.name,
  customer: actor.customerName,
  record: actor.links[0]?.record ?? null,
  can: allowedInPortal(actor, portal),
})

const allowedInPortal = (actor: CustomerActor, portal: PortalConfig) => ({
  viewJobs: seesJobs(actor, portal),
  createJobs: canBook(actor, portal),
  viewTickets: linksWithTickets(actor, portal).length > 0,
  createTickets: linksWithTickets(actor, portal, 'createTickets').length > 0,
})

const REFUSALS: Record<LinkStatus, string> = {
  open: 'linkInvalid',
  accepted: 'linkUsed',
  expired: 'linkExpired',
  replaced: 'linkReplaced',
  unknown: 'linkInvalid',
}

/** A reset link works only for an active user whose address is still the one it was mailed to. */
function portalResetStatus(token: FoundToken | undefined, now: Date): LinkStatus {
  const isValid = token && token.user.status === 'active' && token.email_norm === token.user.email_norm
  return isValid ? oneUseStatus(token, now) : 'unknown'
}

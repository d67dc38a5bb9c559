import { checkNewPassword, hashPassword, hashToken, isSameSecret, newToken } from '../../../platform/secrets.ts'
import { emailNorm } from '../../../platform/email-address.ts'
import { implement, prepared, withEffect, type Write } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import type { AuditInput } from '../../audit/rules.ts'
import { rememberBrowser } from '../../identity/guessing/queries.ts'
import { endPortalSessions, openPortalSession } from '../../identity/portal/queries.ts'
import { portalEmailChanged, replyAlike, sendActivation, sendNotice, type Sending } from '../messages.ts'
import { activation } from './contract.ts'
import { maySignUp, portalIsOpen } from './policy.ts'
import {
  acceptInvitedUser,
  activateUser,
  insertSignUp,
  replaceSignUp,
  changeEmail,
  lockLoginByEmail,
  consumeMailLimit,
  type Login,
  type SignUp,
} from './queries.ts'
import {
  findToken,
  countRecentActivationLinks,
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
  isWaiting,
  oneUseStatus,
  type LinkStatus,
} from './rules.ts'

const LINK_PROBLEM_CODES: Record<Exclude<LinkStatus, 'open'>, string> = {
  accepted: 'linkUsed',
  expired: 'linkExpired',
  replaced: 'linkReplaced',
  unknown: 'linkInvalid',
}

export const activationHandlers = implement('portal-users', activation, {
  signUp: prepared(
    async (input, { account }) => {
      await checkNewPassword(input.password, [account.name, account.portal.name, input.email, input.name])
      return hashPassword(input.password)
    },
    async (ctx, input, password_hash) => {
      ctx.allow(maySignUp(ctx.account))
      const { signUpFields, signUpDomains } = ctx.account.portal
      const norm = emailNorm(input.email)
      const fieldErrors = {
        ...findMissingAnswers(signUpFields, input),
        ...(!mayUseAddress(signUpDomains, norm) && { email: 'domainNotAllowed' }),
      }
      if (Object.keys(fieldErrors).length > 0) throw problem('input', { fields: fieldErrors })
      const browser = signUpBrowser(ctx.signUpToken)
      await storeSignUp(ctx, input.email, {
        ...answersToStore(signUpFields, input),
        password_hash,
        sign_up_hash: browser.hash,
      })
      return withEffect({ email: input.email }, { signUpToken: browser.token })
    },
  ),

  async getActivation(ctx, { token }) {
    ctx.allow(portalIsOpen(ctx.account))
    const found = await findToken(ctx.db, ctx.account.id, 'portalActivation', token)
    const status = activationStatus(found, ctx.now)
    if (!found || status === 'unknown') {
      ctx.countFailure()
      return { status, kind: null, email: null, name: null }
    }
    // A link that was mailed to another address shows nothing of the present one.
    const isPresentAddress = found.email_norm === found.user.email_norm
    // Whoever signed up before names were required gives one now (CP-08).
    const hasSignedUpHere =
      found.user.name !== null && isSameSecret(found.user.sign_up_hash, hashToken(ctx.signUpToken))
    const kindElsewhere = found.user.status === 'signed_up' ? ('signUp' as const) : ('invitation' as const)
    return {
      status,
      kind: hasSignedUpHere ? ('activation' as const) : kindElsewhere,
      email: isPresentAddress ? found.user.email : null,
      // In another browser, whoever signed up may be a stranger: what they typed is not shown. Staff named an invited user.
      name: isPresentAddress && (hasSignedUpHere || found.user.status === 'invited') ? found.user.name : null,
    }
  },

  async activateAccount(ctx, { token }) {
    ctx.allow(portalIsOpen(ctx.account))
    const found = await consumeLink(ctx, 'portalActivation', token, activationStatus)
    const user = await activateUser(ctx.db, ctx.account.id, found.user.id, hashToken(ctx.signUpToken), ctx.now)
    if (!user?.name) throw problem('detailsMissing') // Rolls back: the link stays open.
    return startFirstSession(ctx, user)
  },

  acceptInvitation: prepared(
    async (input, { account }) => {
      await checkNewPassword(input.password, [account.name, account.portal.name, input.name])
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
      await checkNewPassword(input.password, [email], fieldErrors)
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
    const recent = await countRecentActivationLinks(ctx.db, ctx.account.id, user, ctx.now)
    const mayActivate = mayMail && isWaiting(user) && recent <= 1
    await replyAlike(ctx, user, { mail: mayActivate ? 'activation' : null, event: 'portalActivationSent' })
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
    if (status === 'unknown') ctx.countFailure()
    return status === 'open'
      ? {
          status,
          email: found!.user.email,
          newEmail: found!.user.pending_email,
          needsPassword: !isSignedInAs(ctx, found!.user),
        }
      : { status, email: null, newEmail: null, needsPassword: false }
  },

  confirmEmailChange: prepared(
    async ({ password }, { account }) => {
      if (password === undefined) return null
      await checkNewPassword(password, [account.name, account.portal.name])
      return hashPassword(password)
    },
    async (ctx, { token, password }, passwordHash) => {
      ctx.allow(portalIsOpen(ctx.account))
      const { user } = await consumeLink(ctx, 'portalEmailChange', token, emailChangeStatus)
      const newEmail = user.pending_email!
      // Rolls back: the link stays open. Whoever had the old address may know the password.
      if (passwordHash === null && !isSignedInAs(ctx, user))
        throw problem('input', { fields: { password: 'required' } })
      if (password !== undefined) await checkNewPassword(password, [newEmail, user.name])
      await changeEmail(ctx.db, ctx.account.id, user, { email: newEmail, passwordHash, now: ctx.now })
      const linkKinds = ['portalActivation', 'portalReset', 'portalEmailChange'] as const
      await replaceTokens(ctx.db, ctx.account.id, linkKinds, user.id, ctx.now)
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
  ),
})

const isSignedInAs = ({ actor }: { actor: { kind: string; id?: string } }, user: { id: string }): boolean =>
  actor.kind === 'portalUser' && actor.id === user.id

type AuditedSending = Sending & { audit(entry: AuditInput): Promise<void> }
type ActivationContext = AuditedSending & {
  actor: { kind: string; id?: string; sessionId?: string }
  userAgent: string
  clientAddress: string
  browserToken: string | null
}
type LinkStatusOf = (found: FoundToken | undefined, now: Date) => LinkStatus

/** Open only while the address it was mailed to is still the pending one. */
const emailChangeStatus: LinkStatusOf = (found, now) => {
  if (!found || found.user.status !== 'active') return 'unknown'
  const status = oneUseStatus(found, now)
  return status === 'open' && emailNorm(found.user.pending_email ?? '') !== found.email_norm ? 'replaced' : status
}

/** The link, with its user's row locked: changes to a user's access run one after the other. */
const findLockedLink = (
  { db, account }: { db: Write; account: { id: string } },
  kind: TokenKind,
  token: string,
): Promise<FoundToken | undefined> => findToken(db, account.id, kind, token, { lock: true })

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

/** The first sign-in opens a new session, whatever session the browser had before. The mailbox is proved now. */
async function startFirstSession(ctx: ActivationContext, user: Login) {
  await replaceTokens(ctx.db, ctx.account.id, ['portalActivation', 'portalReset'], user.id, ctx.now)
  await endPortalSessions(ctx.db, ctx.account.id, user.id)
  await ctx.audit({ event: 'portalUserActivated', subjectKind: 'portalUser', subjectId: user.id })
  const session = await openPortalSession(ctx, user.id)
  if (!session) throw problem('linkInvalid')
  const browser = await rememberBrowser(ctx, user.id, user.password_hash!)
  return withEffect({ email: user.email }, { ...session, browser })
}

/** Sends a new link to a user who is not active yet, unless more than `max` were sent in the last minute (E-03). */
async function notifyPendingUser(ctx: AuditedSending, user: Login, max: number): Promise<void> {
  const recent = await countRecentActivationLinks(ctx.db, ctx.account.id, user, ctx.now)
  if (!isWaiting(user) || recent > max) return
  await sendActivation(ctx, user)
  await ctx.audit({ event: 'portalActivationSent', subjectKind: 'portalUser', subjectId: user.id })
}

/** The token that the browser has from an earlier sign-up, or from opening the form, else a new one. */
function signUpBrowser(present: string | null): { token: string; hash: Buffer } {
  const hash = hashToken(present)
  return hash ? { token: present!, hash } : newToken()
}

/** A blocked address has no user and gets no mail. */
function mailAfterSignUp(
  user: { status: string } | undefined,
  { mayActivate, mayMail }: { mayActivate: boolean; mayMail: boolean },
) {
  if (isWaiting(user)) return mayActivate ? 'activation' : null
  return user && mayMail ? 'accountExists' : null
}

/**
 * Stores a sign-up and writes to the mailbox, with the same work for every address (PS-46). Only the mailbox learns
 * whether it has a user (E-01). What was typed for a waiting user counts in the browser of the first sign-up; from any
 * other browser it ends the belief in both, however many mails were sent already.
 */
async function storeSignUp(
  ctx: Sending & ActivationContext & { locale: string },
  email: string,
  typed: SignUp,
): Promise<void> {
  const { db, now } = ctx
  const account = ctx.account.id
  const norm = emailNorm(email)
  const mayMail = await consumeMailLimit(db, account, norm, now)
  const added = await insertSignUp(db, account, { ...typed, id: ctx.newId(), email, locale: ctx.locale, at: now })
  const before = await lockLoginByEmail(db, account, norm)
  const isSameBrowser = isSameSecret(before?.sign_up_hash, typed.sign_up_hash)
  const waiting = !added && before ? before : { id: ctx.newId(), email }
  await replaceSignUp(db, account, waiting, isSameBrowser ? typed : null, { now })
  const user = await lockLoginByEmail(db, account, norm)
  const recent = await countRecentActivationLinks(ctx.db, ctx.account.id, user, ctx.now)
  const mayActivate = added !== undefined || (mayMail && recent === 0)
  await replyAlike(ctx, user, {
    mail: mailAfterSignUp(user, { mayActivate, mayMail }),
    event: added ? 'portalUserSignedUp' : 'portalActivationSent',
  })
}

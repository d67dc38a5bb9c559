import { undoUnless } from '../../../platform/database/statements.ts'
import { emailNorm } from '../../../platform/email-address.ts'
import { implement, prepared, withEffect, type Context } from '../../../platform/operation.ts'
import { problem, yes } from '../../../platform/problem.ts'
import { checkNewPassword, hashPassword, hashToken, newToken, verifyPassword } from '../../../platform/secrets.ts'
import { forgetGuesses, rememberBrowser } from '../guessing/queries.ts'
import { endPersonSessions, findLogin, listPersonSessions, startPersonSession } from '../queries.ts'
import { people } from './contract.ts'
import { staffPasswordChanged, staffPasswordReset } from './messages.ts'
import {
  addPersonToken,
  findPasswordHash,
  peekReset,
  findReset,
  findFirstAccount,
  setName,
  setPassword,
  consumeReset,
} from './queries.ts'
import { NO_ACCOUNT, NO_MAILBOX, resetLinkStatus, RESET_MS, STAFF_SESSION_MS } from './rules.ts'

export const peopleHandlers = implement('people', people, {
  requestPasswordReset: prepared(
    async ({ email }, { query }) => findLogin(query, emailNorm(email)),
    async (ctx, _input, person) => {
      ctx.allow(yes)
      // The same work for every address, so that its time does not reveal whether an address has a login (PS-46).
      const account = await findFirstAccount(ctx.db, person?.id ?? NO_ACCOUNT)
      const isKnown = person !== undefined && account !== null
      const { token, hash } = newToken()
      const address = await undoUnless(ctx.db, isKnown, async () => {
        await addPersonToken(ctx.db, {
          hash,
          id: ctx.newId(),
          kind: 'passwordReset',
          person: person?.id ?? null,
          at: ctx.now,
          expires: new Date(ctx.now.getTime() + RESET_MS),
        })
        const subjectId = person?.id ?? ctx.newId()
        await ctx.audit({ event: 'personPasswordResetRequested', subjectKind: 'person', subjectId })
        // Sent to the stored address, not the entered one: addresses that normalize alike may be different mailboxes,
        // and one of them an attacker's.
        return (await findReset(ctx.db, hash))!.email ?? NO_MAILBOX
      })
      await ctx.enter(account ?? NO_ACCOUNT)
      await undoUnless(ctx.db, isKnown, () =>
        ctx.emit({
          message: staffPasswordReset,
          to: { address, name: person?.name ?? null },
          subject: { kind: 'person', id: person?.id ?? NO_ACCOUNT },
          locale: ctx.locale,
          vars: { token },
        }),
      )
      return {}
    },
  ),

  async getPasswordReset(ctx, { token }) {
    ctx.allow(yes)
    const reset = await findReset(ctx.db, hashToken(token))
    const status = resetLinkStatus(reset, ctx.now)
    if (!reset) ctx.countFailure()
    return { status, email: status === 'open' ? reset!.email : null }
  },

  resetPassword: prepared(
    async ({ token, password }, { query, now }) => {
      // The link is checked before hashing, so that strangers cannot use up the server's time with invalid links.
      const reset = await peekReset(query, hashToken(token))
      if (resetLinkStatus(reset, now) !== 'open') throw problem('resetClosed')
      await checkNewPassword(password, [reset!.email, reset!.name])
      return { recipient: { email: reset!.email!, name: reset!.name }, passwordHash: await hashPassword(password) }
    },
    async (ctx, { token }, { recipient, passwordHash }) => {
      ctx.allow(yes)
      const person = await consumeReset(ctx.db, hashToken(token), ctx.now)
      if (!person) throw problem('resetClosed')
      if (!(await setPassword(ctx.db, person, { hash: passwordHash, now: ctx.now }))) throw problem('resetClosed')
      // Ends every session that used the old password.
      await endPersonSessions(ctx.db, person)
      await ctx.audit({ event: 'personPasswordReset', subjectKind: 'person', subjectId: person })
      await forgetGuesses(ctx.db, person)
      const browser = await rememberBrowser(ctx, person, passwordHash)
      await sendPasswordChanged(ctx, { id: person, ...recipient })
      // The browser that used the link is signed out too, and known for the new password.
      return withEffect({}, { session: 'end', audience: 'people', browser })
    },
  ),

  changePassword: prepared(
    async ({ currentPassword, password }, { actor, query }) => {
      if (actor.kind !== 'person') throw problem('notSignedIn')
      const checkedHash = await findPasswordHash(query, actor.id)
      const isRight = await verifyPassword(checkedHash, currentPassword)
      const others = isRight ? {} : { currentPassword: 'wrongPassword' }
      await checkNewPassword(password, [actor.email, actor.name], others)
      return { checkedHash, hash: await hashPassword(password) }
    },
    async (ctx, _input, { checkedHash, hash: passwordHash }) => {
      ctx.allow(yes)
      // Of two changes at once, one knows the present password.
      if (!(await setPassword(ctx.db, ctx.actor.id, { hash: passwordHash, checkedHash, now: ctx.now })))
        throw problem('input', { fields: { currentPassword: 'wrongPassword' } })
      const ended = await endPersonSessions(ctx.db, ctx.actor.id, { but: ctx.actor.sessionId })
      // Whoever knows a token from before the change has nothing: this session goes on under a new one.
      await endPersonSessions(ctx.db, ctx.actor.id)
      const { token, hash } = newToken()
      const ends = new Date(ctx.now.getTime() + STAFF_SESSION_MS)
      const { userAgent, clientAddress } = ctx
      const session = { hash, id: ctx.newId(), person: ctx.actor.id, at: ctx.now, ends, userAgent, clientAddress }
      await startPersonSession(ctx.db, session)
      await ctx.audit({
        event: 'personPasswordChanged',
        subjectKind: 'person',
        subjectId: ctx.actor.id,
        details: { sessionsEnded: ended },
      })
      const browser = await rememberBrowser(ctx, ctx.actor.id, passwordHash)
      await sendPasswordChanged(ctx, ctx.actor)
      return withEffect({ ended }, { session: 'start', audience: 'people', token, ends, browser })
    },
  ),

  async updateCurrentUser(ctx, { name }) {
    ctx.allow(yes)
    await setName(ctx.db, ctx.actor.id, name, ctx.now)
    await ctx.audit({
      event: 'personRenamed',
      subjectKind: 'person',
      subjectId: ctx.actor.id,
      details: { from: ctx.actor.name, to: name },
    })
    return { name }
  },

  async listSessions(ctx) {
    ctx.allow(yes)
    const sessions = await listPersonSessions(ctx.db, ctx.actor.id, ctx.now)
    return {
      sessions: sessions.map((each) => ({
        id: each.id,
        current: each.id === ctx.actor.sessionId,
        startedAt: each.created_at,
        seenAt: each.seen_at,
        userAgent: each.user_agent,
        clientAddress: each.client_address,
      })),
    }
  },

  async endSession(ctx, { session }) {
    ctx.allow(yes)
    // Another person's session is refused like one that does not exist.
    const ended = await endPersonSessions(ctx.db, ctx.actor.id, { only: session })
    if (ended === 0) throw problem('notFound')
    await auditEndedSessions(ctx, ended)
    return {}
  },

  async endOtherSessions(ctx) {
    ctx.allow(yes)
    const ended = await endPersonSessions(ctx.db, ctx.actor.id, { but: ctx.actor.sessionId })
    await auditEndedSessions(ctx, ended)
    return { ended }
  },
})

/** The last step of its operation: once the account is entered, logins are out of reach. */
async function sendPasswordChanged(
  ctx: Context<typeof people.resetPassword> | Context<typeof people.changePassword>,
  person: { id: string; email: string; name: string | null },
): Promise<void> {
  const account = await findFirstAccount(ctx.db, person.id)
  // Without an account there is no business whose branding the email could have.
  if (account === null) return
  await ctx.enter(account)
  await ctx.emit({
    message: staffPasswordChanged,
    to: { address: person.email, name: person.name },
    subject: { kind: 'person', id: person.id },
    locale: ctx.locale,
    vars: {},
  })
}

const auditEndedSessions = (
  ctx: Context<typeof people.endSession> | Context<typeof people.endOtherSessions>,
  ended: number,
): Promise<void> =>
  ctx.audit({
    event: 'personSessionsEnded',
    subjectKind: 'person',
    subjectId: ctx.actor.id,
    details: { sessionsEnded: ended },
  })

import { undoUnless } from '../../platform/database/statements.ts'
import { emailNorm } from '../../platform/email-address.ts'
import { implement, prepared, withEffect, type Context } from '../../platform/operation.ts'
import { problem, yes, type Problem } from '../../platform/problem.ts'
import { newToken, verifyPassword } from '../../platform/secrets.ts'
import { identity } from './contract.ts'
import { beginSignIn, consumeAlert, rememberBrowser, type SignInAttempt } from './guessing/queries.ts'
import { ALERT_AFTER } from './guessing/rules.ts'
import { staffSignInsFailed } from './people/messages.ts'
import { findFirstAccount } from './people/queries.ts'
import { NO_ACCOUNT, NO_MAILBOX } from './people/rules.ts'
import { listPersonAccounts, endPersonSessions, recordPersonSignIn, startPersonSession } from './queries.ts'

/** A staff session ends after 24 hours, or after an hour without a request (RELIABILITY C4). */
const STAFF_SESSION_MS = 24 * 3600_000

export const identityHandlers = implement('identity', identity, {
  signIn: prepared(
    async (input, tools) => {
      const attempt = await beginSignIn(tools, null, emailNorm(input.email))
      // Verified also when there is no login, so that the time does not reveal which addresses have one (PS-46).
      const correct = await verifyPassword(attempt.login?.password_hash ?? null, input.password)
      if (!correct) await attempt.fail()
      return { attempt, correct }
    },
    async (ctx, _input, { attempt, correct }) => {
      const { login } = attempt
      ctx.allow(yes)
      if (!login || !correct) return refuseGuess(ctx, attempt)
      if (!(await recordPersonSignIn(ctx.db, login.id, login.password_hash!)))
        throw problem('wrongCredentials', { subject: { kind: 'person', id: login.id } })
      // The browser's previous session ends, so that a session planted by an attacker gains no access (PS-47).
      if (ctx.actor.kind === 'person') await endPersonSessions(ctx.db, ctx.actor.id, { only: ctx.actor.sessionId })
      const { token, hash } = newToken()
      const ends = new Date(ctx.now.getTime() + STAFF_SESSION_MS)
      await startPersonSession(ctx.db, {
        hash,
        id: ctx.newId(),
        person: login.id,
        at: ctx.now,
        ends,
        userAgent: ctx.userAgent,
        clientAddress: ctx.clientAddress,
      })
      await ctx.audit({ event: 'personSignedIn', subjectKind: 'person', subjectId: login.id })
      const browser = await rememberBrowser(ctx, login.id, login.password_hash!)
      ctx.afterCommit(attempt.complete)
      return withEffect(
        { name: login.name ?? '', accounts: await listPersonAccounts(ctx.db, login.id) },
        { session: 'start', audience: 'people', token, ends, browser },
      )
    },
  ),

  async signOut(ctx) {
    ctx.allow(yes)
    await endPersonSessions(ctx.db, ctx.actor.id, { only: ctx.actor.sessionId })
    await ctx.audit({ event: 'personSignedOut', subjectKind: 'person', subjectId: ctx.actor.id })
    return withEffect({}, { session: 'end', audience: 'people' })
  },

  async getCurrentUser(ctx) {
    ctx.allow(yes)
    const { id, name, email } = ctx.actor
    return { id, name, email, accounts: await listPersonAccounts(ctx.db, id) }
  },
})

/** The refusal of a wrong password. After many in a row the owner of the login is told, by one of their accounts. */
async function refuseGuess(ctx: Context<typeof identity.signIn>, { login, failures }: SignInAttempt): Promise<Problem> {
  if (failures >= ALERT_AFTER) {
    // The same work for every address, so that its time does not tell who has a login (PS-46).
    const person = login?.id ?? ctx.newId()
    const account = await findFirstAccount(ctx.db, person)
    const isKnown = login !== undefined && account !== null
    const isDue = await undoUnless(ctx.db, isKnown, () => consumeAlert(ctx.db, person, ctx.now))
    await ctx.enter(account ?? NO_ACCOUNT)
    await undoUnless(ctx.db, isKnown && isDue, () =>
      ctx.emit({
        message: staffSignInsFailed,
        to: { address: login?.email ?? NO_MAILBOX, name: login?.name ?? null },
        subject: { kind: 'person', id: person },
        locale: ctx.locale,
        vars: { count: String(failures) },
      }),
    )
  }
  return problem('wrongCredentials', { subject: login && { kind: 'person', id: login.id } })
}

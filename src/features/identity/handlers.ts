import { limitKey } from '../../platform/limits.ts'
import { emailNorm, implement, prepared, withEffect } from '../../platform/operation.ts'
import { problem, yes } from '../../platform/problem.ts'
import { newToken, verifyPassword } from '../../platform/secrets.ts'
import { identity } from './contract.ts'
import { listPersonAccounts, clearRateLimit, endPersonSessions, findLogin, startPersonSession } from './queries.ts'

/** A staff session ends after 24 hours, or after an hour without a request (RELIABILITY C4). */
const STAFF_SESSION_MS = 24 * 3600_000

export const identityHandlers = implement('identity', identity, {
  signIn: prepared(
    async (input, { query }) => {
      const login = await findLogin(query, emailNorm(input.email))
      // Verified also when there is no login, so that the time does not reveal which addresses have one (PS-46).
      return { login, correct: await verifyPassword(login?.password_hash ?? null, input.password) }
    },
    async (ctx, input, { login, correct }) => {
      ctx.allow(yes)
      if (!login || !correct) throw problem('wrongCredentials', { subject: login && { kind: 'person', id: login.id } })
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
      await clearRateLimit(ctx.db, limitKey('signIn', null, 'login', emailNorm(input.email)))
      await ctx.audit({ event: 'personSignedIn', subjectKind: 'person', subjectId: login.id })
      return withEffect(
        { name: login.name ?? '', accounts: await listPersonAccounts(ctx.db, login.id) },
        { session: 'start', audience: 'people', token, ends },
      )
    },
    { countsLimitsWithFirstQuery: true },
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

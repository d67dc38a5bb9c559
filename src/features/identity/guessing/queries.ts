/** Sign-ins as guesses: counted before the password is hashed, taken back when it was right (decision 19). */
import { sql } from 'kysely'
import { addressBlock } from '../../../platform/http/addresses.ts'
import { limitKey } from '../../../platform/limits.ts'
import { newId } from '../../../platform/ids.ts'
import type { PrepareTools, Write } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import { hashToken, newToken } from '../../../platform/secrets.ts'
import type { Login } from '../queries.ts'
import { LAST_GUESS, SPRAY_WARNINGS, type SprayWarnings } from './rules.ts'

export interface SignInAttempt {
  /** Undefined when nobody has the address. */
  login: Login | undefined
  /** Failures in a row, this attempt included. */
  failures: number
  /** The password was wrong. */
  fail(): Promise<void>
  /** The password was right and the session is open: takes the guess back. */
  complete(): Promise<void>
}

type SignInTools = Pick<PrepareTools, 'query' | 'now' | 'clientAddress' | 'browserToken' | 'warn'>

/**
 * Counts a sign-in and finds its login, a person's without an account.
 * @throws problem tooManySignIns or passwordResetNeeded
 */
export async function beginSignIn(
  tools: SignInTools,
  account: { id: string; slug: string } | null,
  emailNorm: string,
): Promise<SignInAttempt> {
  const { query, now, clientAddress, browserToken } = tools
  const accountId = account?.id ?? null
  const rows = await query<{
    begun: { wait: number; failures: number; buckets: string[]; login: Login | null; sprayed: SprayWarnings }
  }>('select begin_sign_in($1, $2, $3, $4, $5, $6) as begun', [
    accountId,
    emailNorm,
    limitKey('signIn', accountId, 'login', emailNorm),
    limitKey('signIn', accountId, 'address', addressBlock(clientAddress)),
    hashToken(browserToken),
    now,
  ])
  const { wait, failures, buckets, login, sprayed } = rows[0]!.begun
  if (wait > 0) {
    warnOfSpray(tools, account, sprayed)
    throw failures >= LAST_GUESS
      ? problem('passwordResetNeeded', { retryAfter: wait })
      : problem('tooManySignIns', { retryAfter: wait, vars: { minutes: Math.ceil(wait / 60) } })
  }
  return {
    login: login ?? undefined,
    failures,
    async fail() {
      const [row] = await query<{ sprayed: SprayWarnings }>('select count_failed_sign_in($1, $2) as sprayed', [
        accountId,
        now,
      ])
      warnOfSpray(tools, account, row!.sprayed)
    },
    async complete() {
      await query('select complete_sign_in($1, $2, $3)', [buckets, login!.id, now])
    },
  }
}

function warnOfSpray({ warn }: SignInTools, account: { slug: string } | null, due: SprayWarnings): void {
  const about = { signInsOf: account?.slug ?? 'staff' }
  for (const scope of ['account', 'installation'] as const) if (due[scope]) warn(SPRAY_WARNINGS[scope], about)
}

/** Remembers the browser of somebody who proved who they are, and returns its new cookie. */
export async function rememberBrowser(
  { db, now, browserToken }: { db: Write; now: Date; browserToken: string | null },
  login: string,
  passwordHash: string,
): Promise<string> {
  const { token, hash } = newToken()
  await sql`
    select remember_browser(${login}, ${hashToken(browserToken)}, ${hash}, ${newId()}, ${passwordHash}, ${now})
  `.execute(db)
  return token
}

/** After a password was set from a mailed link: failures from before say nothing. */
export async function forgetGuesses(db: Write, login: string): Promise<void> {
  await sql`select forget_guesses(${login})`.execute(db)
}

/** Whether to tell the owner of a login now: once in six hours. */
export async function consumeAlert(db: Write, login: string, now: Date): Promise<boolean> {
  const { rows } = await sql<{ wait: number }>`
    select consume_rate_limits(${[`signInAlert:${login}`]}::text[], ${[1]}::int[], ${[6 * 3600]}::int[], ${now}) as wait
  `.execute(db)
  return rows[0]?.wait === 0
}

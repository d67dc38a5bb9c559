import { statement } from '../../../platform/database/statements.ts'
import { sql } from 'kysely'
import type { Effect } from '../../../platform/effects.ts'
import type { Read, Write } from '../../../platform/operation.ts'
import { newToken } from '../../../platform/secrets.ts'

/** Customers stay signed in for 30 days (RELIABILITY C4). */
const PORTAL_SESSION_MS = 30 * 24 * 3600_000

interface SessionContext {
  db: Write
  account: { id: string }
  actor: { kind: string; id?: string; sessionId?: string }
  now: Date
  newId(): string
  userAgent: string
  clientAddress: string
}

/** Parameters: account, hash, id, user, now, end, user agent, client address. */
const insertPortalSession = statement(`
    insert into portal_sessions (
      account_id, hash, id, subject_kind, subject_id, created_at, seen_at, ends_at, user_agent, client_address
    )
    values ($1, $2, $3, 'portalUser', $4, $5, $5, $6, $7, $8)`)

/** Opens a session and ends the browser's previous one, so that a session planted by an attacker gains no access (PS-47). */
export async function openPortalSession(
  { db, account, actor, now, newId, userAgent, clientAddress }: SessionContext,
  user: string,
): Promise<Extract<Effect, { session: 'start' }>> {
  if (actor.kind === 'portalUser' && actor.id)
    await endPortalSessions(db, account.id, actor.id, { only: actor.sessionId ?? null })
  const { token, hash } = newToken()
  const ends = new Date(now.getTime() + PORTAL_SESSION_MS)
  await insertPortalSession(db, account.id, hash, newId(), user, now, ends, userAgent, clientAddress)
  return { session: 'start', audience: 'portal', token, ends }
}

export const listPortalSessionRows = (db: Read, account: string, user: string, now: Date) =>
  db
    .selectFrom('portal_sessions')
    .select(['id', 'created_at', 'seen_at', 'ends_at', 'user_agent', 'client_address'])
    .where('account_id', '=', account)
    .where('subject_id', '=', user)
    .where('ends_at', '>', now)
    .orderBy('seen_at', 'desc')
    .orderBy('id', 'desc')
    .limit(200)
    .execute()

/** Ends one session of a user, all, or all but one, and returns how many ended. */
export async function endPortalSessions(
  db: Write,
  account: string,
  user: string,
  { only = null, but = null }: { only?: string | null; but?: string | null } = {},
): Promise<number> {
  const ended = await db
    .deleteFrom('portal_sessions')
    .where('account_id', '=', account)
    .where('subject_id', '=', user)
    .$if(only !== null, (query) => query.where('id', '=', only!))
    .$if(but !== null, (query) => query.where('id', '<>', but!))
    .executeTakeFirst()
  return Number(ended.numDeletedRows)
}

/** Parameters: account, user, password hash, now. */
const updateLastSignIn = statement<{ id: string }>(`
  update portal_users
  set last_sign_in_at = $4
  where account_id = $1
    and id = $2
    and status = 'active'
    and password_hash = $3
  returning id`)

/** Records the sign-in. False when the user was suspended or removed, or changed the password, since it was checked. */
export async function recordSignIn(
  db: Write,
  account: string,
  user: string,
  checkedHash: string,
  now: Date,
): Promise<boolean> {
  return (await updateLastSignIn(db, account, user, checkedHash, now)).length === 1
}

/** Sets a new password, with `checkedHash` only if that is still the current one. Returns whether it was set. */
export async function setPortalPassword(
  db: Write,
  account: string,
  user: string,
  { hash, checkedHash, now }: { hash: string; checkedHash?: string; now: Date },
): Promise<boolean> {
  const result = await db
    .updateTable('portal_users')
    .set({ password_hash: hash, version: sql`version + 1`, updated_at: now })
    .where('account_id', '=', account)
    .where('id', '=', user)
    .where('status', '=', 'active')
    .$if(checkedHash !== undefined, (query) => query.where('password_hash', '=', checkedHash!))
    .executeTakeFirst()
  return Number(result.numUpdatedRows) === 1
}

import { sql } from 'kysely'
import { statement } from '../../../platform/database/statements.ts'
import type { Effect } from '../../../platform/effects.ts'
import type { Read, Write } from '../../../platform/operation.ts'
import { newToken } from '../../../platform/secrets.ts'
import { changeOwnLogin } from '../../portal-users/activation/queries.ts'

// The app role has no right on sessions and changes no portal user: it calls definer functions.

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

const startPortalSession = statement<{ isStarted: boolean }>('select start_portal_session($1) as "isStarted"')

/**
 * Opens a session and ends the browser's previous one, so that a session planted by an attacker gains no access (PS-47).
 * Undefined unless recordSignIn or consumeToken proved in this transaction that the caller is this user.
 */
export async function openPortalSession(
  { db, account, actor, now, newId, userAgent, clientAddress }: SessionContext,
  user: string,
): Promise<Extract<Effect, { session: 'start' }> | undefined> {
  await endSessionOf(db, account.id, actor)
  const { token, hash } = newToken()
  const ends = new Date(now.getTime() + PORTAL_SESSION_MS)
  const session = { hash: hash.toString('hex'), id: newId(), user, at: now, ends, userAgent, clientAddress }
  const [row] = await startPortalSession(db, JSON.stringify(session))
  return row?.isStarted ? { session: 'start', audience: 'portal', token, ends } : undefined
}

/** Ends the session that this request came with, of a portal user or of whoever came by a secure link. */
export async function endSessionOf(
  db: Write,
  account: string,
  { kind, id, sessionId }: { kind: string; id?: string; sessionId?: string },
): Promise<void> {
  if (kind === 'portalUser' && id) await endPortalSessions(db, account, id, { only: sessionId ?? null })
  if (kind === 'linkVisitor' && sessionId) await sql`select end_link_session(${sessionId})`.execute(db)
}

interface PortalSession {
  id: string
  created_at: Date
  seen_at: Date
  ends_at: Date
  user_agent: string
  client_address: string
}

/** The newest 200 active sessions of a user. */
export async function listPortalSessionRows(
  db: Read,
  account: string,
  user: string,
  now: Date,
): Promise<PortalSession[]> {
  const { rows } = await sql<PortalSession>`
    select * from list_portal_sessions(${account}, ${user}, ${now}) limit 200`.execute(db as Write)
  return rows
}

/** Ends one session of a user, all, or all but one, and returns how many ended. */
export async function endPortalSessions(
  db: Write,
  account: string,
  user: string,
  { only = null, but = null }: { only?: string | null; but?: string | null } = {},
): Promise<number> {
  const { rows } = await sql<{ ended: number }>`
    select end_portal_sessions(${account}, ${user}, ${only}, ${but}) as ended`.execute(db)
  return rows[0]?.ended ?? 0
}

/** Parameters: account, user, password hash, now. */
const recordPortalSignIn = statement<{ isRecorded: boolean }>(
  'select record_portal_sign_in($1, $2, $3, $4) as "isRecorded"',
)

/** Records the sign-in. False when the user was suspended or removed, or changed the password, since it was checked. */
export async function recordSignIn(
  db: Write,
  account: string,
  user: string,
  checkedHash: string,
  now: Date,
): Promise<boolean> {
  return (await recordPortalSignIn(db, account, user, checkedHash, now))[0]?.isRecorded ?? false
}

/** Sets a new password, with `checkedHash` only if that is still the current one. Returns whether it was set. */
export async function setPortalPassword(
  db: Write,
  account: string,
  user: string,
  { hash, checkedHash, now }: { hash: string; checkedHash?: string; now: Date },
): Promise<boolean> {
  const login = await changeOwnLogin(db, account, user, {
    statuses: ['active'],
    expected: checkedHash === undefined ? {} : { password_hash: checkedHash },
    change: { password_hash: hash },
    now,
  })
  return login !== undefined
}

import { sql, type Kysely } from 'kysely'
import type { DB } from '../../../../../db/schema.gen.ts'
import { emailNorm } from '../../../../platform/email-address.ts'
import { type Read, type Write } from '../../../../platform/operation.ts'
import { hashToken } from '../../../../platform/secrets.ts'
import { toLogin, type Login, type LoginJson } from '../queries.ts'

// The app role has no right on tokens: it calls definer functions, for which the token is the permission.

export type TokenKind = 'portalActivation' | 'portalReset' | 'portalEmailChange'

export interface FoundToken {
  email_norm: string
  created_at: Date
  expires_at: Date
  used_at: Date | null
  replaced_at: Date | null
  user: Login
}

type TokenRow = Omit<FoundToken, 'user'> & { login: LoginJson }

/**
 * Unknown for anything but a token of this kind and account, also for arrays and other alphabets (PS-43). With `lock` the
 * user is locked: changes to a user's access run one after the other.
 */
export async function findToken(
  db: Read,
  account: string,
  kind: TokenKind,
  token: unknown,
  { lock = false } = {},
): Promise<FoundToken | undefined> {
  const hash = hashToken(token)
  if (!hash) return undefined
  const { rows } = await sql<TokenRow>`
    select * from find_portal_token(${account}, ${kind}, ${hash}, ${lock})`.execute(db as Write)
  if (!rows[0]) return undefined
  const { login, ...found } = rows[0]
  return { ...found, user: toLogin(login) }
}

/**
 * Uses the link if it is still open; of twenty requests at once only one gets the user's id. From here on the transaction is
 * that user's own.
 */
export async function consumeToken(
  db: Write,
  account: string,
  kind: TokenKind,
  token: unknown,
  now: Date,
): Promise<string | undefined> {
  const hash = hashToken(token)
  if (!hash) return undefined
  const { rows } = await sql<{ user: string | null }>`
    select consume_portal_token(${account}, ${kind}, ${hash}, ${now}) as user`.execute(db)
  return rows[0]?.user ?? undefined
}

/** Ends every open link of these kinds, for office staff or the user of this transaction. */
export const replaceTokens = async (
  db: Write,
  account: string,
  kinds: readonly TokenKind[],
  user: string,
  now: Date,
): Promise<void> => {
  await sql`select replace_portal_tokens(${account}, ${user}, ${kinds}, ${now})`.execute(db)
}

export interface NewToken {
  id: string
  kind: TokenKind
  user: string
  hash: Buffer
  /** The user's own address, or the pending one for a portalEmailChange. */
  emailNorm: string
  at: Date
  expires: Date
}

/** Creates a link, which ends the user's earlier ones of its kind. One for nobody opens nothing. */
export const insertToken = async (db: Write, account: string, token: NewToken): Promise<void> => {
  const input = JSON.stringify({ ...token, hash: token.hash.toString('hex') })
  await sql`select create_portal_token(${account}, ${input})`.execute(db)
}

/** Asked right before a mail is sent, and before its link is shown: whether it still works and belongs to the recipient. */
export async function isLinkOpen(
  db: Kysely<DB>,
  account: string,
  kind: TokenKind,
  token: unknown,
  address: string,
  now: Date,
): Promise<boolean> {
  const hash = hashToken(token)
  if (!hash) return false
  const { rows } = await sql<{ isOpen: boolean }>`
    select is_portal_token_open(${account}, ${kind}, ${hash}, ${emailNorm(address)}, ${now}) as "isOpen"`.execute(db)
  return rows[0]?.isOpen ?? false
}

/** When links of that kind were created for this user, newest first. */
export async function listLinkTimes(db: Read, account: string, kind: TokenKind, user: string | null): Promise<Date[]> {
  const { rows } = await sql<{ times: Date[] }>`
    select list_portal_token_times(${account}, ${kind}, ${user}) as times`.execute(db as Write)
  return rows[0]?.times ?? []
}

const MINUTE = 60_000

/** How many activation links this user got in the last minute; 0 without a user. */
export async function countRecentActivationLinks(
  db: Read,
  account: string,
  user: { id: string } | undefined,
  now: Date,
): Promise<number> {
  const times = await listLinkTimes(db, account, 'portalActivation', user?.id ?? null)
  // More than a minute later than now: the clock was set back.
  return times.filter((time) => Math.abs(time.getTime() - now.getTime()) < MINUTE).length
}

import type { Kysely } from 'kysely'
import type { DB } from '../../../../../db/schema.gen.ts'
import { emailNorm, type Read, type Write } from '../../../../platform/operation.ts'
import { hashToken } from '../../../../platform/secrets.ts'
import { findLogin, type Login } from '../queries.ts'

export type TokenKind = 'portalActivation' | 'portalReset' | 'portalEmailChange'

export interface FoundToken {
  email_norm: string
  created_at: Date
  expires_at: Date
  used_at: Date | null
  replaced_at: Date | null
  user: Login
}

/** Unknown for anything but a token of this kind and account, also for arrays and other alphabets (PS-43). */
export async function findToken(
  db: Read,
  account: string,
  kind: TokenKind,
  token: unknown,
): Promise<FoundToken | undefined> {
  const hash = hashToken(token)
  if (!hash) return undefined
  const row = await db
    .selectFrom('tokens')
    .select(['subject_id', 'email_norm', 'created_at', 'expires_at', 'used_at', 'replaced_at'])
    .where('account_id', '=', account)
    .where('kind', '=', kind)
    .where('hash', '=', hash)
    .executeTakeFirst()
  const user = row && (await findLogin(db, account, row.subject_id))
  return user && user.status !== 'removed' ? { ...row, user } : undefined
}

/** Uses the link if it is still open; of twenty requests at once only one gets the user's id. */
export async function consumeToken(
  db: Write,
  account: string,
  kind: TokenKind,
  token: unknown,
  now: Date,
): Promise<string | undefined> {
  const hash = hashToken(token)
  if (!hash) return undefined
  const used = await db
    .updateTable('tokens')
    .set({ used_at: now })
    .where('account_id', '=', account)
    .where('kind', '=', kind)
    .where('hash', '=', hash)
    .where('used_at', 'is', null)
    .where('replaced_at', 'is', null)
    .where('expires_at', '>', now)
    .returning('subject_id')
    .executeTakeFirst()
  return used?.subject_id
}

/** Ends every open link of these kinds for this user. */
export const replaceTokens = async (
  db: Write,
  account: string,
  kinds: TokenKind[],
  user: string,
  now: Date,
): Promise<void> => {
  await db
    .updateTable('tokens')
    .set({ replaced_at: now })
    .where('account_id', '=', account)
    .where('kind', 'in', kinds)
    .where('subject_id', '=', user)
    .where('used_at', 'is', null)
    .where('replaced_at', 'is', null)
    .execute()
}

export const insertToken = async (
  db: Write,
  row: {
    account_id: string
    id: string
    kind: TokenKind
    subject_id: string
    hash: Buffer
    email_norm: string
    created_at: Date
    expires_at: Date
  },
): Promise<void> => {
  await db.insertInto('tokens').values(row).execute()
}

/** Asked right before a mail is sent: whether its link still works and belongs to the recipient. */
export async function isLinkOpen(
  db: Kysely<DB>,
  account: string,
  kind: TokenKind,
  token: unknown,
  address: string,
  now: Date,
): Promise<boolean> {
  const found = await findToken(db, account, kind, token)
  return (
    found !== undefined &&
    !found.used_at &&
    !found.replaced_at &&
    found.expires_at > now &&
    found.email_norm === emailNorm(address) &&
    found.user.status !== 'suspended'
  )
}

const MINUTE = 60_000

/** How many activation links this user got in the last minute; 0 without a user. */
export const countRecentActivationLinks = async (
  db: Read,
  account: string,
  user: { id: string } | undefined,
  now: Date,
): Promise<number> => {
  const found = await db
    .selectFrom('tokens')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('account_id', '=', account)
    .where('kind', '=', 'portalActivation')
    .where('subject_id', '=', user?.id ?? null)
    .where('created_at', '>', new Date(now.getTime() - MINUTE))
    // Later than now: the clock was set back.
    .where('created_at', '<=', new Date(now.getTime() + MINUTE))
    .executeTakeFirst()
  return Number(found?.count ?? 0)
}

import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import type { DB } from '../../../../db/schema.gen.ts'
import { constraintOf } from '../../../platform/database/errors.ts'
import { fold } from '../../../platform/fold.ts'
import { limitKey } from '../../../platform/limits.ts'
import { emailNorm, type Read, type Write } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import { hashToken } from '../../../platform/secrets.ts'

export type TokenKind = 'portalActivation' | 'portalReset' | 'portalEmailChange'

/** A portal user as the doors know it. Its password's hash never leaves this feature. */
export interface Login {
  id: string
  email: string
  email_norm: string
  pending_email: string | null
  password_hash: string | null
  name: string | null
  phone: string | null
  company: string | null
  postal_address: string | null
  locale: string
  status: 'invited' | 'signed_up' | 'active' | 'suspended' | 'removed'
  version: number
}

export interface FoundToken {
  email_norm: string
  created_at: Date
  expires_at: Date
  used_at: Date | null
  replaced_at: Date | null
  user: Login
}

const LOGIN = [
  'id',
  'email',
  'email_norm',
  'pending_email',
  'password_hash',
  'name',
  'phone',
  'company',
  'postal_address',
  'locale',
  'status',
  'version',
] as const

export const loginById = async (db: Read, account: string, id: string): Promise<Login | undefined> =>
  (await db
    .selectFrom('portal_users')
    .select(LOGIN)
    .where('account_id', '=', account)
    .where('id', '=', id)
    .executeTakeFirst()) as Login | undefined

// ---- one-use links ----

/** Anything that is no token of ours is simply unknown: arrays, other alphabets, other kinds, other accounts (PS-43). */
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
  const user = row && (await loginById(db, account, row.subject_id))
  return user && user.status !== 'removed' ? { ...row, user } : undefined
}

/** Takes the link, if it is still good: of twenty at once one gets the user's id. */
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

/** The same, of an address. */
export const lockLoginByEmail = async (db: Write, account: string, norm: string): Promise<Login | undefined> =>
  (await db
    .selectFrom('portal_users')
    .select(LOGIN)
    .where('account_id', '=', account)
    .where('email_norm', '=', norm)
    .where('status', '<>', 'removed')
    .forUpdate()
    .executeTakeFirst()) as Login | undefined

/** Whoever changes a user's links or way in does it one after the other: two resends at once leave one open link. */
export const lockLogin = async (db: Write, account: string, id: string): Promise<Login | undefined> =>
  (await db
    .selectFrom('portal_users')
    .select(LOGIN)
    .where('account_id', '=', account)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()) as Login | undefined

/** Every open link of that kind for this user is dead from now on. */
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

export const addToken = async (
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

/** Right before a mail with a link leaves: does its link still open anything, and is it still this reader's? */
export async function linkStillOpen(
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

/** A notice to somebody who was taken away meanwhile is not sent. */
export async function userStillThere(db: Kysely<DB>, account: string, user: string | null): Promise<boolean> {
  const found = user === null ? undefined : await loginById(db, account, user)
  return found !== undefined && found.status !== 'removed'
}

/** Let in again meanwhile: then nobody is told that access ended. */
export async function accessStillEnded(db: Kysely<DB>, account: string, user: string | null): Promise<boolean> {
  const found = user === null ? undefined : await loginById(db, account, user)
  return found?.status === 'removed' || found?.status === 'suspended'
}

export const setPendingEmail = async (
  db: Write,
  account: string,
  user: string,
  email: string,
  now: Date,
): Promise<void> => {
  await db
    .updateTable('portal_users')
    .set({ pending_email: email, updated_at: now })
    .where('account_id', '=', account)
    .where('id', '=', user)
    .execute()
}

// ---- becoming a user ----

interface Answers {
  name: string | null
  phone: string | null
  company: string | null
  postal_address: string | null
}

/** Adds a signed-up profile; undefined when the address has one already. Of twenty at once one is added. */
export async function addSignUp(
  db: Write,
  account: string,
  user: Answers & { id: string; email: string; password_hash: string; locale: string; at: Date },
): Promise<Login | undefined> {
  const { at, ...given } = user
  return (await db
    .insertInto('portal_users')
    .values({
      account_id: account,
      ...given,
      email_norm: emailNorm(user.email),
      status: 'signed_up',
      search_text: fold(user.name, user.email),
      created_at: at,
      updated_at: at,
      // The predicate as text: as a parameter the planner could not tell that it is the index's.
    })
    .onConflict((conflict) =>
      conflict
        .columns(['account_id', 'email_norm'])
        .where(sql<boolean>`status <> 'removed'`)
        .doNothing(),
    )
    .returning(LOGIN)
    .executeTakeFirst()) as Login | undefined
}

/** Somebody else's password for this address is forgotten: whoever owns the mailbox chooses one from the link. */
export const resetToInvited = async (db: Write, account: string, user: string, now: Date): Promise<Login | undefined> =>
  (await db
    .updateTable('portal_users')
    .set((set) => ({
      status: 'invited',
      password_hash: null,
      name: null,
      phone: null,
      company: null,
      postal_address: null,
      search_text: set.ref('email_norm'),
      version: sql`version + 1`,
      updated_at: now,
    }))
    .where('account_id', '=', account)
    .where('id', '=', user)
    .where('status', '=', 'signed_up')
    .returning(LOGIN)
    .executeTakeFirst()) as Login | undefined

/** Signed up and confirmed. Undefined when there is nothing to activate. */
export const activate = async (db: Write, account: string, user: string, now: Date): Promise<Login | undefined> =>
  (await db
    .updateTable('portal_users')
    .set({ status: 'active', activated_at: now, last_sign_in_at: now, version: sql`version + 1`, updated_at: now })
    .where('account_id', '=', account)
    .where('id', '=', user)
    .where('status', '=', 'signed_up')
    .where('password_hash', 'is not', null)
    .returning(LOGIN)
    .executeTakeFirst()) as Login | undefined

/** Invited, described by themselves, with their own password. */
export const accept = async (
  db: Write,
  account: string,
  user: string,
  given: Answers & { password_hash: string; email: string },
  now: Date,
): Promise<Login | undefined> => {
  const { email, ...set } = given
  return (await db
    .updateTable('portal_users')
    .set({
      ...set,
      search_text: fold(set.name, email),
      status: 'active',
      activated_at: now,
      last_sign_in_at: now,
      version: sql`version + 1`,
      updated_at: now,
    })
    .where('account_id', '=', account)
    .where('id', '=', user)
    .where('status', 'in', ['invited', 'signed_up'])
    .returning(LOGIN)
    .executeTakeFirst()) as Login | undefined
}

/** How many links of that kind this user was sent since. */
export const linksSince = async (
  db: Read,
  account: string,
  kind: TokenKind,
  user: string,
  since: Date,
): Promise<number> => {
  const found = await db
    .selectFrom('tokens')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('account_id', '=', account)
    .where('kind', '=', kind)
    .where('subject_id', '=', user)
    .where('created_at', '>', since)
    .executeTakeFirst()
  return Number(found?.count ?? 0)
}

/** At most five mails that a stranger can cause go to one address in an hour, whichever door they knock at (C2). */
export async function consumeMailLimit(db: Write, account: string, norm: string, now: Date): Promise<boolean> {
  const key = limitKey('portalMail', account, 'login', norm)
  const {
    rows: [row],
  } = await sql<{
    wait: number
  }>`select consume_rate_limits(${[key]}::text[], ${[5]}::int[], ${[3600]}::int[], ${now}) as wait`.execute(db)
  return row?.wait === 0
}

/** The confirmed address becomes the one to sign in with. */
export async function changeEmail(db: Write, account: string, user: Login, email: string, now: Date): Promise<void> {
  try {
    await db
      .updateTable('portal_users')
      .set({
        email,
        email_norm: emailNorm(email),
        pending_email: null,
        search_text: fold(user.name, email),
        version: sql`version + 1`,
        updated_at: now,
      })
      .where('account_id', '=', account)
      .where('id', '=', user.id)
      .execute()
  } catch (error) {
    if (constraintOf(error) === 'portal_users_email_unique') throw problem('addressTaken')
    throw error
  }
}

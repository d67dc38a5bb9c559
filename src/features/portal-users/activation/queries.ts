import { sql, type Kysely } from 'kysely'
import type { DB } from '../../../../db/schema.gen.ts'
import { constraintOf } from '../../../platform/database/errors.ts'
import { fold } from '../../../platform/fold.ts'
import { limitKey } from '../../../platform/limits.ts'
import { emailNorm, type Read, type Write } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'

/** A portal user as sign-in and activation need it. The password hash never leaves this feature. */
export interface Login {
  id: string
  email: string
  email_norm: string
  pending_email: string | null
  password_hash: string | null
  sign_up_hash: Buffer | null
  name: string | null
  phone: string | null
  company: string | null
  postal_address: string | null
  locale: string
  status: 'invited' | 'signed_up' | 'active' | 'suspended' | 'removed'
  version: number
}

const LOGIN_COLUMNS = [
  'id',
  'email',
  'email_norm',
  'pending_email',
  'password_hash',
  'sign_up_hash',
  'name',
  'phone',
  'company',
  'postal_address',
  'locale',
  'status',
  'version',
] as const

export const findLogin = async (db: Read, account: string, id: string): Promise<Login | undefined> =>
  (await db
    .selectFrom('portal_users')
    .select(LOGIN_COLUMNS)
    .where('account_id', '=', account)
    .where('id', '=', id)
    .executeTakeFirst()) as Login | undefined

/** Locks the user with this address. */
export const lockLoginByEmail = async (db: Write, account: string, norm: string): Promise<Login | undefined> =>
  (await db
    .selectFrom('portal_users')
    .select(LOGIN_COLUMNS)
    .where('account_id', '=', account)
    .where('email_norm', '=', norm)
    .where('status', '<>', 'removed')
    .forUpdate()
    .executeTakeFirst()) as Login | undefined

/** Changes to a user's links and password run one after the other: two resends at once leave one open link. */
export const lockLogin = async (db: Write, account: string, id: string): Promise<Login | undefined> =>
  (await db
    .selectFrom('portal_users')
    .select(LOGIN_COLUMNS)
    .where('account_id', '=', account)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()) as Login | undefined

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

interface ContactAnswers {
  name: string | null
  phone: string | null
  company: string | null
  postal_address: string | null
}

/** What somebody typed to sign up, and the hash of their browser's sign-up cookie. */
export type SignUp = ContactAnswers & { password_hash: string; sign_up_hash: Buffer }

/** Adds a signed-up user; undefined when the address has one. Of twenty requests at once one succeeds. */
export async function insertSignUp(
  db: Write,
  account: string,
  user: SignUp & { id: string; email: string; locale: string; at: Date },
): Promise<Login | undefined> {
  const { at, ...values } = user
  return (await db
    .insertInto('portal_users')
    .values({
      account_id: account,
      ...values,
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
    .returning(LOGIN_COLUMNS)
    .executeTakeFirst()) as Login | undefined
}

const NOTHING_BELIEVED = {
  password_hash: null,
  sign_up_hash: null,
  name: null,
  phone: null,
  company: null,
  postal_address: null,
}

/**
 * Replaces what was typed at a sign-up that waits for its link. Null forgets it, against account pre-hijacking: the link
 * then asks its reader for details and a password. Changes nothing unless the user is waiting after a sign-up.
 */
export async function replaceSignUp(
  db: Write,
  account: string,
  user: { id: string; email: string },
  typed: SignUp | null,
  { status = 'signed_up', now }: { status?: 'signed_up' | 'invited'; now: Date },
): Promise<void> {
  await db
    .updateTable('portal_users')
    .set({
      ...NOTHING_BELIEVED,
      ...typed,
      status,
      search_text: fold(typed?.name, user.email),
      version: sql`version + 1`,
      updated_at: now,
    })
    .where('account_id', '=', account)
    .where('id', '=', user.id)
    .where('status', '=', 'signed_up')
    .execute()
}

/** Activates a user in the browser that signed up. Undefined when there is nothing to activate there. */
export const activateUser = async (
  db: Write,
  account: string,
  user: string,
  signUpHash: Buffer | null,
  now: Date,
): Promise<Login | undefined> =>
  (await db
    .updateTable('portal_users')
    .set({
      status: 'active',
      sign_up_hash: null,
      activated_at: now,
      last_sign_in_at: now,
      version: sql`version + 1`,
      updated_at: now,
    })
    .where('account_id', '=', account)
    .where('id', '=', user)
    .where('status', '=', 'signed_up')
    .where('password_hash', 'is not', null)
    .where('sign_up_hash', '=', signUpHash)
    .returning(LOGIN_COLUMNS)
    .executeTakeFirst()) as Login | undefined

/** Activates an invited user with their own contact details and password. */
export const acceptInvitedUser = async (
  db: Write,
  account: string,
  user: string,
  input: ContactAnswers & { password_hash: string; email: string },
  now: Date,
): Promise<Login | undefined> => {
  const { email, ...set } = input
  return (await db
    .updateTable('portal_users')
    .set({
      ...set,
      search_text: fold(set.name, email),
      status: 'active',
      sign_up_hash: null,
      activated_at: now,
      last_sign_in_at: now,
      version: sql`version + 1`,
      updated_at: now,
    })
    .where('account_id', '=', account)
    .where('id', '=', user)
    .where('status', 'in', ['invited', 'signed_up'])
    .returning(LOGIN_COLUMNS)
    .executeTakeFirst()) as Login | undefined
}

/** Against mail bombing: anonymous requests cause at most five mails an hour to one address, over all forms (C2). */
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

/** Asked before a notice is sent: none goes to a user removed since it was queued. */
export async function isUserPresent(db: Kysely<DB>, account: string, user: string | null): Promise<boolean> {
  const login = user === null ? undefined : await findLogin(db, account, user)
  return login !== undefined && login.status !== 'removed'
}

/** Asked before the notice is sent: a user with access again gets none. */
export async function hasAccessEnded(db: Kysely<DB>, account: string, user: string | null): Promise<boolean> {
  const login = user === null ? undefined : await findLogin(db, account, user)
  return login?.status === 'removed' || login?.status === 'suspended'
}

import { sql, type Kysely } from 'kysely'
import type { DB } from '../../../../db/schema.gen.ts'
import { constraintOf } from '../../../platform/database/errors.ts'
import { fold } from '../../../platform/fold.ts'
import { limitKey } from '../../../platform/limits.ts'
import { emailNorm } from '../../../platform/email-address.ts'
import { type Read, type Write } from '../../../platform/operation.ts'
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

/** A login as the database writes it in JSON: `\\x` and the hexadecimal digits of a hash. */
export type LoginJson = Omit<Login, 'sign_up_hash'> & { sign_up_hash: string | null }

const hashToJson = (hash: Buffer) => `\\x${hash.toString('hex')}`

export const toLogin = ({ sign_up_hash: hash, ...login }: LoginJson): Login => ({
  ...login,
  sign_up_hash: hash === null ? null : Buffer.from(hash.slice(2), 'hex'),
})

interface LoginRow {
  login: LoginJson | null
}
const loginIn = ([row]: LoginRow[]): Login | undefined => (row?.login ? toLogin(row.login) : undefined)

/** For office staff, the user of this transaction, and the deliverer. */
export const findLogin = async (db: Read, account: string, id: string): Promise<Login | undefined> =>
  (await db
    .selectFrom('portal_users')
    .select(LOGIN_COLUMNS)
    .where('account_id', '=', account)
    .where('id', '=', id)
    .executeTakeFirst()) as Login | undefined

/** Who has an address, as far as a form may know on which anybody types one: no password, no details. */
export interface AddressOwner extends Pick<Login, 'id' | 'email' | 'email_norm' | 'sign_up_hash' | 'name' | 'locale'> {
  /** `disabled`: active, with no group that lets them sign in. */
  status: Login['status'] | 'disabled'
}

/** Locks the user with this address. Anybody may type one, so what follows is mailed to it and not shown. */
export async function lockLoginByEmail(db: Write, account: string, norm: string): Promise<AddressOwner | undefined> {
  const { rows } = await sql<LoginRow>`select lock_portal_login_of_address(${account}, ${norm}) as login`.execute(db)
  return loginIn(rows)
}

/**
 * For office staff and the user of this transaction. Changes to a user's links and password run one after the other: two
 * resends at once leave one open link.
 */
export async function lockLogin(db: Write, account: string, id: string): Promise<Login | undefined> {
  const { rows } = await sql<LoginRow>`select lock_portal_login(${account}, ${id}) as login`.execute(db)
  return loginIn(rows)
}

export interface OwnLoginChange {
  /** The user must have one of these statuses. */
  statuses: Login['status'][]
  /** Columns and values that the row must have. */
  expected?: object
  /** Columns and their new values. The database refuses rights: permissions, templates and suspension. */
  change: Partial<Omit<Login, 'id' | 'version' | 'sign_up_hash'>> & {
    search_text?: string
    activated_at?: Date
    last_sign_in_at?: Date
  }
  now: Date
}

/**
 * Changes the portal user of this transaction: signed in, or proved by consumeToken. Undefined when the row is not as
 * expected, and for everybody else's row.
 */
export async function changeOwnLogin(
  db: Write,
  account: string,
  user: string,
  { statuses, expected = {}, change, now }: OwnLoginChange,
): Promise<Login | undefined> {
  const { rows } = await sql<LoginRow>`
    select change_own_portal_user(
      ${account}, ${user}, ${statuses}, ${JSON.stringify(expected)}, ${JSON.stringify(change)}, ${now}
    ) as login`.execute(db)
  return loginIn(rows)
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
  const input = JSON.stringify({
    ...values,
    sign_up_hash: hashToJson(user.sign_up_hash),
    email_norm: emailNorm(user.email),
    search_text: fold(user.name, user.email),
    created_at: at,
  })
  const { rows } = await sql<LoginRow>`select sign_up_portal_user(${account}, ${input}) as login`.execute(db)
  return loginIn(rows)
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
  const input = typed && JSON.stringify({ ...typed, sign_up_hash: hashToJson(typed.sign_up_hash) })
  await sql`
    select replace_portal_sign_up(
      ${account}, ${user.id}, ${input}, ${status}, ${fold(typed?.name, user.email)}, ${now})`.execute(db)
}

const activated = (now: Date) => ({ status: 'active', activated_at: now, last_sign_in_at: now }) as const

/** Activates a user in the browser that signed up. Undefined when there is nothing to activate there. Call after consumeToken. */
export const activateUser = async (
  db: Write,
  account: string,
  user: string,
  signUpHash: Buffer | null,
  now: Date,
): Promise<Login | undefined> =>
  signUpHash === null
    ? undefined
    : changeOwnLogin(db, account, user, {
        statuses: ['signed_up'],
        expected: { sign_up_hash: hashToJson(signUpHash) },
        change: activated(now),
        now,
      })

/** Activates an invited user with their own contact details and password. Call after consumeToken. */
export const acceptInvitedUser = (
  db: Write,
  account: string,
  user: string,
  { email, ...answers }: ContactAnswers & { password_hash: string; email: string },
  now: Date,
): Promise<Login | undefined> =>
  changeOwnLogin(db, account, user, {
    statuses: ['invited', 'signed_up'],
    change: { ...answers, search_text: fold(answers.name, email), ...activated(now) },
    now,
  })

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

/** The confirmed address becomes the one to sign in with; without a hash the password stays. Call after consumeToken. */
export async function changeEmail(
  db: Write,
  account: string,
  user: Login,
  { email, passwordHash, now }: { email: string; passwordHash: string | null; now: Date },
): Promise<void> {
  const change = {
    email,
    email_norm: emailNorm(email),
    pending_email: null,
    search_text: fold(user.name, email),
    ...(passwordHash !== null && { password_hash: passwordHash }),
  }
  try {
    await changeOwnLogin(db, account, user.id, { statuses: ['active'], change, now })
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

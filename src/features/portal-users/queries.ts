import { sql } from 'kysely'
import { constraintOf } from '../../platform/database/errors.ts'
import { fold } from '../../platform/fold.ts'
import { emailNorm } from '../../platform/email-address.ts'
import { type Read, type Write } from '../../platform/operation.ts'
import { problem } from '../../platform/problem.ts'
import type { Permissions } from '../identity/rules.ts'
import { listLinkTimes } from './activation/tokens/queries.ts'
import type { TemplatesMode, UserStatus } from './rules.ts'

/** A portal user as the office sees it, without the password. */
export interface PortalUser {
  id: string
  email: string
  email_norm: string
  pending_email: string | null
  name: string | null
  phone: string | null
  company: string | null
  postal_address: string | null
  locale: string
  status: UserStatus
  permissions: Partial<Permissions> | null
  templates_mode: TemplatesMode
  templates: string[]
  version: number
  activated_at: Date | null
  last_sign_in_at: Date | null
  removed_at: Date | null
  created_at: Date
}

const PORTAL_USER_COLUMNS = [
  'id',
  'email',
  'email_norm',
  'pending_email',
  'name',
  'phone',
  'company',
  'postal_address',
  'locale',
  'status',
  'permissions',
  'templates_mode',
  'templates',
  'version',
  'activated_at',
  'last_sign_in_at',
  'removed_at',
  'created_at',
] as const

export const findPortalUser = async (db: Read, account: string, id: string): Promise<PortalUser | undefined> =>
  (await db
    .selectFrom('portal_users')
    .select(PORTAL_USER_COLUMNS)
    .where('account_id', '=', account)
    .where('id', '=', id)
    .executeTakeFirst()) as PortalUser | undefined

/** Locks the row: nobody else changes this user until the transaction ends. */
export const lockPortalUser = async (db: Write, account: string, id: string): Promise<PortalUser | undefined> =>
  (await db
    .selectFrom('portal_users')
    .select(PORTAL_USER_COLUMNS)
    .where('account_id', '=', account)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()) as PortalUser | undefined

/** Creation time of the newest activation link. */
export const findLastActivationTime = async (db: Read, account: string, user: string): Promise<Date | undefined> =>
  (await listLinkTimes(db, account, 'portalActivation', user))[0]

/** Adds an invited user; null when the address has a user, also one added at the same time. */
export async function insertInvitedUser(
  db: Write,
  account: string,
  user: {
    id: string
    email: string
    name: string | null
    locale: string
    mode: TemplatesMode
    templates: string[]
    permissions: Partial<Permissions> | null
  },
  now: Date,
): Promise<string | null> {
  const row = await db
    .insertInto('portal_users')
    .values({
      account_id: account,
      id: user.id,
      email: user.email,
      email_norm: emailNorm(user.email),
      name: user.name,
      status: 'invited',
      locale: user.locale,
      search_text: fold(user.name, user.email),
      templates_mode: user.mode,
      templates: user.templates,
      permissions: user.permissions && JSON.stringify(user.permissions),
      created_at: now,
      updated_at: now,
    })
    // A literal, not a parameter: prepared for any value, the statement would no longer match the partial index.
    .onConflict((conflict) =>
      conflict
        .columns(['account_id', 'email_norm'])
        .where(sql<boolean>`status <> 'removed'`)
        .doNothing(),
    )
    .returning('id')
    .executeTakeFirst()
  return row?.id ?? null
}

/** The name that office staff know, after what was typed at a sign-up was forgotten. */
export async function setInvitedName(
  db: Write,
  account: string,
  id: string,
  { name, email }: { name: string | null; email: string },
): Promise<void> {
  await db
    .updateTable('portal_users')
    .set({ name, search_text: fold(name, email) })
    .where('account_id', '=', account)
    .where('id', '=', id)
    .where('status', '=', 'invited')
    .execute()
}

export const findPortalUserByEmail = async (db: Read, account: string, address: string) =>
  db
    .selectFrom('portal_users')
    .select(['id', 'email', 'name'])
    .where('account_id', '=', account)
    .where('email_norm', '=', emailNorm(address))
    .where('status', '<>', 'removed')
    .executeTakeFirst()

/** Stores a change if the version is still `expected` (null: any); returns the new version, or null. */
export async function updateUser(
  db: Write,
  account: string,
  id: string,
  expected: number | null,
  change: {
    permissions?: Partial<Permissions> | null
    mode?: TemplatesMode
    templates?: string[]
    email?: { address: string; name: string | null }
  },
  now: Date,
): Promise<number | null> {
  let update = db
    .updateTable('portal_users')
    .set((set) => ({
      ...(change.permissions !== undefined && {
        permissions: change.permissions && JSON.stringify(change.permissions),
      }),
      ...(change.mode && { templates_mode: change.mode, templates: change.templates ?? [] }),
      ...(change.email && {
        email: change.email.address,
        email_norm: emailNorm(change.email.address),
        pending_email: null,
        search_text: fold(change.email.name, change.email.address),
      }),
      version: set('version', '+', 1),
      updated_at: now,
    }))
    .where('account_id', '=', account)
    .where('id', '=', id)
  if (expected !== null) update = update.where('version', '=', expected)
  const updated = await update
    .returning('version')
    .executeTakeFirst()
    .catch((error: unknown) => {
      // Somebody else got the address since it was looked up.
      const isTaken = constraintOf(error) === 'portal_users_email_unique'
      throw isTaken && change.email ? alreadyPortalUser(change.email.address) : error
    })
  return updated?.version ?? null
}

/** `user` is the id of the portal user with this address, if it is known. */
export const alreadyPortalUser = (email: string, user = '') =>
  problem('alreadyPortalUser', { vars: { email, user }, fields: { email: 'alreadyPortalUser' } })

import { sql } from 'kysely'
import type { Read, Write } from '../../../platform/operation.ts'
import { endPortalSessions } from '../../identity/portal/queries.ts'
import { replaceTokens } from '../activation/tokens/queries.ts'
import { raiseLockEpochs } from '../links/queries.ts'

/** How many sessions and links a removal would end, and how many jobs stay. */
export async function countRemovalEffects(db: Read, account: string, user: string, now: Date) {
  const { rows } = await sql<{ sessions: number; links: number; jobs: number }>`
    select
      (
        select count(*)::int from list_portal_sessions(${account}, ${user}, ${now})
      ) as sessions,
      (
        select count(*)::int from portal_links l
        where l.account_id = ${account} and l.portal_user_id = ${user}
      ) as links,
      (
        select count(*)::int from jobs j
        where j.account_id = ${account} and j.created_by_id = ${user} and j.created_by_kind = 'portalUser'
      ) as jobs`.execute(db as Write)
  return rows[0]!
}

/** Ends every session and every open link of this user; returns the number of sessions. */
export async function endAccess(db: Write, account: string, user: string, now: Date): Promise<number> {
  await replaceTokens(db, account, ['portalActivation', 'portalReset', 'portalEmailChange'], user, now)
  return endPortalSessions(db, account, user)
}

export const setUserStatus = async (
  db: Write,
  account: string,
  user: string,
  status: 'active' | 'invited' | 'suspended',
  now: Date,
): Promise<void> => {
  await db
    .updateTable('portal_users')
    .set((set) => ({ status, pending_email: null, version: set('version', '+', 1), updated_at: now }))
    .where('account_id', '=', account)
    .where('id', '=', user)
    .execute()
}

/** Deletes password, permissions and links; returns the number of links. The row stays as the creator of its jobs. */
export async function markRemoved(db: Write, account: string, user: string, now: Date): Promise<number> {
  await db
    .updateTable('portal_users')
    .set((set) => ({
      status: 'removed',
      removed_at: now,
      password_hash: null,
      pending_email: null,
      permissions: null,
      templates_mode: 'default',
      templates: [],
      version: set('version', '+', 1),
      updated_at: now,
    }))
    .where('account_id', '=', account)
    .where('id', '=', user)
    .execute()
  const deleted = await db
    .deleteFrom('portal_links')
    .where('account_id', '=', account)
    .where('portal_user_id', '=', user)
    .returning('customer_id')
    .execute()
  const customers = deleted.map(({ customer_id }) => customer_id)
  await raiseLockEpochs(db, customers, now)
  return customers.length
}

/** Refuses sign-in until the user is reactivated, and ends every session and link; returns the number of sessions. */
export async function suspendUser(db: Write, account: string, user: string, now: Date): Promise<number> {
  await setUserStatus(db, account, user, 'suspended', now)
  return endAccess(db, account, user, now)
}

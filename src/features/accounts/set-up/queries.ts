import { sql } from 'kysely'
import type { RunQuery } from '../../../platform/caller.ts'
import type { Read, Write } from '../../../platform/operation.ts'

/** Advisory lock that lets one transaction at a time create the first account. */
const FIRST_ACCOUNT_LOCK = 7_215_002

export const lockInstallation = async (db: Write): Promise<void> => {
  await sql`select pg_advisory_xact_lock(${FIRST_ACCOUNT_LOCK})`.execute(db)
}

export const isInstallationEmpty = async (db: Read): Promise<boolean> =>
  (await sql<{ empty: boolean }>`select is_installation_empty() as empty`.execute(db as Write)).rows[0]!.empty

export interface SetUpToken {
  id: string
  expires_at: Date
  used_at: Date | null
  empty: boolean
}

/** The token, looked up before the transaction, so that no password is hashed for an invalid link. */
export const peekSetUpToken = async (query: RunQuery, hash: Buffer | null): Promise<SetUpToken | undefined> =>
  (
    await query<SetUpToken>(
      `select t.id, t.expires_at, t.used_at, is_installation_empty() as empty
       from find_person_token($1, 'setUp') t`,
      [hash],
    )
  )[0]

/** The account with this address, before a request has an account. */
export async function findAccountBySlug(query: RunQuery, slug: string, at: Date): Promise<string | null> {
  const rows = await query<{ account: string | null }>("select find_account_slug($1, $2) ->> 'account' as account", [
    slug,
    at,
  ])
  return rows[0]?.account ?? null
}

export async function findSetUpToken(db: Read, hash: Buffer | null): Promise<SetUpToken | undefined> {
  const { rows } = await sql<SetUpToken>`
    select t.id, t.expires_at, t.used_at, is_installation_empty() as empty
    from find_person_token(${hash}, 'setUp') t`.execute(db as Write)
  return rows[0]
}

/** True for the request that used the token; false for every other. */
export async function consumeSetUpToken(db: Write, hash: Buffer | null, at: Date): Promise<boolean> {
  const { rows } = await sql<{ person: string | null }>`
    select consume_person_token(${hash}, 'setUp', ${at}) as person`.execute(db)
  return rows[0]?.person != null
}

export interface NewAccount {
  id: string
  slug: string
  name: string
  timeZone: string
  locale: string
  currency: string
  supportEmail: string
  memberId: string
  ownerId: string
  ownerEmail: string
  ownerName: string
  at: Date
}

export const openAccount = async (db: Write, newAccount: NewAccount): Promise<void> => {
  await sql`select create_account(${JSON.stringify(newAccount)})`.execute(db)
}

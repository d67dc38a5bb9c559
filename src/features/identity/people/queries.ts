import { sql, type Kysely } from 'kysely'
import type { DB } from '../../../../db/schema.gen.ts'
import type { RunQuery } from '../../../platform/caller.ts'
import type { Read, Write } from '../../../platform/operation.ts'

// The app role has no grant on the tables of people: it calls definer functions, each of which returns one thing.

export interface NewPerson {
  id: string
  email: string
  emailNorm: string
  name: string
  passwordHash: string | null
  at: Date
}

/** Finds or creates the person with an address. A password is set only by set-up, and only when there is none yet. */
export const findOrCreatePerson = async (db: Write, person: NewPerson): Promise<string> =>
  (await sql<{ id: string }>`select find_or_create_person(${JSON.stringify(person)}) as id`.execute(db)).rows[0]!.id

/** Of a person who has no password yet; false when another request has set one. */
export async function setFirstPassword(
  db: Write,
  { person, name, passwordHash, at }: { person: string; name: string; passwordHash: string; at: Date },
): Promise<boolean> {
  const { rows } = await sql<{ isSet: boolean }>`
    select set_first_password(${person}, ${name}, ${passwordHash}, ${at}) as "isSet"`.execute(db)
  return rows[0]?.isSet ?? false
}

export interface PersonToken {
  hash: Buffer
  id: string
  kind: 'passwordReset'
  /** Null: a token for nobody. */
  person: string | null
  at: Date
  expires: Date
}

export const addPersonToken = async (db: Write, token: PersonToken): Promise<void> => {
  await sql`select create_person_token(${JSON.stringify({ ...token, hash: token.hash.toString('hex') })})`.execute(db)
}

export interface ResetToken {
  id: string
  person_id: string
  /** Null: a token for nobody. */
  email: string | null
  name: string | null
  expires_at: Date
  used_at: Date | null
}

export const findReset = async (db: Read, hash: Buffer | null): Promise<ResetToken | undefined> =>
  (await sql<ResetToken>`select * from find_person_token(${hash}, 'passwordReset')`.execute(db as Write)).rows[0]

export const peekReset = async (query: RunQuery, hash: Buffer | null): Promise<ResetToken | undefined> =>
  (await query<ResetToken>("select * from find_person_token($1, 'passwordReset')", [hash]))[0]

/** The person whose link it is; null when another request has used the link. */
export async function consumeReset(db: Write, hash: Buffer | null, at: Date): Promise<string | null> {
  const { rows } = await sql<{ person: string | null }>`
    select consume_person_token(${hash}, 'passwordReset', ${at}) as person`.execute(db)
  return rows[0]?.person ?? null
}

/**
 * Sets the password, with `checkedHash` only if that is still the present one; every open reset link of the person stops
 * working. Without it, call after consumeReset. Returns whether it was set.
 */
export async function setPassword(
  db: Write,
  person: string,
  { hash, checkedHash = null, now }: { hash: string; checkedHash?: string | null; now: Date },
): Promise<boolean> {
  const { rows } = await sql<{ isSet: boolean }>`
    select set_person_password(${person}, ${hash}, ${checkedHash}, ${now}) as "isSet"`.execute(db)
  return rows[0]?.isSet ?? false
}

export const findPasswordHash = async (query: RunQuery, person: string): Promise<string | null> =>
  (await query<{ hash: string | null }>('select find_person_password($1) as hash', [person]))[0]?.hash ?? null

export const setName = async (db: Write, person: string, name: string, at: Date): Promise<void> => {
  await sql`select set_person_name(${person}, ${name}, ${at})`.execute(db)
}

/** The account whose branding a mail to this person has. */
export async function findFirstAccount(db: Read, person: string): Promise<string | null> {
  const { rows } = await sql<{ account: string | null }>`
    select find_first_account(${person}) as account`.execute(db as Write)
  return rows[0]?.account ?? null
}

/** Whether the link in a mail still works; the deliverer checks it before it sends the mail. */
export const isResetOpen = async (db: Kysely<DB>, hash: Buffer | null, now: Date): Promise<boolean> => {
  if (!hash) return false
  const row = await db
    .selectFrom('people_tokens')
    .select('id')
    .where('hash', '=', hash)
    .where('kind', '=', 'passwordReset')
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  return row !== undefined
}

/** False when there is an account already. The links of earlier starts stop working. */
export async function offerSetUpToken(
  query: RunQuery,
  token: { hash: Buffer; id: string; at: Date; expires: Date },
): Promise<boolean> {
  const input = JSON.stringify({ ...token, hash: token.hash.toString('hex') })
  const rows = await query<{ isOffered: boolean }>('select create_set_up_token($1) as "isOffered"', [input])
  return rows[0]?.isOffered ?? false
}

/** Asked before a notice is sent: none goes to a person who has left the account. */
export const isActiveInAccount = async (db: Kysely<DB>, account: string, person: string | null): Promise<boolean> => {
  if (person === null) return false
  const member = await db
    .selectFrom('staff_members')
    .select('id')
    .where('account_id', '=', account)
    .where('person_id', '=', person)
    .where('status', '=', 'active')
    .executeTakeFirst()
  return member !== undefined
}

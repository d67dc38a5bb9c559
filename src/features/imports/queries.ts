import { sql, type Insertable } from 'kysely'
import type { History, Sites } from '../../../db/schema.gen.ts'
import type { Read, Write } from '../../platform/operation.ts'
import type { Field } from '../templates/rules.ts'

/** Imports of one account run one after the other: each chunk holds this to the end of its transaction. */
export const lockImports = async (db: Write, account: string): Promise<void> => {
  await sql`select pg_advisory_xact_lock(7215003, hashtext(${account}))`.execute(db)
}

export async function accountBySlug(db: Read, slug: string): Promise<{ id: string; timeZone: string } | undefined> {
  const row = await db
    .selectFrom('addresses as a')
    .innerJoin('account_settings as s', 's.account_id', 'a.account_id')
    .select(['a.account_id as id', 's.time_zone as timeZone'])
    .where('a.name', '=', slug)
    .where('a.current', '=', true)
    .executeTakeFirst()
  return row
}

/** By the business's own number, or by id. */
export async function customersBy(
  db: Read,
  account: string,
  by: 'reference' | 'id',
  keys: readonly string[],
): Promise<Map<string, string>> {
  if (keys.length === 0) return new Map()
  const rows = await db
    .selectFrom('customers')
    .select(['id', 'reference'])
    .where('account_id', '=', account)
    .where(by, 'in', [...keys])
    .execute()
  return new Map(rows.map((row) => [row[by]!, row.id]))
}

export async function jobsThere(db: Read, account: string, references: readonly string[]): Promise<Set<string>> {
  if (references.length === 0) return new Set()
  const rows = await db
    .selectFrom('jobs')
    .select('external_reference')
    .where('account_id', '=', account)
    .where('external_reference', 'in', [...references])
    .execute()
  return new Set(rows.map((row) => row.external_reference!))
}

export interface ImportTemplate {
  id: string
  name: string
  version: number
  minutes: number | null
  fields: Field[]
}

/** The templates that an import made, by what the other program calls them. */
export async function templatesBy(
  db: Read,
  account: string,
  references: readonly string[],
): Promise<Map<string, ImportTemplate>> {
  if (references.length === 0) return new Map()
  const rows = await db
    .selectFrom('templates as t')
    .innerJoin('template_versions as v', (join) =>
      join
        .onRef('v.account_id', '=', 't.account_id')
        .onRef('v.template_id', '=', 't.id')
        .onRef('v.version', '=', 't.version'),
    )
    .select([
      't.id',
      't.name',
      't.version',
      't.duration_minutes as minutes',
      't.external_reference as reference',
      'v.fields',
    ])
    .where('t.account_id', '=', account)
    .where('v.account_id', '=', account)
    .where('t.external_reference', 'in', [...references])
    .execute()
  return new Map(
    rows.map(({ reference, fields, ...row }) => [reference!, { ...row, fields: fields as unknown as Field[] }]),
  )
}

export interface Place {
  customer: string
  address: string
}
export const placeKey = ({ customer, address }: Place): string => `${customer}\n${address}`

/** Sites of these customers at exactly these addresses; of two alike the older one. */
export async function sitesAt(db: Read, account: string, places: readonly Place[]): Promise<Map<string, string>> {
  if (places.length === 0) return new Map()
  const rows = await db
    .selectFrom('sites')
    .select(['id', 'customer_id as customer', 'address'])
    .where('account_id', '=', account)
    .where('customer_id', 'in', [...new Set(places.map((each) => each.customer))])
    .where('address', 'in', [...new Set(places.map((each) => each.address))])
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute()
  return new Map(rows.map((row) => [placeKey(row), row.id]))
}

export const insertSites = async (db: Write, rows: Insertable<Sites>[]): Promise<void> => {
  if (rows.length > 0) await db.insertInto('sites').values(rows).execute()
}

export const insertHistory = async (db: Write, rows: Insertable<History>[]): Promise<void> => {
  if (rows.length > 0) await db.insertInto('history').values(rows).execute()
}

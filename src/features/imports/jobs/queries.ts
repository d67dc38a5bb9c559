import type { Insertable } from 'kysely'
import type { Sites } from '../../../../db/schema.gen.ts'
import type { Read, Write } from '../../../platform/operation.ts'
import type { Field } from '../../templates/fields/rules.ts'

/** References that jobs of this account already have. */
export async function findImportedReferences(
  db: Read,
  account: string,
  references: readonly string[],
): Promise<Set<string>> {
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

/** The templates that imports created, by their name in the other program. */
export async function findImportTemplates(
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

export interface SiteAddress {
  customer: string
  address: string
}
export const siteKey = ({ customer, address }: SiteAddress): string => `${customer}\n${address}`

/** Ids of sites of these customers at exactly these addresses, by `siteKey`; of two alike the older one. */
export async function findSiteIds(
  db: Read,
  account: string,
  addresses: readonly SiteAddress[],
): Promise<Map<string, string>> {
  if (addresses.length === 0) return new Map()
  const rows = await db
    .selectFrom('sites')
    .select(['id', 'customer_id as customer', 'address'])
    .where('account_id', '=', account)
    .where('customer_id', 'in', [...new Set(addresses.map((each) => each.customer))])
    .where('address', 'in', [...new Set(addresses.map((each) => each.address))])
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute()
  return new Map(rows.map((row) => [siteKey(row), row.id]))
}

export const insertSites = async (db: Write, rows: Insertable<Sites>[]): Promise<void> => {
  if (rows.length > 0) await db.insertInto('sites').values(rows).execute()
}

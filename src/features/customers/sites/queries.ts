import { sql, type SqlBool } from 'kysely'
import type { Read, Write } from '../../../platform/operation.ts'
import type { CustomerKey } from '../queries.ts'
import type { CustomerStatus } from '../rules.ts'
import { nullIfEmpty, withoutUndefined, type Patch } from '../rules.ts'

export interface SiteRow {
  id: string
  name: string | null
  address: string
  latitude: number | null
  longitude: number | null
  notes: string | null
  status: CustomerStatus
}

export type SiteInput = Patch<Omit<SiteRow, 'id' | 'status'>>

/** Active sites first, in the order they were added. */
export const listSites = async (db: Read, { account, customer }: CustomerKey): Promise<SiteRow[]> =>
  (await db
    .selectFrom('sites')
    .where('account_id', '=', account)
    .where('customer_id', '=', customer)
    .select(['id', 'name', 'address', 'latitude', 'longitude', 'notes', 'status'])
    .orderBy('status')
    .orderBy('created_at')
    .orderBy('id')
    .limit(500)
    .execute()) as SiteRow[]

/** Active sites of these customers, in the order they were added. */
export const listActiveSitesOf = (db: Read, account: string, customers: readonly string[]) =>
  db
    .selectFrom('sites')
    .where('account_id', '=', account)
    .where(sql<SqlBool>`customer_id = any(${customers}::uuid[])`)
    .where('status', '=', 'active')
    .select(['name', 'address', 'latitude', 'longitude', 'customer_id as customer'])
    .orderBy('created_at')
    .orderBy('id')
    .execute()

export async function insertSite(
  db: Write,
  { account, customer }: CustomerKey,
  id: string,
  site: SiteInput & { address: string },
  now: Date,
): Promise<void> {
  await db
    .insertInto('sites')
    .values({
      account_id: account,
      id,
      customer_id: customer,
      name: site.name ?? null,
      address: site.address,
      latitude: site.latitude ?? null,
      longitude: site.longitude ?? null,
      notes: nullIfEmpty(site.notes) ?? null,
      created_at: now,
      updated_at: now,
    })
    .execute()
}

/** False when this customer has no such site. */
export async function updateSite(
  db: Write,
  { account, customer }: CustomerKey,
  id: string,
  site: SiteInput & { status?: CustomerStatus },
  now: Date,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('sites')
    .set({ ...withoutUndefined({ ...site, notes: nullIfEmpty(site.notes) }), updated_at: now })
    .where('account_id', '=', account)
    .where('customer_id', '=', customer)
    .where('id', '=', id)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

import { sql } from 'kysely'
import { isId } from '../../platform/ids.ts'
import type { Read, Write } from '../../platform/operation.ts'

/** Imports of one account run one after the other: each chunk holds this lock to the end of its transaction. */
export const lockImports = async (db: Write, account: string): Promise<void> => {
  await sql`select pg_advisory_xact_lock(7215003, hashtext(${account}))`.execute(db)
}

export async function findImportAccount(db: Read, slug: string): Promise<{ id: string; timeZone: string } | undefined> {
  return db
    .selectFrom('account_slugs as a')
    .innerJoin('account_settings as s', 's.account_id', 'a.account_id')
    .select(['a.account_id as id', 's.time_zone as timeZone'])
    .where('a.slug', '=', slug)
    .where('a.is_current', '=', true)
    .executeTakeFirst()
}

/** Ids of customers by the business's own reference, or by id: an export has the id of those without a reference.
 * A merged customer leads to the one that has its records. */
export async function findCustomerIds(
  db: Read,
  account: string,
  keys: readonly string[],
): Promise<Map<string, string>> {
  if (keys.length === 0) return new Map()
  const rows = await db
    .selectFrom('customers')
    .select(['id', 'reference', sql<string>`coalesce(merged_into_id, id)`.as('current')])
    .where('account_id', '=', account)
    .where((customer) =>
      customer.or([customer('reference', 'in', [...keys]), sql<boolean>`id = any (${keys.filter(isId)}::uuid[])`]),
    )
    .execute()
  const byId = rows.map(({ id, current }) => [id, current] as const)
  return new Map([
    ...byId,
    ...rows.flatMap(({ reference, current }) => (reference ? [[reference, current] as const] : [])),
  ])
}

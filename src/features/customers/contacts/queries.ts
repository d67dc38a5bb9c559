import { sql, type SqlBool } from 'kysely'
import { emailNorm, type Read, type Write } from '../../../platform/operation.ts'
import type { CustomerKey } from '../queries.ts'
import { withoutUndefined, type Patch } from '../rules.ts'

export interface ContactRow {
  id: string
  name: string
  role: string | null
  email: string | null
  phone: string | null
  isPrimary: boolean
}

export type ContactInput = Patch<Omit<ContactRow, 'id'>>

/** The primary contact first, then by name. */
export const listContacts = (db: Read, { account, customer }: CustomerKey): Promise<ContactRow[]> =>
  db
    .selectFrom('contacts')
    .where('account_id', '=', account)
    .where('customer_id', '=', customer)
    .select(['id', 'name', 'role', 'email', 'phone', 'is_primary as isPrimary'])
    .orderBy('is_primary', 'desc')
    .orderBy(sql`lower(name)`)
    .orderBy('id')
    .limit(500)
    .execute()

/** Contacts of these customers, the primary contact of each first, then by name. */
export const listContactsOf = (
  db: Read,
  account: string,
  customers: readonly string[],
): Promise<(ContactRow & { customer: string })[]> =>
  db
    .selectFrom('contacts')
    .where('account_id', '=', account)
    .where(sql<SqlBool>`customer_id = any(${customers}::uuid[])`)
    .select(['id', 'name', 'role', 'email', 'phone', 'is_primary as isPrimary', 'customer_id as customer'])
    .orderBy('is_primary', 'desc')
    .orderBy(sql`lower(name)`)
    .orderBy('id')
    .execute()

/** A customer's first contact becomes the primary one. */
export async function insertContact(
  db: Write,
  { account, customer }: CustomerKey,
  id: string,
  contact: ContactInput & { name: string },
  now: Date,
): Promise<void> {
  const isFirst = (await listContacts(db, { account, customer })).length === 0
  if (contact.isPrimary) await clearPrimaryContact(db, { account, customer })
  await db
    .insertInto('contacts')
    .values({
      account_id: account,
      id,
      customer_id: customer,
      name: contact.name,
      role: contact.role ?? null,
      email: contact.email ?? null,
      email_norm: contact.email ? emailNorm(contact.email) : null,
      phone: contact.phone ?? null,
      is_primary: isFirst || contact.isPrimary === true,
      created_at: now,
      updated_at: now,
    })
    .execute()
}

/** False when this customer has no such contact. */
export async function updateContact(
  db: Write,
  { account, customer }: CustomerKey,
  id: string,
  { isPrimary, ...contact }: ContactInput,
  now: Date,
): Promise<boolean> {
  if (isPrimary) await clearPrimaryContact(db, { account, customer })
  const { numUpdatedRows } = await db
    .updateTable('contacts')
    .set({
      ...withoutUndefined({
        ...contact,
        email_norm: contact.email === undefined ? undefined : contact.email && emailNorm(contact.email),
      }),
      ...(isPrimary && { is_primary: true }),
      updated_at: now,
    })
    .where('account_id', '=', account)
    .where('customer_id', '=', customer)
    .where('id', '=', id)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** False when this customer has no such contact. Another contact becomes primary if the primary one was deleted. */
export async function deleteContact(db: Write, { account, customer }: CustomerKey, id: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('contacts')
    .where('account_id', '=', account)
    .where('customer_id', '=', customer)
    .where('id', '=', id)
    .executeTakeFirst()
  if (numDeletedRows === 0n) return false
  const [next] = await listContacts(db, { account, customer })
  if (next && !next.isPrimary)
    await db
      .updateTable('contacts')
      .set({ is_primary: true })
      .where('account_id', '=', account)
      .where('id', '=', next.id)
      .execute()
  return true
}

const clearPrimaryContact = (db: Write, { account, customer }: CustomerKey) =>
  db
    .updateTable('contacts')
    .set({ is_primary: false })
    .where('account_id', '=', account)
    .where('customer_id', '=', customer)
    .where('is_primary', '=', true)
    .execute()

import { sql, type SqlBool } from 'kysely'
import { emailNorm } from '../../../platform/email-address.ts'
import { type Read, type Write } from '../../../platform/operation.ts'
import type { CustomerKey } from '../queries.ts'
import { withoutUndefined, type CustomerStatus, type Patch } from '../rules.ts'

export interface ContactRow {
  id: string
  name: string
  role: string | null
  email: string | null
  phone: string | null
  isPrimary: boolean
  status: CustomerStatus
}

export type ContactInput = Patch<Omit<ContactRow, 'id' | 'status'>>

/** The primary contact first, then by name, archived ones last. */
export const listContacts = async (db: Read, { account, customer }: CustomerKey): Promise<ContactRow[]> =>
  (await db
    .selectFrom('contacts')
    .where('account_id', '=', account)
    .where('customer_id', '=', customer)
    .select(['id', 'name', 'role', 'email', 'phone', 'is_primary as isPrimary', 'status'])
    .orderBy('status')
    .orderBy('is_primary', 'desc')
    .orderBy(sql`lower(name)`)
    .orderBy('id')
    .limit(500)
    .execute()) as ContactRow[]

/** Active contacts of these customers, the primary contact of each first, then by name. */
export const listContactsOf = (
  db: Read,
  account: string,
  customers: readonly string[],
): Promise<(Omit<ContactRow, 'status'> & { customer: string })[]> =>
  db
    .selectFrom('contacts')
    .where('account_id', '=', account)
    .where(sql<SqlBool>`customer_id = any(${customers}::uuid[])`)
    .where('status', '=', 'active')
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
  const isFirst = !(await hasActiveContact(db, { account, customer }))
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
  await ensurePrimaryContact(db, { account, customer })
  return true
}

const hasActiveContact = async (db: Read, key: CustomerKey): Promise<boolean> =>
  (await listContacts(db, key)).some(({ status }) => status === 'active')

/** Another contact becomes the primary one when the customer has lost its own. */
async function ensurePrimaryContact(db: Write, key: CustomerKey): Promise<void> {
  const [next] = await listContacts(db, key)
  if (!next || next.status === 'archived' || next.isPrimary) return
  await db
    .updateTable('contacts')
    .set({ is_primary: true })
    .where('account_id', '=', key.account)
    .where('id', '=', next.id)
    .execute()
}

/** Of these contacts of the customer, locked in the order of their ids. */
export const lockContacts = async (
  db: Write,
  { account, customer }: CustomerKey,
  ids: readonly string[],
): Promise<ContactRow[]> =>
  (await db
    .selectFrom('contacts')
    .select(['id', 'name', 'role', 'email', 'phone', 'is_primary as isPrimary', 'status'])
    .where('account_id', '=', account)
    .where('customer_id', '=', customer)
    .where('id', 'in', [...ids])
    .orderBy('id')
    .forUpdate()
    .execute()) as ContactRow[]

/** A contact that another was merged into takes over what it lacks. */
export async function fillContact(
  db: Write,
  key: CustomerKey,
  contact: ContactRow,
  from: ContactRow,
  now: Date,
): Promise<void> {
  const missing = {
    ...(contact.role === null && { role: from.role }),
    ...(contact.email === null && { email: from.email }),
    ...(contact.phone === null && { phone: from.phone }),
    ...(from.isPrimary && { isPrimary: true }),
  }
  if (Object.keys(missing).length > 0) await updateContact(db, key, contact.id, missing, now)
}

/** An archived contact is never the primary one. */
export async function setContactStatus(
  db: Write,
  key: CustomerKey,
  id: string,
  status: CustomerStatus,
  now: Date,
): Promise<void> {
  await db
    .updateTable('contacts')
    .set({ status, ...(status === 'archived' && { is_primary: false }), updated_at: now })
    .where('account_id', '=', key.account)
    .where('customer_id', '=', key.customer)
    .where('id', '=', id)
    .execute()
  await ensurePrimaryContact(db, key)
}

/** The contact belongs to another customer from now on, whose primary contact stays. */
export async function changeCustomerOfContact(
  db: Write,
  from: CustomerKey,
  to: CustomerKey,
  id: string,
  now: Date,
): Promise<void> {
  await db
    .updateTable('contacts')
    .set({ customer_id: to.customer, is_primary: false, updated_at: now })
    .where('account_id', '=', from.account)
    .where('customer_id', '=', from.customer)
    .where('id', '=', id)
    .execute()
  await ensurePrimaryContact(db, from)
  await ensurePrimaryContact(db, to)
}

const clearPrimaryContact = (db: Write, { account, customer }: CustomerKey) =>
  db
    .updateTable('contacts')
    .set({ is_primary: false })
    .where('account_id', '=', account)
    .where('customer_id', '=', customer)
    .where('is_primary', '=', true)
    .execute()

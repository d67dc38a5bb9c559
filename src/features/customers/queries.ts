import { constraintOf } from '../../platform/database/errors.ts'
import { fold, phoneDigits } from '../../platform/fold.ts'
import type { Read, Write } from '../../platform/operation.ts'
import { problem } from '../../platform/problem.ts'
import { listContacts, insertContact, type ContactInput } from './contacts/queries.ts'
import type { CustomerStatus } from './rules.ts'
import { insertSite, listSites, type SiteInput } from './sites/queries.ts'
import { nullIfEmpty, withoutUndefined, type Patch } from './rules.ts'

export interface CustomerKey {
  account: string
  customer: string
}

export interface CustomerRow {
  id: string
  name: string
  reference: string | null
  status: CustomerStatus
  mergedInto: string | null
  version: number
  notes: string
  billing: { name: string | null; email: string | null; phone: string | null; address: string | null }
  createdFor: string | null
  createdAt: Date
}

export type CustomerInput = Patch<Pick<CustomerRow, 'name' | 'reference' | 'notes'>> & {
  billing?: Patch<CustomerRow['billing']> | undefined
}

export async function findCustomer(db: Read, { account, customer }: CustomerKey): Promise<CustomerRow | undefined> {
  const row = await db
    .selectFrom('customers')
    .where('account_id', '=', account)
    .where('id', '=', customer)
    .select([
      'id',
      'name',
      'reference',
      'status',
      'merged_into_id',
      'version',
      'notes',
      'billing_name',
      'billing_email',
      'billing_phone',
      'billing_address',
      'created_for_user_id',
      'created_at',
    ])
    .executeTakeFirst()
  return (
    row && {
      id: row.id,
      name: row.name,
      reference: row.reference,
      status: row.status as CustomerStatus,
      mergedInto: row.merged_into_id,
      version: row.version,
      notes: row.notes,
      billing: {
        name: row.billing_name,
        email: row.billing_email,
        phone: row.billing_phone,
        address: row.billing_address,
      },
      createdFor: row.created_for_user_id,
      createdAt: row.created_at,
    }
  )
}

/** Called after every write: the search text follows what is stored. It never holds billing or notes. */
export async function updateSearchText(db: Write, { account, customer }: CustomerKey): Promise<void> {
  const key = { account, customer }
  const [row, contacts, sites] = await Promise.all([findCustomer(db, key), listContacts(db, key), listSites(db, key)])
  if (!row) return
  const phones = contacts.flatMap(({ phone }) => [phone, phoneDigits(phone)])
  const searchText = fold(
    row.name,
    row.reference,
    ...contacts.flatMap((contact) => [contact.name, contact.email]),
    ...phones,
    ...sites.flatMap((site) => [site.name, site.address]),
  )
  await db
    .updateTable('customers')
    .set({ search_text: searchText })
    .where('account_id', '=', account)
    .where('id', '=', customer)
    .execute()
}

/** Adds a customer with contacts and sites. Never matches an existing one by name (E-16). */
export async function insertCustomer(
  db: Write,
  { account, customer }: CustomerKey,
  input: CustomerInput & {
    name: string
    createdFor?: string | null
    contacts?: readonly (ContactInput & { id: string; name: string })[]
    sites?: readonly (SiteInput & { id: string; address: string })[]
  },
  now: Date,
): Promise<void> {
  await db
    .insertInto('customers')
    .values({
      account_id: account,
      id: customer,
      ...columnsOf(input),
      name: input.name,
      created_for_user_id: input.createdFor ?? null,
      search_text: fold(input.name),
      created_at: now,
      updated_at: now,
    })
    .execute()
    .catch(rejectDuplicateReference)
  for (const contact of input.contacts ?? []) await insertContact(db, { account, customer }, contact.id, contact, now)
  for (const site of input.sites ?? []) await insertSite(db, { account, customer }, site.id, site, now)
  await updateSearchText(db, { account, customer })
}

/** Increments the version if it is still the expected one; undefined if the record has changed. */
export async function bumpVersion(
  db: Write,
  { account, customer }: CustomerKey,
  expected: number | undefined,
  now: Date,
): Promise<number | undefined> {
  let query = db
    .updateTable('customers')
    .set((row) => ({ version: row('version', '+', 1), updated_at: now }))
    .where('account_id', '=', account)
    .where('id', '=', customer)
  if (expected !== undefined) query = query.where('version', '=', expected)
  return (await query.returning('version').executeTakeFirst())?.version
}

export async function updateCustomer(
  db: Write,
  { account, customer }: CustomerKey,
  input: CustomerInput,
): Promise<void> {
  const set = columnsOf(input)
  if (Object.keys(set).length > 0)
    await db
      .updateTable('customers')
      .set(set)
      .where('account_id', '=', account)
      .where('id', '=', customer)
      .execute()
      .catch(rejectDuplicateReference)
  await updateSearchText(db, { account, customer })
}

export async function setCustomerStatus(
  db: Write,
  { account, customer }: CustomerKey,
  status: CustomerStatus,
): Promise<void> {
  await db
    .updateTable('customers')
    .set({ status })
    .where('account_id', '=', account)
    .where('id', '=', customer)
    .execute()
}

const columnsOf = ({ name, reference, notes, billing }: CustomerInput) =>
  withoutUndefined({
    name,
    reference,
    notes,
    billing_name: billing?.name,
    billing_email: billing?.email,
    billing_phone: billing?.phone,
    billing_address: nullIfEmpty(billing?.address),
  })

function rejectDuplicateReference(error: unknown): never {
  if (constraintOf(error) === 'customers_reference_unique') throw problem('input', { fields: { reference: 'taken' } })
  throw error
}

import { sql, type SqlBool } from 'kysely'
import { constraintOf } from '../../platform/database/errors.ts'
import { fold, foldedPatterns } from '../../platform/fold.ts'
import { emailNorm, type Read, type Write } from '../../platform/operation.ts'
import { problem } from '../../platform/problem.ts'
import { statusesOf } from '../jobs/rules.ts'
import { MAX_COUNT, type CustomerSort, type CustomerStatus } from './rules.ts'

export interface Key {
  account: string
  customer: string
}

export interface CustomerRow {
  id: string
  name: string
  reference: string | null
  status: CustomerStatus
  version: number
  notes: string
  billing: { name: string | null; email: string | null; phone: string | null; address: string | null }
  createdFor: string | null
  createdAt: Date
}
export interface ContactRow {
  id: string
  name: string
  role: string | null
  email: string | null
  phone: string | null
  isPrimary: boolean
}
export interface SiteRow {
  id: string
  name: string | null
  address: string
  latitude: number | null
  longitude: number | null
  notes: string | null
  status: CustomerStatus
}

/** Left out means: as it is. */
type Given<T> = { [K in keyof T]?: T[K] | undefined }
export type CustomerIn = Given<Pick<CustomerRow, 'name' | 'reference' | 'notes'>> & {
  billing?: Given<CustomerRow['billing']> | undefined
}
export type ContactIn = Given<Omit<ContactRow, 'id'>>
export type SiteIn = Given<Omit<SiteRow, 'id' | 'status'>>

// ---- one customer ----

export async function findCustomer(db: Read, { account, customer }: Key): Promise<CustomerRow | undefined> {
  const row = await db
    .selectFrom('customers')
    .where('account_id', '=', account)
    .where('id', '=', customer)
    .select([
      'id',
      'name',
      'reference',
      'status',
      'version',
      'notes',
      'billing_name',
      'billing_email',
      'billing_phone',
      'billing_address',
      'created_for',
      'created_at',
    ])
    .executeTakeFirst()
  return (
    row && {
      id: row.id,
      name: row.name,
      reference: row.reference,
      status: row.status as CustomerStatus,
      version: row.version,
      notes: row.notes,
      billing: {
        name: row.billing_name,
        email: row.billing_email,
        phone: row.billing_phone,
        address: row.billing_address,
      },
      createdFor: row.created_for,
      createdAt: row.created_at,
    }
  )
}

/** The one to ask first, then by name. */
export const contactsOf = (db: Read, { account, customer }: Key): Promise<ContactRow[]> =>
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

/** Those in use first, in the order they were added. */
export const sitesOf = async (db: Read, { account, customer }: Key): Promise<SiteRow[]> =>
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

/** Of the jobs the caller may see. */
export async function jobsOf(db: Read, { account, customer }: Key) {
  const mine = db.selectFrom('jobs').where('account_id', '=', account).where('customer_id', '=', customer)
  const [counts, newest] = await Promise.all([
    mine
      .select((job) => [
        job.fn.countAll<string>().as('total'),
        job.fn.countAll<string>().filterWhere('status', 'in', statusesOf('open')).as('open'),
      ])
      .executeTakeFirstOrThrow(),
    mine
      .select(['id', 'number', 'title', 'status', 'address', 'created_at as createdAt', 'scheduled_at as scheduledAt'])
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(10)
      .execute(),
  ])
  return { open: Number(counts.open), total: Number(counts.total), newest }
}

export const openJobsOf = async (db: Read, { account, customer }: Key): Promise<number> => {
  const row = await db
    .selectFrom('jobs')
    .where('account_id', '=', account)
    .where('customer_id', '=', customer)
    .where('status', 'in', statusesOf('open'))
    .select((job) => job.fn.countAll<string>().as('open'))
    .executeTakeFirstOrThrow()
  return Number(row.open)
}

export const portalUsersOf = async (db: Read, { account, customer }: Key) =>
  (await db
    .selectFrom('portal_links as l')
    .innerJoin('portal_users as u', (join) =>
      join.onRef('u.account_id', '=', 'l.account_id').onRef('u.id', '=', 'l.portal_user_id'),
    )
    .where('l.account_id', '=', account)
    .where('u.account_id', '=', account)
    .where('l.customer_id', '=', customer)
    .where('u.status', '<>', 'removed')
    .select([
      'u.id',
      'u.name',
      'u.email',
      'u.status',
      'l.scope',
      'l.contact_id as contact',
      'u.last_sign_in_at as lastSignInAt',
    ])
    .orderBy('l.created_at')
    .orderBy('l.id')
    .limit(200)
    .execute()) as {
    id: string
    name: string | null
    email: string
    status: string
    scope: 'whole' | 'contact'
    contact: string | null
    lastSignInAt: Date | null
  }[]

/** Other active customers with a contact of the same address: for a person to look at, never to match by. */
export const customersAlike = (db: Read, { account, customer }: Key) =>
  db
    .selectFrom('customers as c')
    .where('c.account_id', '=', account)
    .where('c.id', '<>', customer)
    .where('c.status', '=', 'active')
    .where('c.id', 'in', (other) =>
      other
        .selectFrom('contacts as o')
        .innerJoin('contacts as m', (join) =>
          join.onRef('m.account_id', '=', 'o.account_id').onRef('m.email_norm', '=', 'o.email_norm'),
        )
        .where('o.account_id', '=', account)
        .where('m.account_id', '=', account)
        .where('m.customer_id', '=', customer)
        .select('o.customer_id'),
    )
    .select(['c.id', 'c.name', 'c.reference'])
    .orderBy('c.created_at')
    .limit(5)
    .execute()

// ---- the list ----

export interface Wanted {
  search?: string | undefined
  status: CustomerStatus
  sort: CustomerSort
}
export interface ListRow {
  id: string
  name: string
  reference: string | null
  status: CustomerStatus
  createdAt: Date
  jobs: number
  openJobs: number
  contact: { id: string; name: string; email: string | null; phone: string | null } | null
  address: string | null
  siteCount: number
}

/** Search looks at what every reader of the row may see: names, reference, contacts, addresses; never notes or billing. */
const matching = (db: Read, account: string, typed: string | undefined) => {
  let query = db.selectFrom('customers as c').where('c.account_id', '=', account)
  for (const pattern of foldedPatterns(typed ?? '')) query = query.where('c.folded', 'like', pattern)
  return query
}

/** One page by keyset, and the place where the next begins. */
export async function listCustomers(
  db: Read,
  account: string,
  wanted: Wanted,
  after: string | undefined,
  limit: number,
): Promise<{ rows: ListRow[]; next: string | null }> {
  const found = await customersInOrder(db, account, wanted, after && openCursor(after))
    .limit(limit + 1)
    .execute()
  const rows = found.slice(0, limit)
  const ids = rows.map((row) => row.id)
  const [contacts, sites, jobs] = await Promise.all([
    firstContacts(db, account, ids),
    firstSites(db, account, ids),
    jobCounts(db, account, ids),
  ])
  const last = found.length > limit ? rows.at(-1) : undefined
  return {
    rows: rows.map(({ place: _, ...row }) => ({
      ...row,
      status: row.status as CustomerStatus,
      contact: contacts.get(row.id) ?? null,
      address: sites.get(row.id)?.address ?? null,
      siteCount: Number(sites.get(row.id)?.count ?? 0),
      jobs: Number(jobs.get(row.id)?.total ?? 0),
      openJobs: Number(jobs.get(row.id)?.open ?? 0),
    })),
    next: last ? `${last.place}_${last.id}` : null,
  }
}

/** `place` is the number that the cursor needs beside the id; names and moments are looked up by the id. */
function customersInOrder(
  db: Read,
  account: string,
  { search, status, sort }: Wanted,
  after: [number, string] | undefined | '',
) {
  const base = matching(db, account, search)
    .where('c.status', '=', status)
    .select(['c.id', 'c.name', 'c.reference', 'c.status', 'c.created_at as createdAt'])
  const way = sort.startsWith('-') ? ('desc' as const) : ('asc' as const)
  const beyond = way === 'desc' ? sql`<` : sql`>`
  const [place, id] = after || []
  const of = (columns: string) =>
    sql`(select ${sql.raw(columns)} from customers a where a.account_id = ${account} and a.id = ${id}::uuid)`
  switch (sort) {
    case 'name':
    case '-name':
      return base
        .select(sql<number>`0`.as('place'))
        .orderBy(sql`lower(c.name)`, way)
        .orderBy('c.id', way)
        .$if(id !== undefined, (query) =>
          query.where(sql<SqlBool>`(lower(c.name), c.id) ${beyond} ${of('lower(a.name), a.id')}`),
        )
    case 'created':
    case '-created':
      return base
        .select(sql<number>`0`.as('place'))
        .orderBy('c.created_at', way)
        .orderBy('c.id', way)
        .$if(id !== undefined, (query) =>
          query.where(sql<SqlBool>`(c.created_at, c.id) ${beyond} ${of('a.created_at, a.id')}`),
        )
    case 'jobs':
    case '-jobs':
      return base
        .leftJoin(
          (jobs) =>
            jobs
              .selectFrom('jobs')
              .where('account_id', '=', account)
              .select((job) => ['customer_id', job.fn.countAll<string>().as('n')])
              .groupBy('customer_id')
              .as('j'),
          (join) => join.onRef('j.customer_id', '=', 'c.id'),
        )
        .select(sql<number>`coalesce(j.n, 0)::int`.as('place'))
        .orderBy(sql`coalesce(j.n, 0)`, way)
        .orderBy('c.id', way)
        .$if(id !== undefined, (query) =>
          query.where(sql<SqlBool>`(coalesce(j.n, 0), c.id) ${beyond} (${place}::bigint, ${id}::uuid)`),
        )
  }
}

/** Not signed: it only says where to go on among rows that the reader reaches anyway. */
function openCursor(cursor: string): [number, string] {
  const [, place, id] = /^(\d{1,9})_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(cursor) ?? []
  if (!id) throw problem('input', { fields: { cursor: 'format' } })
  return [Number(place), id]
}

/** What the list would show for each status (PS-12), counted no further than MAX_COUNT. */
export async function countCustomers(
  db: Read,
  account: string,
  typed: string | undefined,
): Promise<{ active: number; archived: number }> {
  const count = async (status: CustomerStatus) => {
    const row = await db
      .selectFrom(
        matching(db, account, typed).where('c.status', '=', status).select('c.id').limit(MAX_COUNT).as('some'),
      )
      .select((some) => some.fn.countAll<string>().as('n'))
      .executeTakeFirstOrThrow()
    return Number(row.n)
  }
  const [active, archived] = await Promise.all([count('active'), count('archived')])
  return { active, archived }
}

const among = (ids: readonly string[]) => sql<SqlBool>`customer_id = any(${ids}::uuid[])`

async function firstContacts(db: Read, account: string, ids: readonly string[]) {
  const found = await db
    .selectFrom('contacts')
    .where('account_id', '=', account)
    .where(among(ids))
    .distinctOn('customer_id')
    .select(['customer_id', 'id', 'name', 'email', 'phone'])
    .orderBy('customer_id')
    .orderBy('is_primary', 'desc')
    .orderBy(sql`lower(name)`)
    .orderBy('id')
    .execute()
  return new Map(found.map(({ customer_id: customer, ...contact }) => [customer, contact]))
}

async function firstSites(db: Read, account: string, ids: readonly string[]) {
  const found = await db
    .selectFrom('sites')
    .where('account_id', '=', account)
    .where('status', '=', 'active')
    .where(among(ids))
    .groupBy('customer_id')
    .select([
      'customer_id',
      (site) => site.fn.countAll<string>().as('count'),
      sql<string>`(array_agg(address order by created_at, id))[1]`.as('address'),
    ])
    .execute()
  return new Map(found.map((row) => [row.customer_id, row]))
}

async function jobCounts(db: Read, account: string, ids: readonly string[]) {
  const found = await db
    .selectFrom('jobs')
    .where('account_id', '=', account)
    .where(among(ids))
    .groupBy('customer_id')
    .select([
      'customer_id',
      (job) => job.fn.countAll<string>().as('total'),
      (job) => job.fn.countAll<string>().filterWhere('status', 'in', statusesOf('open')).as('open'),
    ])
    .execute()
  return new Map(found.map((row) => [row.customer_id, row]))
}

// ---- writing ----

/** Every write ends here: the search text follows what is stored. Billing and notes are no part of it. */
export async function foldCustomer(db: Write, { account, customer }: Key): Promise<void> {
  const [row, contacts, sites] = await Promise.all([
    findCustomer(db, { account, customer }),
    contactsOf(db, { account, customer }),
    sitesOf(db, { account, customer }),
  ])
  if (!row) return
  const phones = contacts.flatMap((contact) =>
    contact.phone ? [contact.phone, contact.phone.replaceAll(/\D/g, '')] : [],
  )
  const folded = fold(
    row.name,
    row.reference,
    ...contacts.flatMap((contact) => [contact.name, contact.email]),
    ...phones,
    ...sites.flatMap((site) => [site.name, site.address]),
  )
  await db
    .updateTable('customers')
    .set({ folded })
    .where('account_id', '=', account)
    .where('id', '=', customer)
    .execute()
}

/** Adds a customer with what is known of it. Never looks for one of the same name (E-16). */
export async function insertCustomer(
  db: Write,
  { account, customer }: Key,
  given: CustomerIn & {
    name: string
    createdFor?: string | null
    contacts?: readonly (ContactIn & { id: string; name: string })[]
    sites?: readonly (SiteIn & { id: string; address: string })[]
  },
  now: Date,
): Promise<void> {
  await db
    .insertInto('customers')
    .values({
      account_id: account,
      id: customer,
      ...columns(given),
      name: given.name,
      created_for: given.createdFor ?? null,
      folded: fold(given.name),
      created_at: now,
      updated_at: now,
    })
    .execute()
    .catch(refuseTaken)
  for (const contact of given.contacts ?? []) await insertContact(db, { account, customer }, contact.id, contact, now)
  for (const site of given.sites ?? []) await insertSite(db, { account, customer }, site.id, site, now)
  await foldCustomer(db, { account, customer })
}

/** Makes the next version of the record, if it is still the one that was seen; answers it, or undefined. */
export async function nextVersion(
  db: Write,
  { account, customer }: Key,
  seen: number | undefined,
  now: Date,
): Promise<number | undefined> {
  let query = db
    .updateTable('customers')
    .set((row) => ({ version: row('version', '+', 1), updated_at: now }))
    .where('account_id', '=', account)
    .where('id', '=', customer)
  if (seen !== undefined) query = query.where('version', '=', seen)
  return (await query.returning('version').executeTakeFirst())?.version
}

export async function changeCustomer(db: Write, { account, customer }: Key, given: CustomerIn): Promise<void> {
  const set = columns(given)
  if (Object.keys(set).length > 0)
    await db
      .updateTable('customers')
      .set(set)
      .where('account_id', '=', account)
      .where('id', '=', customer)
      .execute()
      .catch(refuseTaken)
  await foldCustomer(db, { account, customer })
}

export async function setCustomerStatus(db: Write, { account, customer }: Key, status: CustomerStatus): Promise<void> {
  await db
    .updateTable('customers')
    .set({ status })
    .where('account_id', '=', account)
    .where('id', '=', customer)
    .execute()
}

const columns = ({ name, reference, notes, billing }: CustomerIn) =>
  given({
    name,
    reference,
    notes,
    billing_name: billing?.name,
    billing_email: billing?.email,
    billing_phone: billing?.phone,
    billing_address: emptied(billing?.address),
  })

function refuseTaken(error: unknown): never {
  if (constraintOf(error) === 'customers_reference_unique') throw problem('input', { fields: { reference: 'taken' } })
  throw error
}

// ---- contacts and sites ----

/** The first contact of a customer is the one to ask first. */
export async function insertContact(
  db: Write,
  { account, customer }: Key,
  id: string,
  contact: ContactIn & { name: string },
  now: Date,
): Promise<void> {
  const first = (await contactsOf(db, { account, customer })).length === 0
  if (contact.isPrimary) await noPrimary(db, { account, customer })
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
      is_primary: first || contact.isPrimary === true,
      created_at: now,
      updated_at: now,
    })
    .execute()
}

/** False when this customer has no such contact. */
export async function changeContact(
  db: Write,
  { account, customer }: Key,
  id: string,
  { isPrimary, ...contact }: ContactIn,
  now: Date,
): Promise<boolean> {
  if (isPrimary) await noPrimary(db, { account, customer })
  const { numUpdatedRows } = await db
    .updateTable('contacts')
    .set({
      ...given({
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

/** False when this customer has no such contact. Someone else is asked first afterwards. */
export async function deleteContact(db: Write, { account, customer }: Key, id: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('contacts')
    .where('account_id', '=', account)
    .where('customer_id', '=', customer)
    .where('id', '=', id)
    .executeTakeFirst()
  if (numDeletedRows === 0n) return false
  const [next] = await contactsOf(db, { account, customer })
  if (next && !next.isPrimary)
    await db
      .updateTable('contacts')
      .set({ is_primary: true })
      .where('account_id', '=', account)
      .where('id', '=', next.id)
      .execute()
  return true
}

/** Whether a portal user is this contact: removing it would take that person's access away unseen. */
export const contactIsLinked = async (db: Read, { account, customer }: Key, contact: string): Promise<boolean> =>
  (await db
    .selectFrom('portal_links')
    .select('id')
    .where('account_id', '=', account)
    .where('customer_id', '=', customer)
    .where('contact_id', '=', contact)
    .executeTakeFirst()) !== undefined

const noPrimary = (db: Write, { account, customer }: Key) =>
  db
    .updateTable('contacts')
    .set({ is_primary: false })
    .where('account_id', '=', account)
    .where('customer_id', '=', customer)
    .where('is_primary', '=', true)
    .execute()

export async function insertSite(
  db: Write,
  { account, customer }: Key,
  id: string,
  site: SiteIn & { address: string },
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
      notes: emptied(site.notes) ?? null,
      created_at: now,
      updated_at: now,
    })
    .execute()
}

/** False when this customer has no such site. */
export async function changeSite(
  db: Write,
  { account, customer }: Key,
  id: string,
  site: SiteIn & { status?: CustomerStatus },
  now: Date,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('sites')
    .set({ ...given({ ...site, notes: emptied(site.notes) }), updated_at: now })
    .where('account_id', '=', account)
    .where('customer_id', '=', customer)
    .where('id', '=', id)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** An emptied text is none. */
const emptied = (text: string | null | undefined) => (text === '' ? null : text)

type Without<T> = { [K in keyof T]?: Exclude<T[K], undefined> }
const given = <T extends object>(values: T): Without<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Without<T>

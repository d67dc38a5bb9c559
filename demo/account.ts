/** Writes one demo business with all its rows, in one transaction. */
import { sql, type Insertable, type Kysely } from 'kysely'
import type pg from 'pg'
import { asSystem } from '../src/app.ts'
import { updateSearchText } from '../src/features/customers/queries.ts'
import { sendActivation } from '../src/features/portal-users/messages.ts'
import { emitMessages } from '../src/platform/delivery/outbox.ts'
import type { FileStore } from '../src/platform/files.ts'
import { newId } from '../src/platform/ids.ts'
import type { DemoStaff, Rows } from './model.ts'
import type { DB } from '../db/schema.gen.ts'

export interface LoadOptions {
  /** Connections of the role portico_system. */
  pool: pg.Pool
  files: FileStore
  now: Date
  /** The domain in the Message-IDs of the demo's mail. */
  host: string
  passwordHash: string
}

export interface AccountInput {
  id: string
  slug: string
  name: string
  zone: string
  accent: string
  logo: string
  email: string
  phone: string
  address: string
  since: Date
  portal: { public: boolean; introduction: string; templates: string[] }
  staff: DemoStaff[]
  rows: Rows
  /** Addresses of portal users whose activation mail is still in the outbox. */
  pendingActivations: string[]
}

/** Foreign keys decide this order. */
const TABLES = [
  'customers',
  'contacts',
  'sites',
  'templates',
  'template_versions',
  'counters',
  'jobs',
  'tickets',
  'held_mails',
  'comments',
  'history',
  'files',
  'permission_groups',
  'portal_users',
  'portal_links',
  'tokens',
  'outbox',
  'deliveries',
  'audit',
] as const

const CANNED_REPLIES = [
  {
    name: 'Received',
    text: 'Hello {{contact_first_name}},\n\nThank you for your message. We have it as ticket {{ticket_number}}.\n\n{{staff_name}}, {{business_name}}',
  },
  { name: 'Visit needed', text: 'Hello {{contact_first_name}}, we need to see this on site. Which day suits you?' },
]

export async function writeAccount(options: LoadOptions, account: AccountInput): Promise<void> {
  const { id, rows } = account
  await asSystem(options.pool, `demo data of ${account.slug}`, async (db) => {
    await writeSettings(db, account, options.now)
    for (const member of account.staff) await writeStaffMember(db, id, member, options)
    for (const table of TABLES) await insertAll(db, table, rows[table])
    for (const customer of rows.customers ?? []) await updateSearchText(db, { account: id, customer: customer.id })
    for (const email of account.pendingActivations) await queueActivation(db, id, email, options)
  })
}

async function writeSettings(db: Kysely<DB>, account: AccountInput, now: Date): Promise<void> {
  const { id, slug, since, portal } = account
  await db.insertInto('accounts').values({ id, kind: 'business', status: 'active', created_at: since }).execute()
  await db.insertInto('account_slugs').values({ slug, account_id: id, is_current: true, created_at: since }).execute()
  await db
    .insertInto('account_settings')
    .values({
      account_id: id,
      name: account.name,
      time_zone: account.zone,
      locale: 'en-GB',
      currency: 'GBP',
      accent: account.accent,
      logo_key: account.logo,
      logo_type: 'image/png',
      support_email: account.email,
      support_phone: account.phone,
      postal_address: account.address,
      canned_replies: JSON.stringify(CANNED_REPLIES.map((reply) => ({ id: newId(), ...reply }))),
      updated_at: now,
    })
    .execute()
  await db
    .insertInto('portal_settings')
    .values({ account_id: id, enabled: true, ...portal, updated_at: now })
    .execute()
  await sql`select create_permission_groups(${id}, ${now})`.execute(db)
}

async function insertAll<T extends keyof DB>(db: Kysely<DB>, table: T, rows: Insertable<DB[T]>[] = []): Promise<void> {
  const batch = 400
  for (let from = 0; from < rows.length; from += batch)
    await db
      .insertInto(table)
      .values(rows.slice(from, from + batch) as never)
      .execute()
}

async function writeStaffMember(
  db: Kysely<DB>,
  account: string,
  member: DemoStaff,
  options: LoadOptions,
): Promise<void> {
  const { id, name, email, role, status = 'active' } = member
  const times = { created_at: options.now, updated_at: options.now }
  const person = await findOrCreatePerson(db, member, options)
  await db
    .insertInto('staff_members')
    .values({
      account_id: account,
      id,
      person_id: person,
      email,
      name: status === 'invited' ? null : name,
      role,
      status,
      ...times,
    })
    .execute()
}

/** A person who works for both businesses has one row in `people`. */
async function findOrCreatePerson(
  db: Kysely<DB>,
  { name, email, status }: DemoStaff,
  { passwordHash, now }: LoadOptions,
): Promise<string> {
  const existing = await db.selectFrom('people').select('id').where('email_norm', '=', email).executeTakeFirst()
  if (existing) return existing.id
  const id = newId()
  await db
    .insertInto('people')
    .values({
      id,
      email,
      email_norm: email,
      name,
      password_hash: status === 'invited' ? null : passwordHash,
      created_at: now,
      updated_at: now,
    })
    .execute()
  return id
}

async function queueActivation(
  db: Kysely<DB>,
  account: string,
  email: string,
  { now, host }: LoadOptions,
): Promise<void> {
  const user = await db
    .selectFrom('portal_users')
    .select(['id', 'email', 'name', 'locale', 'status'])
    .where('account_id', '=', account)
    .where('email_norm', '=', email)
    .executeTakeFirstOrThrow()
  const emit = async (emission: Parameters<typeof emitMessages>[2][number]) => {
    await emitMessages(db, account, [emission], { now, host })
  }
  await sendActivation({ db: db as never, account: { id: account }, now, newId, emit }, user)
}

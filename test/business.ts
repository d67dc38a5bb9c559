/** Businesses in tests, written straight into the database. */
import { randomBytes } from 'node:crypto'
import { sql, type Kysely } from 'kysely'
import type { DB } from '../db/schema.gen.ts'
import type { StaffRole } from '../src/features/identity/rules.ts'
import type { TestClock } from '../src/platform/clock.ts'
import { fold } from '../src/platform/fold.ts'
import { newId } from '../src/platform/ids.ts'
import { hashPassword, newToken } from '../src/platform/secrets.ts'
import { createPerson, PASSWORD, type Person } from './person.ts'

const HOUR = 3600_000
const DAY = 24 * HOUR

export interface BusinessOptions {
  public?: boolean
  enabled?: boolean
  name?: string
  slug?: string
  timeZone?: string
  /** BCP 47: decides how dates, times and money are written. */
  locale?: string
}

export interface PortalUserOptions {
  email?: string
  name?: string
  customers?: string[]
  permissions?: object | null
  /** Permission group of the links. Without one they follow the default. */
  group?: string
  templates?: string[]
  templatesMode?: string
  status?: string
  signedIn?: boolean
}

export interface TemplateOptions {
  name?: string
  fields?: unknown[]
  offered?: boolean
}

export interface Business {
  id: string
  slug: string
  owner: Person
  /** A signed-in member of staff of that role. */
  staff(role: StaffRole, name?: string): Promise<Person>
  /** An active, signed-in portal user linked to these customers. */
  portalUser(options?: PortalUserOptions): Promise<Person>
  customer(name?: string): Promise<string>
  site(customer: string, address?: string): Promise<string>
  /** A template with these fields (none by default), offered in the portal unless `offered` is false. */
  template(options?: TemplateOptions): Promise<string>
  /** A person without a session, at this portal. */
  visitor(place?: 'host' | 'path'): Person
}

/** What a business needs of the server it lives on. */
interface BusinessServer {
  port: number
  clock: TestClock
  stored<T>(work: (db: Kysely<DB>) => Promise<T>): Promise<T>
}

/** Creates a business with a signed-in owner that shares nothing with other businesses. */
export async function createBusiness(server: BusinessServer, options: BusinessOptions = {}): Promise<Business> {
  const id = newId()
  const slug = options.slug ?? `b${randomBytes(5).toString('hex')}`
  const account: Account = { id, slug, server }
  await insertAccount(account, options)
  return {
    id,
    slug,
    owner: await createStaff(account, 'owner', 'Ruth Calloway'),
    staff: (role, name = `A ${role}`) => createStaff(account, role, name),
    portalUser: (userOptions = {}) => createPortalUser(account, userOptions),
    customer: (name = 'Eleanor Finch') => insertCustomer(account, name),
    site: (customer, address = '14 Pelican Quay, Bristol BS1 6UH') => insertSite(account, customer, address),
    template: (templateOptions = {}) => insertTemplate(account, templateOptions),
    visitor: (place = 'host') => createPerson(server.port, { kind: 'anonymous', slug, place }),
  }
}

interface Account {
  id: string
  slug: string
  server: BusinessServer
}

async function insertAccount({ id, slug, server }: Account, options: BusinessOptions): Promise<void> {
  const now = server.clock.now()
  const settings = {
    account_id: id,
    name: options.name ?? 'Harbour Appliance Repair',
    time_zone: options.timeZone ?? 'Europe/London',
    locale: options.locale ?? 'en-GB',
    currency: 'GBP',
    support_email: `help@${slug}.example`,
    updated_at: now,
  }
  const { enabled = true, public: isPublic = true } = options
  await server.stored(async (db) => {
    await db.insertInto('accounts').values({ id, kind: 'business', status: 'active', created_at: now }).execute()
    await db.insertInto('account_slugs').values({ slug, account_id: id, is_current: true, created_at: now }).execute()
    await db.insertInto('account_settings').values(settings).execute()
    await db
      .insertInto('portal_settings')
      .values({ account_id: id, enabled, public: isPublic, updated_at: now })
      .execute()
    await sql`select create_permission_groups(${id}, ${now})`.execute(db)
  })
}

async function createStaff({ id, slug, server }: Account, role: StaffRole, name: string): Promise<Person> {
  const now = server.clock.now()
  const personId = newId()
  const memberId = newId()
  const email = `${role}.${randomBytes(4).toString('hex')}@${slug}.example`
  const passwordHash = await hashTestPassword()
  const { token, hash } = newToken()
  const timestamps = { created_at: now, updated_at: now }
  const person = { id: personId, email, email_norm: email, name, password_hash: passwordHash, ...timestamps }
  const member = { account_id: id, id: memberId, person_id: personId, email, name, role, status: 'active' }
  const session = { hash, id: newId(), person_id: personId, ...newSession(now, DAY) }
  await server.stored(async (db) => {
    await db.insertInto('people').values(person).execute()
    await db
      .insertInto('staff_members')
      .values({ ...member, ...timestamps })
      .execute()
    await db.insertInto('people_sessions').values(session).execute()
  })
  const staff = createPerson(server.port, { id: memberId, email, kind: 'staff', slug })
  staff.cookies.set('portico_people', token)
  return staff
}

async function createPortalUser({ id, slug, server }: Account, options: PortalUserOptions): Promise<Person> {
  const now = server.clock.now()
  const userId = newId()
  const { email = `user.${randomBytes(4).toString('hex')}@post.example`, name = 'Eleanor Finch' } = options
  const { permissions = null, status = 'active', signedIn = true } = options
  const user = {
    account_id: id,
    id: userId,
    email,
    email_norm: email.toLowerCase(),
    password_hash: await hashTestPassword(),
    name,
    status,
    search_text: fold(name, email),
    permissions: permissions === null ? null : JSON.stringify(permissions),
    templates_mode: options.templatesMode ?? 'default',
    templates: options.templates ?? [],
    activated_at: status === 'active' || status === 'suspended' ? now : null,
    created_at: now,
    updated_at: now,
  }
  const links = (options.customers ?? []).map((customer) => ({
    account_id: id,
    id: newId(),
    portal_user_id: userId,
    customer_id: customer,
    group_id: options.group ?? null,
    created_at: now,
    updated_at: now,
  }))
  await server.stored(async (db) => {
    await db.insertInto('portal_users').values(user).execute()
    for (const link of links) await db.insertInto('portal_links').values(link).execute()
  })
  const person = createPerson(server.port, { id: userId, email, kind: 'portalUser', slug })
  if (signedIn) await signInPortalUser({ id, slug, server }, person)
  return person
}

async function signInPortalUser({ id, server }: Account, person: Person): Promise<void> {
  const { token, hash } = newToken()
  const subject = { subject_kind: 'portalUser', subject_id: person.id }
  const session = { account_id: id, hash, id: newId(), ...subject, ...newSession(server.clock.now(), 30 * DAY) }
  await server.stored((db) => db.insertInto('portal_sessions').values(session).execute())
  person.cookies.set(`portico_portal_${id.slice(-12)}`, token)
}

const newSession = (now: Date, lifetime: number) => ({
  created_at: now,
  seen_at: now,
  ends_at: new Date(now.getTime() + lifetime),
  user_agent: 'test',
  client_address: '127.0.0.1',
})

async function insertCustomer({ id, server }: Account, name: string): Promise<string> {
  const customerId = newId()
  const now = server.clock.now()
  const search_text = fold(name)
  const customer = { account_id: id, id: customerId, name, search_text, created_at: now, updated_at: now }
  await server.stored((db) => db.insertInto('customers').values(customer).execute())
  return customerId
}

async function insertSite({ id, server }: Account, customer: string, address: string): Promise<string> {
  const siteId = newId()
  const now = server.clock.now()
  const site = { account_id: id, id: siteId, customer_id: customer, address, created_at: now, updated_at: now }
  await server.stored((db) => db.insertInto('sites').values(site).execute())
  return siteId
}

async function insertTemplate({ id, server }: Account, options: TemplateOptions): Promise<string> {
  const { name = 'Dishwasher repair', fields = [], offered = true } = options
  const templateId = newId()
  const now = server.clock.now()
  const template = { account_id: id, id: templateId, name, created_at: now, updated_at: now }
  const version = { account_id: id, template_id: templateId, version: 1, fields: JSON.stringify(fields) }
  await server.stored(async (db) => {
    await db.insertInto('templates').values(template).execute()
    await db
      .insertInto('template_versions')
      .values({ ...version, created_at: now })
      .execute()
    if (!offered) return
    await db
      .updateTable('portal_settings')
      .set((set) => ({ templates: set.fn('array_append', ['templates', set.val(templateId)]) as never }))
      .where('account_id', '=', id)
      .execute()
  })
  return templateId
}

let passwordHash: Promise<string> | undefined
/** Hashes the test password once per worker. */
const hashTestPassword = () => (passwordHash ??= hashPassword(PASSWORD))

import { sql } from 'kysely'
import { statement } from '../../../platform/database/statements.ts'
import { fold } from '../../../platform/fold.ts'
import type { Read, Write } from '../../../platform/operation.ts'
import { bookableTemplates, type LinkOf } from '../../identity/rules.ts'
import { ownWaitingFiles, type FileRecord } from '../files/queries.ts'
import { sitesOf, type TemplateOf } from '../queries.ts'

export interface Booker {
  id: string
  email: string
  email_norm: string
  name: string | null
  phone: string | null
  company: string | null
  postal_address: string | null
}

// Who books comes from the transaction's own context, so that it can be asked before anybody has seen who calls.
const OWN = "(select nullif(current_setting('app.account', true), '')::uuid)"
const ME = "(select nullif(current_setting('app.actor_id', true), '')::uuid)"

const lock = statement<Booker>(`select id, email, email_norm, name, phone, company, postal_address from portal_users
  where account_id = ${OWN} and id = ${ME} and status = 'active' for update`)

export interface BookingFacts {
  /** As they are now. */
  links: LinkOf[]
  /** What this form has booked before. */
  before: { id: string; number: number }[]
  /** Active job types, in the account's order. */
  active: string[]
  template: TemplateOf | null
  /** The place that was asked for, when it is within reach. */
  sites: { id: string; customer_id: string; address: string; latitude: number | null; longitude: number | null }[]
  /** Who runs the daily work: they are told of a booking. */
  dispatchers: { id: string; email: string; name: string | null }[]
}

/** `$1` form key, `$2` template, `$3` site. */
const facts = statement<BookingFacts>(`select
  (select coalesce(json_agg(json_build_object('id', l.id, 'customer', l.customer_id, 'scope', l.scope, 'contact', l.contact_id, 'permissions', l.permissions) order by l.created_at), '[]')
    from (select * from portal_links where account_id = ${OWN} and portal_user_id = ${ME} for share) l) as links,
  (select coalesce(json_agg(json_build_object('id', j.id, 'number', j.number) order by j.number), '[]') from jobs j where j.account_id = ${OWN} and j.batch_id = $1 and j.created_by_id = ${ME}) as before,
  (select coalesce(json_agg(t.id order by t.position, t.id), '[]') from templates t where t.account_id = ${OWN} and t.status = 'active') as active,
  (select row_to_json(found) from (select t.id, t.name, t.description, t.icon, t.version, t.duration_minutes, t.status, v.fields
    from templates t join template_versions v on v.account_id = ${OWN} and v.template_id = t.id and v.version = t.version where t.account_id = ${OWN} and t.id = $2) found) as template,
  (select coalesce(json_agg(json_build_object('id', s.id, 'customer_id', s.customer_id, 'address', s.address, 'latitude', s.latitude, 'longitude', s.longitude)), '[]')
    from sites s where s.account_id = ${OWN} and s.id = $3 and s.status = 'active') as sites,
  (select coalesce(json_agg(json_build_object('id', m.id, 'email', m.email, 'name', m.name)), '[]')
    from staff_members m where m.account_id = ${OWN} and m.status = 'active' and m.role = any ('{owner,dispatcher}')) as dispatchers`)

/** `$1` how many, `$2` form key. Nobody takes a number who is not signed in, or it would be held up for those who are. */
const number = statement<{ first: string }>(`insert into counters as c (account_id, kind, next)
  select ${OWN}, 'job', 1001 + $1::int where ${ME} is not null and not exists (select 1 from jobs j where j.account_id = ${OWN} and j.batch_id = $2 and j.created_by_id = ${ME})
  on conflict (account_id, kind) do update set next = c.next + $1::int returning next - $1::int as first`)

/**
 * All that a booking decides by, in one flight. The portal user's own row is held until the booking ends, and what follows is
 * read after that: its bookings come one after the other, so that two at once make one customer (E-24) and one form sent twice
 * is one booking. Links are held against an unlinking at the same moment (E-23). `booker` undefined: removed meanwhile (E-11).
 * `first` is the first of `count` reserved numbers, unless this form has booked before; a booking that is refused leaves no gap.
 */
export async function startBooking(
  db: Write,
  {
    formKey,
    template,
    site,
    files,
    count,
  }: {
    formKey: string | undefined
    template: string
    site: string | undefined
    files: readonly string[]
    count: number
  },
): Promise<BookingFacts & { booker: Booker | undefined; files: FileRecord[]; first: number }> {
  const [[booker], [found], waiting, [taken]] = await Promise.all([
    lock(db),
    facts(db, formKey ?? null, template, site ?? null),
    ownWaitingFiles(db, files),
    number(db, count, formKey ?? null),
  ])
  return { ...found!, booker, files: waiting, first: Number(taken?.first) }
}

const bookedBefore = statement<{ id: string; number: number }>(
  'select id, number from jobs where account_id = $1 and batch_id = $2 and created_by_id = $3 order by number',
)
const returned = statement("update counters set next = next - $2::int where account_id = $1 and kind = 'job'")

/**
 * The facts again, for who was linked after the look-up by another booking of theirs: what was read before could not see the new
 * customer's jobs. Call after ctx.reachAlso with each of `fresh`. A number that is not wanted any more goes back; its row is still held.
 */
export async function readAgain(
  db: Write,
  account: string,
  facts: BookingFacts,
  {
    fresh,
    user,
    formKey,
    count,
  }: { fresh: readonly string[]; user: string; formKey: string | undefined; count: number },
): Promise<void> {
  const statuses = await db
    .selectFrom('customers')
    .select('id')
    .where('account_id', '=', account)
    .where('id', 'in', [...fresh])
    .where('status', '=', 'active')
    .execute()
  const active = new Set(statuses.map((each) => each.id))
  // A customer who is archived is nobody's: its links sleep.
  facts.links = facts.links.filter((link) => !fresh.includes(link.customer) || active.has(link.customer))
  facts.sites = active.size === 0 ? facts.sites : [...facts.sites, ...(await sitesOf(db, account, [...active]))]
  if (!formKey || facts.before.length > 0) return
  facts.before = await bookedBefore(db, account, formKey, user)
  if (facts.before.length > 0) await returned(db, account, count)
}

export const bookerOf = (db: Read, account: string, user: string): Promise<Booker | undefined> =>
  db
    .selectFrom('portal_users')
    .select(['id', 'email', 'email_norm', 'name', 'phone', 'company', 'postal_address'])
    .where('account_id', '=', account)
    .where('id', '=', user)
    .executeTakeFirst()

/**
 * A customer from a portal user's own contact details, linked to it (V-26). Call after ctx.reachAlso with both ids.
 * Nothing is looked up by name or address: an existing customer is never joined by itself (E-16, E-24).
 */
export async function makeCustomerFor(
  db: Write,
  account: string,
  user: Booker,
  ids: { customer: string; contact: string; link: string; site: string },
  address: string | null,
  now: Date,
): Promise<void> {
  await sql`select delete_automatic_customer(${account}, ${user.id})`.execute(db)
  const name = user.company || user.name || user.email
  await db
    .insertInto('customers')
    .values({
      account_id: account,
      id: ids.customer,
      name,
      billing_name: user.name,
      billing_email: user.email,
      billing_phone: user.phone,
      billing_address: user.postal_address,
      created_for: user.id,
      folded: fold(name, user.name, user.email, user.phone, address ?? user.postal_address),
      created_at: now,
      updated_at: now,
    })
    .execute()
  await db
    .insertInto('contacts')
    .values({
      account_id: account,
      id: ids.contact,
      customer_id: ids.customer,
      name: user.name || user.email,
      email: user.email,
      email_norm: user.email_norm,
      phone: user.phone,
      is_primary: true,
      created_at: now,
      updated_at: now,
    })
    .execute()
  if (address) {
    await db
      .insertInto('sites')
      .values({
        account_id: account,
        id: ids.site,
        customer_id: ids.customer,
        address,
        created_at: now,
        updated_at: now,
      })
      .execute()
  }
  await db
    .insertInto('portal_links')
    .values({
      account_id: account,
      id: ids.link,
      portal_user_id: user.id,
      customer_id: ids.customer,
      created_at: now,
      updated_at: now,
    })
    .execute()
}

export const namesOf = (db: Read, account: string, customers: readonly string[]) =>
  customers.length === 0
    ? Promise.resolve([])
    : db
        .selectFrom('customers')
        .select(['id', 'name'])
        .where('account_id', '=', account)
        .where('id', 'in', [...customers])
        .orderBy('name')
        .orderBy('id')
        .execute()

/**
 * Asked right before a mail goes out: would the booker still find that job in the portal? Active, acting for its customer
 * as a whole, the portal on, and its job type not taken away (E-19): what row-level security asks of a request.
 */
export async function bookerStillSees(db: Read, account: string, user: string, job: string): Promise<boolean> {
  const found = await db
    .selectFrom('jobs as j')
    .innerJoin('portal_links as l', (join) =>
      join.onRef('l.account_id', '=', 'j.account_id').onRef('l.customer_id', '=', 'j.customer_id'),
    )
    .innerJoin('customers as c', (join) =>
      join.onRef('c.account_id', '=', 'l.account_id').onRef('c.id', '=', 'l.customer_id'),
    )
    .innerJoin('portal_users as u', (join) =>
      join.onRef('u.account_id', '=', 'l.account_id').onRef('u.id', '=', 'l.portal_user_id'),
    )
    .innerJoin('portal_settings as p', 'p.account_id', 'j.account_id')
    .select([
      'j.template_id',
      'u.templates_mode',
      'u.templates as own',
      'p.templates as defaults',
      'p.hide_jobs_of_other_templates as hides',
    ])
    .where('j.account_id', '=', account)
    .where('l.account_id', '=', account)
    .where('c.account_id', '=', account)
    .where('u.account_id', '=', account)
    .where('p.account_id', '=', account)
    .where('j.id', '=', job)
    .where('u.id', '=', user)
    .where('u.status', '=', 'active')
    .where('l.scope', '=', 'whole')
    .where('c.status', '=', 'active')
    .where('p.enabled', '=', true)
    .executeTakeFirst()
  return (
    found !== undefined &&
    (!found.hides ||
      bookableTemplates(found.defaults, found.templates_mode as 'default', found.own).includes(found.template_id))
  )
}

export const memberStillRuns = async (db: Read, account: string, member: string, job: string): Promise<boolean> =>
  (await db
    .selectFrom('staff_members as m')
    .innerJoin('jobs as j', 'j.account_id', 'm.account_id')
    .select('m.id')
    .where('m.account_id', '=', account)
    .where('j.account_id', '=', account)
    .where('j.id', '=', job)
    .where('m.id', '=', member)
    .where('m.status', '=', 'active')
    .where('m.role', '<>', 'worker')
    .executeTakeFirst()) !== undefined

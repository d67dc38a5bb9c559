import { sql } from 'kysely'
import { fold } from '../../../platform/fold.ts'
import type { Read, Write } from '../../../platform/operation.ts'
import { bookableTemplates } from '../../identity/rules.ts'

export interface Booker { id: string; email: string; email_norm: string; name: string | null; phone: string | null; company: string | null; postal_address: string | null }

/**
 * The portal user's own row, held until the booking ends: its bookings come one after the other, so that two at once
 * make one customer (E-24) and one form sent twice is one booking. Undefined when it was removed meanwhile (E-11).
 */
export const lockBooker = (db: Write, account: string, user: string): Promise<Booker | undefined> =>
  db.selectFrom('portal_users').select(['id', 'email', 'email_norm', 'name', 'phone', 'company', 'postal_address'])
    .where('account_id', '=', account).where('id', '=', user).where('state', '=', 'active').forUpdate().executeTakeFirst()

export const bookerOf = (db: Read, account: string, user: string): Promise<Booker | undefined> =>
  db.selectFrom('portal_users').select(['id', 'email', 'email_norm', 'name', 'phone', 'company', 'postal_address'])
    .where('account_id', '=', account).where('id', '=', user).executeTakeFirst()

/** The links as they are now, held against an unlinking at the same moment (E-23). */
export const currentLinks = async (db: Write, account: string, user: string) =>
  (await db.selectFrom('portal_links').select(['id', 'customer_id', 'scope', 'contact_id', 'permissions']).where('account_id', '=', account).where('portal_user_id', '=', user)
    .orderBy('created_at').forShare().execute()).map(({ id, customer_id, scope, contact_id, permissions }) => ({
    id, customer: customer_id, scope: scope as 'whole' | 'contact', contact: contact_id, permissions: permissions as Record<string, boolean> | null,
  }))

/** What this form has booked before. */
export const jobsOfBatch = (db: Read, account: string, batch: string, user: string) =>
  db.selectFrom('jobs').select(['id', 'number']).where('account_id', '=', account).where('made_by_id', '=', user).where('batch_id', '=', batch).orderBy('number').execute()

/**
 * A customer from a portal user's own contact details, linked to it (V-26). Call after ctx.reachAlso with both ids.
 * Nothing is looked up by name or address: an existing customer is never joined by itself (E-16, E-24).
 */
export async function makeCustomerFor(
  db: Write, account: string, user: Booker, ids: { customer: string; contact: string; link: string; site: string }, address: string | null, now: Date,
): Promise<void> {
  await sql`select forget_made_customer(${account}, ${user.id})`.execute(db)
  const name = user.company || user.name || user.email
  await db.insertInto('customers').values({
    account_id: account, id: ids.customer, name, billing_name: user.name, billing_email: user.email, billing_phone: user.phone, billing_address: user.postal_address,
    made_for: user.id, folded: fold(name, user.name, user.email, user.phone, address ?? user.postal_address), created_at: now, updated_at: now,
  }).execute()
  await db.insertInto('contacts').values({
    account_id: account, id: ids.contact, customer_id: ids.customer, name: user.name || user.email, email: user.email, email_norm: user.email_norm, phone: user.phone,
    is_primary: true, created_at: now, updated_at: now,
  }).execute()
  if (address) {
    await db.insertInto('sites').values({ account_id: account, id: ids.site, customer_id: ids.customer, address, created_at: now, updated_at: now }).execute()
  }
  await db.insertInto('portal_links').values({
    account_id: account, id: ids.link, portal_user_id: user.id, customer_id: ids.customer, created_at: now, updated_at: now,
  }).execute()
}

export const namesOf = (db: Read, account: string, customers: readonly string[]) =>
  customers.length === 0 ? Promise.resolve([]) : db.selectFrom('customers').select(['id', 'name']).where('account_id', '=', account).where('id', 'in', [...customers]).orderBy('name').orderBy('id').execute()

/** Who runs the daily work: they are told of a booking. */
export const dispatchersOf = (db: Read, account: string) =>
  db.selectFrom('staff_members').select(['id', 'email', 'name']).where('account_id', '=', account).where('state', '=', 'active').where('role', 'in', ['owner', 'dispatcher']).execute()

/**
 * Asked right before a mail goes out: would the booker still find that job in the portal? Active, acting for its customer
 * as a whole, the portal on, and its job type not taken away (E-19): what row-level security asks of a request.
 */
export async function bookerStillSees(db: Read, account: string, user: string, job: string): Promise<boolean> {
  const found = await db.selectFrom('jobs as j')
    .innerJoin('portal_links as l', (join) => join.onRef('l.account_id', '=', 'j.account_id').onRef('l.customer_id', '=', 'j.customer_id'))
    .innerJoin('customers as c', (join) => join.onRef('c.account_id', '=', 'l.account_id').onRef('c.id', '=', 'l.customer_id'))
    .innerJoin('portal_users as u', (join) => join.onRef('u.account_id', '=', 'l.account_id').onRef('u.id', '=', 'l.portal_user_id'))
    .innerJoin('portal_settings as p', 'p.account_id', 'j.account_id')
    .select(['j.template_id', 'u.templates_mode', 'u.templates as own', 'p.templates as defaults', 'p.hide_jobs_of_other_templates as hides'])
    .where('j.account_id', '=', account).where('l.account_id', '=', account).where('c.account_id', '=', account).where('u.account_id', '=', account).where('p.account_id', '=', account)
    .where('j.id', '=', job).where('u.id', '=', user).where('u.state', '=', 'active').where('l.scope', '=', 'whole').where('c.state', '=', 'active').where('p.enabled', '=', true)
    .executeTakeFirst()
  return found !== undefined && (!found.hides || bookableTemplates(found.defaults, found.templates_mode as 'default', found.own).includes(found.template_id))
}

export const memberStillRuns = async (db: Read, account: string, member: string, job: string): Promise<boolean> =>
  (await db.selectFrom('staff_members as m').innerJoin('jobs as j', 'j.account_id', 'm.account_id').select('m.id')
    .where('m.account_id', '=', account).where('j.account_id', '=', account).where('j.id', '=', job).where('m.id', '=', member)
    .where('m.state', '=', 'active').where('m.role', '<>', 'worker').executeTakeFirst()) !== undefined

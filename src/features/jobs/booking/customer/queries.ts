/** The customers of a portal user's bookings, and the one that a first booking creates. */
import { sql } from 'kysely'
import { statement } from '../../../../platform/database/statements.ts'
import { fold, phoneDigits } from '../../../../platform/fold.ts'
import type { Read, Write } from '../../../../platform/operation.ts'
import type { Booker } from '../queries.ts'

export const findBooker = (
  db: Read,
  account: string,
  user: string,
): Promise<Omit<Booker, 'email_choices'> | undefined> =>
  db
    .selectFrom('portal_users')
    .select(['id', 'email', 'email_norm', 'name', 'phone', 'company', 'postal_address'])
    .where('account_id', '=', account)
    .where('id', '=', user)
    .executeTakeFirst()

export const listCustomerNames = (db: Read, account: string, customers: readonly string[]) =>
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

export interface NewCustomerIds {
  customer: string
  contact: string
  link: string
  site: string
}

/**
 * Creates a customer from a portal user's own contact details and links the user to it (V-26). Call after ctx.reachAlso with
 * customer and contact. No name or address is looked up: an existing customer is never joined by itself (E-16, E-24).
 */
export async function createCustomerFor(
  db: Write,
  account: string,
  user: Booker,
  ids: NewCustomerIds,
  address: string | null,
  now: Date,
): Promise<void> {
  await sql`select detach_automatic_customer(${account}, ${user.id})`.execute(db)
  await insertCustomer(db, account, user, ids, address, now)
  await insertContact(db, account, user, ids, now)
  const record = { account_id: account, customer_id: ids.customer, created_at: now, updated_at: now }
  if (address)
    await db
      .insertInto('sites')
      .values({ ...record, id: ids.site, address })
      .execute()
  // A definer function, because a portal user may not write links: it links to nothing but this customer.
  await sql`select link_own_customer(${ids.link}, ${ids.customer}, ${now})`.execute(db)
}

async function insertCustomer(
  db: Write,
  account: string,
  user: Booker,
  ids: NewCustomerIds,
  address: string | null,
  now: Date,
): Promise<void> {
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
      created_for_user_id: user.id,
      search_text: fold(
        name,
        user.name,
        user.email,
        user.phone,
        phoneDigits(user.phone),
        address ?? user.postal_address,
      ),
      created_at: now,
      updated_at: now,
    })
    .execute()
}

async function insertContact(db: Write, account: string, user: Booker, ids: NewCustomerIds, now: Date): Promise<void> {
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
}

/** `$1` account, `$2` customer, `$3` user, `$4` site, `$5` address, `$6` now, `$7` the address as search finds it. */
const addOwnSite = statement(`
  with added as (
    insert into sites (account_id, id, customer_id, address, created_at, updated_at)
    select c.account_id, $4, c.id, $5, $6, $6
    from customers c
    where c.account_id = $1 and c.id = $2 and c.created_for_user_id = $3 and not exists (
      select 1 from sites s
      where s.account_id = $1 and s.customer_id = $2 and s.status = 'active' and lower(s.address) = lower($5))
    returning customer_id)
  update customers set search_text = search_text || ' ' || $7
  where account_id = $1 and id in (select customer_id from added)`)

/**
 * Keeps an address that a user typed, so that their next booking offers it. Only for the customer that a booking created
 * for them: the sites of all others are the business's own list.
 */
export const keepOwnAddress = (
  db: Write,
  account: string,
  { customer, user, site, address, now }: { customer: string; user: string; site: string; address: string; now: Date },
): Promise<unknown> => addOwnSite(db, account, customer, user, site, address, now, fold(address))

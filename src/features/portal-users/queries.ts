import { sql, type RawBuilder } from 'kysely'
import { fold, foldedPatterns } from '../../platform/fold.ts'
import { emailNorm, type Read, type Write } from '../../platform/operation.ts'
import type { Permissions } from '../identity/rules.ts'
import { statusesOf, type DisplayStatus, type TemplatesMode, type UserStatus } from './rules.ts'

/** A portal user as its office knows it. The password is here only as whether there is one. */
export interface PortalUser {
  id: string
  email: string
  email_norm: string
  pending_email: string | null
  name: string | null
  phone: string | null
  company: string | null
  postal_address: string | null
  locale: string
  status: UserStatus
  permissions: Partial<Permissions> | null
  templates_mode: TemplatesMode
  templates: string[]
  version: number
  activated_at: Date | null
  last_sign_in_at: Date | null
  removed_at: Date | null
  created_at: Date
}

const COLUMNS = [
  'id',
  'email',
  'email_norm',
  'pending_email',
  'name',
  'phone',
  'company',
  'postal_address',
  'locale',
  'status',
  'permissions',
  'templates_mode',
  'templates',
  'version',
  'activated_at',
  'last_sign_in_at',
  'removed_at',
  'created_at',
] as const

export const portalUserById = async (db: Read, account: string, id: string): Promise<PortalUser | undefined> =>
  (await db
    .selectFrom('portal_users')
    .select(COLUMNS)
    .where('account_id', '=', account)
    .where('id', '=', id)
    .executeTakeFirst()) as PortalUser | undefined

/** The same, and nobody else changes this user until the transaction ends. */
export const lockPortalUser = async (db: Write, account: string, id: string): Promise<PortalUser | undefined> =>
  (await db
    .selectFrom('portal_users')
    .select(COLUMNS)
    .where('account_id', '=', account)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()) as PortalUser | undefined

// ---- the list ----

export interface MailRow {
  id: string
  status: 'waiting' | 'sending' | 'sent' | 'failed' | 'canceled'
  attempts: number
  created_at: Date
  sent_at: Date | null
  next_at: Date
  last_result: string | null
}

export interface PortalUserRow {
  id: string
  email: string
  name: string | null
  status: UserStatus
  customized: boolean
  created_at: Date
  last_sign_in_at: Date | null
  customers: number
  names: string[] | null
  mail:
    | (Omit<MailRow, 'created_at' | 'sent_at' | 'next_at'> & {
        created_at: string
        sent_at: string | null
        next_at: string
      })
    | null
}

export type SortKey = 'name' | 'status' | 'lastSignIn' | 'created'
/** One text a row that it is sorted by, so that one comparison serves every order. */
const KEYS: Record<SortKey, (alias: string) => RawBuilder<string>> = {
  name: (u) => sql`${sql.ref(`${u}.search_text`)}`,
  status: (u) =>
    sql`case ${sql.ref(`${u}.status`)} when 'active' then '1' when 'suspended' then '3' when 'removed' then '4' else '2' end || ${sql.ref(`${u}.search_text`)}`,
  lastSignIn: (u) =>
    sql`coalesce(to_char(${sql.ref(`${u}.last_sign_in_at`)} at time zone 'UTC', 'YYYYMMDDHH24MISSUS'), '')`,
  created: (u) => sql`to_char(${sql.ref(`${u}.created_at`)} at time zone 'UTC', 'YYYYMMDDHH24MISSUS')`,
}

export interface Wanted {
  search?: string | undefined
  customer?: string | undefined
}

const found = (account: string, { search, customer }: Wanted) => sql`u.account_id = ${account} and u.partner_id is null
  ${search ? sql`and u.search_text like all (${foldedPatterns(search)})` : sql``}
  ${customer ? sql`and exists (select 1 from portal_links k where k.account_id = ${account} and k.portal_user_id = u.id and k.customer_id = ${customer})` : sql``}`

/** `limit` users after the one that `after` names, in that order; customers and newest activation mail with them. */
export async function listUsers(
  db: Read,
  account: string,
  {
    displayStatus,
    sort,
    descending,
    after,
    limit,
    ...wanted
  }: Wanted & {
    displayStatus: DisplayStatus | undefined
    sort: SortKey
    descending: boolean
    after: string | undefined
    limit: number
  },
): Promise<PortalUserRow[]> {
  const way = descending ? sql`desc` : sql`asc`
  const { rows } = await sql<PortalUserRow>`
    select u.id, u.email, u.name, u.status, u.created_at, u.last_sign_in_at,
      (u.permissions is not null or u.templates_mode <> 'default' or coalesce(l.own, false)) as customized,
      coalesce(l.customers, 0) as customers, l.names, m.mail
    from portal_users u
    left join lateral (
      select count(*)::int as customers, (array_agg(c.name order by l.created_at, l.id))[1:2] as names, bool_or(l.permissions is not null) as own
      from portal_links l join customers c on c.account_id = ${account} and c.id = l.customer_id
      where l.account_id = ${account} and l.portal_user_id = u.id) l on true
    left join lateral (${newestMail(account, sql`u.id`)}) m on true
    where ${found(account, wanted)}
      ${displayStatus ? sql`and u.status = any (${statusesOf(displayStatus)})` : sql`and u.status <> 'removed'`}
      ${after ? sql`and (${KEYS[sort]('u')}, u.id) ${descending ? sql`<` : sql`>`} (select ${KEYS[sort]('a')}, a.id from portal_users a where a.account_id = ${account} and a.id = ${after})` : sql``}
    order by ${KEYS[sort]('u')} ${way}, u.id ${way} limit ${limit}`.execute(db as Write)
  return rows
}

/** How many of those the search finds there are in each status. */
export async function countUsers(db: Read, account: string, wanted: Wanted): Promise<Map<UserStatus, number>> {
  const { rows } = await sql<{ status: UserStatus; count: number }>`
    select u.status, count(*)::int as count from portal_users u where ${found(account, wanted)} group by u.status`.execute(
    db as Write,
  )
  return new Map(rows.map(({ status, count }) => [status, count]))
}

const newestMail = (account: string, user: RawBuilder<unknown>) => sql`
  select jsonb_build_object('id', o.id, 'status', o.status, 'attempts', o.attempts, 'created_at', o.created_at, 'sent_at', o.sent_at, 'next_at', o.next_at, 'last_result', o.last_result) as mail
  from outbox o where o.account_id = ${account} and o.subject_kind = 'portalUser' and o.subject_id = ${user} and o.link_kind = 'invitation'
  order by o.created_at desc, o.id desc limit 1`

// ---- one user ----

export const mailOf = async (db: Read, account: string, user: string): Promise<PortalUserRow['mail']> =>
  (await sql<{ mail: PortalUserRow['mail'] }>`${newestMail(account, sql`${user}`)}`.execute(db as Write)).rows[0]
    ?.mail ?? null

export interface LinkRow {
  id: string
  customer_id: string
  name: string
  scope: 'whole' | 'contact'
  permissions: Partial<Permissions> | null
  created_at: Date
}

export const linksOf = async (db: Read, account: string, user: string): Promise<LinkRow[]> =>
  (await db
    .selectFrom('portal_links as l')
    .innerJoin('customers as c', (join) => join.onRef('c.id', '=', 'l.customer_id').on('c.account_id', '=', account))
    .select(['l.id', 'l.customer_id', 'c.name', 'l.scope', 'l.permissions', 'l.created_at'])
    .where('l.account_id', '=', account)
    .where('l.portal_user_id', '=', user)
    .orderBy('c.name')
    .orderBy('l.id')
    .execute()) as LinkRow[]

/** Customers where the address is a contact's or the billing address, and that are not linked yet. */
export async function customersKnownAs(db: Read, account: string, user: { id: string; email_norm: string }) {
  const { rows } = await sql<{ id: string; name: string; contact: string | null }>`
    select c.id, c.name, k.name as contact from customers c
    left join lateral (
      select k.name from contacts k where k.account_id = ${account} and k.customer_id = c.id and k.email_norm = ${user.email_norm} limit 1) k on true
    where c.account_id = ${account} and c.status = 'active' and (k.name is not null or lower(trim(c.billing_email)) = ${user.email_norm})
      and not exists (select 1 from portal_links l where l.account_id = ${account} and l.portal_user_id = ${user.id} and l.customer_id = c.id)
    order by lower(c.name), c.id limit 5`.execute(db as Write)
  return rows
}

/** What a removal would end, and what stays. */
export async function belongings(db: Read, account: string, user: string, now: Date) {
  const {
    rows: [row],
  } = await sql<{ sessions: number; links: number; jobs: number }>`select
    (select count(*)::int from portal_sessions s where s.account_id = ${account} and s.subject_id = ${user} and s.ends_at > ${now}) as sessions,
    (select count(*)::int from portal_links l where l.account_id = ${account} and l.portal_user_id = ${user}) as links,
    (select count(*)::int from jobs j where j.account_id = ${account} and j.created_by_id = ${user} and j.created_by_kind = 'portalUser') as jobs`.execute(
    db as Write,
  )
  return row!
}

/** Which of these customers there are in this account. */
export const knownCustomers = async (db: Read, account: string, ids: readonly string[]): Promise<Set<string>> =>
  new Set(
    ids.length === 0
      ? []
      : (
          await db
            .selectFrom('customers')
            .select('id')
            .where('account_id', '=', account)
            .where('id', 'in', [...ids])
            .execute()
        ).map(({ id }) => id),
  )

/** When the newest activation link was made. */
export const lastActivationAt = async (db: Read, account: string, user: string): Promise<Date | undefined> =>
  (
    await db
      .selectFrom('tokens')
      .select('created_at')
      .where('account_id', '=', account)
      .where('kind', '=', 'portalActivation')
      .where('subject_id', '=', user)
      .orderBy('created_at', 'desc')
      .limit(1)
      .executeTakeFirst()
  )?.created_at

// ---- writing ----

/** Adds an invited user; null when the address has one already, also when it came in between. */
export async function insertInvited(
  db: Write,
  account: string,
  user: {
    id: string
    email: string
    locale: string
    mode: TemplatesMode
    templates: string[]
    permissions: Partial<Permissions> | null
  },
  now: Date,
): Promise<string | null> {
  const row = await db
    .insertInto('portal_users')
    .values({
      account_id: account,
      id: user.id,
      email: user.email,
      email_norm: emailNorm(user.email),
      status: 'invited',
      locale: user.locale,
      search_text: fold(user.email),
      templates_mode: user.mode,
      templates: user.templates,
      permissions: user.permissions && JSON.stringify(user.permissions),
      created_at: now,
      updated_at: now,
    })
    // A literal, not a parameter: prepared for any value, the statement would no longer match the partial index.
    .onConflict((conflict) =>
      conflict
        .columns(['account_id', 'email_norm'])
        .where(sql<boolean>`status <> 'removed'`)
        .doNothing(),
    )
    .returning('id')
    .executeTakeFirst()
  return row?.id ?? null
}

export const portalUserByEmail = async (db: Read, account: string, address: string) =>
  db
    .selectFrom('portal_users')
    .select(['id', 'email', 'name'])
    .where('account_id', '=', account)
    .where('email_norm', '=', emailNorm(address))
    .where('status', '<>', 'removed')
    .executeTakeFirst()

/** Stores a change if nobody else did since `seen` (any, when null); answers the new version, or null. */
export async function saveUser(
  db: Write,
  account: string,
  id: string,
  seen: number | null,
  change: {
    permissions?: Partial<Permissions> | null
    mode?: TemplatesMode
    templates?: string[]
    email?: { address: string; name: string | null }
  },
  now: Date,
): Promise<number | null> {
  let update = db
    .updateTable('portal_users')
    .set((set) => ({
      ...(change.permissions !== undefined && {
        permissions: change.permissions && JSON.stringify(change.permissions),
      }),
      ...(change.mode && { templates_mode: change.mode, templates: change.templates ?? [] }),
      ...(change.email && {
        email: change.email.address,
        email_norm: emailNorm(change.email.address),
        pending_email: null,
        search_text: fold(change.email.name, change.email.address),
      }),
      version: set('version', '+', 1),
      updated_at: now,
    }))
    .where('account_id', '=', account)
    .where('id', '=', id)
  if (seen !== null) update = update.where('version', '=', seen)
  return (await update.returning('version').executeTakeFirst())?.version ?? null
}

/** False when that customer is linked already. */
export async function insertLink(
  db: Write,
  account: string,
  link: { id: string; user: string; customer: string; permissions: Partial<Permissions> | null },
  now: Date,
): Promise<boolean> {
  const row = await db
    .insertInto('portal_links')
    .values({
      account_id: account,
      id: link.id,
      portal_user_id: link.user,
      customer_id: link.customer,
      permissions: link.permissions && JSON.stringify(link.permissions),
      created_at: now,
      updated_at: now,
    })
    .onConflict((conflict) => conflict.columns(['account_id', 'portal_user_id', 'customer_id']).doNothing())
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

export async function saveLink(
  db: Write,
  account: string,
  user: string,
  id: string,
  permissions: Partial<Permissions> | null,
  now: Date,
) {
  return db
    .updateTable('portal_links')
    .set({ permissions: permissions && JSON.stringify(permissions), updated_at: now })
    .where('account_id', '=', account)
    .where('portal_user_id', '=', user)
    .where('id', '=', id)
    .returning('customer_id')
    .executeTakeFirst()
}

export const deleteLink = (db: Write, account: string, user: string, id: string) =>
  db
    .deleteFrom('portal_links')
    .where('account_id', '=', account)
    .where('portal_user_id', '=', user)
    .where('id', '=', id)
    .returning('customer_id')
    .executeTakeFirst()

/** Every session and every open link of this user is dead from now on; answers how many sessions there were. */
export async function endAccess(db: Write, account: string, user: string, now: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('portal_sessions')
    .where('account_id', '=', account)
    .where('subject_id', '=', user)
    .executeTakeFirst()
  await db
    .updateTable('tokens')
    .set({ replaced_at: now })
    .where('account_id', '=', account)
    .where('subject_id', '=', user)
    .where('kind', 'in', ['portalActivation', 'portalReset', 'portalEmailChange'])
    .where('used_at', 'is', null)
    .where('replaced_at', 'is', null)
    .execute()
  return Number(numDeletedRows)
}

export const setStatus = async (
  db: Write,
  account: string,
  user: string,
  status: 'active' | 'suspended',
  now: Date,
): Promise<void> => {
  await db
    .updateTable('portal_users')
    .set((set) => ({ status, pending_email: null, version: set('version', '+', 1), updated_at: now }))
    .where('account_id', '=', account)
    .where('id', '=', user)
    .execute()
}

/** Takes everything that lets in. The row stays: it is who made those jobs. */
export async function setRemoved(db: Write, account: string, user: string, now: Date): Promise<number> {
  await db
    .updateTable('portal_users')
    .set((set) => ({
      status: 'removed',
      removed_at: now,
      password_hash: null,
      pending_email: null,
      permissions: null,
      templates_mode: 'default',
      templates: [],
      version: set('version', '+', 1),
      updated_at: now,
    }))
    .where('account_id', '=', account)
    .where('id', '=', user)
    .execute()
  const { numDeletedRows } = await db
    .deleteFrom('portal_links')
    .where('account_id', '=', account)
    .where('portal_user_id', '=', user)
    .executeTakeFirst()
  return Number(numDeletedRows)
}

import { sql } from 'kysely'
import type { RunQuery } from '../../platform/caller.ts'
import type { Read, Write } from '../../platform/operation.ts'

export interface SettingsRow {
  name: string
  time_zone: string
  locale: string
  currency: string
  accent: string
  logo_key: string | null
  logo_type: string | null
  support_email: string | null
  support_phone: string | null
  postal_address: string | null
  version: number
}

const COLUMNS = [
  'name',
  'time_zone',
  'locale',
  'currency',
  'accent',
  'logo_key',
  'logo_type',
  'support_email',
  'support_phone',
  'postal_address',
  'version',
] as const

export const getSettings = (db: Read, account: string): Promise<SettingsRow> =>
  db.selectFrom('account_settings').select(COLUMNS).where('account_id', '=', account).executeTakeFirstOrThrow()

/** Undefined when somebody else changed it since `seen`. */
export const updateSettings = (
  db: Write,
  account: string,
  seen: number,
  at: Date,
  {
    name,
    timeZone,
    locale,
    currency,
    accent,
    supportEmail,
    supportPhone,
    postalAddress,
  }: {
    name: string
    timeZone: string
    locale: string
    currency: string
    accent: string
    supportEmail: string | null
    supportPhone: string | null
    postalAddress: string | null
  },
): Promise<SettingsRow | undefined> =>
  db
    .updateTable('account_settings')
    .set((set) => ({
      name,
      time_zone: timeZone,
      locale,
      currency,
      accent,
      support_email: supportEmail,
      support_phone: supportPhone,
      postal_address: postalAddress,
      updated_at: at,
      version: set('version', '+', 1),
    }))
    .where('account_id', '=', account)
    .where('version', '=', seen)
    .returning(COLUMNS)
    .executeTakeFirst()

/** Sets or takes away the logo; answers the key of the one it replaces. */
export async function replaceLogo(
  db: Write,
  account: string,
  logo: { key: string; type: string } | null,
  at: Date,
): Promise<string | null> {
  const before = await db
    .selectFrom('account_settings')
    .select('logo_key')
    .where('account_id', '=', account)
    .forUpdate()
    .executeTakeFirstOrThrow()
  await db
    .updateTable('account_settings')
    .set((set) => ({
      logo_key: logo?.key ?? null,
      logo_type: logo?.type ?? null,
      updated_at: at,
      version: set('version', '+', 1),
    }))
    .where('account_id', '=', account)
    .execute()
  return before.logo_key
}

// ---- home ----

/** Counts stop here: nobody reads a longer number, and a count must not read a table to its end. */
const COUNT_CAP = 1_000

export interface HomeCounts {
  requested: number
  today: number
  started: number
  stuck: number
}

export async function countHomeJobs(
  db: Read,
  account: string,
  { from, to }: { from: Date; to: Date },
): Promise<HomeCounts> {
  const {
    rows: [row],
  } = await sql<HomeCounts>`select
    (select count(*)::int from (select 1 from jobs where account_id = ${account} and status = 'unassigned' limit ${COUNT_CAP}) few) as requested,
    (select count(*)::int from (select 1 from jobs where account_id = ${account} and scheduled_at >= ${from} and scheduled_at < ${to} and status <> 'canceled' limit ${COUNT_CAP}) few) as today,
    (select count(*)::int from (select 1 from jobs where account_id = ${account} and status in ('started', 'paused') limit ${COUNT_CAP}) few) as started,
    (select count(*)::int from (select 1 from jobs where account_id = ${account} and status in ('declined', 'postponed') limit ${COUNT_CAP}) few) as stuck`.execute(
    db as Write,
  )
  return row!
}

export interface HomeJob {
  id: string
  number: number
  title: string
  status: string
  requested_at: Date | null
  scheduled_at: Date | null
  created_at: Date
  customer: string | null
  worker: string | null
}

const selectHomeJobs = (db: Read, account: string) =>
  db
    .selectFrom('jobs')
    .leftJoin('customers', (join) =>
      join.onRef('customers.account_id', '=', 'jobs.account_id').onRef('customers.id', '=', 'jobs.customer_id'),
    )
    .leftJoin('staff_members as worker', (join) =>
      join.onRef('worker.account_id', '=', 'jobs.account_id').onRef('worker.id', '=', 'jobs.worker_id'),
    )
    .select([
      'jobs.id',
      'jobs.number',
      'jobs.title',
      'jobs.status',
      'jobs.requested_at',
      'jobs.scheduled_at',
      'jobs.created_at',
      'customers.name as customer',
      'worker.name as worker',
    ])
    .where('jobs.account_id', '=', account)

/** Requests nobody scheduled yet, oldest first: they have waited longest. */
export const listWaitingRequests = (db: Read, account: string): Promise<HomeJob[]> =>
  selectHomeJobs(db, account)
    .where('jobs.status', '=', 'unassigned')
    .orderBy('jobs.created_at')
    .orderBy('jobs.id')
    .limit(6)
    .execute()

/** The next visits from the start of today on. */
export const listNextVisits = (db: Read, account: string, from: Date): Promise<HomeJob[]> =>
  selectHomeJobs(db, account)
    .where('jobs.scheduled_at', '>=', from)
    .where('jobs.status', 'in', ['pending', 'assigned', 'started', 'paused'])
    .orderBy('jobs.scheduled_at')
    .orderBy('jobs.id')
    .limit(6)
    .execute()

export async function findFirstSteps(db: Read, account: string) {
  const {
    rows: [row],
  } = await sql<{ hasTemplates: boolean; hasCustomers: boolean; portalOpen: boolean; hasJobs: boolean }>`select
    exists (select 1 from templates where account_id = ${account} and status = 'active') as "hasTemplates",
    exists (select 1 from customers where account_id = ${account}) as "hasCustomers",
    exists (select 1 from jobs where account_id = ${account}) as "hasJobs",
    (select enabled from portal_settings where account_id = ${account}) as "portalOpen"`.execute(db as Write)
  return row!
}

// ---- first run ----

/** Lock of everyone who would open the first account; held to the end of the transaction. */
const FIRST_ACCOUNT_LOCK = 7_215_002

export const lockInstallation = async (db: Write): Promise<void> => {
  await sql`select pg_advisory_xact_lock(${FIRST_ACCOUNT_LOCK})`.execute(db)
}

export const installationIsEmpty = async (db: Read): Promise<boolean> =>
  (await sql<{ empty: boolean }>`select is_installation_empty() as empty`.execute(db as Write)).rows[0]!.empty

export interface SetUpToken {
  id: string
  expires_at: Date
  used_at: Date | null
  empty: boolean
}

const FIND_SET_UP =
  "select t.id, t.expires_at, t.used_at, is_installation_empty() as empty from find_person_token($1, 'setUp') t"

/** The token, looked up before any transaction, so that expensive work is not done for strangers. */
export const peekSetUpToken = async (query: RunQuery, hash: Buffer | null): Promise<SetUpToken | undefined> =>
  (await query<SetUpToken>(FIND_SET_UP, [hash]))[0]

/** The account of a slug, for a caller that no account is known of yet. */
export const findAccountBySlug = async (query: RunQuery, slug: string, at: Date): Promise<string | null> => {
  const rows = await query<{ account: string | null }>("select find_account_slug($1, $2) ->> 'account' as account", [
    slug,
    at,
  ])
  return rows[0]?.account ?? null
}

export const findSetUpToken = async (db: Read, hash: Buffer | null): Promise<SetUpToken | undefined> =>
  (
    await sql<SetUpToken>`select t.id, t.expires_at, t.used_at, is_installation_empty() as empty from find_person_token(${hash}, 'setUp') t`.execute(
      db as Write,
    )
  ).rows[0]

/** True for the one who used it; everybody else gets false. */
export const consumeSetUpToken = async (db: Write, hash: Buffer | null, at: Date): Promise<boolean> =>
  (await sql<{ used: string | null }>`select consume_person_token(${hash}, 'setUp', ${at}) as used`.execute(db)).rows[0]
    ?.used != null

export interface NewAccount {
  id: string
  slug: string
  name: string
  timeZone: string
  locale: string
  currency: string
  supportEmail: string
  memberId: string
  ownerId: string
  ownerEmail: string
  ownerName: string
  at: Date
}

export const openAccount = async (db: Write, newAccount: NewAccount): Promise<void> => {
  await sql`select create_account(${JSON.stringify(newAccount)})`.execute(db)
}

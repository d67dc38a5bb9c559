/**
 * The bench's business: jobs as a firm of that size has them, skewed so that the largest customer holds 3 %. Filled once
 * per size by SQL, kept between runs, and filled anew when the schema or this file changes.
 */
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { ensureDatabase, migrate } from '../src/platform/database/migrate.ts'
import type { Connect } from '../src/platform/database/connect.ts'
import { ROLES, type RolePasswords } from '../src/platform/database/roles.ts'
import { deriveKey, hashPassword } from '../src/platform/secrets.ts'
import { fillTicketReaders, fillTickets, readTicketReaders, type TicketReader } from './tickets.ts'

export const SIZES = {
  '10k': { jobs: 10_000, customers: 300 },
  // The smallest whose plans are those of a million (test/plans.test.ts).
  '40k': { jobs: 40_000, customers: 5_000 },
  '100k': { jobs: 100_000, customers: 1_000 },
  '1m': { jobs: 1_000_000, customers: 10_000 },
} as const
export type Size = keyof typeof SIZES

/** Slug of the business, and the password of everyone in it. */
export const SLUG = 'bench'
export const PASSWORD = 'a bench is for sitting'
export const SECRET = 'the secret of a bench is no secret at all'
export const ACCOUNT = '0190a000-0000-7000-8000-00000000be9c'

/** Users with three customers each: one large, one medium, one small. User 51 has 200. */
const USERS_WITH_THREE = 50
const CUSTOMERS_OF_MANY = 200
/** Share of the largest customer. */
const LARGEST_SHARE = 0.03

export interface BenchUser {
  id: string
  email: string
  /** Session token, as the cookie carries it. */
  token: string
  /** Most jobs first. */
  customers: string[]
}

export interface BenchJob {
  id: string
  number: number
  user: number
  customer: string
  serial: string
}

export interface BenchWorld {
  size: Size
  connect: Connect
  passwords: RolePasswords
  users: BenchUser[]
  /** Acts for 200 customers. */
  manyCustomersUser: BenchUser
  owner: { token: string }
  /** Jobs that the users reach, of their medium and small customers. */
  jobs: BenchJob[]
  template: string
  /** One address of each user's medium customer. */
  sites: Map<string, string>
  /** Tickets, and who reads them besides `users`. */
  ticketReaders: TicketReader[]
}

export const passwords = Object.fromEntries(
  ROLES.map((role) => [role, deriveKey(SECRET, `database role ${role}`).toString('base64url')]),
) as RolePasswords

/** Tokens have to be the same in every run, because the rows are kept. */
export const tokenOf = (name: string) => createHash('sha256').update(`bench session ${name}`).digest('base64url')
export const hashOf = (token: string) => createHash('sha256').update(token).digest()

const root = join(import.meta.dirname, '..')
const migrations = join(root, 'db/migrations')

/** What the rows depend on; kept beside them. */
function schemaVersion(): string {
  const hash = createHash('sha256')
  for (const file of [import.meta.filename, join(import.meta.dirname, 'tickets.ts')]) hash.update(readFileSync(file))
  for (const file of readdirSync(migrations).sort()) hash.update(readFileSync(join(migrations, file)))
  return hash.digest('hex').slice(0, 16)
}

/** The filled database of a size on this server: the one of an earlier run, or a new one (1m: about two minutes). */
export async function openWorld(
  admin: Connect,
  size: Size,
  log: (line: string) => void = () => {},
): Promise<BenchWorld> {
  const connect = { ...admin, database: `bench_${size}` }
  const wantedVersion = schemaVersion()
  if ((await storedVersion(admin, connect)) !== wantedVersion) {
    log(`filling ${connect.database} …`)
    const began = Date.now()
    await withClient({ ...admin, database: 'postgres' }, (db) =>
      db.query(`drop database if exists ${connect.database} with (force)`),
    )
    await ensureDatabase(connect)
    await migrate({ admin: connect, passwords, folder: migrations, acceptWider: true })
    await withClient(connect, (db) => fillDatabase(db, size))
    await withClient(connect, (db) =>
      db.query(`create table bench_version as select '${wantedVersion}'::text as version`),
    )
    log(`filled in ${Math.round((Date.now() - began) / 1000)} s`)
  }
  return withClient(connect, (db) => readWorld(db, size, connect))
}

async function storedVersion(admin: Connect, connect: Connect): Promise<string | undefined> {
  const existing = await withClient({ ...admin, database: 'postgres' }, (db) =>
    db.query('select 1 from pg_database where datname = $1', [connect.database]),
  )
  if (existing.rowCount === 0) return undefined
  return withClient(
    connect,
    async (db) => (await db.query<{ version: string }>('select version from bench_version')).rows[0]?.version,
  ).catch(() => undefined)
}

export async function withClient<T>(connect: Connect, work: (db: pg.Client) => Promise<T>): Promise<T> {
  const db = new pg.Client(connect)
  await db.connect()
  try {
    return await work(db)
  } finally {
    await db.end()
  }
}

const FIELDS = [
  {
    id: 'brand',
    name: 'Brand',
    type: 'pickList',
    options: ['Aurora', 'Boreal', 'Cirrus', 'Dorado'],
    portal: 'required',
    worker: 'readOnly',
  },
  { id: 'serial', name: 'Serial number', type: 'text', portal: 'optional', worker: 'optional' },
  { id: 'fault', name: 'What is wrong?', type: 'text', portal: 'optional', worker: 'readOnly' },
  { id: 'parts', name: 'Parts used', type: 'text', portal: 'hidden', worker: 'optional' },
]

/** All rows by insert … select, as the superuser: no request of the product is made here. */
async function fillDatabase(db: pg.Client, size: Size): Promise<void> {
  const { jobs, customers } = SIZES[size]
  // A customer's rank is customers · u^power: this power gives the first one its share.
  const power = Math.log(customers) / -Math.log(LARGEST_SHARE)
  const password = await hashPassword(PASSWORD)
  const users = [...Array.from({ length: USERS_WITH_THREE }, (_, index) => `user${index}`), 'many']
  await db.query('begin')
  await db.query("set local synchronous_commit = off; set local maintenance_work_mem = '512MB'")
  await db.query(`
    create function pg_temp.v7(at timestamptz, seed text) returns uuid language sql immutable as $$
      select (substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-7' || substr(m, 1, 3) || '-8' || substr(m, 4, 3) || '-' || substr(m, 7, 12))::uuid
      from (select lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') as h, md5(seed) as m) parts $$;
    -- The same number from 0 to 1 for the same seed.
    create function pg_temp.chance(seed text) returns float8 language sql immutable as $$ select ('x' || substr(md5(seed), 1, 7))::bit(28)::int / 268435456.0::float8 $$`)
  const since = new Date(Date.now() - 3 * 365 * 24 * 3600_000)
  const ids = await db.query<{ staff: string[]; templates: string[] }>(
    `select
    (select array_agg(pg_temp.v7($1, 'staff' || i)) from generate_series(0, 4) i) as staff,
    (select array_agg(pg_temp.v7($1, 'template' || i)) from generate_series(0, 7) i) as templates`,
    [since],
  )
  const { staff, templates } = ids.rows[0]!
  await db.query("insert into accounts (id, kind, status, created_at) values ($1, 'business', 'active', $2)", [
    ACCOUNT,
    since,
  ])
  await db.query('insert into account_slugs (slug, account_id, is_current, created_at) values ($1, $2, true, $3)', [
    SLUG,
    ACCOUNT,
    since,
  ])
  await db.query(
    `insert into account_settings (account_id, name, time_zone, locale, currency, support_email, updated_at) values ($1, 'Bench Repair', 'Europe/London', 'en-GB', 'GBP', 'help@bench.example', $2)`,
    [ACCOUNT, since],
  )
  await db.query(
    'insert into portal_settings (account_id, enabled, public, templates, updated_at) values ($1, true, true, $2, $3)',
    [ACCOUNT, templates, since],
  )
  await db.query('select create_permission_groups($1, $2)', [ACCOUNT, since])
  await db.query(
    `insert into people (id, email, email_norm, name, password_hash, created_at, updated_at)
    select pg_temp.v7($1, 'person' || i), 'staff' || i || '@bench.example', 'staff' || i || '@bench.example', 'Member ' || i, $2, $1, $1 from generate_series(0, 4) i`,
    [since, password],
  )
  await db.query(
    `insert into staff_members (account_id, id, person_id, email, name, role, status, created_at, updated_at)
    select $1, ($3::uuid[])[i + 1], pg_temp.v7($2, 'person' || i), 'staff' || i || '@bench.example', 'Member ' || i, case i when 0 then 'owner' else 'worker' end, 'active', $2, $2 from generate_series(0, 4) i`,
    [ACCOUNT, since, staff],
  )
  await db.query(
    `insert into templates (account_id, id, name, icon, duration_minutes, position, created_at, updated_at)
    select $1, ($3::uuid[])[i + 1], (array['Dishwasher repair','Boiler service','Oven repair','Washing machine repair','Fridge repair','Tap replacement','Safety check','Survey'])[i + 1], 'wrench', 90, i, $2, $2
    from generate_series(0, 7) i`,
    [ACCOUNT, since, templates],
  )
  await db.query(
    'insert into template_versions (account_id, template_id, version, fields, created_at) select $1, t, 1, $3, $2 from unnest($4::uuid[]) t',
    [ACCOUNT, since, JSON.stringify(FIELDS), templates],
  )

  await db.query(
    `create temporary table c as select i, pg_temp.v7($1, 'customer' || i) as id, pg_temp.v7($1, 'site' || i) as site,
      (array['Anders','Bolton','Carver','Dalton','Ekwueme','Fraser','Granger','Hollis','Iqbal','Jarvis'])[1 + i % 10] || ' ' || (array['Lettings','Stores','Household','Bakery','Dental','Offices'])[1 + i % 6] || ' ' || i as name,
      (1 + i % 200) || ' ' || (array['Pelican Quay','Mill Lane','Harbour Road','Station Street','Church Hill'])[1 + i % 5] || ', Bristol BS' || (1 + i % 20) || ' ' || (i % 10) || 'QT' as address
    from generate_series(0, ${customers - 1}) i`,
    [since],
  )
  await db.query('create unique index on c (i)')
  await db.query('analyze c')
  await db.query(
    'insert into customers (account_id, id, name, search_text, created_at, updated_at) select $1, id, name, lower(name), $2, $2 from c',
    [ACCOUNT, since],
  )
  await db.query(
    `insert into contacts (account_id, id, customer_id, name, email, email_norm, is_primary, created_at, updated_at)
    select $1, pg_temp.v7($2, 'contact' || i), id, 'Contact ' || i, 'contact' || i || '@post.example', 'contact' || i || '@post.example', true, $2, $2 from c`,
    [ACCOUNT, since],
  )
  await db.query(
    'insert into sites (account_id, id, customer_id, address, created_at, updated_at) select $1, site, id, address, $2, $2 from c',
    [ACCOUNT, since],
  )

  // Without its secondary indexes the large table fills twice as fast.
  const { rows: indexes } = await db.query<{
    name: string
    definition: string
  }>(`select indexname as name, indexdef as definition from pg_indexes
    where schemaname = 'public' and tablename in ('jobs', 'tickets', 'history', 'comments', 'files') and indexname !~ '_(pk|unique)$'`)
  for (const { name } of indexes) await db.query(`drop index ${pg.escapeIdentifier(name)}`)
  await db.query(
    `insert into jobs (account_id, id, number, customer_id, site_id, address, template_id, template_version, title, worker_id, created_by_kind, created_by_name, status,
      requested_at, scheduled_at, duration_minutes, started_at, completed_at, canceled_at, fields, search_text_portal, search_text_office, created_at, updated_at)
    select $1, pg_temp.v7(at, 'job' || made.i), 1001 + made.i, c.id, c.site, c.address, ($2::uuid[])[t + 1], 1, title, case when status <> 'unassigned' then ($3::uuid[])[2 + made.i % 4] end, 'staff', 'Member 0', status,
      at + interval '1 day', case when status not in ('unassigned', 'canceled') then at + interval '2 days' end, 90,
      case when status in ('started', 'completed') then at + interval '2 days' end, case when status = 'completed' then at + interval '50 hours' end, case when status = 'canceled' then at + interval '1 day' end,
      jsonb_build_object('brand', brand, 'serial', serial, 'fault', fault), lower(concat_ws(' ', 1001 + made.i, title, c.address, brand, serial, fault)), lower(concat_ws(' ', 1001 + made.i, title, c.address, brand, serial, fault)), at, at
    from (select i, now() - interval '3 years' * ((${jobs} - i) / ${jobs}::float8) as at, floor(${customers} * power(pg_temp.chance('rank' || i), ${power}))::int as rank, (floor(pg_temp.chance('kind' || i) * 8))::int as t,
        upper('SN' || substr(md5('serial' || i), 1, 10)) as serial, (array['Aurora','Boreal','Cirrus','Dorado'])[1 + i % 4] as brand,
        (array['Leaks at the door','Does not heat','Makes a grinding noise','Stops halfway','Trips the fuse','Smells of burning','Display is dark'])[1 + i % 7] as fault,
        case when i > ${jobs} - ${jobs} / 20 then (array['unassigned','assigned','pending','started'])[1 + i % 4] when i % 12 = 0 then 'canceled' else 'completed' end as status from generate_series(0, ${jobs - 1}) i) made
    join c on c.i = rank cross join lateral (select (array['Dishwasher repair','Boiler service','Oven repair','Washing machine repair','Fridge repair','Tap replacement','Safety check','Survey'])[t + 1] as title) titled
    order by made.i`,
    [ACCOUNT, templates, staff],
  )
  await db.query(`insert into history (account_id, id, parent_kind, parent_id, customer_id, audience, event, from_status, to_status, actor_kind, actor_name, created_at)
    select account_id, pg_temp.v7(created_at, 'history' || n || number), 'job', id, customer_id, 'customer', case n when 0 then 'created' else 'moved' end, case n when 1 then 'unassigned' end, case n when 1 then status end,
      'staff', 'Member 0', created_at + interval '1 hour' * n from jobs cross join generate_series(0, 1) n where n = 0 or status <> 'unassigned' order by jobs.id`)
  await db.query(`insert into comments (account_id, id, parent_kind, parent_id, customer_id, audience, author_kind, author_name, body, created_at)
    select account_id, pg_temp.v7(created_at, 'comment' || number), 'job', id, customer_id, case when number % 4 = 0 then 'internal' else 'customer' end, 'staff', 'Member 0', 'We bring the part with us; please keep the way clear.', created_at + interval '3 hours'
    from jobs where number % 2 = 0 order by jobs.id`)
  await db.query(`insert into files (account_id, id, parent_kind, parent_id, customer_id, audience, uploader_kind, uploader_name, name, type, size, storage_key, created_at)
    select account_id, pg_temp.v7(created_at, 'file' || number), 'job', id, customer_id, 'customer', 'staff', 'Member 0', 'photo.jpg', 'image/jpeg', 240000, 'none', created_at + interval '3 hours' from jobs where number % 10 = 0 order by jobs.id`)
  await fillTickets(db)
  for (const { definition } of indexes) await db.query(definition)
  await db.query("insert into counters (account_id, kind, next) values ($1, 'job', $2)", [ACCOUNT, 1001 + jobs])

  // Ranks stand in the order of size, so the large, the medium and the small one are known without counting.
  for (const [index, name] of users.entries()) {
    const ranks =
      name === 'many'
        ? Array.from({ length: CUSTOMERS_OF_MANY }, (_, each) => Math.floor((each * customers) / CUSTOMERS_OF_MANY))
        : [index % 5, Math.floor(customers / 2) + index, customers - 1 - index]
    await db.query(
      `insert into portal_users (account_id, id, email, email_norm, password_hash, name, status, search_text, activated_at, created_at, updated_at)
      select $1, pg_temp.v7($2, 'user' || $3::text), $3 || '@post.example', $3 || '@post.example', $4, 'Reader ' || $3, 'active', $3, $2, $2, $2`,
      [ACCOUNT, since, name, password],
    )
    await db.query(
      `insert into portal_links (account_id, id, portal_user_id, customer_id, created_at, updated_at)
      select $1, pg_temp.v7($2, 'link' || $3::text || i), pg_temp.v7($2, 'user' || $3::text), id, $2 + interval '1 second' * array_position($4::int[], i), $2 from c where i = any ($4::int[])`,
      [ACCOUNT, since, name, ranks],
    )
    await db.query(
      `insert into portal_sessions (account_id, hash, id, subject_kind, subject_id, created_at, seen_at, ends_at, user_agent, client_address)
      select $1, $4, pg_temp.v7($2, 'session' || $3::text), 'portalUser', pg_temp.v7($2, 'user' || $3::text), $2, $2, $2, 'bench', '127.0.0.1'`,
      [ACCOUNT, since, name, hashOf(tokenOf(name))],
    )
  }
  await fillTicketReaders(db, { since, password, customers })
  await db.query(
    `insert into people_sessions (hash, id, person_id, created_at, seen_at, ends_at, user_agent, client_address)
    values ($1, gen_random_uuid(), pg_temp.v7($2, 'person0'), $2, $2, $2, 'bench', '127.0.0.1')`,
    [hashOf(tokenOf('owner')), since],
  )
  await db.query('commit')
  await db.query('vacuum (analyze)')
  await db.query('checkpoint')
}

/** Who and what a run asks for. Sessions are made fresh; what an earlier run booked is taken away. */
async function readWorld(db: pg.Client, size: Size, connect: Connect): Promise<BenchWorld> {
  const { jobs: count } = SIZES[size]
  await db.query("update portal_sessions set seen_at = now(), ends_at = now() + interval '7 days'")
  await db.query("update people_sessions set seen_at = now(), ends_at = now() + interval '7 days'")
  const { rowCount } = await db.query('delete from jobs where number > $1', [1000 + count])
  await db.query("update counters set next = $1 where kind = 'job'", [1001 + count])
  await db.query(
    "truncate outbox, deliveries, audit; delete from portal_sessions where user_agent <> 'bench'; truncate rate_limits, guesses, known_browsers",
  )
  if (rowCount) await db.query('vacuum (analyze) jobs, history')
  const { rows } = await db.query<{
    id: string
    email: string
    customers: string[]
  }>(`select u.id, u.email, array_agg(l.customer_id order by l.created_at) as customers
    from portal_users u join portal_links l on l.account_id = u.account_id and l.portal_user_id = u.id and l.scope = 'whole' group by u.id, u.email order by u.email`)
  const users = rows.map((row) => ({ ...row, token: tokenOf(row.email.split('@')[0]!) }))
  const manyCustomersUser = users.find((user) => user.email.startsWith('many'))!
  const threeCustomerUsers = users.filter((user) => user !== manyCustomersUser)
  const jobs = await db.query<BenchJob>(
    `select j.id, j.number, u.user - 1 as user, j.customer_id as customer, lower(j.fields ->> 'serial') as serial
    from unnest($1::uuid[]) with ordinality as u(customer, "user") cross join lateral (select * from jobs j where j.account_id = $2 and j.customer_id = u.customer order by created_at desc limit 12) j`,
    [threeCustomerUsers.map((user) => user.customers[1]), ACCOUNT],
  )
  const { rows: sites } = await db.query<{ id: string; customer_id: string }>(
    'select id, customer_id from sites where account_id = $1 and customer_id = any ($2)',
    [ACCOUNT, threeCustomerUsers.map((user) => user.customers[1])],
  )
  const {
    rows: [template],
  } = await db.query<{ id: string }>('select id from templates where account_id = $1 order by position limit 1', [
    ACCOUNT,
  ])
  return {
    size,
    connect,
    passwords,
    users: threeCustomerUsers,
    manyCustomersUser,
    owner: { token: tokenOf('owner') },
    template: template!.id,
    sites: new Map(sites.map((site) => [site.customer_id, site.id])),
    ticketReaders: await readTicketReaders(db, threeCustomerUsers),
    jobs: jobs.rows.map((job) => ({ ...job, user: Number(job.user) })),
  }
}

/**
 * A7: each row-level security policy, weakened or removed in turn, is noticed. The probe knows by itself, from ACCESS and
 * not from the policies, who reaches which row; as the app's role it reads, inserts, changes, moves and deletes in every
 * tenant table and reports each border that does not stand and each right that is not granted.
 */
import type { Kysely } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { DB } from '../db/schema.gen.ts'
import { newId } from '../src/platform/ids.ts'
import { buildWorld, type MatrixWorld } from './access.fixtures.ts'
import { startSeparateServer, send, type TestServer } from './test-server.ts'

type Row = Record<string, unknown>
/** The settings passed to app_begin, and the name of the caller. */
interface Viewer {
  who: string
  settings: Record<string, string>
  account: string | null
  kind: string
  id: string | null
  staff?: 'all' | 'assigned'
  customers?: string[]
  jobsOf?: string[]
  contacts?: string[]
  templates?: string[]
}

/** Who may reach a row, for each table. A table that is missing here fails the first test below. */
type Rule = (of: Viewer, row: Row) => boolean
/** `reads` decides what is read, and what is written too unless `writes` says otherwise. */
interface TableRule {
  reads: Rule
  writes?: Rule
}
const allStaff: Rule = ({ staff }) => staff === 'all'
/** What decides who may do what. */
const rights = (isOwn: Rule): TableRule => ({
  reads: (of, row) => of.staff === 'all' || isOwn(of, row),
  writes: allStaff,
})
const isOwnLogin: Rule = (of, row) => of.kind === 'portalUser' && row.id === of.id
const nobody: Rule = () => false
const catalog = (column: string): TableRule => ({
  reads: (of, row) => of.staff !== undefined || of.templates!.includes(String(row[column])),
  writes: allStaff,
})
const child = (of: Viewer, row: Row): boolean =>
  of.staff !== undefined || (row.audience === 'customer' && of.jobsOf!.includes(String(row.customer_id)))
const REACHED: Record<string, TableRule> = {
  account_settings: rights(({ staff }) => staff === 'assigned'),
  portal_settings: rights(nobody),
  staff_members: rights((of, row) => of.staff === 'assigned' && row.id === of.id),
  portal_users: rights(isOwnLogin),
  portal_links: rights((of, row) => isOwnLogin(of, { id: row.portal_user_id })),
  templates: catalog('id'),
  template_versions: catalog('template_id'),
  idempotency_keys: { reads: (of, row) => row.principal === `${of.kind}:${of.id ?? ''}` },
  outbox: { reads: allStaff },
  job_updates: { reads: allStaff },
  deliveries: { reads: allStaff },
  audit: { reads: allStaff },
  customers: { reads: (of, row) => of.staff === 'all' || of.customers!.includes(String(row.id)) },
  sites: { reads: (of, row) => of.staff === 'all' || of.customers!.includes(String(row.customer_id)) },
  contacts: {
    reads: (of, row) =>
      of.staff === 'all' ||
      (of.staff === 'assigned' && of.customers!.includes(String(row.customer_id))) ||
      of.contacts!.includes(String(row.id)),
  },
  jobs: {
    reads: (of, row) =>
      of.staff === 'all' ||
      (of.staff === 'assigned' && row.worker_id === of.id && row.status !== 'unpublished') ||
      (of.jobsOf!.includes(String(row.customer_id)) && of.templates!.includes(String(row.template_id))),
  },
  comments: { reads: child },
  history: { reads: child },
  files: {
    reads: (of, row) =>
      row.parent_id === null ? row.uploader_kind === of.kind && row.uploader_id === of.id : child(of, row),
  },
}
/** Nobody reads or writes them but definer functions, which have tests below. */
const CLOSED = ['counters', 'portal_sessions', 'tokens']
/** Everyone in the account may insert rows, nobody may change them. */
const JOURNALS = ['outbox', 'audit', 'job_updates']
/** Nobody but the deliverer writes them. */
const REPORTS = ['deliveries']

let server: TestServer, world: MatrixWorld, client: pg.Client
let viewers: Viewer[]
let here: string, there: string, otherCustomer: string
const rows = new Map<string, Row[]>()
let policies: { table: string; policy: string; command: string; using: string | null; check: string | null }[]
let tables: string[], closedTables: string[]

beforeAll(async () => {
  server = await startSeparateServer(inject('world'))
  world = await buildWorld(server)
  const { own, other, foreign } = world.ids
  await addMissingRows()
  const person = (name: string) => world.callers.find((caller) => caller.name === name)!.person
  const template = own.template
  const viewer = (who: string, kind: string, id: string | null, more: Partial<Viewer> = {}): Viewer => {
    const full = {
      who,
      kind,
      id,
      account: here,
      customers: [],
      jobsOf: [],
      contacts: [],
      templates: [],
      settings: {},
      ...more,
    }
    const list = (ids: string[]) => (ids.length === 0 ? '' : `{${ids.join(',')}}`)
    full.settings =
      full.account === null
        ? {}
        : {
            account: full.account,
            actor_kind: kind,
            actor_id: id ?? '',
            portal_user: kind === 'portalUser' ? (id ?? '') : '',
            staff: full.staff ?? '',
            customers: list(full.customers),
            jobs_of: list(full.jobsOf),
            contacts: list(full.contacts),
            templates: list(full.templates),
            all_templates: '',
          }
    return full
  }
  otherCustomer = other.customer
  viewers = [
    viewer('the owner', 'staff', person('owner').id, { staff: 'all' }),
    viewer('a worker', 'staff', person('worker').id, { staff: 'assigned', customers: [own.customer] }),
    viewer('a portal user', 'portalUser', person('portal user').id, {
      customers: [own.customer],
      jobsOf: [own.customer],
      templates: [template],
    }),
    viewer('a contact of the customer', 'portalUser', person('contact scope').id, {
      customers: [own.customer],
      contacts: [own.contact],
    }),
    viewer('nobody', 'anonymous', null),
    viewer('no context', 'anonymous', null, { account: null }),
  ]
  expect(here).not.toBe(there)
  expect(foreign.customer).not.toBe(own.customer)

  const { admin } = inject('world')
  client = new pg.Client({ ...admin, database: server.database })
  await client.connect()
  policies = (
    await client.query<(typeof policies)[number]>(`
    select c.relname as table, p.polname as policy, p.polcmd as command, pg_get_expr(p.polqual, p.polrelid) as using, pg_get_expr(p.polwithcheck, p.polrelid) as check
    from pg_policy p join pg_class c on c.oid = p.polrelid where 'portico_app'::regrole = any (p.polroles) order by 1, 2`)
  ).rows
  tables = (
    await client.query<{ name: string }>(
      "select relname as name from pg_class where relkind = 'r' and obj_description(oid) like 'class: tenant%' order by 1",
    )
  ).rows.map(({ name }) => name)
  closedTables = tables.filter((table) => CLOSED.includes(table))
  tables = tables.filter((table) => !CLOSED.includes(table))
  for (const table of [...tables, ...closedTables]) {
    const { rows: found } = await client.query<{ row: Row }>(`select to_jsonb(t) as row from ${table} t`)
    rows.set(
      table,
      found.map(({ row }) => row),
    )
  }
}, 120_000)
afterAll(async () => {
  await client?.end()
  await server?.close()
})

/** What the matrix's world lacks: rows in every table, and those that only one clause of a policy can tell apart. */
async function addMissingRows(): Promise<void> {
  const now = server.clock.now()
  const { own, other, foreign } = world.ids
  await server.stored(async (db) => {
    const accountOf = async (customer: string) =>
      (await db.selectFrom('customers').select('account_id').where('id', '=', customer).executeTakeFirstOrThrow())
        .account_id
    here = await accountOf(own.customer)
    there = await accountOf(foreign.customer)
    const add = (table: keyof DB, row: object) =>
      (db as Kysely<DB>)
        .insertInto(table)
        .values(row as never)
        .execute()
    for (const [account_id, ids] of [
      [here, own],
      [there, foreign],
    ] as const) {
      await add('tokens', {
        account_id,
        id: newId(),
        kind: 'portalReset',
        subject_id: ids.user,
        hash: Buffer.from(newId()),
        email_norm: 'x@post.example',
        created_at: now,
        expires_at: now,
      })
      await add('idempotency_keys', {
        account_id,
        principal: `portalUser:${ids.user}`,
        operation: 'createPortalJob',
        key: newId(),
        body_hash: 'x',
        created_at: now,
      })
      await add('deliveries', { account_id, id: newId(), outbox_id: ids.message, attempt: 1, at: now, outcome: 'sent' })
      await add('audit', { account_id, id: newId(), event: 'probe', actor_kind: 'system', created_at: now })
      await add('job_updates', {
        account_id,
        id: newId(),
        job_id: newId(),
        kind: 'edited',
        actor_kind: 'system',
        created_at: now,
        due_at: now,
      })
    }
    const waiting = {
      account_id: here,
      audience: 'customer',
      name: 'a.txt',
      type: 'text/plain',
      size: '1',
      storage_key: 'none',
      created_at: now,
    }
    const worker = world.callers.find((caller) => caller.name === 'worker')!.person.id
    for (const [uploader_kind, uploader_id] of [
      ['portalUser', own.user],
      ['portalUser', world.ids.colleague.user],
      ['staff', worker],
      // PS-07: the id of one list of logins met in the other.
      ['staff', own.user],
      ['portalUser', worker],
    ])
      await add('files', { ...waiting, id: newId(), uploader_kind, uploader_id })
    await add('files', {
      ...waiting,
      account_id: there,
      id: newId(),
      uploader_kind: 'portalUser',
      uploader_id: own.user,
    })
    const job = await db.selectFrom('jobs').selectAll().where('id', '=', own.job).executeTakeFirstOrThrow()
    const like = (more: object) => add('jobs', { ...job, fields: JSON.stringify(job.fields), id: newId(), ...more })
    const unoffered = await db
      .selectFrom('templates')
      .select('id')
      .where('account_id', '=', here)
      .where('name', '=', 'Not offered')
      .executeTakeFirstOrThrow()
    await like({ number: 9001, template_id: unoffered.id, worker_id: null, status: 'unassigned' })
    await like({ number: 9002, customer_id: other.customer, site_id: null, status: 'unpublished' })
    await like({ number: 9003, customer_id: other.customer, site_id: null, status: 'assigned' })
  })
}

// ---- the probe ----

const REFUSED = '42501',
  DUPLICATE = '23505'

/** Runs in a savepoint and leaves nothing: the number of rows, or the SQLSTATE of the refusal. */
async function attempt(sql: string, values: unknown[] = []): Promise<number | string> {
  await client.query('savepoint attempt')
  try {
    return (await client.query(sql, values)).rowCount ?? 0
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  } finally {
    await client.query('rollback to attempt')
  }
}

/** What each viewer may do and cannot, or may not and can; none when every policy holds. Inside a transaction that is rolled back. */
async function probe(wanted: readonly string[]): Promise<string[]> {
  const wrong: string[] = []
  await client.query('savepoint probe')
  // Foreign keys sleep: what stops a write here is a policy or nothing.
  await client.query("set local session_replication_role = 'replica'")
  await client.query('set local role portico_app')
  for (const of of viewers) {
    // A transaction keeps its account: each viewer begins anew.
    await client.query('savepoint viewer')
    if (of.account) await client.query('select app_begin($1)', [JSON.stringify(of.settings)])
    else await client.query("select app_begin('{}')")
    const isPermitted = (rule: Rule, row: Row) => of.account !== null && row.account_id === of.account && rule(of, row)
    for (const table of wanted) {
      const all = rows.get(table)!
      const { reads, writes = reads } = REACHED[table]!
      const visible = all.filter((row) => isPermitted(reads, row))
      const reaches = (row: Row) => isPermitted(writes, row)
      const reached = all.filter(reaches)
      const isJournal = JOURNALS.includes(table)
      const isUnchangeable = isJournal || REPORTS.includes(table)
      const said = (what: string, got: number | string, due: number | string) => {
        if (got !== due) wrong.push(`${of.who} ${what} ${table}: ${got}, not ${due}`)
      }

      // Reading.
      const { rows: seen } = await client.query<{ row: Row }>(`select to_jsonb(t) as row from ${table} t`)
      const text = (list: Row[]) =>
        list
          .map((row) => JSON.stringify(row))
          .sort()
          .join('\n')
      if (text(seen.map(({ row }) => row)) !== text(visible))
        wrong.push(`${of.who} reads ${seen.length} rows of ${table}, not the ${visible.length} that are theirs`)

      // Changing what is reached, and moving it across a border. No WHERE, no column is read: the policy of UPDATE stands alone.
      const change = async (what: string, set: Row) => {
        const stays = reached.every((row) => reaches({ ...row, ...set }))
        const got = await attempt(
          `update ${table} set ${Object.keys(set)
            .map((column, index) => `${column} = $${index + 1}`)
            .join(', ')}`,
          Object.values(set),
        )
        // Two rows that are permitted the same key meet each other.
        said(
          what,
          got === DUPLICATE && 'id' in set && stays && reached.length > 1 ? reached.length : got,
          isUnchangeable ? REFUSED : reached.length > 0 && !stays ? REFUSED : reached.length,
        )
      }
      await change('changes', { account_id: here })
      await change('moves to another account', { account_id: there })
      if ('customer_id' in (all[0] ?? {}) && !['portal_links', 'portal_sessions'].includes(table))
        await change('moves to another customer', { customer_id: otherCustomer })

      if ('id' in (all[0] ?? {})) await change('gives another id in', { id: newId() })
      if ('principal' in (all[0] ?? {})) await change('gives away', { principal: 'staff:somebody else' })

      said('deletes from', await attempt(`delete from ${table}`), isUnchangeable ? REFUSED : reached.length)

      // Inserting each row once more: policies are asked before keys, so a permitted one meets its double.
      // What the database makes itself cannot be given.
      const columns = (
        await client.query<{ name: string }>(
          "select quote_ident(attname) as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''",
          [table],
        )
      ).rows
        .map((each) => each.name)
        .join()
      for (const row of all) {
        const may = !REPORTS.includes(table) && (isJournal ? isPermitted(() => true, row) : reaches(row))
        const got = await attempt(
          `insert into ${table} (${columns}) select ${columns} from jsonb_populate_record(null::${table}, $1)`,
          [JSON.stringify(row)],
        )
        if ((got === DUPLICATE) !== may || (!may && got !== REFUSED))
          wrong.push(`${of.who} inserts into ${table}: ${got}, not ${may ? DUPLICATE : REFUSED}`)
      }
    }
    await client.query('rollback to viewer')
  }
  await client.query('rollback to probe')
  return wrong
}

async function rolledBack<T>(work: () => Promise<T>): Promise<T> {
  await client.query('begin')
  try {
    return await work()
  } finally {
    await client.query('rollback')
  }
}

describe('policies', () => {
  it('A6 every tenant table has a rule for who reaches its rows, and test rows of both accounts', () => {
    expect(tables).toEqual(Object.keys(REACHED).sort())
    expect(closedTables).toEqual(CLOSED)
    expect(
      [...tables, ...closedTables].filter(
        (table) => ![here, there].every((account) => rows.get(table)!.some((row) => row.account_id === account)),
      ),
    ).toEqual([])
    expect(new Set(policies.map((each) => each.table))).toEqual(new Set(tables))
  })

  it('A7 with the policies as they are, every caller reaches exactly the rows they may reach', async () => {
    expect(await rolledBack(() => probe(tables))).toEqual([])
  })

  it('A7 the probe detects each policy that is weakened or dropped', async () => {
    const unnoticed: string[] = []
    let tried = 0
    for (const { table, policy, using, check } of policies) {
      // Only the account is left of a rule that says more.
      const account =
        "(account_id = ( SELECT (NULLIF(current_setting('app.account'::text, true), ''::text))::uuid AS \"nullif\"))"
      const mutations = [
        ...(using ? [`alter policy ${policy} on ${table} using (true)`] : []),
        ...(check ? [`alter policy ${policy} on ${table} with check (true)`] : []),
        ...(using && check ? [`alter policy ${policy} on ${table} using (true) with check (true)`] : []),
        ...(using && !isOnlyAccount(using) ? [`alter policy ${policy} on ${table} using ${account}`] : []),
        ...(check && !isOnlyAccount(check) && !(using && isSameForAllRows(check))
          ? [`alter policy ${policy} on ${table} with check ${account}`]
          : []),
        `drop policy ${policy} on ${table}`,
      ]
      for (const mutation of mutations) {
        tried += 1
        const found = await rolledBack(async () => {
          await client.query(mutation)
          return probe([table])
        })
        if (found.length === 0) unnoticed.push(mutation)
      }
    }
    expect(tried).toBeGreaterThan(2 * policies.length)
    expect(unnoticed).toEqual([])
    expect(await rolledBack(() => probe(tables))).toEqual([])
  }, 300_000)
})

const isOnlyAccount = (expression: string) =>
  !/app\.(staff|actor|portal_user|customers|jobs_of|contacts|templates)/.test(expression)
/** Rows of one account all pass or all fail: then the check of an update adds nothing to its condition but the account. */
const isSameForAllRows = (expression: string) =>
  !/app\.(actor|portal_user|customers|jobs_of|contacts|templates)/.test(expression)

describe('two lists of logins', () => {
  it('PS-07 a member of staff and a portal user with the same id share no files, comments or names', async () => {
    const shop = await server.business()
    const [customer, template] = [await shop.customer(), await shop.template()]
    const user = await shop.portalUser({ customers: [customer] })
    const {
      jobs: [job],
    } = await user.ok('createPortalJob', { template, address: '14 Pelican Quay', fields: {} })
    const worker = await shop.staff('worker', 'Marek Nowak')
    await server.stored((db) =>
      db.updateTable('staff_members').set({ id: user.id }).where('id', '=', worker.id).execute(),
    )
    const { version } = await shop.owner.ok('getJob', { job: job!.id })
    await shop.owner.ok('assignJob', { job: job!.id, version, worker: user.id, outright: true })

    const upload = (path: string) =>
      send({
        port: server.port,
        host: `${shop.slug}.localhost:${server.port}`,
        method: 'POST',
        path: `/api/v1/portal/${shop.slug}${path}`,
        cookies: user.cookies,
        headers: { 'content-type': 'multipart/form-data; boundary=b' },
        body: '--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\ncontent-type: text/plain\r\n\r\nhello\r\n--b--\r\n',
      })
    const { id: ownFile } = (await upload('/files')).body as { id: string }
    // A file that the member of staff uploaded.
    const staffFile = newId()
    await server.stored((db) =>
      db
        .insertInto('files')
        .columns([
          'account_id',
          'id',
          'audience',
          'uploader_kind',
          'uploader_id',
          'name',
          'type',
          'size',
          'storage_key',
          'created_at',
        ])
        .expression(
          db
            .selectFrom('files')
            .select((get) => [
              'account_id',
              get.val(staffFile).as('id'),
              'audience',
              get.val('staff').as('uploader_kind'),
              'uploader_id',
              'name',
              'type',
              'size',
              'storage_key',
              'created_at',
            ])
            .where('id', '=', ownFile),
        )
        .execute(),
    )
    expect((await user.call('getPortalFile', { file: ownFile })).status).toBe(200)
    expect((await user.call('getPortalFile', { file: staffFile })).status).toBe(404)
    expect((await user.call('removePortalFile', { file: staffFile })).status).toBe(404)
    expect(
      (await user.call('createPortalJob', { template, address: 'x', files: [staffFile] })).body.fields,
    ).toMatchObject({ files: { code: 'fileNotFound' } })

    const { id: attached } = (await upload(`/jobs/${job!.id}/files`)).body as { id: string }
    expect((await worker.call('removeJobFile', { job: job!.id, file: attached })).status).toBe(403)
    await worker.ok('addJobComment', { job: job!.id, audience: 'customer', body: 'On my way' })
    const seen = await user.ok('getPortalJob', { job: job!.id })
    expect(seen.comments.map((each) => each.by)).toEqual([{ kind: 'staff', name: 'Marek' }])
    expect(seen.createdBy.kind).toBe('you')
  })
})

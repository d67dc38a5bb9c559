/** Rows of every tenant table in two accounts, and callers of every kind, for test/policies.test.ts. */
import type { Kysely } from 'kysely'
import pg from 'pg'
import { inject } from 'vitest'
import type { DB } from '../db/schema.gen.ts'
import { newId } from '../src/platform/ids.ts'
import { buildWorld, type MatrixWorld } from './access.fixtures.ts'
import { CLOSED, type Row, type Viewer } from './policy-rules.fixtures.ts'
import type { TestServer } from './test-server.ts'

interface Policy {
  table: string
  policy: string
  command: string
  using: string | null
  check: string | null
}

export interface PolicyWorld {
  /** Connected as the superuser. */
  client: pg.Client
  viewers: Viewer[]
  /** Accounts. */
  here: string
  there: string
  otherCustomer: string
  rows: ReadonlyMap<string, Row[]>
  policies: Policy[]
  tables: string[]
  /** Those that nobody but definer functions reaches. */
  closedTables: string[]
}

export async function createPolicyWorld(server: TestServer): Promise<PolicyWorld> {
  const world = await buildWorld(server)
  const { here, there } = await addMissingRows(server, world)
  const client = new pg.Client({ ...inject('world').admin, database: server.database })
  await client.connect()
  const { rows: policies } = await client.query<Policy>(`
    select c.relname as table, p.polname as policy, p.polcmd as command, pg_get_expr(p.polqual, p.polrelid) as using, pg_get_expr(p.polwithcheck, p.polrelid) as check
    from pg_policy p join pg_class c on c.oid = p.polrelid where 'portico_app'::regrole = any (p.polroles) order by 1, 2`)
  const { rows: tenantTables } = await client.query<{ name: string }>(
    "select relname as name from pg_class where relkind = 'r' and obj_description(oid) like 'class: tenant%' order by 1",
  )
  const names = tenantTables.map(({ name }) => name)
  const rows = new Map<string, Row[]>()
  for (const table of names) {
    const { rows: found } = await client.query<{ row: Row }>(`select to_jsonb(t) as row from ${table} t`)
    rows.set(
      table,
      found.map(({ row }) => row),
    )
  }
  return {
    client,
    viewers: createViewers(world, here),
    here,
    there,
    otherCustomer: world.ids.other.customer,
    rows,
    policies,
    tables: names.filter((table) => !CLOSED.includes(table)),
    closedTables: names.filter((table) => CLOSED.includes(table)),
  }
}

function createViewers(world: MatrixWorld, here: string): Viewer[] {
  const { own } = world.ids
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
      ticketsOf: [],
      ticketContacts: [],
      contacts: [],
      tickets: [],
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
            tickets_of: list(full.ticketsOf),
            ticket_contacts: list(full.ticketContacts),
            contacts: list(full.contacts),
            tickets: list(full.tickets),
            templates: list(full.templates),
            all_templates: '',
          }
    return full
  }
  return [
    viewer('the owner', 'staff', person('owner').id, { staff: 'all' }),
    viewer('a worker', 'staff', person('worker').id, { staff: 'assigned', customers: [own.customer] }),
    viewer('a portal user', 'portalUser', person('portal user').id, {
      customers: [own.customer],
      jobsOf: [own.customer],
      templates: [template],
    }),
    viewer('a portal user who sees tickets and no jobs', 'portalUser', person('limited').id, {
      customers: [own.customer],
      ticketsOf: [own.customer],
    }),
    viewer('a contact of the customer', 'portalUser', person('contact scope').id, {
      customers: [own.customer],
      contacts: [own.contact],
      ticketContacts: [own.contact],
    }),
    viewer('a visitor by a link to one ticket', 'linkVisitor', newId(), {
      customers: [own.customer],
      tickets: [own.ticket],
    }),
    viewer('nobody', 'anonymous', null),
    viewer('no context', 'anonymous', null, { account: null }),
  ]
}

/** What the matrix's world lacks: rows in every table, and those that only one clause of a policy can tell apart. */
async function addMissingRows(server: TestServer, world: MatrixWorld): Promise<{ here: string; there: string }> {
  const now = server.clock.now()
  const { own, other, foreign } = world.ids
  return server.stored(async (db) => {
    const accountOf = async (customer: string) =>
      (await db.selectFrom('customers').select('account_id').where('id', '=', customer).executeTakeFirstOrThrow())
        .account_id
    const here = await accountOf(own.customer)
    const there = await accountOf(foreign.customer)
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
      const reply = { account_id, ticket_id: ids.ticket, reader_kind: 'portalUser', reader_id: ids.user }
      await add('reply_addresses', { ...reply, hash: Buffer.from(newId()), created_at: now })
      await add('inbound_mails', {
        ...reply,
        id: newId(),
        from_address: 'x@post.example',
        message_key: newId(),
        outcome: 'comment',
        received_at: now,
      })
      await add('held_mails', {
        ...{
          account_id,
          id: newId(),
          message_key: newId(),
          received_at: now,
          outcome: 'held',
          reason: 'unknownSender',
        },
        ...{ from_address: 'x@post.example', subject: 'Hello', body: 'Is anybody there?' },
      })
      await add('audit', { account_id, id: newId(), event: 'probe', actor_kind: 'system', created_at: now })
      await add('record_updates', {
        account_id,
        id: newId(),
        parent_kind: 'job',
        parent_id: newId(),
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
    await addTicketRows(add, { here, there, ids: world.ids, worker, now })
    await like({ number: 9001, template_id: unoffered.id, worker_id: null, status: 'unassigned' })
    await like({ number: 9002, customer_id: other.customer, site_id: null, status: 'unpublished' })
    await like({ number: 9003, customer_id: other.customer, site_id: null, status: 'assigned' })
    return { here, there }
  })
}

type AddRow = (table: keyof DB, row: object) => Promise<unknown>

/** Tickets beside those of the matrix that only one clause of a policy can tell apart. */
async function addTicketRows(
  add: AddRow,
  { here, ids, worker, now }: { here: string; there: string; ids: MatrixWorld['ids']; worker: string; now: Date },
): Promise<void> {
  const { own, other } = ids
  let number = 9000
  const ticket = (more: object) =>
    add('tickets', {
      account_id: here,
      id: newId(),
      number: number++,
      customer_id: own.customer,
      subject: 'x',
      source: 'office',
      created_by_kind: 'system',
      search_text_portal: 'x',
      search_text_office: 'x',
      created_at: now,
      updated_at: now,
      ...more,
    })
  await ticket({})
  await ticket({ contact_id: own.contact })
  await ticket({ participants: [own.contact] })
  await ticket({ assignee_id: worker, customer_id: other.customer })
  // Of another customer, though it names the contact: as after a move that forgot it.
  await ticket({ contact_id: own.contact, customer_id: other.customer })
}

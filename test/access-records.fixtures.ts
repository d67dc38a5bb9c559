/** The records of one customer in the access tests, with a marker word in every text column. */
import type { Insertable, Kysely } from 'kysely'
import type { DB } from '../db/schema.gen.ts'
import { newId } from '../src/platform/ids.ts'
import type { Business, Person, TestServer } from './test-server.ts'

/** Written into every text column. A caller who may not read a record must never receive its word. */
export const CANARY = { own: 'canaryown', other: 'canaryother', foreign: 'canaryforeign', internal: 'canaryinternal' }

/** A customer with a contact, a site, a job (unassigned, or given to a worker), comments, history, a file and a mail. */
export async function createCustomerRecords(
  server: TestServer,
  shop: Business,
  {
    word,
    template,
    worker,
    customer: given,
  }: { word: string; template: string; worker: string | null; customer?: string },
) {
  const now = server.clock.now(),
    account_id = shop.id
  const customer = given ?? (await shop.customer(`Customer ${word}`))
  const id = () => newId()
  const contact = id(),
    site = id(),
    job = id(),
    comment = id(),
    file = id(),
    message = id()
  const stored = await server.app.files.put(
    (async function* () {
      yield Buffer.from(`file of ${word}`)
    })(),
    { account: account_id, name: `${word}.txt` },
  )
  await server.stored(async (db) => {
    const add = <T extends keyof DB>(table: T, row: Insertable<DB[T]>) =>
      (db as Kysely<DB>)
        .insertInto(table)
        .values(row as never)
        .execute()
    const times = { created_at: now, updated_at: now }
    await add('contacts', {
      account_id,
      id: contact,
      customer_id: customer,
      name: `Contact ${word}`,
      email: `${word}@post.example`,
      email_norm: `${word}@post.example`,
      ...times,
    } as never)
    await add('sites', { account_id, id: site, customer_id: customer, address: `1 ${word} Street`, ...times } as never)
    const numberRow = await db
      .selectFrom('jobs')
      .select((each) => each.fn.max('number').as('top'))
      .where('account_id', '=', account_id)
      .executeTakeFirst()
    const number = Math.max(numberRow?.top ?? 0, 1000) + 1
    await db
      .insertInto('counters')
      .values({ account_id, kind: 'job', next: number + 1 })
      .onConflict((each) => each.columns(['account_id', 'kind']).doUpdateSet({ next: number + 1 }))
      .execute()
    await add('jobs', {
      account_id,
      id: job,
      number,
      customer_id: customer,
      site_id: site,
      address: `1 ${word} Street`,
      template_id: template,
      template_version: 1,
      title: `Job ${word}`,
      worker_id: worker,
      created_by_kind: 'staff',
      created_by_id: shop.owner.id,
      created_by_name: 'Ruth Calloway',
      status: worker ? 'assigned' : 'unassigned',
      fields: JSON.stringify({ fault: `fault ${word}`, margin: CANARY.internal }),
      search_text_portal: word,
      search_text_office: `${word} ${CANARY.internal}`,
      ...times,
    } as never)
    const child = { account_id, parent_kind: 'job', parent_id: job, customer_id: customer, created_at: now }
    await add('comments', {
      ...child,
      id: comment,
      audience: 'customer',
      author_kind: 'staff',
      author_id: shop.owner.id,
      author_name: 'Ruth Calloway',
      body: `said ${word}`,
    } as never)
    await add('comments', {
      ...child,
      id: id(),
      audience: 'internal',
      author_kind: 'staff',
      author_id: shop.owner.id,
      author_name: 'Ruth Calloway',
      body: CANARY.internal,
    } as never)
    await add('history', {
      ...child,
      id: id(),
      audience: 'customer',
      event: 'created',
      to_status: 'unassigned',
      actor_kind: 'staff',
      actor_id: shop.owner.id,
      actor_name: 'Ruth Calloway',
    } as never)
    await add('history', {
      ...child,
      id: id(),
      audience: 'internal',
      event: 'moved',
      from_status: 'pending',
      to_status: 'declined',
      details: JSON.stringify({ reason: CANARY.internal }),
      actor_kind: 'staff',
      actor_id: shop.owner.id,
      actor_name: 'Ruth Calloway',
    } as never)
    await add('files', {
      ...child,
      id: file,
      audience: 'customer',
      uploader_kind: 'staff',
      uploader_id: shop.owner.id,
      name: `${word}.txt`,
      type: stored.type,
      size: String(stored.size),
      storage_key: stored.key,
    } as never)
    await add('files', {
      ...child,
      id: id(),
      audience: 'internal',
      uploader_kind: 'staff',
      uploader_id: shop.owner.id,
      name: `${CANARY.internal}.txt`,
      type: stored.type,
      size: String(stored.size),
      storage_key: stored.key,
    } as never)
    await add('outbox', {
      account_id,
      id: message,
      kind: 'portalInvitation',
      to_address: `${word}@post.example`,
      locale: 'en',
      payload: JSON.stringify({ token: 'A'.repeat(43) }),
      secret: true,
      link_kind: 'invitation',
      status: 'waiting',
      next_at: new Date(now.getTime() + 365 * 24 * 3600_000),
      message_id: `<${message}@test>`,
      created_at: now,
    } as never)
  })
  const ticket = await addTicket(server, account_id, { customer, contact, word, assignee: worker, file: stored.key })
  return { customer, contact, site, job, comment, file, message, template, ...ticket }
}

/** Makes a member of staff a dispatcher of another account too. */
export async function addStaffMembership(server: TestServer, person: Person, business: Business): Promise<void> {
  await server.stored(async (db) => {
    const { person_id } = await db
      .selectFrom('staff_members')
      .select('person_id')
      .where('id', '=', person.id)
      .executeTakeFirstOrThrow()
    await db
      .insertInto('staff_members')
      .values({
        account_id: business.id,
        id: newId(),
        person_id,
        email: person.email,
        name: 'Of Both',
        role: 'dispatcher',
        status: 'active',
        created_at: server.clock.now(),
        updated_at: server.clock.now(),
      })
      .execute()
  })
}

/** A ticket of a contact, with a reply, an internal note, history and a file for each audience. */
async function addTicket(
  server: TestServer,
  account_id: string,
  record: { customer: string; contact: string; word: string; assignee: string | null; file: string },
): Promise<{ ticket: string; ticketFile: string }> {
  const { customer, contact, word, assignee, file } = record
  const now = server.clock.now()
  const [ticket, ticketFile] = [newId(), newId()]
  const child = {
    account_id,
    parent_kind: 'ticket',
    parent_id: ticket,
    customer_id: customer,
    contacts: [contact],
    created_at: now,
  }
  const author = { author_kind: 'staff', author_name: 'Ruth Calloway' }
  const upload = { ...child, uploader_kind: 'staff', type: 'text/plain', size: '1', storage_key: file }
  await server.stored(async (db) => {
    const { next } = await db
      .insertInto('counters')
      .values({ account_id, kind: 'ticket', next: 1002 })
      .onConflict((each) =>
        each.columns(['account_id', 'kind']).doUpdateSet((set) => ({ next: set('counters.next', '+', 1) })),
      )
      .returning('next')
      .executeTakeFirstOrThrow()
    await db
      .insertInto('tickets')
      .values({
        account_id,
        id: ticket,
        number: Number(next) - 1,
        customer_id: customer,
        contact_id: contact,
        subject: `Ticket ${word}`,
        description: `asked ${word}`,
        assignee_id: assignee,
        source: 'office',
        tags: [CANARY.internal],
        created_by_kind: 'staff',
        created_by_name: 'Ruth Calloway',
        search_text_portal: word,
        search_text_office: `${word} ${CANARY.internal}`,
        created_at: now,
        updated_at: now,
      })
      .execute()
    for (const [audience, body] of [
      ['customer', `said ${word}`],
      ['internal', CANARY.internal],
    ] as const) {
      await db
        .insertInto('comments')
        .values({ ...child, ...author, id: newId(), audience, body })
        .execute()
      await db
        .insertInto('history')
        .values({ ...child, id: newId(), audience, event: 'edited', details: { fields: [body] }, actor_kind: 'staff' })
        .execute()
      await db
        .insertInto('files')
        .values({ ...upload, id: audience === 'customer' ? ticketFile : newId(), audience, name: `${body}.txt` })
        .execute()
    }
  })
  return { ticket, ticketFile }
}

/** A contact of the customer who takes part in its ticket, with the copies beside the ticket. */
export async function addParticipant(
  server: TestServer,
  account_id: string,
  { customer, ticket }: { customer: string; ticket: string },
): Promise<string> {
  const id = newId()
  const times = { created_at: server.clock.now(), updated_at: server.clock.now() }
  await server.stored(async (db) => {
    await db
      .insertInto('contacts')
      .values({ account_id, id, customer_id: customer, name: 'Participant', ...times })
      .execute()
    await db
      .updateTable('tickets')
      .set({ participants: [id] })
      .where('id', '=', ticket)
      .execute()
    for (const table of ['comments', 'history', 'files'] as const)
      await db
        .updateTable(table)
        .set((set) => ({ contacts: set.fn('array_append', ['contacts', set.val(id)]) as never }))
        .where('ticket_id', '=', ticket)
        .execute()
  })
  return id
}

/** Links a portal user to one contact of a customer. */
export async function linkToContact(
  server: TestServer,
  account_id: string,
  portalUser: string,
  { customer, contact }: { customer: string; contact: string },
): Promise<void> {
  const times = { created_at: server.clock.now(), updated_at: server.clock.now() }
  await server.stored((db) =>
    db
      .insertInto('portal_links')
      .values({
        account_id,
        id: newId(),
        portal_user_id: portalUser,
        customer_id: customer,
        scope: 'contact',
        contact_id: contact,
        ...times,
      })
      .execute(),
  )
}

/** The records of one customer in the access tests, with a marker word in every text column. */
import type { Insertable, Kysely } from 'kysely'
import type { DB } from '../db/schema.gen.ts'
import { newId } from '../src/platform/ids.ts'
import { addTicket } from './access-tickets.fixtures.ts'
import { CANARY } from './canary.ts'
import type { Business, Person, TestServer } from './test-server.ts'

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
  const otherCustomer = await shop.customer(`Other customer ${word}`)
  const contact = id(),
    otherContact = id(),
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
    for (const [id, name] of [
      [contact, word],
      [otherContact, `${word}-2`],
    ])
      await add('contacts', {
        account_id,
        id: id!,
        customer_id: customer,
        name: `Contact ${name}`,
        email: `${name}@post.example`,
        email_norm: `${name}@post.example`,
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
  return { customer, otherCustomer, contact, otherContact, site, job, comment, file, message, template, ...ticket }
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

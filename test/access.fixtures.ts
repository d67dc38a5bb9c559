/**
 * The one read-only world of the access matrix: a business with two customers, and another business beside it, told apart
 * by canaries; every kind of caller; and a sample body for every operation that takes one.
 */
import { randomUUID } from 'node:crypto'
import type { Insertable, Kysely } from 'kysely'
import type pg from 'pg'
import type { DB } from '../db/schema.gen.ts'
import { newId } from '../src/platform/ids.ts'
import type { Business, TestServer, OperationName, Person } from './test-server.ts'

/** Planted in every text column: whoever may not read a record must never see its word. */
export const CANARY = { own: 'canaryown', other: 'canaryother', foreign: 'canaryforeign', internal: 'canaryinternal' }

export const RELATIONS = ['own', 'colleague', 'other', 'foreign', 'absent'] as const
export type Relation = (typeof RELATIONS)[number]

export interface Caller {
  name: string
  /** One sentence for the reader of the table. */
  what: string
  /** staff of this business · portalUser of this portal · stranger: a person without a place here · anonymous */
  kind: 'anonymous' | 'staff' | 'portalUser' | 'stranger'
  person: Person
  /** Portal users linked to the other customer too. */
  reachesOther?: boolean
}

/** Names of path parameters and body fields, and the record each relation means. */
export type Ids = Record<
  | 'job'
  | 'customer'
  | 'contact'
  | 'site'
  | 'template'
  | 'user'
  | 'portalUser'
  | 'link'
  | 'member'
  | 'message'
  | 'file'
  | 'comment'
  | 'session',
  string
>

export interface MatrixWorld {
  slug: string
  port: number
  callers: Caller[]
  ids: Record<Relation, Ids>
}

export async function buildWorld(at: TestServer): Promise<MatrixWorld> {
  const here = await at.business({ name: 'Here Repairs' })
  const there = await at.business({ name: 'There Repairs' })
  const hidden = [
    { id: 'fault', name: 'What is wrong?', type: 'text', portal: 'optional', worker: 'optional' },
    { id: 'margin', name: 'Margin', type: 'text', portal: 'hidden', worker: 'hidden' },
  ]
  const template = await here.template({ name: 'Repair', fields: hidden })
  const unoffered = await here.template({ name: 'Not offered', offered: false })
  const worker = await here.staff('worker', 'Marek Nowak')
  const idleWorker = await here.staff('worker', 'Idle Worker')

  const own = await customerWithEverything(at, here, { word: CANARY.own, template, worker: worker.id })
  const colleague = await customerWithEverything(at, here, {
    word: 'canarycolleague',
    template,
    worker: null,
    customer: own.customer,
  })
  const other = await customerWithEverything(at, here, { word: CANARY.other, template, worker: idleWorker.id })
  const foreign = await customerWithEverything(at, there, {
    word: CANARY.foreign,
    template: await there.template({ name: CANARY.foreign, fields: hidden }),
    worker: null,
  })

  const user = (options: Parameters<Business['portalUser']>[0]) => here.portalUser(options)
  const me = await user({ email: 'me@post.example', customers: [own.customer] })
  const mate = await user({ email: 'mate@post.example', name: 'canarycolleague', customers: [own.customer] })
  const outsider = await user({ email: 'outsider@post.example', name: CANARY.other, customers: [other.customer] })
  const stranger = await there.portalUser({
    email: 'me@post.example',
    name: CANARY.foreign,
    customers: [foreign.customer],
  })
  const contactScoped = await user({ email: 'contact@post.example' })
  await at.stored((db) =>
    db
      .insertInto('portal_links')
      .values({
        account_id: here.id,
        id: newId(),
        portal_user_id: contactScoped.id,
        customer_id: own.customer,
        scope: 'contact',
        contact_id: own.contact,
        created_at: at.clock.now(),
        updated_at: at.clock.now(),
      })
      .execute(),
  )
  const gone = async (status: string) => {
    const person = await user({ email: `${status}@post.example`, customers: [own.customer] })
    await at.stored((db) => db.updateTable('portal_users').set({ status }).where('id', '=', person.id).execute())
    return person
  }
  const deactivated = await here.staff('admin', 'Deactivated Admin')
  await at.stored((db) =>
    db.updateTable('staff_members').set({ status: 'deactivated' }).where('id', '=', deactivated.id).execute(),
  )
  const both = await here.staff('dispatcher', 'Of Both')
  await alsoStaffOf(at, both, there)
  const signedOut = await user({ email: 'out@post.example', customers: [own.customer] })
  await at.stored((db) => db.deleteFrom('portal_sessions').where('subject_id', '=', signedOut.id).execute())

  const callers: Caller[] = [
    { name: 'anonymous', what: 'nobody is signed in', kind: 'anonymous', person: here.visitor() },
    { name: 'owner', what: 'staff, owner', kind: 'staff', person: here.owner },
    { name: 'admin', what: 'staff, admin', kind: 'staff', person: await here.staff('admin') },
    { name: 'dispatcher', what: 'staff, dispatcher', kind: 'staff', person: await here.staff('dispatcher') },
    { name: 'worker', what: "staff, worker: one's own job is assigned to them", kind: 'staff', person: worker },
    { name: 'idle worker', what: 'staff, worker without that job', kind: 'staff', person: idleWorker },
    { name: 'staff of both', what: 'dispatcher here and in the other account', kind: 'staff', person: both },
    {
      name: 'deactivated admin',
      what: 'was an admin; the session is still open',
      kind: 'stranger',
      person: deactivated,
    },
    { name: 'other owner', what: 'owner of the other account', kind: 'stranger', person: there.owner },
    {
      name: 'other worker',
      what: 'worker of the other account',
      kind: 'stranger',
      person: await there.staff('worker'),
    },
    { name: 'portal user', what: 'linked to one customer, follows the defaults', kind: 'portalUser', person: me },
    { name: 'colleague', what: 'another login linked to the same customer', kind: 'portalUser', person: mate },
    {
      name: 'of several',
      what: 'linked to both customers',
      kind: 'portalUser',
      person: await user({ email: 'several@post.example', customers: [own.customer, other.customer] }),
      reachesOther: true,
    },
    {
      name: "other's user",
      what: 'linked to the other customer only',
      kind: 'portalUser',
      person: outsider,
      reachesOther: true,
    },
    {
      name: 'unlinked',
      what: 'active, linked to nobody',
      kind: 'portalUser',
      person: await user({ email: 'unlinked@post.example' }),
    },
    {
      name: 'contact scope',
      what: 'linked as one contact, not to the whole customer',
      kind: 'portalUser',
      person: contactScoped,
    },
    {
      name: 'views only',
      what: 'linked, every permission taken away',
      kind: 'portalUser',
      person: await user({
        email: 'views@post.example',
        customers: [own.customer],
        permissions: {
          createJobs: false,
          chooseTemplates: false,
          editJobs: false,
          cancelJobs: false,
          deleteJobs: false,
        },
      }),
    },
    {
      name: 'may delete',
      what: 'linked, every permission given',
      kind: 'portalUser',
      person: await user({
        email: 'may@post.example',
        customers: [own.customer],
        permissions: { createJobs: true, chooseTemplates: true, editJobs: true, cancelJobs: true, deleteJobs: true },
      }),
    },
    {
      name: 'other templates',
      what: "linked, its own template list lacks the jobs' one",
      kind: 'portalUser',
      person: await user({
        email: 'templates@post.example',
        customers: [own.customer],
        templatesMode: 'replace',
        templates: [unoffered],
      }),
    },
    {
      name: 'suspended',
      what: 'suspended; the session is still open',
      kind: 'anonymous',
      person: await gone('suspended'),
    },
    { name: 'removed', what: 'removed; the session is still open', kind: 'anonymous', person: await gone('removed') },
    {
      name: 'invited',
      what: 'not activated, with a session that should not be',
      kind: 'anonymous',
      person: await gone('invited'),
    },
    { name: 'signed out', what: 'the cookie of an ended session', kind: 'anonymous', person: signedOut },
    {
      name: "other portal's user",
      what: 'the same address as login of the other account',
      kind: 'anonymous',
      person: stranger,
    },
  ]
  const account = { own: me.id, colleague: mate.id, other: outsider.id, foreign: stranger.id, absent: randomUUID() }
  const members = {
    own: worker.id,
    colleague: idleWorker.id,
    other: both.id,
    foreign: there.owner.id,
    absent: randomUUID(),
  }
  const sessions = await at.stored((db) => db.selectFrom('portal_sessions').select(['id', 'subject_id']).execute())
  const sessionOf = (subject: string) => sessions.find((each) => each.subject_id === subject)?.id ?? randomUUID()
  const links = await at.stored((db) => db.selectFrom('portal_links').select(['id', 'portal_user_id']).execute())
  const linkOf = (subject: string) => links.find((each) => each.portal_user_id === subject)?.id ?? randomUUID()
  const absent = Object.fromEntries(Object.keys(own).map((key) => [key, randomUUID()])) as unknown as typeof own
  const ids = Object.fromEntries(
    RELATIONS.map((relation) => [
      relation,
      {
        ...{ own, colleague, other, foreign, absent }[relation],
        user: account[relation],
        portalUser: account[relation],
        member: members[relation],
        session: relation === 'absent' ? randomUUID() : sessionOf(account[relation]),
        link: relation === 'absent' ? randomUUID() : linkOf(account[relation]),
      },
    ]),
  ) as unknown as Record<Relation, Ids>
  return { slug: here.slug, port: at.port, callers, ids }
}

/** A customer with a contact, a site, a job (unassigned, or given to a worker), comments, history, a file and a mail. */
async function customerWithEverything(
  at: TestServer,
  shop: Business,
  {
    word,
    template,
    worker,
    customer: given,
  }: { word: string; template: string; worker: string | null; customer?: string },
) {
  const now = at.clock.now(),
    account_id = shop.id
  const customer = given ?? (await shop.customer(`Customer ${word}`))
  const id = () => newId()
  const contact = id(),
    site = id(),
    job = id(),
    comment = id(),
    file = id(),
    message = id()
  const stored = await at.app.files.put(
    (async function* () {
      yield Buffer.from(`file of ${word}`)
    })(),
    { account: account_id, name: `${word}.txt` },
  )
  await at.stored(async (db) => {
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
  return { customer, contact, site, job, comment, file, message, template }
}

async function alsoStaffOf(at: TestServer, person: Person, there: Business): Promise<void> {
  await at.stored(async (db) => {
    const { person_id } = await db
      .selectFrom('staff_members')
      .select('person_id')
      .where('id', '=', person.id)
      .executeTakeFirstOrThrow()
    await db
      .insertInto('staff_members')
      .values({
        account_id: there.id,
        id: newId(),
        person_id,
        email: person.email,
        name: 'Of Both',
        role: 'dispatcher',
        status: 'active',
        created_at: at.clock.now(),
        updated_at: at.clock.now(),
      })
      .execute()
  })
}

/** Every transaction of the app rolls back while it believes it committed, so that the world stays as it is. */
export function neverCommit({ app }: TestServer): () => void {
  const { pools, files } = app
  const remove = files.delete
  // Bytes are removed after a commit: there is none.
  files.delete = async () => {}
  const connect = pools.app.connect.bind(pools.app)
  const patched = new WeakSet<object>()
  pools.app.connect = (async (callback?: never) => {
    // With a callback it is a single query of its own (a look-up): nothing to roll back.
    if (callback) return (connect as (done: never) => void)(callback)
    const client = await connect()
    if (!patched.has(client)) {
      patched.add(client)
      const query = client.query.bind(client) as (...args: unknown[]) => Promise<pg.QueryResult>
      client.query = ((...args: unknown[]) =>
        args[0] === 'commit' && neverCommit.on
          ? query('rollback').then((result) => ({ ...result, command: 'COMMIT' }))
          : query(...args)) as never
    }
    return client
  }) as never
  neverCommit.on = true
  return () => {
    neverCommit.on = false
    files.delete = remove
  }
}
neverCommit.on = false

const PASSWORD = 'correct horse battery'
const somebody = () => `${randomUUID()}@post.example`

/** A body that would pass, per operation; ids are those of the relation that is asked for (fields named like an id get it by themselves). */
export const bodies: Partial<Record<OperationName, (ids: Ids) => Record<string, unknown>>> = {
  // people and their accounts
  signIn: () => ({ email: somebody(), password: PASSWORD }),
  requestPasswordReset: () => ({ email: somebody() }),
  resetPassword: () => ({ password: 'a long new phrase' }),
  changePassword: () => ({ currentPassword: PASSWORD, password: 'a long new phrase' }),
  updateCurrentUser: () => ({ name: 'Another Name' }),
  setUp: () => ({
    business: 'New Shop',
    slug: 'new-shop',
    timeZone: 'Europe/London',
    currency: 'GBP',
    name: 'Somebody',
    email: somebody(),
    password: 'a long new phrase',
  }),
  updateAccount: () => ({
    version: 1,
    name: 'Here Repairs',
    timeZone: 'Europe/London',
    locale: 'en-GB',
    currency: 'GBP',
    accent: '#0f6b7c',
    supportEmail: null,
    supportPhone: null,
    postalAddress: null,
  }),
  inviteStaff: () => ({ email: somebody(), role: 'worker' }),
  changeStaffRole: () => ({ role: 'worker' }),
  acceptStaffInvitation: () => ({ name: 'Somebody', password: 'a long new phrase' }),
  // the portal's doors
  signInToPortal: () => ({ email: somebody(), password: PASSWORD }),
  signUp: () => ({ email: somebody(), password: 'a long new phrase', name: 'Somebody New' }),
  acceptInvitation: () => ({ name: 'Somebody New', password: 'a long new phrase' }),
  resendActivation: () => ({ email: somebody() }),
  requestPortalPasswordReset: () => ({ email: somebody() }),
  resetPortalPassword: () => ({ password: 'a long new phrase' }),
  changePortalPassword: () => ({ current: PASSWORD, password: 'a long new phrase' }),
  updatePortalProfile: () => ({ version: 1, name: 'Another Name' }),
  // the portal's settings and users
  updatePortalSettings: () => ({ version: 1, introduction: 'Welcome' }),
  changePortalAddress: () => ({ slug: `moved-${randomUUID().slice(0, 8)}` }),
  addPortalUser: () => ({ email: somebody() }),
  updatePortalUser: () => ({ version: 1, email: somebody() }),
  linkCustomer: (ids) => ({ customer: ids.customer }),
  updatePortalLink: () => ({ permissions: { cancelJobs: false } }),
  customizePermissions: () => ({ version: 1, permissions: { cancelJobs: false } }),
  setTemplateAccess: (ids) => ({ version: 1, mode: 'add', templates: [ids.template] }),
  // templates, customers
  createTemplate: () => ({ name: 'Another' }),
  updateTemplate: () => ({ version: 1, name: 'Renamed' }),
  reorderTemplates: (ids) => ({ templates: [ids.template] }),
  createCustomer: () => ({ name: 'Another Customer', contact: undefined, site: undefined }),
  updateCustomer: () => ({ version: 1, name: 'Renamed' }),
  copyBillingContact: (ids) => ({ version: 1, contact: ids.contact }),
  addContact: () => ({ name: 'Another Contact' }),
  updateContact: () => ({ version: 1, name: 'Renamed' }),
  addSite: () => ({ address: '2 Another Street' }),
  updateSite: () => ({ version: 1, address: '2 Another Street' }),
  // jobs
  createJob: (ids) => ({
    customer: ids.customer,
    template: ids.template,
    site: undefined,
    address: '2 Another Street',
  }),
  updateJob: () => ({ version: 1, site: undefined, title: 'Renamed' }),
  changeJobStatus: () => ({ version: 1, to: 'started' }),
  assignJob: (ids) => ({ version: 1, worker: ids.member }),
  scheduleJob: () => ({ version: 1, scheduled: { day: '2030-03-04', time: '10:00' } }),
  cancelJob: () => ({ version: 1 }),
  reinstateJob: () => ({ version: 1 }),
  addJobComment: () => ({ audience: 'customer', body: 'Hello' }),
  createPortalJob: (ids) => ({
    template: ids.template,
    customer: ids.customer,
    site: undefined,
    address: '2 Another Street',
    fields: {},
  }),
  updatePortalJob: () => ({ version: 1, site: undefined, address: '2 Another Street' }),
  cancelPortalJob: () => ({}),
  addPortalComment: () => ({ body: 'Hello' }),
}

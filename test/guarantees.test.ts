/** Promises that belong to no feature alone: who sees what across features, links, mails, pages and upgrades. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { contracts } from '../src/operations.ts'
import { PERMISSIONS, type Permission } from '../src/features/identity/rules.ts'
import { asRole, migrate, widening } from '../src/platform/database/migrate.ts'
import { openPool } from '../src/platform/database/pool.ts'
import { surfaceOf } from '../src/platform/caller.ts'
import { newId } from '../src/platform/ids.ts'
import type { Definition } from '../src/platform/operation.ts'
import { bodies, buildWorld } from './access.fixtures.ts'
import {
  fill,
  startTestServer,
  linkIn,
  startSeparateServer,
  send,
  type Business,
  type TestServer,
  type OperationName,
  type Person,
} from './test-server.ts'
import { withAdmin } from './database.ts'

const root = resolve(import.meta.dirname, '..')
const operations = Object.entries(contracts as Record<string, Definition>)

let at: TestServer
beforeAll(async () => {
  at = await startTestServer()
})

const UPLOAD = {
  headers: { 'content-type': 'multipart/form-data; boundary=b' },
  body: '--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\ncontent-type: text/plain\r\n\r\nhello\r\n--b--\r\n',
}
const book = async (user: Person, template: string, more: object = {}) =>
  (await user.ok('createPortalJob', { template, address: '14 Pelican Quay', fields: {}, ...more })).jobs[0]!.id
const listed = async (user: Person) => (await user.ok('listPortalJobs')).rows.map((job) => job.id).sort()
const userVersion = async (shop: Business, user: Person) =>
  (await shop.owner.ok('getPortalUser', { user: user.id })).version
const settings = async (shop: Business, change: object) =>
  shop.owner.ok('updatePortalSettings', { version: (await shop.owner.ok('getPortalSettings')).version, ...change })

describe('what a portal user is given', () => {
  it('CP-34 whom a user acts for and which job types it may use decide what it can book and see', async () => {
    const shop = await at.business()
    const [quay, dock] = [await shop.customer('Pelican Quay'), await shop.customer('Dockside Lettings')]
    const [repair, gas] = [await shop.template({ name: 'Repair' }), await shop.template({ name: 'Gas safety' })]
    const both = await shop.portalUser({ customers: [quay, dock] })
    const jobs: Record<string, string> = {}
    for (const [name, customer, template] of [
      ['quay repair', quay, repair],
      ['quay gas', quay, gas],
      ['dock repair', dock, repair],
      ['dock gas', dock, gas],
    ] as const)
      jobs[name] = await book(both, template, { customer })
    const user = await shop.portalUser()
    const sees = async () => {
      const ids = await listed(user)
      return Object.keys(jobs).filter((name) => ids.includes(jobs[name]!))
    }
    const offered = async () => {
      const { customers, templates } = await user.ok('getBookingOptions')
      return [customers.map(({ name }) => name), templates.map(({ name }) => name)]
    }
    const mayBook = async (customer: string, template: string) =>
      (await user.call('createPortalJob', { customer, template, address: 'x' })).status
    expect(await sees()).toEqual([])

    const { id: link } = await shop.owner.ok('linkCustomer', { user: user.id, customer: quay })
    expect([await sees(), await offered()]).toEqual([
      ['quay repair', 'quay gas'],
      [['Pelican Quay'], ['Repair', 'Gas safety']],
    ])
    expect([
      await mayBook(dock, repair),
      (await user.call('getPortalJob', { job: jobs['dock repair']! })).status,
    ]).toEqual([422, 404])

    await shop.owner.ok('setTemplateAccess', {
      user: user.id,
      version: await userVersion(shop, user),
      mode: 'hide',
      templates: [gas],
    })
    expect([await sees(), await offered()]).toEqual([['quay repair'], [['Pelican Quay'], ['Repair']]])
    expect([await mayBook(quay, gas), (await user.call('getPortalJob', { job: jobs['quay gas']! })).status]).toEqual([
      422, 404,
    ])

    await shop.owner.ok('linkCustomer', { user: user.id, customer: dock })
    await shop.owner.ok('unlinkCustomer', { user: user.id, link })
    await shop.owner.ok('setTemplateAccess', {
      user: user.id,
      version: await userVersion(shop, user),
      mode: 'replace',
      templates: [gas],
    })
    expect([await sees(), await offered()]).toEqual([['dock gas'], [['Dockside Lettings'], ['Gas safety']]])
    expect([await mayBook(dock, gas), await mayBook(quay, gas), await mayBook(dock, repair)]).toEqual([201, 422, 422])
    // Nobody else's view moved.
    expect((await listed(both)).length).toBe(5)
  })

  // Who may: one customer, a job to try each deed on, and two job types to choose from.
  const scene = async (permissions: object | null = null) => {
    const shop = await at.business()
    const [customer, template, other] = [
      await shop.customer(),
      await shop.template({ name: 'Repair' }),
      await shop.template({ name: 'Gas safety' }),
    ]
    const before = await shop.portalUser({ customers: [customer] })
    const user = await shop.portalUser({ customers: [customer], permissions })
    return { shop, customer, template, other, before, user }
  }
  /** Tries a deed: its status, and what the answers said of it before. */
  const DEEDS: Record<
    Permission,
    (all: Awaited<ReturnType<typeof scene>>, who: Person) => Promise<{ status: number; can: boolean }>
  > = {
    createJobs: async ({ template }, who) => {
      const [can, bookable, me] = [
        (await who.ok('listPortalJobs')).can.create,
        await who.ok('getBookingOptions'),
        await who.ok('getCurrentPortalUser'),
      ]
      expect([bookable.allowed, me.can.createJobs]).toEqual([can, can])
      return { can, status: (await who.call('createPortalJob', { template, address: 'x' })).status }
    },
    chooseTemplates: async ({ other }, who) => ({
      can: (await who.ok('getBookingOptions')).templates.length > 1,
      status: (await who.call('createPortalJob', { template: other, address: 'x' })).status,
    }),
    editJobs: async (all, who) =>
      onJob(all, who, 'edit', (job) => who.call('updatePortalJob', { job, version: 1, address: '2 Other Street' })),
    cancelJobs: async (all, who) => onJob(all, who, 'cancel', (job) => who.call('cancelPortalJob', { job })),
    deleteJobs: async (all, who) => onJob(all, who, 'delete', (job) => who.call('deletePortalJob', { job })),
  }
  async function onJob(
    { shop, customer, template }: Awaited<ReturnType<typeof scene>>,
    who: Person,
    deed: 'edit' | 'cancel' | 'delete',
    does: (job: string) => Promise<{ status: number }>,
  ) {
    const { id: job } = await shop.owner.ok('createJob', { customer, template, address: 'x' })
    const { can } = await who.ok('getPortalJob', { job })
    const { status } = await does(job)
    return { can: can[deed], status }
  }
  const done = (permission: Permission) => (['createJobs', 'chooseTemplates'].includes(permission) ? 201 : 200)
  const refused = (permission: Permission) => (permission === 'chooseTemplates' ? 422 : 403)
  const all = Object.fromEntries(PERMISSIONS.map((name) => [name, true]))

  it.each(PERMISSIONS)(
    "V-04 the default permission %s is where everybody starts, and a user's own stands above it",
    async (permission) => {
      const here = await scene()
      const { shop, user } = here
      for (const start of [true, false]) {
        await settings(shop, { permissions: { ...all, [permission]: start } })
        expect(await DEEDS[permission](here, user)).toEqual({
          can: start,
          status: start ? done(permission) : refused(permission),
        })
        await shop.owner.ok('customizePermissions', {
          user: user.id,
          version: await userVersion(shop, user),
          permissions: { [permission]: !start },
        })
        expect(await DEEDS[permission](here, user)).toEqual({
          can: !start,
          status: start ? refused(permission) : done(permission),
        })
        await shop.owner.ok('resetPermissions', { user: user.id })
      }
    },
  )

  it.each(PERMISSIONS)(
    'V-05 V-03 the switch %s, off, refuses everybody, whatever user and link say',
    async (permission) => {
      const here = await scene(all)
      const { shop, user, before } = here
      await settings(shop, { permissions: all })
      const { links } = await shop.owner.ok('getPortalUser', { user: user.id })
      await shop.owner.ok('updatePortalLink', { user: user.id, link: links[0]!.id, permissions: all })
      for (const who of [user, before])
        expect(await DEEDS[permission](here, who)).toEqual({ can: true, status: done(permission) })
      await settings(shop, { switches: { ...all, [permission]: false } })
      for (const who of [user, before])
        expect(await DEEDS[permission](here, who)).toEqual({ can: false, status: refused(permission) })
      const { permissions } = await shop.owner.ok('getPortalUser', { user: user.id })
      expect(permissions.values.find((each) => each.permission === permission)).toMatchObject({
        allowed: false,
        source: 'switch',
      })
    },
  )

  it("PS-34 a colleague's job and one's own show the same set of fields, in the list and opened", async () => {
    const shop = await at.business()
    const fields = [
      { id: 'wrong', name: 'What is wrong?', type: 'text', portal: 'optional', worker: 'optional' },
      { id: 'margin', name: 'Margin', type: 'text', portal: 'hidden', worker: 'hidden' },
    ]
    const [customer, template] = [await shop.customer(), await shop.template({ fields })]
    const [me, mate] = [
      await shop.portalUser({ customers: [customer] }),
      await shop.portalUser({ customers: [customer], name: 'Tom Finch' }),
    ]
    const mine = await book(me, template, { fields: { wrong: 'It leaks' } }),
      theirs = await book(mate, template, { fields: { wrong: 'It hums' } })
    for (const [who, job] of [
      [me, mine],
      [mate, theirs],
    ] as const)
      await who.ok('addPortalComment', { job, body: 'Hello' })
    const shape = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(shape)
        : value && typeof value === 'object'
          ? Object.fromEntries(
              Object.entries(value)
                .sort(([a], [b]) => a.localeCompare(b))
                .map(([key, each]) => [key, shape(each)]),
            )
          : typeof value
    const [own, colleague] = [await me.ok('getPortalJob', { job: mine }), await me.ok('getPortalJob', { job: theirs })]
    expect(shape(colleague)).toEqual(shape(own))
    expect([own.fields.map((field) => field.id), colleague.fields.map((field) => field.id)]).toEqual([
      ['wrong'],
      ['wrong'],
    ])
    expect([own.createdBy.kind, colleague.createdBy.kind]).toEqual(['you', 'colleague'])
    const { rows } = await me.ok('listPortalJobs')
    expect(shape(rows[0])).toEqual(shape(rows[1]))
  })
})

describe('mails about a job', () => {
  const waiting = async () => {
    const shop = await at.business()
    const [customer, template] = [await shop.customer(), await shop.template()]
    const user = await shop.portalUser({ customers: [customer] })
    await book(user, template)
    return { shop, customer, template, user }
  }
  const statusOf = (shop: Business, address: string) =>
    at.stored((db) =>
      db
        .selectFrom('outbox')
        .select(['status', 'last_result'])
        .where('account_id', '=', shop.id)
        .where('to_address', '=', address)
        .where('kind', 'in', ['jobBooked', 'jobBookedOffice'])
        .executeTakeFirst(),
    )

  it('E-14 mails that wait for somebody are canceled when they are removed; those to the business about the same job go on', async () => {
    const { shop, user } = await waiting()
    await shop.owner.ok('removePortalUser', { user: user.id })
    expect((await at.mailTo(user.email)).map((mail) => mail.subject)).toEqual([])
    expect(await statusOf(shop, user.email)).toMatchObject({ status: 'canceled' })
    expect(await at.mailTo(shop.owner.email)).toHaveLength(1)
    expect(await statusOf(shop, shop.owner.email)).toMatchObject({ status: 'sent' })
  })

  it('PS-31 D5 a mail about a job is sent while its reader still sees it', async () => {
    const { user } = await waiting()
    expect(await at.mailTo(user.email)).toHaveLength(1)
  })

  it.each<[string, (all: Awaited<ReturnType<typeof waiting>>) => Promise<unknown>]>([
    [
      'is unlinked from its customer',
      async ({ shop, user }) =>
        shop.owner.ok('unlinkCustomer', {
          user: user.id,
          link: (await shop.owner.ok('getPortalUser', { user: user.id })).links[0]!.id,
        }),
    ],
    ['is suspended', ({ shop, user }) => shop.owner.ok('suspendPortalUser', { user: user.id })],
    ['is removed', ({ shop, user }) => shop.owner.ok('removePortalUser', { user: user.id })],
    [
      'is re-scoped to one contact',
      ({ shop, user, customer }) =>
        at.stored(async (db) => {
          const contact = newId(),
            now = at.clock.now()
          await db
            .insertInto('contacts')
            .values({
              account_id: shop.id,
              id: contact,
              customer_id: customer,
              name: 'Tom',
              created_at: now,
              updated_at: now,
            })
            .execute()
          await db
            .updateTable('portal_links')
            .set({ scope: 'contact', contact_id: contact })
            .where('portal_user_id', '=', user.id)
            .execute()
        }),
    ],
    [
      'loses the job type that hides its jobs',
      async ({ shop, user, template }) =>
        shop.owner.ok('setTemplateAccess', {
          user: user.id,
          version: await userVersion(shop, user),
          mode: 'hide',
          templates: [template],
        }),
    ],
    ['finds the portal switched off', ({ shop }) => settings(shop, { enabled: false })],
  ])('PS-31 D5 a mail that waits while its reader %s is never sent', async (_what, transition) => {
    const all = await waiting()
    await transition(all)
    expect(await at.mailTo(all.user.email)).toEqual([])
    expect(await statusOf(all.shop, all.user.email)).toMatchObject({ status: 'canceled' })
    // Not later either, when the access is back.
    at.clock.advance(3600_000)
    expect(await at.mailTo(all.user.email)).toEqual([])
  })
})

describe('one connection', () => {
  it('PS-06 two users, a worker and a stranger who alternate on one database connection see only their own', async () => {
    const own = await startSeparateServer(inject('world'))
    try {
      own.app.pools.app.options.max = 1
      const [here, there] = [await own.business(), await own.business()]
      const scenes = await Promise.all(
        [
          [here, 'Quay'],
          [here, 'Dock'],
          [there, 'Hill'],
        ].map(async ([shop, name]) => {
          const business = shop as Business
          const customer = await business.customer(name as string)
          return {
            shop: business,
            customer,
            user: await business.portalUser({ customers: [customer], name: name as string }),
          }
        }),
      )
      const template = new Map([
        [here, await here.template()],
        [there, await there.template()],
      ])
      const jobs = new Map<Person, string[]>()
      for (const { shop, user } of scenes)
        jobs.set(user, [await book(user, template.get(shop)!), await book(user, template.get(shop)!)].sort())
      const visitor = here.visitor()
      const asked = Array.from({ length: 60 }, (_, index) => index)
      await Promise.all(
        asked.map(async (index) => {
          const { user } = scenes[index % scenes.length]!
          const foreign = jobs.get(scenes[(index + 1) % scenes.length]!.user)![0]!
          const [{ rows }, { customers, counts }] = [
            await user.ok('listPortalJobs'),
            await user.ok('getPortalJobsOverview'),
          ]
          expect([rows.map((job) => job.id).sort(), counts.all, customers.length]).toEqual([jobs.get(user), 2, 1])
          expect((await user.call('getPortalJob', { job: foreign })).status).toBe(404)
          expect((await visitor.call('listPortalJobs')).status).toBe(401)
          expect((await here.owner.ok('listJobs')).rows).toHaveLength(4)
        }),
      )
      expect(own.app.pools.app.totalCount).toBe(1)
    } finally {
      await own.close()
    }
  })
})

describe('people in the portal', () => {
  it("PS-17 no answer of the portal names anybody's address or telephone but one's own", async () => {
    const own = await startSeparateServer(inject('world'))
    try {
      const world = await buildWorld(own)
      const me = world.callers.find((caller) => caller.name === 'portal user')!.person
      await own.stored(async (db) => {
        const users = await db.selectFrom('portal_users').select('id').execute()
        for (const [index, { id }] of users.entries())
          await db
            .updateTable('portal_users')
            .set({ phone: `07700 ${900100 + index}` })
            .where('id', '=', id)
            .execute()
        await db.updateTable('contacts').set({ phone: '+44 117 496 0999' }).execute()
      })
      const secrets = await own
        .stored(async (db) => [
          ...(
            await db.selectFrom('portal_users').select(['email', 'phone']).where('id', '<>', me.id).execute()
          ).flatMap(({ email, phone }) => [email, phone!]),
          ...(await db.selectFrom('people').select('email').execute()).map(({ email }) => email),
          ...(await db.selectFrom('contacts').select(['email', 'phone']).execute()).flatMap(({ email, phone }) => [
            email!,
            phone!,
          ]),
        ])
        .then((all) => [...new Set(all)].filter((each) => each !== me.email))
      expect(secrets.length).toBeGreaterThan(30)
      const heard: string[] = []
      let asked = 0
      // All but those that end the session, or the job that is asked about.
      const ends = /^(signOut|end|delete|cancel|change|signIn|signUp)|PasswordReset/
      const inPortal: [string, Definition][] = operations.filter(
        ([key, each]) =>
          surfaceOf(each.path) === 'portal' &&
          each.audience.includes('portalUser') &&
          !each.upload &&
          !each.download &&
          !ends.test(key),
      )
      for (const [name, definition] of inPortal) {
        for (const relation of ['own', 'colleague'] as const) {
          const ids = world.ids[relation]
          const input = {
            ...Object.fromEntries(
              Object.keys(definition.params?.shape ?? {}).map((key) => [key, ids[key as keyof typeof ids] ?? 'x']),
            ),
            ...bodies[name as OperationName]?.(ids),
          }
          const reply = await me.call(name as OperationName, input, { slug: world.slug })
          asked += Number(reply.status < 300)
          for (const secret of secrets)
            if (reply.text.toLowerCase().includes(secret.toLowerCase())) heard.push(`${name} × ${relation}: ${secret}`)
        }
      }
      // A name is the most that is told: of a colleague, and of staff as the business chose.
      const seen = await me.ok('getPortalJob', { job: world.ids.own.job }, { slug: world.slug })
      expect(
        new Set([...seen.history, ...seen.comments, ...seen.files].flatMap((each) => Object.keys(each.by))),
      ).toEqual(new Set(['kind', 'name']))
      expect(asked).toBeGreaterThan(14)
      expect(heard).toEqual([])
    } finally {
      await own.close()
    }
  })
})

describe('a mailed link', () => {
  it('PS-42 opens its own deed and nothing else: no session, no other deed, no other kind of link', async () => {
    const shop = await at.business()
    const customer = await shop.customer()
    const visitor = shop.visitor()
    const tokenIn = async (address: string) =>
      /\/([\w-]{43})(?:\b|$)/.exec(linkIn((await at.mailTo(address)).at(-1)))![1]!
    const invited = `invited.${newId()}@post.example`,
      waiting = `waiting.${newId()}@post.example`,
      fresh = `fresh.${newId()}@post.example`
    await shop.owner.ok('addPortalUser', { email: invited, customers: [customer] })
    await visitor.ok('signUp', { email: waiting, password: 'a kettle in the harbour', name: 'Martha Okonkwo' })
    const resetting = await shop.portalUser({ customers: [customer] })
    await visitor.ok('requestPortalPasswordReset', { email: resetting.email })
    const moving = await shop.portalUser({ customers: [customer] })
    await shop.owner.ok('updatePortalUser', { user: moving.id, version: await userVersion(shop, moving), email: fresh })
    const links = [
      {
        token: await tokenIn(invited),
        own: ['getActivation', 'acceptInvitation', 'activateAccount', 'renewActivation'],
      },
      {
        token: await tokenIn(waiting),
        own: ['getActivation', 'acceptInvitation', 'activateAccount', 'renewActivation'],
      },
      { token: await tokenIn(resetting.email), own: ['getPortalPasswordReset', 'resetPortalPassword'] },
      { token: await tokenIn(fresh), own: ['getEmailChange', 'confirmEmailChange'] },
    ]
    const snapshot = () =>
      at.stored(async (db) =>
        JSON.stringify([
          await db.selectFrom('portal_users').selectAll().where('account_id', '=', shop.id).orderBy('id').execute(),
          await db.selectFrom('portal_sessions').select('id').where('account_id', '=', shop.id).orderBy('id').execute(),
          await db
            .selectFrom('tokens')
            .select(['id', 'used_at', 'replaced_at'])
            .where('account_id', '=', shop.id)
            .orderBy('id')
            .execute(),
          await db.selectFrom('jobs').select('id').where('account_id', '=', shop.id).execute(),
        ]),
      )
    const before = await snapshot()
    const open: string[] = []
    for (const { token, own } of links) {
      for (const [name, definition] of operations) {
        const surface = surfaceOf(definition.path)
        const params = Object.keys(definition.params?.shape ?? {})
        const sample = bodies[name as OperationName]?.({} as never) ?? {}
        const ask = (as: Map<string, string>, given: string) => {
          const input = {
            ...(definition.method === 'GET' ? {} : sample),
            ...Object.fromEntries(params.map((key) => [key, key === 'token' ? given : newId()])),
          }
          const { path, query, body } = fill(definition, input, shop.slug)
          return send({
            port: at.port,
            host: surface === 'portal' ? `${shop.slug}.localhost:${at.port}` : `localhost:${at.port}`,
            method: definition.method,
            path: `/api/v1${path}${query}`,
            cookies: new Map(as),
            ...(definition.upload ? UPLOAD : { body }),
          })
        }
        if (!definition.audience.includes('anonymous' as never)) {
          // As a session, of either kind.
          const reply = await ask(
            new Map([
              [`portico_portal_${shop.id.slice(-12)}`, token],
              ['portico_people', token],
            ]),
            newId(),
          )
          if (reply.status !== 401) open.push(`${name} with it as a session: ${reply.status}`)
        } else if (params.includes('token') && !own.includes(name)) {
          const reply = await ask(new Map(), token)
          const status = (reply.body as { status?: string }).status
          if (reply.status < 400 ? status !== 'unknown' : ![404, 409].includes(reply.status))
            open.push(`${name} with it as another link: ${reply.status} ${status ?? ''}`)
        }
      }
    }
    expect(open).toEqual([])
    expect(await snapshot()).toBe(before)
    // Each still opens what it is for.
    expect((await visitor.ok('getActivation', { token: links[0]!.token })).status).toBe('open')
    expect((await visitor.ok('getPortalPasswordReset', { token: links[2]!.token })).status).toBe('open')
    expect((await visitor.ok('confirmEmailChange', { token: links[3]!.token })).email).toBe(fresh)
  })
})

describe('pages', () => {
  let served: TestServer
  const build = process.env.PORTICO_PAGES ?? join(root, 'build')
  beforeAll(async () => {
    if (!existsSync(join(build, 'adapter-node.js')))
      execFileSync(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build'], {
        cwd: root,
        stdio: 'ignore',
      })
    served = await startSeparateServer(inject('world'), { pages: build, demo: true })
  }, 240_000)
  afterAll(() => served?.close())
  const get = (who: Person, path: string, host = `localhost:${served.port}`) =>
    send({ port: served.port, host, method: 'GET', path, headers: { accept: 'text/html' }, cookies: who.cookies })

  it('V-01 Settings > Portal has the sub-pages Settings and Portal users, and no others', async () => {
    const shop = await served.business()
    const base = `/office/${shop.slug}/settings/portal`
    const tabs = (html: string) =>
      [
        .../<nav[^>]*aria-label="Portal settings"[^>]*>([\s\S]*?)<\/nav>/
          .exec(html)![1]!
          .matchAll(/<a [^>]*href="([^"]+)"[^>]*>\s*([^<]+?)\s*(?:<|$)/g),
      ].map(([, href, label]) => [href, label])
    for (const path of [base, `${base}/users`]) {
      const page = await get(shop.owner, path)
      expect([page.status, tabs(page.text)]).toEqual([
        200,
        [
          [base, 'Settings'],
          [`${base}/users`, 'Portal users'],
        ],
      ])
    }
    expect((await get(shop.owner, `${base}/partners`)).status).toBe(404)
    // The pages there are, beneath that place.
    expect(
      globSync('src/web/routes/office/[[]account[]]/settings/portal/*/', { cwd: root }).map((folder) =>
        folder.replace(/.*portal\//, '').replace(/\/$/, ''),
      ),
    ).toEqual(['users'])
  })

  it('PS-61 nothing of a person is kept in the browser: no page or script writes to its stores', async () => {
    const sources = globSync(['src/web/**/*.{ts,svelte,html,js}', 'src/features/*/ui/**', 'src/features/*/*/ui/**'], {
      cwd: root,
      withFileTypes: false,
    }).filter((file) => /\.(ts|svelte|html|js)$/.test(file) && !/\.test\.ts$/.test(file))
    expect(sources.length).toBeGreaterThan(80)
    const stores =
      /\b(localStorage|sessionStorage|indexedDB|document\.cookie|cookieStore|caches\s*\.|serviceWorker|window\.name)\b/
    expect(sources.filter((file) => stores.test(readFileSync(join(root, file), 'utf8')))).toEqual([])
    // The framework keeps where a page was scrolled to; what a page holds it would keep for `snapshot` only, and none asks for it.
    expect(sources.filter((file) => /export const snapshot\b/.test(readFileSync(join(root, file), 'utf8')))).toEqual([])
    const scripts = globSync('client/**/*.js', { cwd: build })
      .map((file) => readFileSync(join(build, file), 'utf8'))
      .filter((text) => stores.test(text))
    expect(scripts.length).toBeLessThanOrEqual(1)
    for (const text of scripts) {
      expect(text.match(/\b(localStorage|indexedDB|cookieStore|document\.cookie)\b/g) ?? []).toEqual([])
      expect(new Set(text.match(/sveltekit:[a-z]+/g))).toContain('sveltekit:snapshot')
    }
    expect(existsSync(join(build, 'client/service-worker.js'))).toBe(false)
  })

  it('PS-61 every page, errors and redirects too, is kept by nobody', async () => {
    const shop = await served.business()
    const [customer, template] = [await shop.customer(), await shop.template()]
    const user = await shop.portalUser({ customers: [customer] })
    const job = await book(user, template)
    const ids: Record<string, string> = {
      account: shop.slug,
      portal: shop.slug,
      job,
      customer,
      template,
      user: user.id,
      token: 'A'.repeat(43),
      contact: newId(),
      site: newId(),
      message: newId(),
    }
    const routes = globSync('**/+page.svelte', { cwd: join(root, 'src/web/routes') }).map((file) =>
      `/${file.replace(/\/?\+page\.svelte$/, '')}`
        .replaceAll(/\/\([^)]+\)/g, '')
        .replaceAll(/\[(\w+)\]/g, (_, name: string) => ids[name] ?? 'x'),
    )
    expect(routes.length).toBeGreaterThan(45)
    const kept: string[] = []
    const statuses = new Set<number>()
    for (const path of [
      ...routes,
      '/nowhere',
      `/p/${shop.slug}/nowhere`,
      `/office/${shop.slug}/nowhere`,
      '/office/nobody',
      '/p/nobody/jobs',
      '/%ff',
    ]) {
      for (const who of [shop.visitor(), shop.owner, user]) {
        const page = await get(who, path)
        statuses.add(page.status)
        if (page.status >= 500) kept.push(`${path} as ${who.kind}: ${page.status}`)
        if (
          !/no-store/.test(page.headers['cache-control'] ?? '') &&
          /html/.test(page.headers['content-type'] ?? 'text/html')
        )
          kept.push(`${path} as ${who.kind}: ${page.status} ${page.headers['cache-control']}`)
      }
    }
    expect([...statuses]).toEqual(expect.arrayContaining([200, 303, 404]))
    expect(kept).toEqual([])
  }, 120_000)

  it('PS-61 after signing out, the way back asks the server again and finds a closed door', async () => {
    const shop = await served.business()
    const [customer, template] = [await shop.customer('Eleanor of Pelican Quay'), await shop.template()]
    const user = await shop.portalUser({ customers: [customer], name: 'Eleanor Finch' })
    const job = await book(user, template)
    const host = `${shop.slug}.localhost:${served.port}`
    const addresses = [
      '/jobs',
      `/jobs/${job}`,
      `/jobs/${job}/edit`,
      '/account',
      '/jobs/__data.json',
      `/api/v1/portal/${shop.slug}/jobs/${job}`,
    ]
    for (const path of addresses.slice(0, 2)) expect((await get(user, path, host)).text).toContain('Pelican Quay')
    const cookies = new Map(user.cookies)
    await user.ok('signOutOfPortal')
    for (const left of [user.cookies, cookies]) {
      for (const path of addresses) {
        const page = await send({
          port: served.port,
          host,
          method: 'GET',
          path,
          headers: { accept: 'text/html' },
          cookies: new Map(left),
        })
        expect([path, [303, 401].includes(page.status) || /sign-in/.test(page.text)], page.text.slice(0, 200)).toEqual([
          path,
          true,
        ])
        expect(page.text).not.toMatch(/Pelican|Eleanor/)
        expect(page.headers['cache-control']).toMatch(/no-store/)
      }
    }
  })
})

describe('upgrades', () => {
  const withDatabase = async (
    work: (
      upgrade: (files: Record<string, string>, acceptWider?: boolean) => Promise<string[]>,
      ask: (sql: string) => Promise<Record<string, unknown>[]>,
    ) => Promise<void>,
  ) => {
    const { admin, passwords } = inject('world')
    const database = `portico_upgrade_${randomBytes(4).toString('hex')}`
    const folder = await mkdtemp(join(tmpdir(), 'portico-upgrade-'))
    const there = { ...admin, database }
    await withAdmin(admin, (client) => client.query(`create database ${database}`))
    const pool = openPool(asRole(there, 'portico_owner', passwords), { max: 1, pipeline: false })
    try {
      await work(
        async (files, acceptWider) => {
          await rm(folder, { recursive: true, force: true })
          await mkdir(folder)
          for (const name of await readdir(join(root, 'db/migrations')))
            await cp(join(root, 'db/migrations', name), join(folder, name))
          for (const [name, sql] of Object.entries(files)) await writeFile(join(folder, name), sql)
          return migrate({ admin: there, passwords, folder, ...(acceptWider && { acceptWider }) })
        },
        async (sql) => (await pool.query(sql)).rows as Record<string, unknown>[],
      )
    } finally {
      await pool.end()
      await rm(folder, { recursive: true, force: true })
      await withAdmin(admin, (client) => client.query(`drop database if exists ${database} with (force)`))
    }
  }
  const narrow = {
    '9001_narrow.sql': '-- One more column.\n-- widens: nothing\nalter table templates add column hint text;\n',
  }
  const wide = {
    ...narrow,
    '9002_wide.sql':
      '-- Tells more.\n-- widens: portal users see who planned their job\nalter table jobs add column planned_by text;\n',
    '9003_wider.sql': '-- widens: workers see billing addresses\nalter table jobs add column billing text;\n',
  }

  it('PS-60 an upgrade that lets people see more asks first, says what, and changes nothing until somebody consents', async () => {
    await withDatabase(async (upgrade, ask) => {
      const done = await upgrade({})
      expect(done.length).toBeGreaterThan(6)
      // Nobody works here yet: nobody is surprised.
      await ask(
        "insert into accounts (id, kind, status, created_at) values ('019ac000-0000-7000-8000-000000000001', 'business', 'active', now())",
      )
      expect(await upgrade(narrow)).toEqual(['9001_narrow.sql'])
      const refusal = await upgrade({ ...wide, '9000_first.sql': 'create table never (id int);\n' }).catch(
        (error: Error) => error.message,
      )
      expect(refusal).toContain('9002_wide.sql: portal users see who planned their job')
      expect(refusal).toContain('9003_wider.sql: workers see billing addresses')
      expect(refusal).toContain('--accept-wider')
      expect(refusal).not.toContain('nothing\n  ')
      expect(
        await ask(
          "select to_regclass('never') as never, (select count(*)::int from schema_migrations where name >= '9') as done",
        ),
      ).toEqual([{ never: null, done: 1 }])
      expect(await upgrade(wide, true)).toEqual(['9002_wide.sql', '9003_wider.sql'])
      expect(await upgrade(wide)).toEqual([])
    })
  })

  it('a database of another version is refused, and nothing is changed', async () => {
    await withDatabase(async (upgrade, ask) => {
      await upgrade(narrow)
      const refusal = await upgrade({ '9002_next.sql': 'create table never (id int);\n' }).catch(
        (error: Error) => error.message,
      )
      expect(refusal).toContain('This database belongs to another version of Portico, whose migration 9001_narrow.sql')
      expect(await ask("select to_regclass('never') as never")).toEqual([{ never: null }])
    })
  })

  it('PS-60 on a database without accounts it simply runs', async () => {
    await withDatabase(async (upgrade) => {
      expect((await upgrade(wide)).slice(-3)).toEqual(['9001_narrow.sql', '9002_wide.sql', '9003_wider.sql'])
    })
  })

  it('PS-60 the sentence is read from the comment a migration begins with', () => {
    expect(widening('-- Title.\n\n--  widens: partners see totals \n-- more\ncreate table x ();')).toEqual([
      'partners see totals',
    ])
    expect(widening('-- widens: nothing\nselect 1')).toEqual([])
    expect(widening('-- widens: a\n-- widens: b\nselect 1')).toEqual(['a', 'b'])
    expect(widening('select 1;\n-- widens: too late\n')).toBeUndefined()
    expect(widening('')).toBeUndefined()
  })
})

import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  startTestServer,
  linkIn,
  PASSWORD,
  type Business,
  type TestServer,
  type Person,
} from '../../../test/test-server.ts'

let at: TestServer, shop: Business
beforeAll(async () => {
  at = await startTestServer()
})
beforeEach(async () => {
  shop = await at.business({ public: false })
})

let count = 0
const address = (name = 'guest') => `${name}.${++count}.${Date.now().toString(36)}@post.example`
const list = (query: Record<string, unknown> = {}, who: Person = shop.owner) => who.ok('listPortalUsers', query)
const rowOf = async (id: string) => (await list()).rows.find((row) => row.id === id)
const userRow = (id: string) =>
  at.stored((db) =>
    db
      .selectFrom('portal_users')
      .selectAll()
      .where('account_id', '=', shop.id)
      .where('id', '=', id)
      .executeTakeFirstOrThrow(),
  )
const sessionsOf = (id: string) =>
  at.stored((db) =>
    db
      .selectFrom('portal_sessions')
      .select('id')
      .where('account_id', '=', shop.id)
      .where('subject_id', '=', id)
      .execute(),
  )
const linksOf = (id: string) =>
  at.stored((db) =>
    db
      .selectFrom('portal_links')
      .selectAll()
      .where('account_id', '=', shop.id)
      .where('portal_user_id', '=', id)
      .execute(),
  )
const tokenIn = async (email: string) =>
  linkIn((await at.mailTo(email)).at(-1), /https?:\/\/\S+\/activate\/\S+/).split('/activate/')[1]!
const waitAMinute = () => at.clock.advance(61_000)
const switchOn = async (change: Record<string, unknown>) =>
  shop.owner.ok('updatePortalSettings', { version: (await shop.owner.ok('getPortalSettings')).version, ...change })

describe('adding a portal user', () => {
  it('CP-18 CP-19 an email address is all it takes: the mail goes out at once and the list shows only the address', async () => {
    const email = address()
    const { id } = await shop.owner.ok('addPortalUser', { email: `  ${email}  ` })
    expect(await rowOf(id)).toMatchObject({
      email,
      name: null,
      status: 'invited',
      displayStatus: 'notActivated',
      lastSignInAt: null,
      mail: { status: 'waiting' },
      can: { resend: true, remove: true },
    })
    expect(await at.mailTo(email)).toHaveLength(1)
    expect(await rowOf(id)).toMatchObject({ mail: { status: 'delivered', result: null } })
  })

  it('CP-04 CP-06 CP-07 works in a public portal just the same', async () => {
    const open = await at.business({ public: true })
    const email = address()
    await open.owner.ok('addPortalUser', { email })
    expect(await at.mailTo(email)).toHaveLength(1)
  })

  it('CP-23 CP-16 after the invited person finished, the list shows the name and that it is active', async () => {
    const email = address()
    const { id } = await shop.owner.ok('addPortalUser', { email })
    const visitor = shop.visitor()
    await visitor.ok('acceptInvitation', {
      token: await tokenIn(email),
      name: 'Żaneta Łopatka',
      password: 'a good long password',
    })
    expect(await rowOf(id)).toMatchObject({
      name: 'Żaneta Łopatka',
      displayStatus: 'active',
      can: { resend: false, suspend: true },
    })
    expect((await list({ search: 'zaneta lop' })).rows.map((row) => row.id)).toEqual([id])
  })

  it('E-01 an address that is one already is answered with whose it is, whatever its case', async () => {
    const email = address()
    const { id } = await shop.owner.ok('addPortalUser', { email })
    const again = await shop.owner.call('addPortalUser', { email: ` ${email.toUpperCase()} ` })
    expect(again).toMatchObject({
      status: 409,
      body: { code: 'alreadyPortalUser', vars: { user: id }, fields: { email: {} } },
    })
    expect(await at.mailTo(email)).toHaveLength(1)
  })

  it('E-01 of twenty admins who add the same address at once exactly one does', async () => {
    const email = address()
    const replies = await Promise.all(Array.from({ length: 20 }, () => shop.owner.call('addPortalUser', { email })))
    expect(replies.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 19 }, () => 409)])
    expect((await list()).counts.all).toBe(1)
  })

  it('PS-51 the same address in another business, or as its staff, is somebody else', async () => {
    const other = await at.business()
    const email = address()
    await shop.owner.ok('addPortalUser', { email })
    expect((await other.owner.call('addPortalUser', { email })).status).toBe(201)
    expect((await shop.owner.call('addPortalUser', { email: shop.owner.email })).status).toBe(201)
  })

  it('V-12 the same form may name customers and templates; foreign ones are refused and nothing is added', async () => {
    const [customer, offered, extra] = [
      await shop.customer('Dockside Lettings'),
      await shop.template(),
      await shop.template({ name: 'Commercial laundry', offered: false }),
    ]
    const { id } = await shop.owner.ok('addPortalUser', {
      email: address(),
      customers: [customer, customer],
      templatesMode: 'add',
      templates: [extra],
    })
    const user = await shop.owner.ok('getPortalUser', { user: id })
    expect(user.links).toMatchObject([{ customer: { id: customer, name: 'Dockside Lettings' }, whole: true }])
    expect(user.templates.choices).toMatchObject([
      { id: offered, isDefault: true, bookable: true },
      { id: extra, isDefault: false, bookable: true },
    ])
    const other = await at.business()
    const email = address()
    const refused = await shop.owner.call('addPortalUser', {
      email,
      customers: [await other.customer()],
      templatesMode: 'replace',
      templates: [await other.template()],
    })
    expect(refused).toMatchObject({
      status: 422,
      body: { fields: { customers: { code: 'choice' }, templates: { code: 'choice' } } },
    })
    expect((await list({ search: email })).rows).toEqual([])
    expect(await at.mailTo(email)).toEqual([])
  })

  it('CP-24 E-70 takes no password and no name from staff', async () => {
    for (const more of [
      { password: 'a good long password' },
      { name: 'Somebody' },
      { status: 'active' },
      { passwordHash: 'x' },
    ])
      expect(await shop.owner.call('addPortalUser', { email: address(), ...more })).toMatchObject({
        status: 422,
        body: { fields: { [Object.keys(more)[0]!]: { code: 'unknown' } } },
      })
  })

  it('CP-02 says why nobody can be invited while the portal is off', async () => {
    await switchOn({ enabled: false })
    expect(await shop.owner.call('addPortalUser', { email: address() })).toMatchObject({
      status: 409,
      body: { code: 'portalIsOff' },
    })
  })

  it.each([
    'not an address',
    '',
    'a@b@c.example',
    'a b@c.example',
    '<x@y.example>',
    'x@y.example\nBcc: z@z.example',
    `${'x'.repeat(250)}@y.example`,
    null,
    7,
    ['x@y.example'],
  ])('refuses %j as an address', async (email) => {
    expect((await shop.owner.call('addPortalUser', { email })).status).toBe(422)
  })
})

describe('who may', () => {
  it('PS-40 a dispatcher invites with the defaults, and gives nothing beyond them', async () => {
    const dispatcher = await shop.staff('dispatcher')
    const customer = await shop.customer(),
      template = await shop.template({ offered: false })
    expect((await dispatcher.call('addPortalUser', { email: address(), customers: [customer] })).status).toBe(201)
    for (const more of [{ templatesMode: 'add', templates: [template] }, { permissions: { deleteJobs: true } }])
      expect(await dispatcher.call('addPortalUser', { email: address(), ...more })).toMatchObject({
        status: 403,
        body: { code: 'managersOnly' },
      })
    expect(await list({}, dispatcher)).toMatchObject({
      counts: { all: 1 },
      can: { invite: true, manage: false },
      rows: [{ can: { resend: true, manage: false, remove: false } }],
    })
  })

  it('PS-35 PS-37 a dispatcher, a worker and a portal user change nothing, and nothing is written', async () => {
    const customer = await shop.customer()
    const user = await shop.portalUser({ customers: [customer] })
    const [link] = await linksOf(user.id)
    const before = await userRow(user.id)
    const calls: [Parameters<Person['call']>[0], Record<string, unknown>][] = [
      ['updatePortalUser', { user: user.id, version: 1, email: address() }],
      ['linkCustomer', { user: user.id, customer }],
      ['updatePortalLink', { user: user.id, link: link!.id, permissions: { deleteJobs: true } }],
      ['unlinkCustomer', { user: user.id, link: link!.id }],
      ['setTemplateAccess', { user: user.id, version: 1, mode: 'replace', templates: [] }],
      ['customizePermissions', { user: user.id, version: 1, permissions: { deleteJobs: true } }],
      ['resetPermissions', { user: user.id }],
      ['suspendPortalUser', { user: user.id }],
      ['reactivatePortalUser', { user: user.id }],
      ['removePortalUser', { user: user.id }],
    ]
    for (const [name, input] of calls) {
      expect((await (await shop.staff('dispatcher')).call(name, input)).status, `dispatcher ${name}`).toBe(403)
      expect((await (await shop.staff('worker')).call(name, input)).status, `worker ${name}`).toBe(403)
      expect([401, 404], `portal user ${name}`).toContain((await user.call(name, input)).status)
    }
    expect(await userRow(user.id)).toEqual(before)
    expect(await linksOf(user.id)).toEqual([link])
    expect(
      await at.stored((db) => db.selectFrom('audit').select('event').where('account_id', '=', shop.id).execute()),
    ).toEqual([])
    const worker = await shop.staff('worker')
    for (const [name, input] of [
      ['listPortalUsers', {}],
      ['getPortalUser', { user: user.id }],
      ['addPortalUser', { email: address() }],
      ['resendPortalInvitation', { user: user.id }],
    ] as const)
      expect(await worker.call(name, input), name).toMatchObject({ status: 403, body: { code: 'officeOnly' } })
  })

  it('PS-02 PS-03 another business’s portal user is as absent as one that never was', async () => {
    const other = await at.business()
    const theirs = await other.portalUser()
    const bare = ({ body, status }: { body: unknown; status: number }) => ({
      status,
      body: { ...(body as object), requestId: '' },
    })
    for (const name of [
      'getPortalUser',
      'removePortalUser',
      'suspendPortalUser',
      'resendPortalInvitation',
      'resetPermissions',
    ] as const)
      expect(bare(await shop.owner.call(name, { user: theirs.id })), name).toEqual(
        bare(await shop.owner.call(name, { user: crypto.randomUUID() })),
      )
    expect((await other.owner.ok('getPortalUser', { user: theirs.id })).displayStatus).toBe('active')
  })
})

describe('the list', () => {
  it('CP-26 E-13 finds by name or email as one types, without accents, and says so when nobody matches', async () => {
    const [anna, bob] = [
      await shop.portalUser({ name: 'Anna Müller', email: address('anna') }),
      await shop.portalUser({ name: 'Bob O’Neill', email: address('bob') }),
    ]
    await at.stored((db) =>
      db
        .updateTable('portal_users')
        .set({ search_text: `anna muller ${anna.email}` })
        .where('account_id', '=', shop.id)
        .where('id', '=', anna.id)
        .execute(),
    )
    const found = async (search: string) => (await list({ search })).rows.map((row) => row.id)
    expect(await found('MULL')).toEqual([anna.id])
    expect(await found('müller anna')).toEqual([anna.id])
    expect(await found(bob.email.slice(0, 6))).toEqual([bob.id])
    expect(await found('')).toEqual([anna.id, bob.id])
    for (const nothing of ['zzz', '%', '_____________________________________', "' or 1=1 --", '\\'])
      expect(await found(nothing), nothing).toEqual([])
  })

  it('PS-12 counts what the search finds, and each count is as long as its list', async () => {
    for (const status of ['active', 'active', 'invited', 'signed_up', 'suspended', 'removed'])
      await shop.portalUser({ status, name: `Ann ${status}` })
    await shop.portalUser({ name: 'Zed' })
    const { counts } = await list({ search: 'ann' })
    expect(counts).toEqual({ all: 5, active: 2, notActivated: 2, suspended: 1, removed: 1 })
    for (const displayStatus of ['active', 'notActivated', 'suspended', 'removed'] as const)
      expect((await list({ search: 'ann', displayStatus })).rows, displayStatus).toHaveLength(counts[displayStatus])
    expect((await list({ search: 'ann' })).rows).toHaveLength(counts.all)
  })

  it('E-15 CP-13 tells invited, signed up, active, suspended and removed apart, and calls the first two not activated', async () => {
    for (const status of ['invited', 'signed_up', 'active', 'suspended', 'removed']) {
      const { id } = await shop.portalUser({ status, name: status })
      expect(await shop.owner.ok('getPortalUser', { user: id }), status).toMatchObject({
        status,
        displayStatus: status === 'invited' || status === 'signed_up' ? 'notActivated' : status,
      })
    }
  })

  it.each(['name', '-name', 'status', '-status', 'lastSignIn', '-lastSignIn', 'created', '-created'])(
    'pages through everybody once, sorted by %s',
    async (sort) => {
      await at.stored(async (db) => {
        await db
          .insertInto('portal_users')
          .values(
            Array.from({ length: 120 }, (_, each) => ({
              account_id: shop.id,
              id: crypto.randomUUID(),
              email: `u${each}@post.example`,
              email_norm: `u${each}@post.example`,
              status: ['active', 'invited', 'suspended'][each % 3]!,
              // Many share a name, and many never signed in: ties must not lose anybody.
              search_text: `ann ${each % 7}`,
              last_sign_in_at: each % 2 ? new Date(at.clock.now().getTime() - each * 1000) : null,
              created_at: at.clock.now(),
              updated_at: at.clock.now(),
            })),
          )
          .execute()
      })
      const seen: string[] = []
      let next: string | undefined
      do {
        const page = await list({ sort, ...(next && { cursor: next }) })
        seen.push(...page.rows.map((row) => row.id))
        next = page.next ?? undefined
      } while (next)
      expect(seen).toHaveLength(120)
      expect(new Set(seen).size).toBe(120)
    },
  )

  it('V-20 names the customers of each user and how many there are', async () => {
    const customers = [
      await shop.customer('Dockside'),
      await shop.customer('Quayside'),
      await shop.customer('Lockside'),
    ]
    const many = await shop.portalUser({ customers }),
      none = await shop.portalUser()
    expect((await rowOf(many.id))?.customers).toEqual({ count: 3, names: ['Dockside', 'Quayside'] })
    expect((await rowOf(none.id))?.customers).toEqual({ count: 0, names: [] })
    expect((await list({ customer: customers[1] })).rows.map((row) => row.id)).toEqual([many.id])
  })

  it('PS-14 refuses orders, filters and cursors it does not know', async () => {
    for (const query of [
      { sort: 'password_hash' },
      { displayStatus: 'locked' },
      { password: 'x' },
      { cursor: 'nonsense' },
      { customer: '1 or 1=1' },
    ])
      expect((await shop.owner.call('listPortalUsers', query)).status, JSON.stringify(query)).toBe(422)
  })

  it('PS-32 E-70 shows nothing of passwords, tokens or sessions', async () => {
    const user = await shop.portalUser()
    const text = JSON.stringify([await list(), await shop.owner.ok('getPortalUser', { user: user.id })])
    expect(text).not.toMatch(/argon2|password|hash|token"/i)
  })
})

describe('resending', () => {
  it('CP-14 E-03 a resend ends the earlier link, and clicks within a minute are throttled', async () => {
    const email = address()
    const { id } = await shop.owner.ok('addPortalUser', { email })
    const first = await tokenIn(email)
    const impatient = await shop.owner.call('resendPortalInvitation', { user: id })
    expect(impatient).toMatchObject({ status: 429, body: { code: 'resentTooSoon' } })
    expect(Number(impatient.headers['retry-after'])).toBeGreaterThan(0)
    waitAMinute()
    const clicks = await Promise.all(
      Array.from({ length: 8 }, () => shop.owner.call('resendPortalInvitation', { user: id })),
    )
    expect(clicks.filter(({ status }) => status === 200)).toHaveLength(1)
    const second = await tokenIn(email)
    expect(second).not.toBe(first)
    expect((await shop.visitor().ok('getActivation', { token: first })).status).toBe('replaced')
    expect((await shop.visitor().ok('getActivation', { token: second })).status).toBe('open')
  })

  it.each([
    ['active', 'alreadyActivated'],
    ['suspended', 'portalUserSuspended'],
    ['removed', 'portalUserRemoved'],
  ])('CP-14 is not offered for a user who is %s', async (status, code) => {
    const { id } = await shop.portalUser({ status })
    expect((await shop.owner.ok('getPortalUser', { user: id })).can.resend).toBe(false)
    expect(await shop.owner.call('resendPortalInvitation', { user: id })).toMatchObject({ status: 409, body: { code } })
  })
})

describe('another address', () => {
  it('E-10 before activation the old link is void and the new address gets the mail', async () => {
    const [old, email] = [address(), address('new')]
    const { id } = await shop.owner.ok('addPortalUser', { email: old })
    const first = await tokenIn(old)
    const { version } = await shop.owner.ok('getPortalUser', { user: id })
    expect(await shop.owner.ok('updatePortalUser', { user: id, version, email })).toMatchObject({
      outcome: 'invitedAnew',
    })
    expect(await rowOf(id)).toMatchObject({ email })
    expect((await shop.visitor().ok('getActivation', { token: first })).status).toBe('replaced')
    expect((await shop.visitor().ok('getActivation', { token: await tokenIn(email) })).status).toBe('open')
    expect((await list({ search: email })).rows).toHaveLength(1)
  })

  it('E-10 of an active user the old address stays until the new one is confirmed there', async () => {
    const user = await shop.portalUser()
    const email = address('new')
    expect(await shop.owner.ok('updatePortalUser', { user: user.id, version: 1, email })).toMatchObject({
      outcome: 'confirmationSent',
    })
    expect(await shop.owner.ok('getPortalUser', { user: user.id })).toMatchObject({
      email: user.email,
      pendingEmail: email,
    })
    expect(await at.mailTo(email)).toHaveLength(1)
  })

  it('E-01 E-41 a taken address and a page seen too long ago are refused', async () => {
    const [user, other] = [await shop.portalUser(), await shop.portalUser()]
    expect(
      await shop.owner.call('updatePortalUser', { user: user.id, version: 1, email: other.email.toUpperCase() }),
    ).toMatchObject({ status: 409, body: { code: 'alreadyPortalUser', vars: { user: other.id } } })
    expect(await shop.owner.call('updatePortalUser', { user: user.id, version: 7, email: address() })).toMatchObject({
      status: 409,
      body: { code: 'editConflict' },
    })
    expect(await shop.owner.call('updatePortalUser', { user: user.id, version: 1, email: user.email })).toMatchObject({
      status: 422,
    })
  })
})

describe('customers of a user', () => {
  it('V-27 PS-09 linking lets the user reach a customer on the next request, unlinking ends it and deletes nothing', async () => {
    const customer = await shop.customer('Lockside Hotel')
    const user = await shop.portalUser()
    const { id: link } = await shop.owner.ok('linkCustomer', { user: user.id, customer })
    expect(await shop.owner.call('linkCustomer', { user: user.id, customer })).toMatchObject({
      status: 409,
      body: { code: 'alreadyLinked' },
    })
    await shop.owner.ok('unlinkCustomer', { user: user.id, link })
    expect(await linksOf(user.id)).toEqual([])
    expect(
      await at.stored((db) =>
        db
          .selectFrom('customers')
          .select('name')
          .where('account_id', '=', shop.id)
          .where('id', '=', customer)
          .execute(),
      ),
    ).toEqual([{ name: 'Lockside Hotel' }])
    expect((await shop.owner.call('unlinkCustomer', { user: user.id, link })).status).toBe(404)
    const other = await at.business()
    expect((await shop.owner.call('linkCustomer', { user: user.id, customer: await other.customer() })).status).toBe(
      422,
    )
  })

  it('V-21 each link has its own permissions, and each value says where it comes from', async () => {
    const [a, b] = [await shop.customer('A'), await shop.customer('B')]
    const user = await shop.portalUser({ customers: [a, b], permissions: { editJobs: false } })
    const [toA] = (await shop.owner.ok('getPortalUser', { user: user.id })).links
    await shop.owner.ok('updatePortalLink', { user: user.id, link: toA!.id, permissions: { cancelJobs: false } })
    await switchOn({
      switches: { createJobs: true, chooseTemplates: true, editJobs: true, cancelJobs: true, deleteJobs: false },
    })
    const { links } = await shop.owner.ok('getPortalUser', { user: user.id })
    const value = (at: number, name: string) => links[at]!.permissions.find(({ permission }) => permission === name)
    expect(value(0, 'cancelJobs')).toEqual({
      permission: 'cancelJobs',
      allowed: false,
      source: 'link',
      own: false,
      otherwise: true,
    })
    expect(value(1, 'cancelJobs')).toEqual({
      permission: 'cancelJobs',
      allowed: true,
      source: 'default',
      own: null,
      otherwise: true,
    })
    expect(value(1, 'editJobs')).toMatchObject({ allowed: false, source: 'user' })
    expect(value(1, 'deleteJobs')).toMatchObject({ allowed: false, source: 'switch' })
    await shop.owner.ok('updatePortalLink', { user: user.id, link: toA!.id, permissions: null })
    expect((await linksOf(user.id)).map(({ permissions }) => permissions)).toEqual([null, null])
  })

  it('E-24 a customer known by the same address is suggested to staff and never linked by itself', async () => {
    const user = await shop.portalUser()
    const [known, other] = [await shop.customer('Finch'), await shop.customer('Somebody else')]
    await at.stored((db) =>
      db
        .insertInto('contacts')
        .values({
          account_id: shop.id,
          id: crypto.randomUUID(),
          customer_id: known,
          name: 'E. Finch',
          email: user.email,
          email_norm: user.email,
          created_at: at.clock.now(),
          updated_at: at.clock.now(),
        })
        .execute(),
    )
    expect((await shop.owner.ok('getPortalUser', { user: user.id })).suggestions).toEqual([
      { id: known, name: 'Finch', contact: 'E. Finch' },
    ])
    expect(await linksOf(user.id)).toEqual([])
    await shop.owner.ok('linkCustomer', { user: user.id, customer: known })
    expect((await shop.owner.ok('getPortalUser', { user: user.id })).suggestions).toEqual([])
    expect(other).toBeTruthy()
  })
})

describe('permissions and templates of a user', () => {
  it('V-22 V-23 who is not customised follows the defaults live; customised is kept; reset follows again', async () => {
    const user = await shop.portalUser()
    const value = async () =>
      (await shop.owner.ok('getPortalUser', { user: user.id })).permissions.values.find(
        ({ permission }) => permission === 'cancelJobs',
      )
    const defaults = { createJobs: true, chooseTemplates: true, editJobs: true, cancelJobs: false, deleteJobs: false }
    expect(await value()).toMatchObject({ allowed: true, source: 'default' })
    await switchOn({ permissions: defaults })
    expect(await value()).toMatchObject({ allowed: false, source: 'default' })
    const { version } = await shop.owner.ok('customizePermissions', {
      user: user.id,
      version: 1,
      permissions: { cancelJobs: true },
    })
    expect(await value()).toMatchObject({ allowed: true, source: 'user', otherwise: false })
    expect(await shop.owner.call('customizePermissions', { user: user.id, version: 1, permissions: {} })).toMatchObject(
      { status: 409, body: { code: 'editConflict' } },
    )
    expect(version).toBe(2)
    await shop.owner.ok('resetPermissions', { user: user.id })
    expect(await value()).toMatchObject({ allowed: false, source: 'default', own: null })
    expect((await userRow(user.id)).permissions).toBeNull()
  })

  it('V-03 no permission of a user exceeds the account’s switch', async () => {
    const user = await shop.portalUser({ permissions: { deleteJobs: true } })
    await switchOn({
      switches: { createJobs: true, chooseTemplates: true, editJobs: true, cancelJobs: true, deleteJobs: false },
    })
    expect(
      (await shop.owner.ok('getPortalUser', { user: user.id })).permissions.values.find(
        ({ permission }) => permission === 'deleteJobs',
      ),
    ).toMatchObject({ allowed: false, source: 'switch', own: true })
  })

  it('V-25 templates can be added to the defaults, replace them, or be hidden from this user', async () => {
    const [one, two, three] = [
      await shop.template({ name: 'One' }),
      await shop.template({ name: 'Two' }),
      await shop.template({ name: 'Three', offered: false }),
    ]
    const user = await shop.portalUser()
    const access = async (mode: string, templates: string[]) => {
      const { version } = await shop.owner.ok('getPortalUser', { user: user.id })
      await shop.owner.ok('setTemplateAccess', { user: user.id, version, mode: mode as 'add', templates })
      return (await shop.owner.ok('getPortalUser', { user: user.id })).templates.choices
        .filter(({ bookable }) => bookable)
        .map(({ name }) => name)
        .sort()
    }
    expect(await access('add', [three])).toEqual(['One', 'Three', 'Two'])
    expect(await access('replace', [three])).toEqual(['Three'])
    expect(await access('hide', [one])).toEqual(['Two'])
    expect(await access('replace', [])).toEqual([])
    expect(await access('default', [three])).toEqual(['One', 'Two'])
    expect((await userRow(user.id)).templates).toEqual([])
    const other = await at.business()
    expect(
      await shop.owner.call('setTemplateAccess', {
        user: user.id,
        version: 6,
        mode: 'add',
        templates: [await other.template()],
      }),
    ).toMatchObject({ status: 422 })
    expect(two).toBeTruthy()
  })
})

describe('suspending', () => {
  it('PS-48 A8 ends every session at once and refuses sign-in, until reactivated', async () => {
    const user = await shop.portalUser()
    expect((await user.call('getCurrentPortalUser')).status).toBe(200)
    expect(await shop.owner.ok('suspendPortalUser', { user: user.id })).toEqual({ sessionsEnded: 1 })
    expect((await user.call('getCurrentPortalUser')).status).toBe(401)
    expect((await shop.visitor().call('signInToPortal', { email: user.email, password: PASSWORD })).status).toBe(401)
    await shop.owner.ok('reactivatePortalUser', { user: user.id })
    expect((await shop.visitor().call('signInToPortal', { email: user.email, password: PASSWORD })).status).toBe(200)
    // The old session does not come back to life.
    expect((await user.call('getCurrentPortalUser')).status).toBe(401)
  })

  it('is refused for somebody who has not activated, and is no trap for the second who presses it', async () => {
    const waiting = await shop.portalUser({ status: 'invited' }),
      user = await shop.portalUser()
    expect(await shop.owner.call('suspendPortalUser', { user: waiting.id })).toMatchObject({
      status: 409,
      body: { code: 'notActivatedYet' },
    })
    await shop.owner.ok('suspendPortalUser', { user: user.id })
    expect(await shop.owner.ok('suspendPortalUser', { user: user.id })).toEqual({ sessionsEnded: 0 })
  })
})

describe('removing', () => {
  const jobOf = async (user: string, customer: string, template: string) =>
    at.stored((db) =>
      db
        .insertInto('jobs')
        .values({
          account_id: shop.id,
          id: crypto.randomUUID(),
          number: ++count,
          customer_id: customer,
          template_id: template,
          template_version: 1,
          title: 'Dishwasher',
          created_by_kind: 'portalUser',
          created_by_id: user,
          created_by_name: 'Naveed Aslam',
          status: 'assigned',
          search_text_portal: '',
          search_text_office: '',
          created_at: at.clock.now(),
          updated_at: at.clock.now(),
        })
        .returningAll()
        .executeTakeFirstOrThrow(),
    )

  it('CP-25 CP-28 CP-29 access, sessions, links and open mails end at once', async () => {
    const customers = [await shop.customer('Dockside'), await shop.customer('Quayside')]
    const user = await shop.portalUser({ name: 'Naveed Aslam', customers })
    const email = address('new')
    await shop.owner.ok('updatePortalUser', { user: user.id, version: 1, email })
    expect(await shop.owner.ok('removePortalUser', { user: user.id })).toEqual({
      outcome: 'removed',
      name: 'Naveed Aslam',
      ended: { sessions: 1, links: 2 },
    })
    expect((await user.call('getCurrentPortalUser')).status).toBe(401)
    expect((await shop.visitor().call('signInToPortal', { email: user.email, password: PASSWORD })).status).toBe(401)
    expect(await linksOf(user.id)).toEqual([])
    expect(await sessionsOf(user.id)).toEqual([])
    // The link that was still on its way is called back.
    expect(await at.mailTo(email)).toEqual([])
    expect(await userRow(user.id)).toMatchObject({ status: 'removed', password_hash: null, pending_email: null })
  })

  it('CP-30 CP-31 customers and jobs stay exactly as they were, with who made them', async () => {
    const customer = await shop.customer('Dockside'),
      template = await shop.template()
    const user = await shop.portalUser({ customers: [customer] })
    const job = await jobOf(user.id, customer, template)
    const stored = () =>
      at.stored(async (db) => [
        await db.selectFrom('customers').selectAll().where('account_id', '=', shop.id).execute(),
        await db.selectFrom('jobs').selectAll().where('account_id', '=', shop.id).execute(),
      ])
    const before = await stored()
    expect((await shop.owner.ok('getPortalUser', { user: user.id })).removal).toEqual({
      sessions: 1,
      links: 1,
      jobs: 1,
    })
    await shop.owner.ok('removePortalUser', { user: user.id })
    expect(await stored()).toEqual(before)
    expect(job.created_by_id).toBe(user.id)
  })

  it('E-12 of two admins who remove at once the second learns that it was done', async () => {
    const user = await shop.portalUser({ name: 'Dana Whitlock' }),
      admin = await shop.staff('admin')
    const outcomes = await Promise.all([shop.owner, admin].map((who) => who.ok('removePortalUser', { user: user.id })))
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['alreadyRemoved', 'removed'])
    expect(outcomes.map(({ name }) => name)).toEqual(['Dana Whitlock', 'Dana Whitlock'])
    expect(
      await at.stored((db) =>
        db
          .selectFrom('audit')
          .select('event')
          .where('account_id', '=', shop.id)
          .where('event', '=', 'portalUserRemoved')
          .execute(),
      ),
    ).toHaveLength(1)
  })

  it('E-02 a removed address can be invited again, without old links, permissions or mails', async () => {
    const email = address()
    const customer = await shop.customer()
    const { id: first } = await shop.owner.ok('addPortalUser', {
      email,
      customers: [customer],
      permissions: { deleteJobs: true },
    })
    const oldToken = await tokenIn(email)
    await shop.owner.ok('removePortalUser', { user: first })
    expect(['unknown', 'replaced']).toContain((await shop.visitor().ok('getActivation', { token: oldToken })).status)
    const { id: second } = await shop.owner.ok('addPortalUser', { email })
    expect(second).not.toBe(first)
    expect(await shop.owner.ok('getPortalUser', { user: second })).toMatchObject({
      links: [],
      permissions: { customized: false },
      displayStatus: 'notActivated',
    })
    expect((await list()).counts).toMatchObject({ all: 1, removed: 1 })
  })

  it('a removed user’s page tells so and offers nothing', async () => {
    const user = await shop.portalUser({ status: 'removed' })
    expect((await shop.owner.ok('getPortalUser', { user: user.id })).can).toEqual({
      resend: false,
      manage: false,
      changeEmail: false,
      suspend: false,
      reactivate: false,
      remove: false,
    })
    expect(
      await shop.owner.call('customizePermissions', { user: user.id, version: 1, permissions: { deleteJobs: true } }),
    ).toMatchObject({ status: 409, body: { code: 'portalUserRemoved' } })
  })

  it('1J tells the user only when the business wants it', async () => {
    const [quiet, told] = [await shop.portalUser({ name: 'Quiet' }), await shop.portalUser({ name: 'Told' })]
    await shop.owner.ok('removePortalUser', { user: quiet.id })
    await switchOn({ mailOnRemoval: true })
    await shop.owner.ok('removePortalUser', { user: told.id })
    expect(await at.mailTo(quiet.email)).toEqual([])
    expect(await at.mailTo(told.email)).toMatchObject([{ subject: expect.stringContaining('ended') }])
  })

  it('CP-28 a removed user’s activation mail that still waited is never sent', async () => {
    const email = address()
    const { id } = await shop.owner.ok('addPortalUser', { email })
    await shop.owner.ok('removePortalUser', { user: id })
    expect(await at.mailTo(email)).toEqual([])
  })
})

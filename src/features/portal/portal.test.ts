import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { PASSWORD, startTestServer, type Business, type Person, type TestServer } from '../../../test/test-server.ts'

let at: TestServer, shop: Business
beforeAll(async () => {
  at = await startTestServer()
})
beforeEach(async () => {
  shop = await at.business()
})

const change = async (who: Business['owner'], wish: Record<string, unknown>) => {
  const { version } = await who.ok('getPortalSettings')
  return who.call('updatePortalSettings', { version, ...wish })
}
const auditOf = (business: Business) =>
  at.stored((db) =>
    db.selectFrom('audit').selectAll().where('account_id', '=', business.id).orderBy('created_at').execute(),
  )

describe('portal settings', () => {
  it('CP-02 V-02 the owner turns the portal off and on, and all other settings stay', async () => {
    await change(shop.owner, { introduction: 'Welcome aboard.', name: 'Harbour online' })
    expect((await change(shop.owner, { enabled: false })).body).toMatchObject({
      enabled: false,
      introduction: 'Welcome aboard.',
      name: 'Harbour online',
    })
    expect((await change(shop.owner, { enabled: true })).body).toMatchObject({
      enabled: true,
      introduction: 'Welcome aboard.',
    })
  })

  it('E-09 PS-48 turning the portal off ends every session of it, and of no other portal', async () => {
    const other = await at.business()
    const [eleanor, stranger] = [await shop.portalUser(), await other.portalUser()]
    expect((await change(shop.owner, { enabled: false })).body).toMatchObject({ sessionsEnded: 1 })
    const sessions = (business: Business) =>
      at.stored((db) => db.selectFrom('portal_sessions').select('id').where('account_id', '=', business.id).execute())
    expect(await sessions(shop)).toEqual([])
    expect(await sessions(other)).toHaveLength(1)
    const status = async (person: Person) => (await person.call('getCurrentPortalUser')).status
    expect([await status(eleanor), await status(stranger)]).toEqual([401, 200])
    // On again: the login is as active as before, only signed out.
    await change(shop.owner, { enabled: true })
    expect(await status(eleanor)).toBe(401)
    await eleanor.ok('signInToPortal', { email: eleanor.email, password: PASSWORD })
    expect(await status(eleanor)).toBe(200)
  })

  it('E-41 of two changes to the same page the second is refused and not stored', async () => {
    const admin = await shop.staff('admin')
    const { version } = await admin.ok('getPortalSettings')
    await shop.owner.ok('updatePortalSettings', { version, public: false })
    const late = await admin.call('updatePortalSettings', { version, public: true, introduction: 'Too late' })
    expect(late).toMatchObject({ status: 409, body: { code: 'editConflict' } })
    expect(await shop.owner.ok('getPortalSettings')).toMatchObject({ public: false, introduction: '' })
  })

  it('of twenty simultaneous changes exactly one is stored', async () => {
    const { version } = await shop.owner.ok('getPortalSettings')
    const saves = await Promise.all(
      Array.from({ length: 20 }, (_, each) =>
        shop.owner.call('updatePortalSettings', { version, introduction: `Words ${each}` }),
      ),
    )
    expect(saves.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(saves.filter(({ status }) => status === 409)).toHaveLength(19)
  })

  it('V-08 sign-up asks for what the owner chose; email and password are always required', async () => {
    const signUpFields = { name: 'required', phone: 'off', company: 'optional', address: 'required' }
    expect((await change(shop.owner, { signUpFields })).body).toMatchObject({ signUpFields })
    expect((await change(shop.owner, { signUpFields: { ...signUpFields, password: 'off' } })).body).toMatchObject({
      code: 'input',
      fields: { 'signUpFields.password': { code: 'unknown' } },
    })
  })

  it('sign-up domains are stored normalized, and an invalid one is refused', async () => {
    expect(
      (
        await change(shop.owner, {
          signUpDomains: [' @Lockside.Example', 'https://dock.example/', 'lockside.example', ''],
        })
      ).body,
    ).toMatchObject({ signUpDomains: ['lockside.example', 'dock.example'] })
    for (const bad of [
      'localhost',
      'a b.example',
      'x@y.example',
      '*.example',
      '-a.example',
      '.example',
      '<script>.example',
    ])
      expect((await change(shop.owner, { signUpDomains: [bad] })).body, bad).toMatchObject({
        fields: { signUpDomains: { code: 'domain' } },
      })
  })

  it('V-24 default templates keep their order, and only the account’s own can be offered', async () => {
    const other = await at.business()
    const [one, two] = [
      await shop.template({ name: 'Oven repair' }),
      await shop.template({ name: 'Hob repair', offered: false }),
    ]
    const foreign = await other.template()
    expect((await change(shop.owner, { templates: [two, one, two] })).body).toMatchObject({
      templates: [two, one],
      choices: [{ name: 'Hob repair', offered: true }, { name: 'Oven repair' }],
    })
    expect((await change(shop.owner, { templates: [two, foreign] })).body).toMatchObject({
      fields: { templates: { code: 'choice' } },
    })
    expect((await shop.owner.ok('getPortalSettings')).templates).toEqual([two, one])
  })

  it('V-11 the button for the business’s website links to its sign-in page and loads nothing from Portico', async () => {
    await change(shop.owner, { name: '"><script>alert(1)</script>' })
    const { button, addresses } = await shop.owner.ok('getPortalSettings')
    expect(button).toContain(`href="${addresses.signIn}"`)
    expect(addresses.signUp).toMatch(new RegExp(`${shop.slug}.*/signup$`))
    expect(button).not.toMatch(/<script|src=|onclick/i)
  })

  it('the audit records each change with its author, old value and new value', async () => {
    await change(shop.owner, { public: false })
    expect(await auditOf(shop)).toMatchObject([
      { event: 'portalSettingsChanged', actor_id: shop.owner.id, details: { changes: { public: [true, false] } } },
    ])
  })

  it.each(['dispatcher', 'worker'] as const)(
    'ACCESS a %s neither sees nor changes the settings, and only the refusals are recorded',
    async (role) => {
      const who = await shop.staff(role)
      expect(await who.call('getPortalSettings')).toMatchObject({ status: 403, body: { code: 'managersOnly' } })
      expect(await who.call('updatePortalSettings', { version: 1, enabled: false })).toMatchObject({ status: 403 })
      expect(await who.call('changePortalAddress', { slug: 'mine-now' })).toMatchObject({ status: 403 })
      expect(await who.call('getPortalChecklist')).toMatchObject({ status: 403 })
      expect((await shop.owner.ok('getPortalSettings')).version).toBe(1)
      expect((await auditOf(shop)).map(({ event }) => event)).toEqual([
        'settingsChangeRefused',
        'settingsChangeRefused',
      ])
    },
  )

  it('PS-37 a portal user and staff of another business have no access', async () => {
    const other = await at.business()
    for (const who of [other.owner, await shop.portalUser()])
      expect([401, 404]).toContain((await who.call('getPortalSettings', {}, { slug: shop.slug })).status)
  })
})

describe('the portal’s address', () => {
  it('CP-03 the business chooses its address, and the old one redirects to the new one for a year', async () => {
    const slug = `harbour-${shop.slug}`
    await shop.owner.ok('changePortalAddress', { slug: slug.toUpperCase() })
    const old = await shop.owner.call('getPortalSettings')
    expect(old.status).toBe(308)
    expect(old.headers.location).toBe(`/api/v1/office/${slug}/portal-settings`)
    // The portal's own host answers only for its own name: the new one is on another host.
    expect((await shop.visitor().call('getPortal')).headers.location).toMatch(
      new RegExp(`^http://${slug}\\.localhost(:\\d+)?/api/v1/portal/${slug}$`),
    )
    expect((await shop.owner.call('getPortalSettings', {}, { slug })).body).toMatchObject({ slug })
    const day = 24 * 3600_000
    const openOldAddress = () => shop.visitor('path').call('getPortal', {}, { place: 'path' })
    // Sessions have ended by then, so that each owner who asks for the old address is a new one.
    const takeOldAddress = async () =>
      (await (await at.business()).owner.call('changePortalAddress', { slug: shop.slug })).status
    at.clock.advance(364 * day)
    expect((await openOldAddress()).headers.location).toContain(`/portal/${slug}`)
    expect(await takeOldAddress()).toBe(409)
    at.clock.advance(2 * day)
    expect((await openOldAddress()).status).toBe(404)
    expect(await takeOldAddress()).toBe(200)
  })

  it.each([
    'www',
    'api',
    'office',
    'p',
    'mailbox',
    '_app',
    'a',
    '-a',
    'a-',
    'a.b',
    'a b',
    'xn--mnchen-3ya',
    'ä',
    'x'.repeat(41),
  ])('refuses “%s”', async (slug) => {
    expect(await shop.owner.call('changePortalAddress', { slug })).toMatchObject({
      status: 422,
      body: { fields: { slug: {} } },
    })
  })

  it('does not accept another business’s address, neither its current nor its previous one', async () => {
    const other = await at.business()
    expect(await shop.owner.call('changePortalAddress', { slug: other.slug })).toMatchObject({
      status: 409,
      body: { code: 'portalAddressTaken' },
    })
    await other.owner.ok('changePortalAddress', { slug: `${other.slug}x` })
    expect(await shop.owner.call('changePortalAddress', { slug: other.slug })).toMatchObject({ status: 409 })
  })
})

describe('the checklist', () => {
  const lines = async () => {
    const { questions, done, of } = await shop.owner.ok('getPortalChecklist')
    return {
      done,
      of,
      questions: questions.map(({ question }) => question),
      by: Object.fromEntries(questions.flatMap((each) => each.lines.map((line) => [line.code, line]))),
    }
  }

  it('CP-33 answers the four planning questions from the settings and users of the account', async () => {
    const before = await lines()
    expect(before.questions).toEqual(['works', 'jobs', 'access', 'manage'])
    expect(before.by).toMatchObject({
      on: { status: 'done' },
      notIntroduced: { status: 'open', page: 'portalSettings', anchor: 'branding' },
      noTemplates: { status: 'open', page: 'templates' },
      public: { status: 'done' },
      book: { status: 'done' },
    })
    await shop.template()
    await change(shop.owner, {
      introduction: 'Welcome.',
      public: false,
      switches: {
        viewJobs: true,
        createJobs: false,
        chooseTemplates: true,
        editJobs: true,
        cancelJobs: true,
        deleteJobs: true,
        viewTickets: true,
        createTickets: true,
        replyTickets: true,
        closeTickets: true,
        setTicketPriority: true,
      },
    })
    const after = await lines()
    expect(after.by).toMatchObject({
      introduced: { status: 'done' },
      offered: { status: 'done', count: 1 },
      privateNoUsers: { status: 'open', page: 'newPortalUser' },
      bookOff: { status: 'note', anchor: 'permissions' },
    })
    expect(after.of).toBe(Object.values(after.by).filter(({ status }) => status !== 'note').length)
  })

  it('CP-33 E-25 says when a user without a customer could not book', async () => {
    await shop.portalUser()
    await change(shop.owner, { public: false })
    expect((await lines()).by).toMatchObject({
      private: { status: 'done', count: 1 },
      unlinkedAutomatic: { status: 'note', count: 1 },
    })
    await change(shop.owner, { createCustomers: false })
    expect((await lines()).by).toMatchObject({ unlinkedBlocked: { status: 'open', count: 1, page: 'portalUsers' } })
  })

  it('CP-33 counts users with values of their own, and not those in a group', async () => {
    const { id: group } = await shop.owner.ok('createPermissionGroup', { name: 'Tenants' })
    await shop.portalUser({ customers: [await shop.customer()], group })
    expect((await lines()).by).not.toHaveProperty('customized')
    await shop.portalUser({ customers: [await shop.customer()], permissions: { editJobs: false } })
    expect((await lines()).by).toMatchObject({ customized: { count: 1 } })
  })

  it('CP-08 the name is always asked: it can be neither optional nor off', async () => {
    const { version, signUpFields } = await shop.owner.ok('getPortalSettings')
    for (const name of ['optional', 'off']) {
      const body = { version, signUpFields: { ...signUpFields, name } as never }
      expect((await shop.owner.call('updatePortalSettings', body)).status).toBe(422)
    }
    expect((await shop.owner.ok('getPortalSettings')).signUpFields.name).toBe('required')
  })
})

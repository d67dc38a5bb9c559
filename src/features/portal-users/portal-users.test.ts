import { describe, expect, it } from 'vitest'
import {
  address,
  server,
  list,
  rowOf,
  shop,
  switchOn,
  tokenIn,
  waitAMinute,
  setUpPortalUserTests,
} from './portal-users.fixtures.ts'

setUpPortalUserTests()

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
    expect(await server.mailTo(email)).toHaveLength(1)
    expect(await rowOf(id)).toMatchObject({ mail: { status: 'delivered', result: null } })
  })

  it('CP-04 CP-06 CP-07 works in a public portal just the same', async () => {
    const open = await server.business({ public: true })
    const email = address()
    await open.owner.ok('addPortalUser', { email })
    expect(await server.mailTo(email)).toHaveLength(1)
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
    expect(await server.mailTo(email)).toHaveLength(1)
  })

  it('E-01 of twenty admins who add the same address at once exactly one does', async () => {
    const email = address()
    const replies = await Promise.all(Array.from({ length: 20 }, () => shop.owner.call('addPortalUser', { email })))
    expect(replies.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 19 }, () => 409)])
    expect((await list()).counts.all).toBe(1)
  })

  it('PS-51 the same address can be added in another business, and be that of staff', async () => {
    const other = await server.business()
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
    const other = await server.business()
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
    expect(await server.mailTo(email)).toEqual([])
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

  it('CP-02 mails nobody a link while the portal is off, and says why', async () => {
    const [invited, active] = [await shop.portalUser({ status: 'invited' }), await shop.portalUser()]
    await switchOn({ enabled: false })
    const { version } = await shop.owner.ok('getPortalUser', { user: active.id })
    for (const reply of [
      await shop.owner.call('resendPortalInvitation', { user: invited.id }),
      await shop.owner.call('sendPortalPasswordReset', { user: active.id }),
      await shop.owner.call('updatePortalUser', { user: active.id, version, email: address() }),
    ])
      expect(reply).toMatchObject({ status: 409, body: { code: 'portalIsOff' } })
    expect([await server.mailTo(invited.email), await server.mailTo(active.email)]).toEqual([[], []])
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

  it('CP-14 a user who signed up and has not activated gets a new link, which works', async () => {
    const open = await server.business({ public: true })
    const email = address()
    const visitor = open.visitor()
    await visitor.ok('signUp', { email, name: 'Martha Okonkwo', password: 'a good long password' })
    await tokenIn(email)
    const { rows } = await open.owner.ok('listPortalUsers', { search: email })
    expect(rows).toMatchObject([{ status: 'signed_up', can: { resend: true } }])
    waitAMinute()
    await open.owner.ok('resendPortalInvitation', { user: rows[0]!.id })
    expect(await server.mailTo(email)).toHaveLength(2)
    await visitor.ok('activateAccount', { token: await tokenIn(email) })
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
    expect(await server.mailTo(email)).toHaveLength(1)
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

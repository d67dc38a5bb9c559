import { describe, expect, it } from 'vitest'
import { PASSWORD, type Person } from '../../../../test/test-server.ts'
import {
  address,
  listLinks,
  server,
  sessionsOf,
  setUpPortalUserTests,
  shop,
  tokenIn,
} from '../portal-users.fixtures.ts'

setUpPortalUserTests()

/** A customer with a job, its contact Ana, and a portal user of the customer. */
async function createWorld() {
  const customer = await shop.customer('Lockside Hotel')
  const { id: contact } = await shop.owner.ok('addContact', { customer, name: 'Ana Ruiz' })
  const user = await shop.portalUser({ customers: [customer], name: 'Ana Ruiz' })
  const template = await shop.template()
  const { id: job } = await shop.owner.ok('createJob', { customer, template, address: '1 Lockside' })
  const change = async (body: Record<string, unknown>) =>
    shop.owner.call('updatePortalLink', { user: user.id, link: (await linkOf(user)).id, ...body })
  const remove = (query: Record<string, unknown> = {}) =>
    shop.owner.call('removeContact', { customer, contact, ...query })
  return { customer, contact, user, job, change, remove }
}

const linkOf = async (user: { id: string }) => (await shop.owner.ok('getPortalUser', { user: user.id })).links[0]!
const statusOf = async (user: { id: string }) => (await shop.owner.ok('getPortalUser', { user: user.id })).status
const signIn = (user: Person) => shop.visitor().call('signInToPortal', { email: user.email, password: PASSWORD })
const withoutRequest = ({ status, body }: { status: number; body: object }) => ({ status, ...body, requestId: null })

describe('who a portal user is at a customer', () => {
  it('RS-11 RS-15 is chosen by the office: the contact, then the customer, each from the next request', async () => {
    const { contact, user, job, change } = await createWorld()
    const sees = async () => (await user.call('getPortalJob', { job })).status
    expect(await linkOf(user)).toMatchObject({ whole: true, contact: null, group: { kind: 'full' } })
    expect(await sees()).toBe(200)
    expect((await change({ scope: 'contact', contact })).status).toBe(200)
    expect(await linkOf(user)).toMatchObject({ whole: false, contact: { id: contact }, group: { kind: 'limited' } })
    expect(await sees()).toBe(404)
    expect((await change({ scope: 'whole' })).status).toBe(200)
    expect(await sees()).toBe(200)
  })

  it('RS-16 stays known after a promotion to the whole customer', async () => {
    const { contact, user, change } = await createWorld()
    await change({ scope: 'contact', contact })
    await change({ scope: 'whole' })
    expect(await linkOf(user)).toMatchObject({ whole: true, contact: { id: contact, name: 'Ana Ruiz' } })
    expect(await listLinks(user.id)).toMatchObject([{ scope: 'whole', contact_id: contact }])
  })

  it('RS-14 is a contact of that customer; without one the scope stays as it is', async () => {
    const { user, job, change } = await createWorld()
    const { id: foreign } = await shop.owner.ok('addContact', { customer: await shop.customer(), name: 'Ben' })
    for (const body of [{ scope: 'contact' }, { scope: 'contact', contact: foreign }, { contact: foreign }])
      expect(await change(body)).toMatchObject({ status: 422, body: { fields: { contact: { code: 'choice' } } } })
    expect(await listLinks(user.id)).toMatchObject([{ scope: 'whole', contact_id: null }])
    const dispatcher = await shop.staff('dispatcher')
    const link = (await linkOf(user)).id
    expect((await dispatcher.call('updatePortalLink', { user: user.id, link, scope: 'whole' })).status).toBe(403)
    expect((await user.call('getPortalJob', { job })).status).toBe(200)
  })
})

describe('a new portal user', () => {
  it('RS-09 RS-02 is attached to the customer, or to a contact that is chosen', async () => {
    const { customer, contact } = await createWorld()
    const add = (more: object) => shop.owner.ok('addPortalUser', { email: address(), customers: [customer], ...more })
    const whole = await add({})
    expect(await linkOf(whole)).toMatchObject({ whole: true, contact: null, group: { kind: 'full' } })
    const confined = await add({ contact, scope: 'contact' })
    expect(await linkOf(confined)).toMatchObject({ whole: false, contact: { id: contact }, group: { kind: 'limited' } })
    const known = await add({ contact })
    expect(await linkOf(known)).toMatchObject({ whole: true, contact: { id: contact } })
  })

  it('RS-14 is confined to a contact of one customer that is named', async () => {
    const { customer, contact } = await createWorld()
    const other = await shop.customer()
    const add = (more: object) => shop.owner.call('addPortalUser', { email: address(), ...more })
    for (const body of [
      { customers: [customer], scope: 'contact' },
      { customers: [other], scope: 'contact', contact },
      { customers: [customer, other], scope: 'contact', contact },
    ])
      expect(await add(body)).toMatchObject({ status: 422, body: { fields: { contact: { code: 'choice' } } } })
  })

  it('5C-6 who has a login already acts for a contact of a second customer, and is not widened there', async () => {
    const { user } = await createWorld()
    const customer = await shop.customer('Quay Apartments')
    const { id: contact } = await shop.owner.ok('addContact', { customer, name: 'Ana Ruiz' })
    const link = (more: object) => shop.owner.call('linkCustomer', { user: user.id, customer, ...more })
    expect((await link({ scope: 'contact' })).status).toBe(422)
    expect((await link({ scope: 'contact', contact })).status).toBe(201)
    const { links } = await shop.owner.ok('getPortalUser', { user: user.id })
    expect(links).toMatchObject([{ whole: true }, { whole: false, contact: { id: contact } }])
    expect((await link({})).status).toBe(409)
  })
})

describe('removing a contact', () => {
  it('RS-03 suspends its portal users once that is confirmed, and widens nobody', async () => {
    const { contact, user, job, change, remove } = await createWorld()
    await change({ scope: 'contact', contact })
    expect(await remove()).toMatchObject({ status: 409, body: { code: 'contactIsLinked', vars: { count: 1 } } })
    expect(await statusOf(user)).toBe('active')
    expect((await remove({ portalUsers: 'suspend' })).status).toBe(200)
    expect(await statusOf(user)).toBe('suspended')
    expect(await sessionsOf(user.id)).toEqual([])
    const wrong = await shop.visitor().call('signInToPortal', { email: user.email, password: 'not the password' })
    expect(withoutRequest(await signIn(user))).toEqual(withoutRequest(wrong))
    expect((await user.call('getPortalJob', { job })).status).toBe(401)
    await shop.visitor().ok('requestPortalPasswordReset', { email: user.email })
    expect(await server.mailTo(user.email)).toEqual([])
    expect(await listLinks(user.id)).toMatchObject([{ scope: 'contact', contact_id: null }])
    const entry = await server.stored((db) =>
      db
        .selectFrom('audit')
        .select('details')
        .where('account_id', '=', shop.id)
        .where('event', '=', 'contactRemoved')
        .executeTakeFirstOrThrow(),
    )
    expect(entry.details).toEqual({ contact, suspended: [user.id] })
  })

  it('RS-03 keeps its users out until they are attached to somebody else', async () => {
    const { contact, user, job, change, remove } = await createWorld()
    await change({ scope: 'contact', contact })
    await remove({ portalUsers: 'suspend' })
    expect(await shop.owner.call('reactivatePortalUser', { user: user.id })).toMatchObject({
      status: 409,
      body: { code: 'contactGone' },
    })
    expect((await change({ scope: 'whole' })).status).toBe(200)
    expect((await signIn(user)).status).toBe(401)
    await shop.owner.ok('reactivatePortalUser', { user: user.id })
    const visitor = shop.visitor()
    await visitor.ok('signInToPortal', { email: user.email, password: PASSWORD })
    expect((await visitor.call('getPortalJob', { job })).status).toBe(200)
  })

  it('suspends users who were promoted from it, and invited ones, who stay invited afterwards', async () => {
    const { customer, contact, user, change, remove } = await createWorld()
    await change({ contact })
    const email = address()
    const { id: invited } = await shop.owner.ok('addPortalUser', { email, customers: [customer] })
    const link = (await linkOf({ id: invited })).id
    await shop.owner.ok('updatePortalLink', { user: invited, link, scope: 'contact', contact })
    const token = await tokenIn(email)
    await remove({ portalUsers: 'suspend' })
    expect([await statusOf(user), await statusOf({ id: invited })]).toEqual(['suspended', 'suspended'])
    const details = { token, name: 'Ivy Marsh', password: 'seven quiet lanterns' }
    expect((await shop.visitor().call('acceptInvitation', details)).status).toBeGreaterThanOrEqual(400)
    await shop.owner.ok('updatePortalLink', { user: invited, link, scope: 'whole' })
    await shop.owner.ok('reactivatePortalUser', { user: invited })
    expect(await statusOf({ id: invited })).toBe('invited')
  })

  it('while somebody attaches a user to it leaves no user who is active and acts for nobody', async () => {
    const { contact, user, change, remove } = await createWorld()
    const [attached, removed] = await Promise.all([
      change({ scope: 'contact', contact }),
      remove({ portalUsers: 'suspend' }),
    ])
    expect([removed.status, [200, 422].includes(attached.status)]).toEqual([200, true])
    expect(await statusOf(user)).toBe(attached.status === 200 ? 'suspended' : 'active')
    expect(await linkOf(user)).toMatchObject({ whole: attached.status !== 200 })
  })
})

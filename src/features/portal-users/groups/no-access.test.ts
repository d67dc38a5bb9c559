import { describe, expect, it } from 'vitest'
import { PASSWORD } from '../../../../test/test-server.ts'
import { address, list, server, setUpPortalUserTests, shop } from '../portal-users.fixtures.ts'
import { assign, builtIn, create, linkOf, permissionOf } from './groups.fixtures.ts'

setUpPortalUserTests()

describe('No access', () => {
  it('for every customer disables a user: no sign-in, no reset, and the office sees it', async () => {
    const none = (await builtIn('none')).id
    const user = await shop.portalUser({ customers: [await shop.customer()], permissions: { viewJobs: true } })
    await assign(user, none)
    expect(await permissionOf(user, 'viewJobs')).toMatchObject({ allowed: false, source: 'group' })
    const signIn = (password: string) => shop.visitor().call('signInToPortal', { email: user.email, password })
    const [right, wrong] = [await signIn(PASSWORD), await signIn('not the password')]
    expect({ ...right.body, requestId: null }).toEqual({ ...wrong.body, requestId: null })
    expect([right.status, wrong.status]).toEqual([wrong.status, wrong.status])
    expect((await user.call('getCurrentPortalUser')).status).toBe(401)
    await shop.visitor().ok('requestPortalPasswordReset', { email: user.email })
    expect(await server.mailTo(user.email)).toEqual([])
    expect(await shop.owner.ok('getPortalUser', { user: user.id })).toMatchObject({
      status: 'active',
      displayStatus: 'disabled',
      can: { sendReset: false },
    })
    expect(await shop.owner.call('sendPortalPasswordReset', { user: user.id })).toMatchObject({
      status: 409,
      body: { code: 'portalUserDisabled' },
    })
    const listed = await list({ displayStatus: 'disabled' })
    expect(listed.rows.map(({ id, displayStatus }) => [id, displayStatus])).toEqual([[user.id, 'disabled']])
    expect(listed.counts).toMatchObject({ all: 1, active: 0, disabled: 1 })
    expect((await list({ displayStatus: 'active' })).rows).toEqual([])
    await assign(user, null)
    expect((await signIn(PASSWORD)).status).toBe(200)
    expect((await list()).counts).toMatchObject({ active: 1, disabled: 0 })
  })

  it('for one of two customers hides that one, and the user signs in', async () => {
    const template = await shop.template()
    const [a, b] = [await shop.customer('A'), await shop.customer('B')]
    const user = await shop.portalUser({ customers: [a, b], permissions: { viewJobs: true, createJobs: true } })
    const { links } = await shop.owner.ok('getPortalUser', { user: user.id })
    const { id: job } = await shop.owner.ok('createJob', { customer: a, template, address: 'x' })
    const link = links.find(({ customer }) => customer.id === a)!
    await shop.owner.ok('updatePortalLink', { user: user.id, link: link.id, group: (await builtIn('none')).id })
    expect((await user.ok('getBookingOptions')).customers.map(({ name }) => name)).toEqual(['B'])
    expect((await user.call('getPortalJob', { job })).status).toBe(404)
    expect((await user.call('createPortalJob', { customer: a, template, address: 'x' })).status).toBe(403)
    expect((await shop.visitor().call('signInToPortal', { email: user.email, password: PASSWORD })).status).toBe(200)
    expect((await list()).rows[0]).toMatchObject({ displayStatus: 'active' })
  })

  it('keeps an invited person out, who can accept once the group has changed', async () => {
    const customer = await shop.customer()
    const email = address()
    const group = (await builtIn('none')).id
    const { id: user } = await shop.owner.ok('addPortalUser', { email, customers: [customer], group })
    const token = /\/activate\/([\w-]+)/.exec((await server.mailTo(email)).at(-1)!.text ?? '')![1]!
    const accept = () =>
      shop.visitor().call('acceptInvitation', { token, name: 'Martha Okonkwo', password: 'seven quiet lanterns' })
    expect((await accept()).status).toBeGreaterThanOrEqual(400)
    const link = (await shop.owner.ok('getPortalUser', { user })).links[0]!.id
    await shop.owner.ok('updatePortalLink', { user, link, group: null })
    expect((await accept()).status).toBe(200)
  })
})

describe('a portal user who may not see jobs', () => {
  it('RS-04 finds none anywhere: no list, search, count, form, file or email choice', async () => {
    const [customer, template] = [await shop.customer(), await shop.template()]
    const limited = (await builtIn('limited')).id
    const user = await shop.portalUser({ customers: [customer], group: limited })
    const { id: job } = await shop.owner.ok('createJob', { customer, template, address: 'x' })
    const attempts = [
      await user.call('listPortalJobs'),
      await user.call('listPortalJobs', { search: 'x' }),
      await user.call('getPortalJobsOverview'),
      await user.call('getPortalJob', { job }),
      await user.call('getBookingOptions'),
      await user.call('createPortalJob', { customer, template, address: 'x' }),
      await user.call('addPortalComment', { job, body: 'Hello' }),
      await user.call('updatePortalJob', { job, version: 1, address: 'y' }),
      await user.call('cancelPortalJob', { job }),
      await user.call('deletePortalJob', { job }),
    ]
    expect(attempts.map(({ status }) => status)).toEqual(attempts.map(() => 404))
    expect((await user.ok('getCurrentPortalUser')).can).toMatchObject({ viewJobs: false, createJobs: false })
    expect((await user.ok('getPortalEmailChoices')).emails.map(({ kind }) => kind)).toEqual([
      ...['ticketCreated', 'ticketReplied', 'ticketMoved'],
    ])
    // No other permission means anything without this one.
    await assign(user, await create({ permissions: { createJobs: true, editJobs: true } }))
    expect((await user.ok('getCurrentPortalUser')).can).toMatchObject({ viewJobs: false, createJobs: false })
    expect(await permissionOf(user, 'editJobs')).toMatchObject({ allowed: false, source: 'group' })
    const absent = await user.call('getPortalJob', { job: crypto.randomUUID() })
    expect({ ...attempts[3]!.body, requestId: null }).toEqual({ ...absent.body, requestId: null })
  })
})

describe('a portal user who acts as one contact', () => {
  it('RS-03 is in the group Limited by default: their own page, and no jobs', async () => {
    const customer = await shop.customer()
    const user = await shop.portalUser({ customers: [customer] })
    const { id: contact } = await shop.owner.ok('addContact', { customer, name: 'Ana Ruiz' })
    await server.stored((db) =>
      db
        .updateTable('portal_links')
        .set({ scope: 'contact', contact_id: contact })
        .where('portal_user_id', '=', user.id)
        .execute(),
    )
    expect(await linkOf(user)).toMatchObject({ group: { kind: 'limited' }, ownGroup: false, whole: false })
    expect((await user.call('listPortalJobs')).status).toBe(404)
    expect((await user.call('getPortalProfile')).status).toBe(200)
    // Full access shows what there is of the contact itself; jobs belong to the customer as a whole.
    await assign(user, (await builtIn('full')).id)
    expect((await user.call('listPortalJobs')).status).toBe(404)
  })
})

import { describe, expect, it } from 'vitest'
import { PASSWORD } from '../../../../test/test-server.ts'
import {
  address,
  server,
  list,
  listLinks,
  sessionsOf,
  shop,
  switchOn,
  tokenIn,
  userRow,
  setUpPortalUserTests,
} from '../portal-users.fixtures.ts'

setUpPortalUserTests()

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

  it('1J tells the suspended user only when the business wants it', async () => {
    const [quiet, told] = [await shop.portalUser({ name: 'Quiet' }), await shop.portalUser({ name: 'Told' })]
    await shop.owner.ok('suspendPortalUser', { user: quiet.id })
    await switchOn({ mailOnRemoval: true })
    await shop.owner.ok('suspendPortalUser', { user: told.id })
    expect(await server.mailTo(quiet.email)).toEqual([])
    expect(await server.mailTo(told.email)).toMatchObject([{ subject: expect.stringContaining('ended') }])
  })

  it('is refused for a user who has not activated, and a second suspension ends nothing more', async () => {
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
  let jobNumber = 0
  const jobOf = async (user: string, customer: string, template: string) =>
    server.stored((db) =>
      db
        .insertInto('jobs')
        .values({
          account_id: shop.id,
          id: crypto.randomUUID(),
          number: ++jobNumber,
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
          created_at: server.clock.now(),
          updated_at: server.clock.now(),
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
    expect(await listLinks(user.id)).toEqual([])
    expect(await sessionsOf(user.id)).toEqual([])
    // The link that was still on its way is called back.
    expect(await server.mailTo(email)).toEqual([])
    expect(await userRow(user.id)).toMatchObject({ status: 'removed', password_hash: null, pending_email: null })
  })

  it('CP-30 CP-31 customers and jobs stay unchanged, with their creators', async () => {
    const customer = await shop.customer('Dockside'),
      template = await shop.template()
    const user = await shop.portalUser({ customers: [customer] })
    const job = await jobOf(user.id, customer, template)
    const stored = () =>
      server.stored(async (db) => [
        // Secure links of the customer are held once the last portal user is gone; nothing else of it changes.
        (await db.selectFrom('customers').selectAll().where('account_id', '=', shop.id).execute()).map(
          ({ lock_epoch: _epoch, link_held: _held, ...row }) => row,
        ),
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
      await server.stored((db) =>
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
      sendReset: false,
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
    expect(await server.mailTo(quiet.email)).toEqual([])
    expect(await server.mailTo(told.email)).toMatchObject([{ subject: expect.stringContaining('ended') }])
  })

  it('CP-28 a removed user’s activation mail that still waited is never sent', async () => {
    const email = address()
    const { id } = await shop.owner.ok('addPortalUser', { email })
    await shop.owner.ok('removePortalUser', { user: id })
    expect(await server.mailTo(email)).toEqual([])
  })
})

/** Mails about a job are sent only to people who can see the job at that moment. */
import { beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../src/platform/ids.ts'
import { bookJob, getUserVersion, updatePortalSettings } from './portal.fixtures.ts'
import { startTestServer, type Business, type TestServer } from './test-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})

describe('mails about a job', () => {
  const bookWithMailQueued = async () => {
    const shop = await server.business()
    const [customer, template] = [await shop.customer(), await shop.template()]
    const user = await shop.portalUser({ customers: [customer] })
    await bookJob(user, template)
    return { shop, customer, template, user }
  }
  const mailStatus = (shop: Business, address: string) =>
    server.stored((db) =>
      db
        .selectFrom('outbox')
        .select(['status', 'last_result'])
        .where('account_id', '=', shop.id)
        .where('to_address', '=', address)
        .where('kind', 'in', ['jobBooked', 'jobBookedOffice'])
        .executeTakeFirst(),
    )

  it('E-14 removing a user cancels their queued mails; mails to the business about the same job are still sent', async () => {
    const { shop, user } = await bookWithMailQueued()
    await shop.owner.ok('removePortalUser', { user: user.id })
    expect((await server.mailTo(user.email)).map((mail) => mail.subject)).toEqual([])
    expect(await mailStatus(shop, user.email)).toMatchObject({ status: 'canceled' })
    expect(await server.mailTo(shop.owner.email)).toHaveLength(1)
    expect(await mailStatus(shop, shop.owner.email)).toMatchObject({ status: 'sent' })
  })

  it('PS-31 D5 a mail about a job is sent while its recipient can see the job', async () => {
    const { user } = await bookWithMailQueued()
    expect(await server.mailTo(user.email)).toHaveLength(1)
  })

  it.each<[string, (booking: Awaited<ReturnType<typeof bookWithMailQueued>>) => Promise<unknown>]>([
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
      'is limited to one contact',
      ({ shop, user, customer }) =>
        server.stored(async (db) => {
          const contact = newId(),
            now = server.clock.now()
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
      'may no longer use the template of the job',
      async ({ shop, user, template }) =>
        shop.owner.ok('setTemplateAccess', {
          user: user.id,
          version: await getUserVersion(shop, user),
          mode: 'hide',
          templates: [template],
        }),
    ],
    ['has a portal that is switched off', ({ shop }) => updatePortalSettings(shop, { enabled: false })],
  ])('PS-31 D5 a queued mail is never sent when its recipient %s', async (_name, revokeAccess) => {
    const booking = await bookWithMailQueued()
    await revokeAccess(booking)
    expect(await server.mailTo(booking.user.email)).toEqual([])
    expect(await mailStatus(booking.shop, booking.user.email)).toMatchObject({ status: 'canceled' })
    // It is not sent an hour later either.
    server.clock.advance(3600_000)
    expect(await server.mailTo(booking.user.email)).toEqual([])
  })
})

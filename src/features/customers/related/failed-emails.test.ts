import { expect, it } from 'vitest'
import { startTestServer } from '../../../../test/test-server.ts'
import { dockside } from '../customers.fixtures.ts'

it('an email that failed is shown beside its contact, until a later one arrives or 30 days have passed', async () => {
  const { business, stored, clock } = await startTestServer()
  const shop = await business()
  const contact = { ...dockside.contact, email: 'Caretaker@Dockside.example' }
  const { id: customer } = await shop.owner.ok('createCustomer', { ...dockside, contact })
  const failures = async () => (await shop.owner.ok('getCustomer', { customer })).office!.failedEmails
  const { id: user } = await shop.owner.ok('addPortalUser', { email: 'caretaker@dockside.example' })
  const setNewest = (status: 'failed' | 'sent') =>
    stored(async (db) => {
      const newest = db
        .selectFrom('outbox')
        .select('id')
        .where('account_id', '=', shop.id)
        .orderBy('created_at', 'desc')
      await db
        .updateTable('outbox')
        .set({ status, last_result: status === 'failed' ? '550 No such mailbox' : null })
        .where('account_id', '=', shop.id)
        .where('id', '=', newest.limit(1))
        .execute()
    })
  expect(await failures()).toEqual([])
  await setNewest('failed')
  const [{ id: who } = { id: '' }] = (await shop.owner.ok('getCustomer', { customer })).contacts
  expect(await failures()).toEqual([{ contact: who, at: expect.any(String), result: '550 No such mailbox' }])
  expect((await (await shop.staff('worker')).call('getCustomer', { customer })).status).toBe(404)

  clock.advance(2 * 60_000)
  await shop.owner.ok('resendPortalInvitation', { user })
  expect(await failures()).toHaveLength(1)
  await setNewest('sent')
  expect(await failures()).toEqual([])

  await setNewest('failed')
  expect(await failures()).toHaveLength(1)
  clock.advance(31 * 24 * 3600_000)
  const signedIn = await shop.staff('dispatcher')
  expect((await signedIn.ok('getCustomer', { customer })).office!.failedEmails).toEqual([])
})

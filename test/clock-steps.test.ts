/** Steps of the clock: forward a day and back, or back a day. Nothing then waits for the day that never was. */
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { newId } from '../src/platform/ids.ts'
import { PASSWORD, startSeparateServer, type Business, type TestServer } from './test-server.ts'

const DAY = 24 * 3600_000
const MINUTE = 60_000
let server: TestServer, shop: Business
beforeAll(async () => {
  server = await startSeparateServer(inject('world'))
  shop = await server.business()
  return () => server.close()
})

/** What is done `early` is done by a clock that is a day ahead of the one that follows. */
const steps = [
  {
    step: 'forward a day and back',
    async early(work: () => Promise<unknown>) {
      server.clock.advance(DAY)
      await work()
      server.clock.advance(-DAY)
    },
  },
  {
    step: 'back a day',
    async early(work: () => Promise<unknown>) {
      await work()
      server.clock.advance(-DAY)
    },
  },
]

describe.each(steps)('when the clock steps $step', ({ early }) => {
  it('the limits of a login and of an address end within their window', async () => {
    const user = await shop.portalUser({ signedIn: false })
    const guess = (email: string) => shop.visitor().call('signInToPortal', { email, password: 'not the password' })
    await early(async () => {
      for (let n = 0; n < 8; n++) await guess(user.email)
      for (let n = 0; n < 55; n++) await guess(`nobody.${n}@post.example`)
    })
    const refused = await shop.visitor().call('signInToPortal', { email: user.email, password: PASSWORD })
    expect(Number(refused.headers['retry-after'] ?? 0)).toBeLessThanOrEqual(900)
    server.clock.advance(15 * MINUTE)
    expect((await shop.visitor().call('signInToPortal', { email: user.email, password: PASSWORD })).status).toBe(200)
  })

  it('a limit by calls ends within its window', async () => {
    const ask = () => shop.visitor().call('resendActivation', { email: 'someone@post.example' })
    await early(async () => {
      for (let n = 0; n < 25; n++) await ask()
    })
    const refused = await ask()
    expect(refused.status).toBe(429)
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(3600)
    server.clock.advance(60 * MINUTE)
    expect((await ask()).status).toBe(200)
  })

  it('mail is sent, whether it waits for the first attempt or for another one', async () => {
    const emails = [`first.${newId()}@post.example`, `again.${newId()}@post.example`]
    await early(async () => {
      const office = await shop.staff('admin')
      for (const email of emails) await office.ok('addPortalUser', { email })
      await server.stored((db) =>
        db
          .updateTable('outbox')
          .set({ attempts: 2, next_at: new Date(server.clock.now().getTime() + 2 * MINUTE) })
          .where('to_address', '=', emails[1]!)
          .execute(),
      )
    })
    await server.app.deliverer.sweep()
    for (const email of emails) expect(server.mails.filter((mail) => mail.to?.[0]?.address === email)).toHaveLength(1)
  })

  it('the lease of a worker that died ends within its 90 seconds', async () => {
    const email = `leased.${newId()}@post.example`
    await early(async () => {
      await (await shop.staff('admin')).ok('addPortalUser', { email })
      await server.stored((db) =>
        db
          .updateTable('outbox')
          .set({ status: 'sending', attempts: 1, lease_until: new Date(server.clock.now().getTime() + 90_000) })
          .where('to_address', '=', email)
          .execute(),
      )
    })
    const received = () => server.mails.filter((mail) => mail.to?.[0]?.address === email).length
    await server.app.deliverer.sweep()
    // A worker that is still at it keeps its lease.
    expect(received()).toBe(0)
    server.clock.advance(90_000)
    await server.app.deliverer.sweep()
    expect(received()).toBe(1)
  })

  it('mail that is to be tried again later keeps its pause', async () => {
    const email = `paused.${newId()}@post.example`
    await (await shop.staff('admin')).ok('addPortalUser', { email })
    const next = new Date(server.clock.now().getTime() + 2 * MINUTE)
    const row = (db: Parameters<Parameters<TestServer['stored']>[0]>[0]) => db.updateTable('outbox')
    await server.stored((db) => row(db).set({ attempts: 2, next_at: next }).where('to_address', '=', email).execute())
    await server.app.deliverer.sweep()
    expect(server.mails.filter((mail) => mail.to?.[0]?.address === email)).toHaveLength(0)
    server.clock.advance(2 * MINUTE)
    await server.app.deliverer.sweep()
    expect(server.mails.filter((mail) => mail.to?.[0]?.address === email)).toHaveLength(1)
  })

  it('an activation link can be sent again within a minute, by the office and by the user', async () => {
    const email = `resend.${newId()}@post.example`
    let user = ''
    await early(async () => {
      user = (await (await shop.staff('admin')).ok('addPortalUser', { email })).id
      await server.app.deliverer.sweep()
      for (let n = 0; n < 2; n++) await shop.visitor().ok('resendActivation', { email })
      await server.app.deliverer.sweep()
    })
    await server.app.deliverer.sweep()
    const before = server.mails.length
    server.clock.advance(61_000)
    await shop.visitor().ok('resendActivation', { email })
    await server.app.deliverer.sweep()
    expect(server.mails).toHaveLength(before + 1)
    server.clock.advance(61_000)
    const office = await shop.staff('admin')
    expect((await office.call('resendPortalInvitation', { user })).status).toBe(200)
  })

  it('a staff session still ends after an hour without a request, and 24 hours after the step at the latest', async () => {
    const open = async () => {
      const browser = server.anyone()
      await browser.ok('signIn', { email: shop.owner.email, password: PASSWORD })
      return browser
    }
    let [idle, busy] = [server.anyone(), server.anyone()]
    await early(async () => {
      idle = await open()
      busy = await open()
    })
    expect([(await idle.call('getCurrentUser')).status, (await busy.call('getCurrentUser')).status]).toEqual([200, 200])
    server.clock.advance(60 * MINUTE)
    expect((await idle.call('getCurrentUser')).status).toBe(401)
    await early(async () => {
      busy = await open()
    })
    await busy.call('getCurrentUser')
    for (let half = 0; half < 48; half++) {
      server.clock.advance(30 * MINUTE)
      await busy.call('getCurrentUser')
    }
    expect((await busy.call('getCurrentUser')).status).toBe(401)
  })
})

import { describe, expect, it } from 'vitest'
import { PASSWORD, type Business } from '../../../../test/test-server.ts'
import { hashPassword } from '../../../platform/secrets.ts'
import {
  server,
  bare,
  day,
  isIn,
  resetTokenFor,
  setPortal,
  setUser,
  shop,
  setUpSignInTests,
} from './portal-sign-in.fixtures.ts'

setUpSignInTests()

const switchPortal = async ({ owner }: Business, change: { enabled: boolean; introduction?: string }) =>
  owner.ok('updatePortalSettings', { version: (await owner.ok('getPortalSettings')).version, ...change })

describe('getPortal', () => {
  it("CP-01 V-09 returns the business's name, introduction, branding and contact details to everyone", async () => {
    const business = await server.business({ name: 'Kestrel Boilers' })
    await setPortal(business, { introduction: 'Boilers in Bath.' })
    expect(await business.visitor().ok('getPortal')).toMatchObject({
      slug: business.slug,
      enabled: true,
      public: true,
      name: 'Kestrel Boilers',
      introduction: 'Boilers in Bath.',
      accent: '#0f6b7c',
      logo: null,
    })
    expect(await business.visitor('path').ok('getPortal')).toMatchObject({ name: 'Kestrel Boilers' })
  })

  it('CP-02 E-09 when the portal is off it says only that and whose it is; sessions have ended, and passwords work again when it is on', async () => {
    const business = await server.business({ name: 'Kestrel Boilers' }),
      user = await business.portalUser(),
      visitor = business.visitor()
    await switchPortal(business, { enabled: true, introduction: 'A secret plan' })
    expect((await visitor.call('getPortal')).text).toContain('A secret plan')
    await switchPortal(business, { enabled: false })
    const reply = await visitor.call('getPortal')
    expect(reply.body).toMatchObject({
      enabled: false,
      public: false,
      name: 'Kestrel Boilers',
      introduction: '',
      signUpFields: { name: 'off', phone: 'off', company: 'off', address: 'off' },
      postalAddress: null,
      timeZone: null,
      currentUser: null,
    })
    expect(reply.text).not.toContain('secret')
    expect(await isIn(user)).toBe(false)
    for (const call of [
      () => visitor.call('signInToPortal', { email: user.email, password: PASSWORD }),
      () => visitor.call('signUp', { email: 'a@post.example', password: 'a long enough one', name: 'A' }),
      () => visitor.call('requestPortalPasswordReset', { email: user.email }),
      () => visitor.call('resendActivation', { email: user.email }),
      () => visitor.call('getActivation', { token: 'x' }),
    ])
      expect(await call()).toMatchObject({ status: 404, body: { code: 'portalOff' } })
    await switchPortal(business, { enabled: true })
    expect(await isIn(user)).toBe(false)
    await user.ok('signInToPortal', { email: user.email, password: PASSWORD })
    expect(await isIn(user)).toBe(true)
  })

  it('returns not found at an address without a portal', async () => {
    expect((await server.anyone({ slug: 'nobody-here' }).call('getPortal')).status).toBe(404)
  })
})

describe('signInToPortal', () => {
  it("V-14 PS-47 a correct password opens a session with a new id, and the browser's previous one ends", async () => {
    const user = await shop.portalUser(),
      [cookie] = [...user.cookies.keys()],
      before = user.cookies.get(cookie!)!
    await user.ok('signInToPortal', { email: ` ${user.email.toUpperCase()} `, password: PASSWORD })
    expect(user.cookies.get(cookie!)).not.toBe(before)
    expect(await isIn(user)).toBe(true)
    user.cookies.set(cookie!, before)
    expect(await isIn(user)).toBe(false)
  })

  it('E-64 PS-46 unknown, wrong, invited, suspended and removed are answered alike', async () => {
    const visitor = shop.visitor()
    const replies = [await visitor.call('signInToPortal', { email: 'nobody@nowhere.example', password: PASSWORD })]
    const active = await shop.portalUser({ signedIn: false })
    replies.push(await visitor.call('signInToPortal', { email: active.email, password: 'not the password' }))
    for (const set of [
      { status: 'suspended' },
      { status: 'removed' },
      { status: 'invited', password_hash: null, name: null },
    ]) {
      const user = await shop.portalUser({ signedIn: false })
      await setUser(shop, user, set)
      replies.push(await visitor.call('signInToPortal', { email: user.email, password: PASSWORD }))
    }
    for (const reply of replies)
      expect(bare(reply)).toEqual({ status: 401, cookies: undefined, body: bare(replies[0]!).body })
  })

  it('E-64 PS-46 unknown and wrong take the same time', async () => {
    const visitor = shop.visitor(),
      times: Record<string, number[]> = { wrong: [], unknown: [] }
    for (let n = 0; n < 12; n++) {
      const user = await shop.portalUser({ signedIn: false })
      for (const [kind, email] of [
        ['wrong', user.email],
        ['unknown', `nobody.${n}@nowhere.example`],
      ] as const) {
        const start = performance.now()
        await visitor.call('signInToPortal', { email, password: 'not the password' })
        times[kind]!.push(performance.now() - start)
      }
    }
    const median = (list: number[]) => list.sort((a, b) => a - b)[list.length >> 1]!
    // Skipping the hashing would make one of them some ten times quicker.
    expect(median(times.unknown!) / median(times.wrong!)).toBeGreaterThan(0.5)
    expect(median(times.unknown!) / median(times.wrong!)).toBeLessThan(2)
  })

  it('CP-12 E-64 only after a correct password it says that the account is not activated', async () => {
    const user = await shop.portalUser({ status: 'signed_up', signedIn: false }),
      visitor = shop.visitor()
    expect((await visitor.call('signInToPortal', { email: user.email, password: 'not the password' })).body.code).toBe(
      'wrongCredentials',
    )
    const reply = await visitor.call('signInToPortal', { email: user.email, password: PASSWORD })
    expect([reply.status, reply.body.code, visitor.cookies.size]).toEqual([403, 'notActivated', 0])
    await visitor.ok('resendActivation', { email: user.email })
    expect((await server.mailTo(user.email)).map((mail) => mail.subject)).toEqual([
      'Confirm your email for Harbour Appliance Repair',
    ])
  })

  it('PS-51 E-65 PS-10 the same address in two portals and as staff are three logins', async () => {
    const other = await server.business(),
      email = shop.owner.email
    const here = await shop.portalUser({ email, signedIn: false }),
      there = await other.portalUser({ email, signedIn: false })
    await setUser(other, there, { password_hash: await hashPassword('another one entirely') })
    expect((await there.call('signInToPortal', { email, password: PASSWORD })).status).toBe(401)
    await there.ok('signInToPortal', { email, password: 'another one entirely' })
    await here.ok('signInToPortal', { email, password: PASSWORD })
    const borrowed = other.visitor()
    for (const [name, value] of here.cookies)
      borrowed.cookies.set(name, value).set(name.replace(/\w{12}$/, other.id.slice(-12)), value)
    expect(await isIn(borrowed)).toBe(false)
    expect((await here.call('getCurrentUser')).status).toBe(401)
    await here.ok('requestPortalPasswordReset', { email })
    expect((await server.mailTo(email)).map((mail) => mail.from?.name)).toEqual(['Harbour Appliance Repair'])
    expect(
      (
        await other
          .visitor()
          .call('resetPortalPassword', { token: await resetTokenFor(email), password: 'taking it over now' })
      ).status,
    ).toBe(404)
  })

  it('C2 refuses further guesses at one login before hashing, and says when to come back', async () => {
    const visitor = shop.visitor()
    const guesses = await Promise.all(
      Array.from({ length: 12 }, () =>
        visitor.call('signInToPortal', { email: 'guessed@nowhere.example', password: 'a guess' }),
      ),
    )
    expect(guesses.filter((guess) => guess.status === 429)).toHaveLength(7)
    expect((await visitor.call('signInToPortal', { email: 'else@nowhere.example', password: 'a guess' })).status).toBe(
      401,
    )
  })

  it('PS-41 a form on another site cannot sign anyone in or out', async () => {
    const user = await shop.portalUser()
    for (const origin of ['http://evil.example', `http://other.localhost:${server.port}`, 'null']) {
      expect((await user.call('signOutOfPortal', {}, { headers: { origin } })).body.code).toBe('crossOrigin')
    }
    expect(await isIn(user)).toBe(true)
  })
})

describe('sessions', () => {
  it('C4 a session lasts exactly 30 days', async () => {
    const user = await shop.portalUser({ signedIn: false })
    await user.ok('signInToPortal', { email: user.email, password: PASSWORD })
    server.clock.advance(30 * day - 1000)
    expect(await isIn(user)).toBe(true)
    server.clock.advance(1000)
    expect(await isIn(user)).toBe(false)
  })

  it('PS-48 signing out ends the session at once, also for a copy of the cookie', async () => {
    const user = await shop.portalUser(),
      kept = new Map(user.cookies)
    await user.ok('signOutOfPortal')
    expect(user.cookies.size).toBe(0)
    for (const [name, value] of kept) user.cookies.set(name, value)
    expect(await isIn(user)).toBe(false)
  })

  it('PS-44 a user lists their sessions and ends one or all others, but no session of another user', async () => {
    const user = await shop.portalUser(),
      phone = shop.visitor(),
      laptop = shop.visitor(),
      stranger = await shop.portalUser()
    await phone.ok('signInToPortal', { email: user.email, password: PASSWORD }, { headers: { 'user-agent': 'Phone' } })
    await laptop.ok('signInToPortal', { email: user.email, password: PASSWORD })
    const { rows } = await user.ok('listPortalSessions')
    expect([rows.length, rows.filter((row) => row.current).length]).toEqual([3, 1])
    const phoneSession = rows.find((row) => row.userAgent === 'Phone')!
    expect((await stranger.call('endPortalSession', { session: phoneSession.id })).status).toBe(404)
    await user.ok('endPortalSession', { session: phoneSession.id })
    expect([await isIn(phone), await isIn(laptop), await isIn(user)]).toEqual([false, true, true])
    expect(await user.ok('endOtherPortalSessions')).toEqual({ ended: 1 })
    expect([await isIn(laptop), await isIn(user), await isIn(stranger)]).toEqual([false, true, true])
  })

  it('PS-48 E-11 a suspended or removed user loses access at the next request', async () => {
    for (const status of ['suspended', 'removed']) {
      const user = await shop.portalUser()
      await setUser(shop, user, { status })
      expect((await user.call('updatePortalProfile', { version: 1, name: 'Still me' })).status).toBe(401)
    }
  })
})

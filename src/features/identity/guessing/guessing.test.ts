import { describe, expect, it } from 'vitest'
import { linkIn, PASSWORD, type Business, type Person } from '../../../../test/test-server.ts'
import { from, HOUR, MINUTE, newAddress, SECOND, server, setUpGuessingTests } from './guessing.fixtures.ts'

setUpGuessingTests()

const sent = (message: { subject?: string }) => message.subject?.startsWith('Failed sign-ins')

/** The same tests for portal users and for staff. */
const audiences = [
  {
    kind: 'portal user',
    create: async () => {
      const business = await server.business()
      return { business, user: await business.portalUser({ signedIn: false }) }
    },
    visitor: (business: Business) => business.visitor(),
    operation: 'signInToPortal',
    reset: async (business: Business, user: Person, browser: Person, password: string) => {
      await browser.ok('requestPortalPasswordReset', { email: user.email }, from(newAddress()))
      const mail = (await server.mailTo(user.email)).filter((each) => each.subject?.startsWith('Reset')).at(-1)
      const token = linkIn(mail, /http\S+reset-password\/\S+/)
        .split('/')
        .at(-1)!
      await browser.ok('resetPortalPassword', { token, password }, from(newAddress()))
    },
  },
  {
    kind: 'member of staff',
    create: async () => {
      const business = await server.business()
      return { business, user: business.owner }
    },
    visitor: () => server.anyone(),
    operation: 'signIn',
    reset: async (_business: Business, user: Person, browser: Person, password: string) => {
      await browser.ok('requestPasswordReset', { email: user.email }, from(newAddress()))
      const mail = (await server.mailTo(user.email)).filter((each) => each.subject?.startsWith('Reset')).at(-1)
      const token = linkIn(mail, /http\S+reset-password\/\S+/)
        .split('/')
        .at(-1)!
      await browser.ok('resetPassword', { token, password }, from(newAddress()))
    },
  },
] as const

describe.each(audiences)('guesses at the password of a $kind', ({ create, visitor, operation, reset }) => {
  const signIn = (browser: Person, email: string, password: string, address = newAddress()) =>
    browser.call(operation, { email, password }, from(address))
  const guess = (business: Business, email: string) => signIn(visitor(business), email, 'not the password')
  /** As if there had been so many more, over weeks. */
  const addFailures = (more: number) =>
    server.stored((db) =>
      db
        .updateTable('guesses')
        .set((set) => ({ failures: set('failures', '+', more) }))
        .where('bucket', 'like', '%:login:%')
        .where('counted_at', '>', new Date(server.clock.now().getTime() - HOUR))
        .execute(),
    )
  /** Guesses as soon as each pause is over, until so much time has passed; how many were tried. */
  const guessFor = async (business: Business, email: string, ms: number) => {
    const end = server.clock.now().getTime() + ms
    let tried = 0
    const pauses: number[] = []
    while (server.clock.now().getTime() < end) {
      const reply = await guess(business, email)
      if (reply.status === 401) tried += 1
      else {
        expect(reply).toMatchObject({ status: 429, body: { code: 'tooManySignIns' } })
        const pause = Number(reply.headers['retry-after'])
        pauses.push(pause)
        server.clock.advance(pause * SECOND)
      }
    }
    return { tried, pauses }
  }

  it('C2 pauses grow, and at most ten guesses are tried in 15 minutes, from however many addresses', async () => {
    const { business, user } = await create()
    const { tried, pauses } = await guessFor(business, user.email, 15 * MINUTE)
    expect(tried).toBeLessThanOrEqual(10)
    expect(tried).toBeGreaterThan(5)
    expect(pauses.slice(0, 4)).toEqual([15, 30, 60, 120])
    for (let quarter = 0; quarter < 4; quarter++)
      expect((await guessFor(business, user.email, 15 * MINUTE)).tried).toBeLessThanOrEqual(2)
    // The owner of the login, in a new browser, waits for one pause and no longer.
    expect((await guess(business, user.email)).status).toBe(401)
    const { status, headers } = await signIn(visitor(business), user.email, PASSWORD)
    expect(status).toBe(429)
    server.clock.advance(Number(headers['retry-after']) * SECOND)
    expect((await signIn(visitor(business), user.email, PASSWORD)).status).toBe(200)
  })

  it('C2 guesses at once are no way around it', async () => {
    const { business, user } = await create()
    const replies = await Promise.all(Array.from({ length: 40 }, () => guess(business, user.email)))
    expect(replies.filter((reply) => reply.status === 401).length).toBeLessThanOrEqual(10)
    expect(new Set(replies.map((reply) => reply.status))).toEqual(new Set([401, 429]))
  })

  it('C2 after a hundred failures in a row only a known browser or a new password signs in', async () => {
    const { business, user } = await create()
    const known = visitor(business)
    expect((await signIn(known, user.email, PASSWORD)).status).toBe(200)
    expect((await guess(business, user.email)).status).toBe(401)
    await addFailures(94)
    let tried = 95
    for (let hour = 0; hour < 20; hour++) {
      const { status } = await guess(business, user.email)
      if (status === 401) tried += 1
      server.clock.advance(HOUR)
    }
    expect(tried).toBe(100)
    expect(await signIn(visitor(business), user.email, PASSWORD)).toMatchObject({
      status: 429,
      body: { code: 'passwordResetNeeded' },
    })
    // Hourly clean-ups and a long pause change nothing.
    server.clock.advance(200 * 24 * HOUR)
    await server.app.cleanUp()
    expect((await signIn(visitor(business), user.email, PASSWORD)).status).toBe(429)
    const mailbox = visitor(business)
    await reset(business, user, mailbox, 'another long password')
    expect((await signIn(visitor(business), user.email, 'another long password')).status).toBe(200)
  })

  it('C2 a browser that signed in before still signs in while others guess, also after signing out', async () => {
    const { business, user } = await create()
    const known = visitor(business)
    expect((await signIn(known, user.email, PASSWORD)).status).toBe(200)
    await known.ok(operation === 'signIn' ? 'signOut' : 'signOutOfPortal')
    for (let n = 0; n < 30; n++) await guess(business, user.email)
    expect((await signIn(visitor(business), user.email, PASSWORD)).status).toBe(429)
    expect((await signIn(known, user.email, PASSWORD)).status).toBe(200)
  })

  it('a known browser has a budget of its own, and is known for its own login alone', async () => {
    const { business, user } = await create()
    const known = visitor(business)
    await signIn(known, user.email, PASSWORD)
    const replies = []
    for (let n = 0; n < 12; n++) replies.push((await signIn(known, user.email, 'not the password')).status)
    expect(replies).toEqual([401, 401, 401, 401, 401, 429, 429, 429, 429, 429, 429, 429])
    // Its failures lock no other browser out.
    expect((await signIn(visitor(business), user.email, PASSWORD)).status).toBe(200)
    const other = await business.portalUser({ signedIn: false })
    const another = operation === 'signIn' ? await business.staff('worker') : other
    for (let n = 0; n < 12; n++) await guess(business, another.email)
    // A browser with all of its budget left, so that only the login can be what refuses it.
    const unspent = visitor(business)
    expect((await signIn(unspent, user.email, PASSWORD)).status).toBe(200)
    expect((await signIn(unspent, another.email, PASSWORD)).status).toBe(429)
  })

  it('a new password makes all browsers unknown but the one that set it', async () => {
    const { business, user } = await create()
    const [old, mailbox] = [visitor(business), visitor(business)]
    await signIn(old, user.email, PASSWORD)
    await reset(business, user, mailbox, 'another long password')
    for (let n = 0; n < 12; n++) await guess(business, user.email)
    expect((await signIn(old, user.email, 'another long password')).status).toBe(429)
    expect((await signIn(mailbox, user.email, 'another long password')).status).toBe(200)
  })

  it('after changing the password there, a browser is known and all others are not', async () => {
    const { business, user } = await create()
    const [old, present] = [visitor(business), visitor(business)]
    for (const browser of [old, present]) await signIn(browser, user.email, PASSWORD)
    const next = 'another long password'
    if (operation === 'signIn') await present.ok('changePassword', { currentPassword: PASSWORD, password: next })
    else await present.ok('changePortalPassword', { current: PASSWORD, password: next })
    for (let n = 0; n < 12; n++) await guess(business, user.email)
    expect((await signIn(old, user.email, next)).status).toBe(429)
    expect((await signIn(present, user.email, next)).status).toBe(200)
  })

  it('the cookie of a known browser is unreadable for scripts, and one planted before the sign-in stays unknown', async () => {
    const { business, user } = await create()
    const [known, planted] = [visitor(business), visitor(business)]
    const first = await signIn(known, user.email, PASSWORD)
    const cookie = first.headers['set-cookie']!.find((each) => each.startsWith('portico_browser_'))!
    expect(cookie).toMatch(/^portico_browser_\w+=[\w-]{43}; Max-Age=34560000; Path=\/; HttpOnly; SameSite=Lax$/)
    const [name, value] = [...known.cookies].find(([each]) => each.startsWith('portico_browser_'))!
    planted.cookies.set(name, value)
    await signIn(known, user.email, PASSWORD)
    expect(known.cookies.get(name)).not.toBe(value)
    for (let n = 0; n < 12; n++) await guess(business, user.email)
    expect((await signIn(planted, user.email, PASSWORD)).status).toBe(429)
    expect((await signIn(known, user.email, PASSWORD)).status).toBe(200)
  })

  it('right passwords from one address are never refused: sixty of one office, and sixteen of one login', async () => {
    const { business } = await create()
    const people = await Promise.all(
      Array.from({ length: 8 }, () =>
        operation === 'signIn' ? business.staff('worker') : business.portalUser({ signedIn: false }),
      ),
    )
    const address = newAddress()
    const statuses = []
    for (let n = 0; n < 61; n++)
      statuses.push((await signIn(visitor(business), people[n % 8]!.email, PASSWORD, address)).status)
    expect(new Set(statuses)).toEqual(new Set([200]))
    for (let n = 0; n < 16; n++)
      expect((await signIn(visitor(business), people[0]!.email, PASSWORD, address)).status).toBe(200)
  }, 120_000)

  it('wrong passwords from one address are refused after fifty, also with changing ports', async () => {
    const { business, user } = await create()
    const address = newAddress()
    const statuses = []
    for (let n = 0; n < 52; n++)
      statuses.push(
        (await signIn(visitor(business), `nobody.${n}@post.example`, 'wrong', `${address}:${40_000 + n}`)).status,
      )
    expect(statuses.slice(0, 50)).toEqual(Array.from({ length: 50 }, () => 401))
    expect(statuses.slice(50)).toEqual([429, 429])
    expect((await signIn(visitor(business), user.email, PASSWORD, `[::ffff:${address}]:443`)).status).toBe(429)
    expect((await signIn(visitor(business), user.email, PASSWORD)).status).toBe(200)
  })

  it('the owner of the login is told once in six hours after ten failures in a row', async () => {
    const { business, user } = await create()
    const mails = async () => (await server.mailTo(user.email)).filter(sent)
    let failures = 0
    const fail = async (times: number) => {
      for (let tried = 0; tried < times;) {
        const { status } = await guess(business, user.email)
        if (status === 401) tried += 1
        else server.clock.advance(15 * MINUTE)
      }
      failures += times
    }
    await fail(9)
    expect(await mails()).toHaveLength(0)
    await fail(2)
    expect(await mails()).toHaveLength(1)
    expect((await mails())[0]!.text).toContain(`wrong password for ${user.email} 10 times in a row`)
    const html = (await mails())[0]!.html!
    expect([/href="[^"]+\/forgot-password"/.test(html), html.includes('Reset password')]).toEqual([true, true])
    await fail(2)
    expect(await mails()).toHaveLength(1)
    server.clock.advance(6 * HOUR)
    await fail(1)
    expect(await mails()).toHaveLength(2)
    expect((await mails())[1]!.text).toContain(`${failures} times`)
    // A right password ends the row.
    server.clock.advance(HOUR)
    expect((await signIn(visitor(business), user.email, PASSWORD)).status).toBe(200)
    server.clock.advance(24 * HOUR)
    await fail(3)
    expect(await mails()).toHaveLength(2)
  })

  it('an address without a login is answered in the same way, also after very many guesses', async () => {
    const { business, user } = await create()
    const answers = async (email: string) => {
      const seen = []
      const start = server.clock.now()
      for (let n = 0; n < 45; n++) {
        const { status, headers, body } = await guess(business, email)
        seen.push([status, body.code, headers['retry-after']])
        server.clock.advance(n < 8 ? 0 : 20 * MINUTE)
        if (n === 20) await addFailures(85)
        if (n === 30) await server.app.cleanUp()
      }
      server.clock.set(start)
      return seen
    }
    const real = await answers(user.email)
    expect(await answers(`nobody.${user.email}`)).toEqual(real)
    expect(new Set(real.map(([status]) => status))).toEqual(new Set([401, 429]))
    expect(real.map(([, code]) => code)).toContain('passwordResetNeeded')
  })
})

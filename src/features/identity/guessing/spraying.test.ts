import { describe, expect, it } from 'vitest'
import { PASSWORD, type Person } from '../../../../test/test-server.ts'
import { from, MINUTE, newAddress, server, setUpGuessingTests } from './guessing.fixtures.ts'

setUpGuessingTests()

describe('guesses at many logins', () => {
  const warnings = (text: string) => server.log.filter((line) => line.includes(text) && line.includes('"level":"warn"'))
  const signIn = (browser: Person, email: string, password: string, address = newAddress()) =>
    browser.call('signInToPortal', { email, password }, from(address))

  it('C2 ninety guesses from ninety addresses slow unknown browsers down, lock nobody out and are in the log once', async () => {
    const business = await server.business()
    const users = await Promise.all(Array.from({ length: 30 }, () => business.portalUser({ signedIn: false })))
    const known = users.slice(0, 15).map(() => business.visitor())
    for (const [index, browser] of known.entries()) await signIn(browser, users[index]!.email, PASSWORD)
    const ofBusiness = () => warnings('of one business failed').filter((line) => line.includes(business.slug))
    const spray = async (guesses: number) => {
      for (let n = 0; n < guesses; n++)
        await signIn(business.visitor(), users[n % 30]?.email ?? '', 'Password2026', newAddress())
    }
    await spray(45)
    expect(ofBusiness()).toHaveLength(0)
    await spray(45)
    expect(ofBusiness()).toHaveLength(1)
    // An address has a tenth of its tries, and a login two before the first pause.
    const address = newAddress()
    const tried = []
    for (let n = 0; n < 7; n++)
      tried.push((await signIn(business.visitor(), `nobody.${n}@post.example`, 'wrong', address)).status)
    expect(tried).toEqual([401, 401, 401, 401, 401, 429, 429])
    const pauses = []
    for (let n = 0; n < 3; n++) {
      const reply = await signIn(business.visitor(), 'somebody@post.example', 'wrong')
      pauses.push(Number(reply.headers['retry-after'] ?? 0))
    }
    expect(pauses).toEqual([0, 0, 15])
    // Right passwords: known browsers at once, all others from their own address after the pause that the guesses caused.
    for (const [index, browser] of known.entries())
      expect((await signIn(browser, users[index]!.email, PASSWORD)).status).toBe(200)
    server.clock.advance(MINUTE)
    for (const user of users.slice(15))
      expect((await signIn(business.visitor(), user.email, PASSWORD)).status).toBe(200)
    // Another business is not affected.
    const other = await server.business()
    const office = newAddress()
    for (let n = 0; n < 7; n++)
      expect((await signIn(other.visitor(), `nobody.${n}@post.example`, 'wrong', office)).status).toBe(401)
    await spray(5)
    expect(ofBusiness()).toHaveLength(1)
    server.clock.advance(15 * MINUTE)
    await spray(60)
    expect(ofBusiness()).toHaveLength(2)
  }, 180_000)

  it('guesses at many businesses are noticed over the whole installation', async () => {
    await server.stored((db) =>
      db
        .updateTable('guesses')
        .set({ level: 198, counted_at: server.clock.now() })
        .where('bucket', '=', 'installation')
        .execute(),
    )
    const before = warnings('More than 200 sign-ins').length
    for (let n = 0; n < 4; n++) {
      const business = await server.business()
      await signIn(business.visitor(), `nobody.${n}@post.example`, 'wrong')
    }
    expect(warnings('More than 200 sign-ins')).toHaveLength(before + 1)
    const business = await server.business()
    const address = newAddress()
    const tried = []
    for (let n = 0; n < 6; n++)
      tried.push((await signIn(business.visitor(), `nobody.${n}@post.example`, 'wrong', address)).status)
    expect(tried).toEqual([401, 401, 401, 401, 401, 429])
  })
})

import { describe, expect, it } from 'vitest'
import { linkIn, PASSWORD } from '../../../../test/test-server.ts'
import { server, isIn, resetTokenFor, shop, setUpSignInTests } from './portal-sign-in.fixtures.ts'

setUpSignInTests()

describe('changePortalPassword', () => {
  it('PS-47 needs the current password; then every other session and reset link ends, and a notice is mailed', async () => {
    const user = await shop.portalUser(),
      other = shop.visitor()
    await other.ok('signInToPortal', { email: user.email, password: PASSWORD })
    await other.ok('requestPortalPasswordReset', { email: user.email })
    const token = await resetTokenFor(user.email)
    expect(
      (await user.call('changePortalPassword', { current: 'a wrong one', password: 'a much better one' })).body.fields,
    ).toMatchObject({ current: { code: 'wrongPassword' } })
    await user.ok('changePortalPassword', { current: PASSWORD, password: 'a much better one' })
    expect([await isIn(user), await isIn(other)]).toEqual([true, false])
    expect((await other.call('resetPortalPassword', { token, password: 'yet another of them' })).body.code).toBe(
      'linkReplaced',
    )
    expect((await other.call('signInToPortal', { email: user.email, password: PASSWORD })).status).toBe(401)
    await other.ok('signInToPortal', { email: user.email, password: 'a much better one' })
    const notice = (await server.mailTo(user.email)).at(-1)!
    expect(notice.subject).toBe('Your Harbour Appliance Repair password was changed')
    // Whoever did not do this presses one button.
    expect(linkIn(notice)).toMatch(/\/forgot-password$/)
    expect(notice.html).toMatch(/<a[^>]+\/forgot-password"[^>]*>\s*Reset password\s*<\/a>/)
  })

  it('C8 the rules for passwords apply here too', async () => {
    const user = await shop.portalUser({ name: 'Eleanor Finch' })
    const codes = await Promise.all(
      ['short', 'qwertyuiop', 'eleanor2026', 'x'.repeat(200)].map(
        async (password) =>
          (await user.call('changePortalPassword', { current: PASSWORD, password })).body.fields?.password?.code,
      ),
    )
    expect(codes).toEqual(['passwordTooShort', 'passwordCommon', 'passwordContext', 'passwordTooLong'])
    const start = performance.now()
    expect(
      (await user.call('changePortalPassword', { current: PASSWORD, password: 'x'.repeat(1024 * 1024) })).status,
    ).toBe(413)
    expect(performance.now() - start).toBeLessThan(500)
  })
})

describe('resetPortalPassword', () => {
  it('E-63 a request changes nothing, mails no password, and is answered alike for known and unknown addresses', async () => {
    const user = await shop.portalUser({ signedIn: false }),
      suspended = await shop.portalUser({ status: 'suspended', signedIn: false }),
      visitor = shop.visitor()
    const replies = await Promise.all(
      [user.email, suspended.email, 'nobody@nowhere.example'].map((email) =>
        visitor.call('requestPortalPasswordReset', { email }),
      ),
    )
    expect(new Set(replies.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
    await visitor.ok('signInToPortal', { email: user.email, password: PASSWORD })
    const [mail] = await server.mailTo(user.email)
    expect(linkIn(mail)).toMatch(new RegExp(`^http://${shop.slug}\\.localhost:\\d+/reset-password/[\\w-]{43}$`))
    expect(mail!.text).not.toContain(PASSWORD)
    expect([
      (await server.mailTo(suspended.email)).length,
      (await server.mailTo('nobody@nowhere.example')).length,
    ]).toEqual([0, 0])
  })

  it('PS-44 the link sets a password once, signs nobody in, ends every session and mails a notice', async () => {
    const user = await shop.portalUser(),
      visitor = shop.visitor()
    await visitor.ok('requestPortalPasswordReset', { email: user.email })
    const token = await resetTokenFor(user.email)
    expect(await visitor.ok('getPortalPasswordReset', { token })).toEqual({ status: 'open', email: user.email })
    expect(await isIn(user)).toBe(true)
    expect(await visitor.ok('resetPortalPassword', { token, password: 'a much better one' })).toEqual({
      email: user.email,
    })
    expect([await isIn(visitor), await isIn(user)]).toEqual([false, false])
    expect((await visitor.call('resetPortalPassword', { token, password: 'and once more then' })).body.code).toBe(
      'linkUsed',
    )
    await visitor.ok('signInToPortal', { email: user.email, password: 'a much better one' })
    expect((await server.mailTo(user.email)).at(-1)!.subject).toBe('Your Harbour Appliance Repair password was changed')
  })

  it('C4 PS-44 a reset link works for exactly 60 minutes, and a newer one replaces it', async () => {
    const user = await shop.portalUser({ signedIn: false }),
      visitor = shop.visitor()
    await visitor.ok('requestPortalPasswordReset', { email: user.email })
    const first = await resetTokenFor(user.email)
    server.clock.advance(60 * 60_000 - 1000)
    expect((await visitor.ok('getPortalPasswordReset', { token: first })).status).toBe('open')
    server.clock.advance(1000)
    expect((await visitor.ok('getPortalPasswordReset', { token: first })).status).toBe('expired')
    expect((await visitor.call('resetPortalPassword', { token: first, password: 'a much better one' })).body.code).toBe(
      'linkExpired',
    )
    await visitor.ok('requestPortalPasswordReset', { email: user.email })
    const second = await resetTokenFor(user.email)
    await visitor.ok('requestPortalPasswordReset', { email: user.email })
    expect(
      (await visitor.call('resetPortalPassword', { token: second, password: 'a much better one' })).body.code,
    ).toBe('linkReplaced')
  })

  it('C6 of twenty simultaneous resets one sets the password, and that password signs in', { repeats: 9 }, async () => {
    const shop = await server.business()
    const user = await shop.portalUser({ signedIn: false }),
      visitor = shop.visitor()
    await visitor.ok('requestPortalPasswordReset', { email: user.email })
    const token = await resetTokenFor(user.email)
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        shop.visitor().call('resetPortalPassword', { token, password: `a much better one ${n}` }),
      ),
    )
    const won = replies.flatMap((reply, n) => (reply.status === 200 ? [n] : []))
    expect([won.length, new Set(replies.map((reply) => reply.status))]).toEqual([1, new Set([200, 409])])
    await visitor.ok('signInToPortal', { email: user.email, password: `a much better one ${won[0]}` })
  })

  it('a user who has not activated gets an activation link instead of a reset link', async () => {
    const user = await shop.portalUser({ status: 'signed_up', signedIn: false })
    await shop.visitor().ok('requestPortalPasswordReset', { email: user.email })
    expect((await server.mailTo(user.email)).map((mail) => mail.subject)).toEqual([
      'Confirm your email for Harbour Appliance Repair',
    ])
  })
})

import { describe, expect, it } from 'vitest'
import { linkIn, PASSWORD } from '../../../../test/test-server.ts'
import { server, setUpPortalUserTests, shop } from '../portal-users.fixtures.ts'

setUpPortalUserTests()

const NEW_PASSWORD = 'teal harbour lantern 4'
const tokenOf = async (email: string) =>
  linkIn((await server.mailTo(email)).at(-1), /reset-password\/\S+/).replace('reset-password/', '')

describe('a password reset that the office sends', () => {
  it('mails the user a link that sets a new password; the current one works until then', async () => {
    const user = await shop.portalUser()
    expect(await shop.owner.ok('sendPortalPasswordReset', { user: user.id })).toEqual({ email: user.email })
    const signIn = async (password: string) =>
      (await shop.visitor().call('signInToPortal', { email: user.email, password })).status
    expect(await signIn(PASSWORD)).toBe(200)
    const token = await tokenOf(user.email)
    await shop.visitor().ok('resetPortalPassword', { token, password: NEW_PASSWORD })
    expect([await signIn(PASSWORD), await signIn(NEW_PASSWORD)]).toEqual([401, 200])
  })

  it('is for dispatchers too, and not for workers', async () => {
    const user = await shop.portalUser()
    const [dispatcher, worker] = [await shop.staff('dispatcher'), await shop.staff('worker')]
    expect(await worker.call('sendPortalPasswordReset', { user: user.id })).toMatchObject({ status: 403 })
    expect(await server.mailTo(user.email)).toEqual([])
    expect((await dispatcher.call('sendPortalPasswordReset', { user: user.id })).status).toBe(200)
  })

  it('is sent at most once a minute, and the newest link alone works', async () => {
    const user = await shop.portalUser()
    await shop.owner.ok('sendPortalPasswordReset', { user: user.id })
    const first = await tokenOf(user.email)
    expect(await shop.owner.call('sendPortalPasswordReset', { user: user.id })).toMatchObject({
      status: 429,
      body: { code: 'resentTooSoon' },
    })
    server.clock.advance(61_000)
    await shop.owner.ok('sendPortalPasswordReset', { user: user.id })
    expect((await shop.visitor().ok('getPortalPasswordReset', { token: first })).status).toBe('replaced')
    const token = await tokenOf(user.email)
    expect((await shop.visitor().ok('getPortalPasswordReset', { token })).status).toBe('open')
  })

  it.each([
    ['invited', 'notActivatedYet'],
    ['suspended', 'portalUserSuspended'],
    ['removed', 'portalUserRemoved'],
  ] as const)('is refused for a user who is %s', async (status, code) => {
    const user = await shop.portalUser({ status })
    expect(await shop.owner.call('sendPortalPasswordReset', { user: user.id })).toMatchObject({
      status: 409,
      body: { code },
    })
    expect((await shop.owner.ok('getPortalUser', { user: user.id })).can.sendReset).toBe(false)
  })
})

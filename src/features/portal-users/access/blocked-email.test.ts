import { beforeEach, describe, expect, it } from 'vitest'
import { PASSWORD } from '../../../../test/test-server.ts'
import { address, list, server, setUpPortalUserTests, shop, switchOn } from '../portal-users.fixtures.ts'

setUpPortalUserTests()
beforeEach(() => switchOn({ public: true }))

const settings = () => shop.owner.ok('getPortalSettings')
const signUp = (email: string) => shop.visitor().call('signUp', { email, password: PASSWORD, name: 'Bad Actor' })

describe('an email that may not sign up again', () => {
  it('gets the same answer as any other, no mail and no user', async () => {
    const user = await shop.portalUser({ name: 'Bad Actor' })
    await shop.owner.ok('removePortalUser', { user: user.id, signUp: 'block' })
    expect((await settings()).blockedEmails).toEqual([user.email])
    const stranger = address()
    const [blocked, other] = [await signUp(user.email), await signUp(stranger)]
    expect([blocked.status, Object.keys(blocked.body)]).toEqual([other.status, Object.keys(other.body)])
    expect(other.status).toBe(200)
    expect(await server.mailTo(user.email)).toEqual([])
    const messages = (await shop.owner.ok('listMessages')).rows
    expect(messages.map(({ to }) => to)).toEqual([stranger])
    expect((await list()).rows.map(({ email }) => email)).toEqual([stranger])
  })

  it('is one whose removal asked for it; any other may sign up again', async () => {
    const user = await shop.portalUser()
    await shop.owner.ok('removePortalUser', { user: user.id })
    expect((await settings()).blockedEmails).toEqual([])
    await signUp(user.email)
    expect(await server.mailTo(user.email)).toHaveLength(1)
  })

  it('can be invited, and may sign up once it is unblocked', async () => {
    const email = address()
    const { version } = await settings()
    await shop.owner.ok('updatePortalSettings', { version, blockedEmails: [` ${email.toUpperCase()} `, email] })
    expect((await settings()).blockedEmails).toEqual([email])
    const { id } = await shop.owner.ok('addPortalUser', { email })
    expect(await server.mailTo(email)).toHaveLength(1)
    await shop.owner.ok('removePortalUser', { user: id })
    await shop.owner.ok('updatePortalSettings', { version: (await settings()).version, blockedEmails: [] })
    await signUp(email)
    expect((await list()).rows).toMatchObject([{ email, status: 'signed_up' }])
  })

  it('is refused when it is no email, and only managers may block', async () => {
    const { version } = await settings()
    expect(await shop.owner.call('updatePortalSettings', { version, blockedEmails: ['nobody'] })).toMatchObject({
      status: 422,
      body: { fields: { blockedEmails: { code: 'email' } } },
    })
    const dispatcher = await shop.staff('dispatcher')
    expect((await dispatcher.call('updatePortalSettings', { version, blockedEmails: [] })).status).toBe(403)
  })
})

import { describe, expect, it } from 'vitest'
import { linkIn, PASSWORD, type Business } from '../../../../test/test-server.ts'
import { sendEmailChange } from '../messages.ts'
import { address, server, day, isIn, office, shop, userOf, setUpActivationTests } from './activation.fixtures.ts'

setUpActivationTests()

const NEW_PASSWORD = 'seven quiet lanterns'

describe('confirmEmailChange', () => {
  const changing = async (business: Business) => {
    const known = await business.portalUser(),
      newEmail = address(),
      user = (await userOf(business, known.email))!
    await office(business, (ctx) => sendEmailChange(ctx, user, newEmail))
    const token = /\/confirm-email\/([\w-]+)/.exec(linkIn((await server.mailTo(newEmail)).at(-1)))![1]!
    return { known, newEmail, token }
  }

  it('E-10 the new address must be confirmed before it can be used to sign in; the old address is notified', async () => {
    const business = await shop(),
      visitor = business.visitor()
    const { known, newEmail, token } = await changing(business)
    expect((await visitor.call('signInToPortal', { email: newEmail, password: PASSWORD })).status).toBe(401)
    await business.visitor().ok('signInToPortal', { email: known.email, password: PASSWORD })
    expect(await visitor.ok('getEmailChange', { token })).toEqual({
      status: 'open',
      email: known.email,
      newEmail,
      needsPassword: true,
    })
    expect((await userOf(business, known.email))?.pending_email).toBe(newEmail)
    expect(await visitor.ok('confirmEmailChange', { token, password: NEW_PASSWORD })).toEqual({ email: newEmail })
    expect(await isIn(known)).toBe(false)
    expect((await visitor.call('signInToPortal', { email: known.email, password: PASSWORD })).status).toBe(401)
    await visitor.ok('signInToPortal', { email: newEmail, password: NEW_PASSWORD })
    expect((await server.mailTo(known.email)).at(-1)!.subject).toBe('Your Harbour Appliance Repair email was changed')
    expect((await visitor.call('confirmEmailChange', { token, password: NEW_PASSWORD })).body.code).toBe('linkUsed')
  })

  it('a proved address ends the password that was there before, unless confirmed by who is signed in', async () => {
    const business = await shop()
    const elsewhere = await changing(business)
    const reply = await business.visitor().call('confirmEmailChange', { token: elsewhere.token })
    expect(reply).toMatchObject({ status: 422, body: { fields: { password: { code: 'required' } } } })
    await business.visitor().ok('confirmEmailChange', { token: elsewhere.token, password: NEW_PASSWORD })
    const signIn = (email: string, password: string) => business.visitor().call('signInToPortal', { email, password })
    expect((await signIn(elsewhere.newEmail, PASSWORD)).status).toBe(401)
    expect((await signIn(elsewhere.newEmail, NEW_PASSWORD)).status).toBe(200)

    const here = await changing(business)
    expect(await here.known.ok('getEmailChange', { token: here.token })).toMatchObject({ needsPassword: false })
    await here.known.ok('confirmEmailChange', { token: here.token })
    expect((await signIn(here.newEmail, PASSWORD)).status).toBe(200)
  })

  it('E-01 an address that another user took in the meantime is refused, and the link says so', async () => {
    const business = await shop(),
      visitor = business.visitor()
    const { known, newEmail, token } = await changing(business)
    await business.portalUser({ email: newEmail, signedIn: false })
    const reply = await visitor.call('confirmEmailChange', { token, password: NEW_PASSWORD })
    expect([reply.status, reply.body.code]).toEqual([409, 'addressTaken'])
    expect((await userOf(business, known.email))?.status).toBe('active')
    expect(await isIn(known)).toBe(true)
  })

  it('C4 the link to confirm an address works for 24 hours and is replaced by a newer change', async () => {
    const business = await shop(),
      visitor = business.visitor()
    const { known, token } = await changing(business)
    server.clock.advance(day)
    expect((await visitor.call('confirmEmailChange', { token, password: NEW_PASSWORD })).body.code).toBe('linkExpired')
    const user = (await userOf(business, known.email))!,
      later = address()
    await office(business, (ctx) => sendEmailChange(ctx, user, address()))
    await office(business, (ctx) => sendEmailChange(ctx, user, later))
    expect(await server.mailTo(later)).toHaveLength(1)
  })

  it('guessing links is rate limited and does not reveal whether one was right', async () => {
    const shop = await server.business()
    const visitor = shop.visitor()
    const replies = []
    for (let index = 0; index < 63; index++)
      replies.push((await visitor.call('renewActivation', { token: 'A'.repeat(43) })).status)
    expect(new Set(replies.slice(0, 60))).toEqual(new Set([404]))
    expect(replies.slice(60)).toEqual([429, 429, 429])
  })
})

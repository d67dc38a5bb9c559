import { describe, expect, it } from 'vitest'
import { sendActivation } from '../messages.ts'
import {
  address,
  server,
  countOf,
  hour,
  invite,
  isIn,
  MARTHA,
  office,
  setUser,
  settings,
  shop,
  tokenFor,
  userOf,
  setUpActivationTests,
} from './activation.fixtures.ts'

setUpActivationTests()

describe('acceptInvitation', () => {
  it('CP-18 CP-19 the invitation needs an address alone, and its mail asks nothing else of the business', async () => {
    const business = await shop({ public: false }),
      email = await invite(business)
    const [mail] = await server.mailTo(email)
    expect(mail!.subject).toBe('You’ve been invited to Harbour Appliance Repair’s customer portal')
    expect(await business.visitor().ok('getActivation', { token: await tokenFor(email) })).toEqual({
      status: 'open',
      kind: 'invitation',
      email,
      name: null,
    })
    expect(await userOf(business, email)).toMatchObject({ status: 'invited', name: null, password_hash: null })
  })

  it('CP-20 CP-22 CP-23 one form with details and password signs in, activates and names', async () => {
    const business = await shop({ public: false }),
      email = await invite(business),
      visitor = business.visitor()
    await visitor.ok('acceptInvitation', { ...MARTHA, token: await tokenFor(email) })
    expect((await visitor.ok('getCurrentPortalUser')).name).toBe('Martha Okonkwo')
    expect(await userOf(business, email)).toMatchObject({
      status: 'active',
      name: 'Martha Okonkwo',
      phone: MARTHA.phone,
    })
    await business.visitor().ok('signInToPortal', { email, password: MARTHA.password })
  })

  it('CP-21 E-07 half-way is not in: a refused or abandoned form leaves the user not activated and the link good', async () => {
    const business = await shop({ public: false }),
      email = await invite(business),
      visitor = business.visitor()
    const token = await tokenFor(email)
    await visitor.ok('getActivation', { token })
    expect((await visitor.call('acceptInvitation', { token, password: MARTHA.password })).body.fields).toMatchObject({
      name: { code: 'required' },
    })
    expect((await visitor.call('acceptInvitation', { ...MARTHA, token, password: 'short' })).status).toBe(422)
    expect((await visitor.call('activateAccount', { token })).body.code).toBe('detailsMissing')
    expect([await isIn(visitor), (await userOf(business, email))!.status]).toEqual([false, 'invited'])
    await visitor.ok('acceptInvitation', { ...MARTHA, token })
    expect(await isIn(visitor)).toBe(true)
  })

  it('V-08 E-69 the form asks all that the business asks at sign-up, and names all that is missing at once', async () => {
    const business = await shop({ public: false }),
      email = await invite(business)
    await settings(business, {
      sign_up_fields: JSON.stringify({ name: 'required', phone: 'required', company: 'required', address: 'optional' }),
    })
    const token = await tokenFor(email)
    const refused = await business.visitor().call('acceptInvitation', { token, password: MARTHA.password })
    expect(refused).toMatchObject({
      status: 422,
      body: { fields: { name: { code: 'required' }, phone: { code: 'required' }, company: { code: 'required' } } },
    })
    expect(Object.keys(refused.body.fields!).sort()).toEqual(['company', 'name', 'phone'])
    await business.visitor().ok('acceptInvitation', { ...MARTHA, token, company: 'Kettle Ltd' })
    expect(await userOf(business, email)).toMatchObject({ status: 'active', company: 'Kettle Ltd' })
  })

  it('CP-08 C6 twenty forms at once: one is taken, with its own answers', { repeats: 9 }, async () => {
    const business = await shop({ public: false }),
      email = await invite(business)
    const token = await tokenFor(email)
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        business.visitor().call('acceptInvitation', { ...MARTHA, token, name: `Martha ${n}` }),
      ),
    )
    const won = replies.flatMap((reply, n) => (reply.status === 200 ? [n] : []))
    expect(won).toHaveLength(1)
    expect((await userOf(business, email))!.name).toBe(`Martha ${won[0]}`)
    expect(await countOf(business, 'portal_sessions')).toBe(1)
  })

  it('E-11 removing the user while the form is open stores nothing', async () => {
    const business = await shop({ public: false }),
      email = await invite(business),
      visitor = business.visitor()
    const token = await tokenFor(email)
    await visitor.ok('getActivation', { token })
    const { id: user } = (await userOf(business, email))!
    await business.owner.ok('removePortalUser', { user })
    expect((await visitor.call('acceptInvitation', { ...MARTHA, token })).status).toBe(404)
    expect([await userOf(business, email), await countOf(business, 'portal_sessions')]).toMatchObject([
      { name: null, password_hash: null },
      0,
    ])
  })
})

describe('resendActivation', () => {
  it('E-03 PS-44 a resend ends the older link; more clicks in the same minute send nothing more', async () => {
    const business = await shop(),
      visitor = business.visitor(),
      email = address()
    await visitor.ok('signUp', { ...MARTHA, email })
    const first = await tokenFor(email)
    // Delivered each time: a mail whose link was replaced while it waited is not sent.
    for (let n = 0; n < 4; n++) {
      await visitor.ok('resendActivation', { email })
      await server.mailTo(email)
    }
    expect(await server.mailTo(email)).toHaveLength(2)
    expect((await visitor.call('activateAccount', { token: first })).body.code).toBe('linkReplaced')
    await visitor.ok('activateAccount', { token: await tokenFor(email) })
  })

  it('E-06 sends to the address itself only, and answers alike for everybody', async () => {
    const business = await shop(),
      visitor = business.visitor(),
      known = await business.portalUser(),
      email = address()
    await visitor.ok('signUp', { ...MARTHA, email })
    await tokenFor(email)
    server.clock.advance(hour)
    const replies = await Promise.all(
      [email, known.email, 'nobody@nowhere.example'].map((each) => visitor.call('resendActivation', { email: each })),
    )
    expect(new Set(replies.map((reply) => `${reply.status} ${reply.text}`)).size).toBe(1)
    expect([
      (await server.mailTo(email)).length,
      (await server.mailTo(known.email)).length,
      (await server.mailTo('nobody@nowhere.example')).length,
    ]).toEqual([2, 0, 0])
  })

  it('C2 a stranger causes at most five mails to one address in an hour, through all doors together', async () => {
    const business = await shop(),
      visitor = business.visitor(),
      known = await business.portalUser({ signedIn: false })
    for (let n = 0; n < 4; n++) {
      for (const operation of ['requestPortalPasswordReset', 'resendActivation', 'signUp'] as const) {
        await visitor.ok(operation, { ...(operation === 'signUp' && MARTHA), email: known.email })
        await server.mailTo(known.email)
      }
      server.clock.advance(5 * 60_000)
    }
    expect((await server.mailTo(known.email)).length).toBeGreaterThan(1)
    expect((await server.mailTo(known.email)).length).toBeLessThanOrEqual(5)
  })

  it('E-10 a link mailed to an address that was changed since opens nothing and renews nothing', async () => {
    const business = await shop(),
      visitor = business.visitor(),
      email = address(),
      changed = address()
    await visitor.ok('signUp', { ...MARTHA, email })
    const token = await tokenFor(email)
    await setUser(business, email, { email: changed, email_norm: changed })
    // Even before a link is mailed to the new address.
    expect((await visitor.ok('getActivation', { token })).status).toBe('replaced')
    expect((await visitor.call('activateAccount', { token })).body.code).toBe('linkReplaced')
    const user = (await userOf(business, changed))!
    await office(business, (ctx) => sendActivation(ctx, user))
    expect(await visitor.ok('getActivation', { token })).toEqual({
      status: 'replaced',
      kind: 'activation',
      email: null,
      name: null,
    })
    expect((await visitor.call('activateAccount', { token })).body.code).toBe('linkReplaced')
    expect((await visitor.call('renewActivation', { token })).body.code).toBe('linkReplaced')
    expect(await server.mailTo(changed)).toHaveLength(1)
    await visitor.ok('activateAccount', { token: await tokenFor(changed) })
  })
})

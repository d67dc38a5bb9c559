/** Proving a mailbox ends every password, detail and session that somebody else may have prepared for its address. */
import { describe, expect, it } from 'vitest'
import { PASSWORD, type Business, type Person } from '../../../../test/test-server.ts'
import {
  address,
  hour,
  isIn,
  MARTHA,
  server,
  setUpActivationTests,
  shop,
  tokenFor,
  userOf,
} from './activation.fixtures.ts'

setUpActivationTests()

const STRANGER = { name: 'Prize Department', phone: '0900 12345', password: 'first person heron 1' }
const OWNER = { name: 'Martha Okonkwo', password: 'second person heron 2' }

const canSignIn = async (business: Business, email: string, password: string) =>
  (await business.visitor().call('signInToPortal', { email, password })).status === 200

/** The owner of the mailbox opens the newest link in their own browser, presses what it offers, and gets in. */
async function proveMailbox(
  business: Business,
  owner: Person,
  email: string,
  kind: 'signUp' | 'invitation' = 'signUp',
): Promise<void> {
  const token = await tokenFor(email)
  expect(await owner.ok('getActivation', { token })).toEqual({ status: 'open', kind, email, name: null })
  expect((await owner.call('activateAccount', { token })).body.code).toBe('detailsMissing')
  await owner.ok('acceptInvitation', { token, ...OWNER })
  expect((await owner.ok('getCurrentPortalUser')).name).toBe(OWNER.name)
  expect(await userOf(business, email)).toMatchObject({ status: 'active', phone: null, sign_up_hash: null })
}

describe('a stranger signed up with my address and their password', () => {
  it('the button of the mail asks me for details and a password, and theirs never works', async () => {
    const business = await shop(),
      email = address()
    await business.visitor().ok('signUp', { ...STRANGER, email })
    await proveMailbox(business, business.visitor(), email)
    expect(await canSignIn(business, email, STRANGER.password)).toBe(false)
    expect(await canSignIn(business, email, OWNER.password)).toBe(true)
  })

  for (const operation of ['requestPortalPasswordReset', 'resendActivation'] as const)
    it(`the link that ${operation} mails asks for a new password too`, async () => {
      const business = await shop(),
        email = address()
      await business.visitor().ok('signUp', { ...STRANGER, email })
      server.clock.advance(hour)
      const owner = business.visitor()
      await owner.ok(operation, { email })
      await proveMailbox(business, owner, email)
      expect(await canSignIn(business, email, STRANGER.password)).toBe(false)
    })

  it('a link that they let expire and renewed, or that staff sent again, asks as well', async () => {
    const business = await shop(),
      email = address()
    const stranger = business.visitor()
    await stranger.ok('signUp', { ...STRANGER, email })
    const first = await tokenFor(email)
    server.clock.advance(8 * 24 * hour)
    await stranger.ok('renewActivation', { token: first })
    server.clock.advance(hour)
    const user = (await userOf(business, email))!
    // The owner's session in the office ended long ago.
    const office = await business.staff('owner')
    await office.ok('resendPortalInvitation', { user: user.id })
    await proveMailbox(business, business.visitor(), email)
    expect(await canSignIn(business, email, STRANGER.password)).toBe(false)
  })

  for (const [when, pause] of [
    ['within a minute', 0],
    ['later', 2 * 60_000],
  ] as const)
    it(`I sign up myself ${when}: neither password is believed, by the first link or a newer one`, async () => {
      const business = await shop(),
        email = address()
      const stranger = business.visitor(),
        owner = business.visitor()
      await stranger.ok('signUp', { ...STRANGER, email })
      const first = await tokenFor(email)
      server.clock.advance(pause)
      await owner.ok('signUp', { ...MARTHA, email })
      for (const person of [stranger, owner])
        expect(await person.ok('getActivation', { token: first })).toMatchObject(
          pause ? { status: 'replaced' } : { status: 'open', kind: 'signUp', name: null },
        )
      expect((await stranger.call('activateAccount', { token: first })).status).toBe(409)
      await proveMailbox(business, owner, email)
      expect(await canSignIn(business, email, STRANGER.password)).toBe(false)
      expect(await canSignIn(business, email, MARTHA.password)).toBe(false)
    })

  it('no limit of mails keeps a second sign-up from ending the belief in the first', async () => {
    const business = await shop(),
      email = address()
    const stranger = business.visitor()
    await stranger.ok('signUp', { ...STRANGER, email })
    for (let n = 0; n < 4; n++) {
      server.clock.advance(3 * 60_000)
      await stranger.ok('resendActivation', { email })
    }
    const before = await server.mailTo(email)
    server.clock.advance(3 * 60_000)
    const owner = business.visitor()
    await owner.ok('signUp', { ...MARTHA, email })
    expect(await server.mailTo(email)).toHaveLength(before.length)
    expect((await stranger.call('activateAccount', { token: await tokenFor(email) })).body.code).toBe('detailsMissing')
    await proveMailbox(business, owner, email)
    expect(await canSignIn(business, email, STRANGER.password)).toBe(false)
  })

  it('they cannot take a waiting address over by signing up after me', async () => {
    const business = await shop(),
      email = address()
    const owner = business.visitor(),
      stranger = business.visitor()
    await owner.ok('signUp', { ...MARTHA, email })
    const token = await tokenFor(email)
    await stranger.ok('signUp', { ...STRANGER, email })
    expect((await owner.call('activateAccount', { token })).body.code).toBe('detailsMissing')
    expect((await stranger.call('activateAccount', { token })).body.code).toBe('detailsMissing')
    await proveMailbox(business, owner, email)
    expect(await canSignIn(business, email, STRANGER.password)).toBe(false)
  })

  it('a cookie of another sign-up, or one made up, is not that of this sign-up', async () => {
    const business = await shop(),
      other = await shop(),
      email = address()
    await business.visitor().ok('signUp', { ...STRANGER, email })
    const reader = business.visitor()
    await reader.ok('signUp', { ...MARTHA, email: address() })
    const token = await tokenFor(email)
    expect((await reader.call('activateAccount', { token })).body.code).toBe('detailsMissing')
    for (const cookie of ['', 'A'.repeat(43), '%00', 'null']) {
      reader.cookies.set('portico_sign_up', cookie)
      expect((await reader.call('activateAccount', { token })).body.code, cookie).toBe('detailsMissing')
    }
    expect((await other.visitor().call('activateAccount', { token })).status).toBe(404)
  })
})

describe('sessions from before', () => {
  it('end when the invited person proves the mailbox', async () => {
    const business = await shop()
    const before = await business.portalUser({ email: address(), status: 'invited' })
    await business.owner.ok('resendPortalInvitation', { user: before.id })
    const owner = business.visitor()
    await owner.ok('acceptInvitation', { token: await tokenFor(before.email), ...OWNER })
    expect((await owner.ok('listPortalSessions')).rows).toHaveLength(1)
    expect([await isIn(before), await isIn(owner)]).toEqual([false, true])
  })
})

describe('the browser that signed up', () => {
  it('activates with one click; a mistyped password is corrected by signing up again', async () => {
    const business = await shop(),
      visitor = business.visitor(),
      email = address()
    await visitor.ok('signUp', { ...MARTHA, email, password: 'a kettel in the harbour' })
    await visitor.ok('signUp', { ...MARTHA, email, name: 'Martha O.' })
    const token = await tokenFor(email)
    expect(await visitor.ok('getActivation', { token })).toMatchObject({ kind: 'activation', name: 'Martha O.' })
    await visitor.ok('activateAccount', { token })
    expect(await isIn(visitor)).toBe(true)
    expect(await canSignIn(business, email, 'a kettel in the harbour')).toBe(false)
    expect(await canSignIn(business, email, MARTHA.password)).toBe(true)
  })

  it('keeps nothing of the sign-up once it is activated', async () => {
    const business = await shop(),
      visitor = business.visitor(),
      email = address()
    await visitor.ok('signUp', { ...MARTHA, email })
    expect(visitor.cookies.has('portico_sign_up')).toBe(true)
    await visitor.ok('activateAccount', { token: await tokenFor(email) })
    expect(visitor.cookies.has('portico_sign_up')).toBe(false)
    expect(await userOf(business, email)).toMatchObject({ sign_up_hash: null })
  })
})

describe('staff and an address that only signed up', () => {
  it('an invitation takes over: its links, its permissions, and nothing that was typed', async () => {
    const business = await shop(),
      email = address(),
      customer = await business.customer('Lockside Hotel')
    const stranger = business.visitor()
    await stranger.ok('signUp', { ...STRANGER, email })
    const first = await tokenFor(email)
    const before = (await userOf(business, email))!
    const { id } = await business.owner.ok('addPortalUser', {
      email,
      customers: [customer],
      permissions: { editJobs: false },
    })
    expect(id).toBe(before.id)
    expect(await userOf(business, email)).toMatchObject({
      status: 'invited',
      password_hash: null,
      sign_up_hash: null,
      name: null,
      phone: null,
      permissions: { editJobs: false },
    })
    expect(await stranger.ok('getActivation', { token: first })).toMatchObject({ status: 'replaced' })
    expect((await server.mailTo(email)).at(-1)!.subject).toContain('invited')
    await proveMailbox(business, business.visitor(), email, 'invitation')
    expect(await canSignIn(business, email, STRANGER.password)).toBe(false)
    const { links } = await business.owner.ok('getPortalUser', { user: id })
    expect(links.map((link) => link.customer.id)).toEqual([customer])
  })

  it('an address that is invited or active is still refused', async () => {
    const business = await shop(),
      known = await business.portalUser()
    await business.owner.ok('addPortalUser', { email: 'invited.already@post.example' })
    for (const email of [known.email, 'invited.already@post.example'])
      expect((await business.owner.call('addPortalUser', { email })).body.code).toBe('alreadyPortalUser')
    expect(await canSignIn(business, known.email, PASSWORD)).toBe(true)
  })

  it('twenty invitations of one sign-up at once make one invitation', async () => {
    const business = await shop(),
      email = address()
    await business.visitor().ok('signUp', { ...STRANGER, email })
    const replies = await Promise.all(Array.from({ length: 20 }, () => business.owner.call('addPortalUser', { email })))
    expect(replies.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(19).fill(409)])
  })

  it('changing the address of a sign-up forgets the password typed for the old one', async () => {
    const business = await shop(),
      wrong = address(),
      right = address()
    const stranger = business.visitor()
    await stranger.ok('signUp', { ...STRANGER, email: wrong })
    const user = (await userOf(business, wrong))!
    await business.owner.ok('updatePortalUser', { user: user.id, version: user.version, email: right })
    expect((await stranger.call('activateAccount', { token: await tokenFor(right) })).body.code).toBe('detailsMissing')
    await proveMailbox(business, business.visitor(), right)
    expect(await canSignIn(business, right, STRANGER.password)).toBe(false)
  })
})

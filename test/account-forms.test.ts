/** The forms of staff about themselves: signing in, passwords, devices, joining and the first set-up. */
import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { openScreen, PAGES, startPagesServer } from './no-script.ts'
import { linkIn, PASSWORD, startSeparateServer, type Business, type Person, type TestServer } from './test-server.ts'

const NEW_PASSWORD = 'seven quiet lanterns'
let server: TestServer, shop: Business

beforeAll(async () => {
  server = await startPagesServer()
})
beforeEach(async () => {
  shop = await server.business()
})

const isSignedIn = async (person: Person) => (await person.call('getCurrentUser')).status === 200
const canSignIn = async (password: string) =>
  (await server.anyone().call('signIn', { email: shop.owner.email, password })).status === 200

describe('signing in', () => {
  it('"Sign in" opens the office, and "Sign out" ends the session', async () => {
    const person = server.anyone()
    const form = await openScreen(person, '/office/sign-in')
    const home = await form.press('Sign in', { email: shop.owner.email, password: PASSWORD })
    expect([home.status, home.path]).toEqual([200, `/office/${shop.slug}`])
    expect(await isSignedIn(person)).toBe(true)
    await (await openScreen(person, '/office/sign-out')).press('Sign out')
    expect(await isSignedIn(person)).toBe(false)
  })

  it('"Send reset link" mails a link, whose form sets the new password', async () => {
    const form = await openScreen(server.anyone(), '/office/forgot-password')
    await form.press('Send reset link', { email: shop.owner.email })
    const link = linkIn((await server.mailTo(shop.owner.email)).at(-1), /http\S+reset-password\S+/)
    const reset = await openScreen(server.anyone(), new URL(link).pathname)
    expect(await canSignIn(NEW_PASSWORD)).toBe(false)
    await reset.press('Change password', { password: NEW_PASSWORD, repeat: NEW_PASSWORD })
    expect([await canSignIn(PASSWORD), await canSignIn(NEW_PASSWORD)]).toEqual([false, true])
  })

  it('two different passwords are refused and nothing is set', async () => {
    await server.anyone().ok('requestPasswordReset', { email: shop.owner.email })
    const link = linkIn((await server.mailTo(shop.owner.email)).at(-1), /http\S+reset-password\S+/)
    const reset = await openScreen(server.anyone(), new URL(link).pathname)
    const refused = await reset.press('Change password', { password: NEW_PASSWORD, repeat: 'another one here' })
    expect(refused.text).toContain('Passwords don’t match.')
    expect([await canSignIn(PASSWORD), await canSignIn(NEW_PASSWORD)]).toEqual([true, false])
  })
})

describe('joining', () => {
  it('"Join" makes the invited person a worker of the business', async () => {
    const email = `stan.${shop.slug}@post.example`
    await shop.owner.ok('inviteStaff', { email, role: 'worker' })
    const link = linkIn((await server.mailTo(email)).at(-1), /http\S+\/office\/join\/\S+/)
    const person = server.anyone()
    const form = await openScreen(person, new URL(link).pathname)
    await form.press('Join Harbour Appliance Repair', {
      name: 'Stan Miller',
      password: NEW_PASSWORD,
      repeat: NEW_PASSWORD,
    })
    expect((await person.ok('getOffice', {}, { slug: shop.slug })).me).toMatchObject({
      name: 'Stan Miller',
      role: 'worker',
    })
  })
})

describe('an invitation with a name', () => {
  it('fills in the name of whoever has no login, and shows none to others', async () => {
    const invite = async (email: string) => {
      await shop.owner.ok('inviteStaff', { email, role: 'worker', name: 'Stan Miller' })
      const link = linkIn((await server.mailTo(email)).at(-1), /http\S+\/office\/join\/\S+/)
      return new URL(link).pathname
    }
    const form = await openScreen(server.anyone(), await invite(`stan.${shop.slug}@post.example`))
    expect(form.$('[name=name]').attr('value')).toBe('Stan Miller')
    const known = (await server.business()).owner
    const token = (await invite(known.email)).split('/').at(-1)!
    expect((await server.anyone().ok('getStaffInvitation', { token })).invitation).toMatchObject({ name: null })
  })
})

describe('the profile', () => {
  const open = (person: Person = shop.owner) => openScreen(person, `/office/${shop.slug}/profile`)

  it('"Save name" changes the name', async () => {
    await (await open()).press('Save name', { name: 'Ruth C. Calloway' })
    expect((await shop.owner.ok('getCurrentUser')).name).toBe('Ruth C. Calloway')
  })

  it('"Change password" needs the current one and sets the new one', async () => {
    await (
      await open()
    ).press('Change password', {
      currentPassword: PASSWORD,
      password: NEW_PASSWORD,
      repeat: NEW_PASSWORD,
    })
    expect([await canSignIn(PASSWORD), await canSignIn(NEW_PASSWORD)]).toEqual([false, true])
  })

  it('"Save emails" turns kinds of emails off and on', async () => {
    const isOn = async () =>
      (await shop.owner.ok('getEmailChoices')).emails.find(({ kind }) => kind === 'commented')?.on
    expect(await isOn()).toBe(true)
    await (await open()).press('Save emails', { 'emails.commented': false })
    expect(await isOn()).toBe(false)
    await (await open()).press('Save emails', { 'emails.commented': true })
    expect(await isOn()).toBe(true)
  })

  it('"Sign out" of one device and of all others ends those sessions', async () => {
    const [second, third] = [server.anyone(), server.anyone()]
    await second.ok(
      'signIn',
      { email: shop.owner.email, password: PASSWORD },
      { headers: { 'user-agent': 'Firefox/130.0' } },
    )
    const { sessions } = await shop.owner.ok('listSessions')
    const other = sessions.find(({ current }) => !current)!
    const page = await open()
    const button = page.$(`input[name=session][value="${other.id}"]`).closest('form').find('button')
    await page.press(button.attr('aria-label') ?? button.text().trim())
    expect([await isSignedIn(second), await isSignedIn(shop.owner)]).toEqual([false, true])
    await second.ok('signIn', { email: shop.owner.email, password: PASSWORD })
    await third.ok('signIn', { email: shop.owner.email, password: PASSWORD })
    await (await open()).press('Sign out all other devices')
    expect([await isSignedIn(second), await isSignedIn(third), await isSignedIn(shop.owner)]).toEqual([
      false,
      false,
      true,
    ])
  })
})

describe('an empty installation', () => {
  it('"Create business" makes the account and its owner, who is signed in', async () => {
    const empty = await startSeparateServer(inject('world'), { pages: PAGES })
    try {
      const link = await empty.app.offerSetUp()
      const person = empty.anyone()
      const form = await openScreen(person, new URL(link!).pathname)
      await form.press('Create business', {
        business: 'Harbour Appliance Repair',
        slug: 'harbour',
        locale: 'en-GB',
        timeZone: 'Europe/London',
        currency: 'GBP',
        name: 'Ruth Calloway',
        email: 'ruth@harbour-repair.example',
        password: NEW_PASSWORD,
        repeat: NEW_PASSWORD,
      })
      expect(await person.ok('getAccount', {}, { slug: 'harbour' })).toMatchObject({
        name: 'Harbour Appliance Repair',
        timeZone: 'Europe/London',
        currency: 'GBP',
      })
      expect((await person.ok('getCurrentUser')).name).toBe('Ruth Calloway')
    } finally {
      await empty.close()
    }
  })
})

/** Every form of the customer portal, sent as a browser without script sends it. */
import { PERMISSIONS, type Permissions } from '../src/features/identity/rules.ts'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openScreen, startPagesServer } from './no-script.ts'
import { bookJob } from './portal.fixtures.ts'
import { linkIn, PASSWORD, type Business, type Person, type TestServer } from './test-server.ts'

const NEW_PASSWORD = 'seven quiet lanterns'
const WRONG = { id: 'wrong', name: 'What is wrong?', type: 'text', portal: 'required', worker: 'optional' }
let server: TestServer, shop: Business, customer: string, user: Person, template: string

beforeAll(async () => {
  server = await startPagesServer()
})
beforeEach(async () => {
  shop = await server.business({ public: true })
  customer = await shop.customer('Dockside Lettings')
  await shop.site(customer, '14 Pelican Quay')
  user = await shop.portalUser({ customers: [customer] })
  template = await shop.template({ name: 'Dishwasher repair', fields: [WRONG] })
})

const open = (path: string, person: Person = user) => openScreen(person, `/p/${shop.slug}${path}`)
const isSignedIn = async (person: Person) => (await person.call('getCurrentPortalUser')).status === 200
const canSignIn = async (email: string, password: string) =>
  (await shop.visitor().call('signInToPortal', { email, password })).status === 200
/** The path of the newest link in mails to this address, on the main host. */
const linkTo = async (email: string, page: string) =>
  new URL(linkIn((await server.mailTo(email)).at(-1), new RegExp(`http\\S+/${page}/\\S+`))).pathname.replace(
    `/p/${shop.slug}`,
    '',
  )
/** Signs out everywhere from another device, which it returns. */
async function endSessionsOf({ email }: Person): Promise<Person> {
  const other = shop.visitor()
  await other.ok('signInToPortal', { email, password: PASSWORD })
  await (await open('/account', other)).press('Sign out all other devices')
  return other
}
const signUp = async (email: string, person = shop.visitor()) => {
  await person.ok('signUp', { email, name: 'Martha Okonkwo', password: NEW_PASSWORD })
  return person
}

describe('signing in', () => {
  it('"Sign in" opens the jobs, and "Sign out" ends the session', async () => {
    const visitor = shop.visitor()
    const jobs = await (await open('/sign-in', visitor)).press('Sign in', { email: user.email, password: PASSWORD })
    expect([jobs.path, await isSignedIn(visitor)]).toEqual([`/p/${shop.slug}/jobs`, true])
    await jobs.press('Sign out')
    expect(await isSignedIn(visitor)).toBe(false)
  })

  it('CP-10 CP-11 "Sign up" stores the details, mails a link and leads to the sign-in page', async () => {
    const email = `martha.${shop.slug}@post.example`
    const after = await (
      await open('/signup', shop.visitor())
    ).press('Sign up', { name: 'Martha Okonkwo', email, phone: '07700 900318', password: NEW_PASSWORD })
    expect(after.path).toMatch(/\/sign-in$/)
    expect(after.text).toContain('Check your email to finish signing up.')
    expect(await server.mailTo(email)).toHaveLength(1)
    expect((await shop.owner.ok('listPortalUsers', { search: email })).rows).toMatchObject([
      { name: 'Martha Okonkwo', status: 'signed_up' },
    ])
  })

  it.each(['the sign-in page', 'the page for it'])(
    'CP-12 "Resend email" on %s sends the activation again',
    async (place) => {
      const email = `martha.${shop.slug}@post.example`
      const signUpPage = await open('/signup', shop.visitor())
      const signInPage = await signUpPage.press('Sign up', { name: 'Martha Okonkwo', email, password: NEW_PASSWORD })
      await server.mailTo(email)
      server.clock.advance(61_000)
      if (place === 'the sign-in page') await signInPage.press('Resend email')
      else await (await open('/resend-activation', shop.visitor())).press('Resend email', { email })
      expect(await server.mailTo(email)).toHaveLength(2)
    },
  )

  it('V-14 "Send reset link" mails a link, whose form sets the new password', async () => {
    await (await open('/forgot-password', shop.visitor())).press('Send reset link', { email: user.email })
    const path = await linkTo(user.email, 'reset-password')
    const form = await open(path, shop.visitor())
    expect(await canSignIn(user.email, NEW_PASSWORD)).toBe(false)
    const after = await form.press('Change password', { password: NEW_PASSWORD })
    expect(after.path).toMatch(/\/sign-in$/)
    expect(after.text).toContain('Your password was changed.')
    expect(await canSignIn(user.email, NEW_PASSWORD)).toBe(true)
    expect(await canSignIn(user.email, PASSWORD)).toBe(false)
  })
})

describe('activating', () => {
  it('CP-15 "Activate account" activates and signs in', async () => {
    const email = `martha.${shop.slug}@post.example`
    const visitor = await signUp(email)
    const page = await open(await linkTo(email, 'activate'), visitor)
    expect(await isSignedIn(visitor)).toBe(false)
    const jobs = await page.press('Activate account')
    expect([jobs.path, await isSignedIn(visitor)]).toEqual([`/p/${shop.slug}/jobs`, true])
  })

  it('CP-20 CP-22 "Set up account" stores the details and signs in', async () => {
    const email = `ivy.${shop.slug}@post.example`
    const { id } = await shop.owner.ok('addPortalUser', { email })
    const visitor = shop.visitor()
    const page = await open(await linkTo(email, 'activate'), visitor)
    await page.press('Set up account', { name: 'Ivy Marsh', phone: '07700 900111', password: NEW_PASSWORD })
    expect(await isSignedIn(visitor)).toBe(true)
    expect(await shop.owner.ok('getPortalUser', { user: id })).toMatchObject({
      name: 'Ivy Marsh',
      phone: '07700 900111',
      status: 'active',
    })
  })

  it.each([
    ['expired', 8 * 86_400_000],
    ['replaced', 61_000],
  ])('E-06 "Send new link" on a link that is %s mails a new one to the same address', async (status, later) => {
    const email = `ivy.${shop.slug}@post.example`
    const { id } = await shop.owner.ok('addPortalUser', { email })
    const path = await linkTo(email, 'activate')
    server.clock.advance(later)
    if (status === 'replaced') await shop.owner.ok('resendPortalInvitation', { user: id })
    const before = (await server.mailTo(email)).length
    server.clock.advance(61_000)
    const after = await (await open(path, shop.visitor())).press('Send new link')
    expect(after.path).toMatch(/\/sign-in$/)
    expect(await server.mailTo(email)).toHaveLength(before + 1)
  })

  it('E-10 "Confirm email" makes the new address the sign-in', async () => {
    const { version } = await shop.owner.ok('getPortalUser', { user: user.id })
    const email = `new.${shop.slug}@post.example`
    await shop.owner.ok('updatePortalUser', { user: user.id, version, email })
    const page = await open(await linkTo(email, 'confirm-email'), shop.visitor())
    expect(await canSignIn(email, NEW_PASSWORD)).toBe(false)
    await page.press('Confirm email', { password: NEW_PASSWORD })
    expect(await canSignIn(email, NEW_PASSWORD)).toBe(true)
  })
})

describe('links that no longer work lead to where a new start is possible', () => {
  it('a replaced link of an address that changed leads to the sign-in page', async () => {
    const email = `ivy.${shop.slug}@post.example`
    const { id } = await shop.owner.ok('addPortalUser', { email })
    const path = await linkTo(email, 'activate')
    const { version } = await shop.owner.ok('getPortalUser', { user: id })
    await shop.owner.ok('updatePortalUser', { user: id, version, email: `ivy2.${shop.slug}@post.example` })
    const page = await open(path, shop.visitor())
    expect(page.has('Send new link')).toBe(false)
    expect((await page.follow('Go to sign in')).path).toBe(`/p/${shop.slug}/sign-in`)
  })

  it('CP-17 E-04 a used activation link leads to the sign-in page with the address filled in, or to the jobs', async () => {
    const email = `martha.${shop.slug}@post.example`
    const visitor = await signUp(email)
    const path = await linkTo(email, 'activate')
    await (await open(path, visitor)).press('Activate account')
    expect((await open(path, visitor)).path).toBe(`/p/${shop.slug}/jobs`)
    const later = await open(path, shop.visitor())
    expect(later.path).toMatch(new RegExp(`^/p/${shop.slug}/sign-in`))
    expect(later.$('input[name=email]').attr('value')).toBe(email)
  })

  it('a replaced reset link leads to a new one and to the sign-in page', async () => {
    await shop.visitor().ok('requestPortalPasswordReset', { email: user.email })
    const path = await linkTo(user.email, 'reset-password')
    server.clock.advance(120_000)
    await shop.visitor().ok('requestPortalPasswordReset', { email: user.email })
    const page = await open(path, shop.visitor())
    expect(page.has('Change password')).toBe(false)
    expect((await page.follow('Request a new reset link')).path).toBe(`/p/${shop.slug}/forgot-password`)
    expect((await page.follow('Back to sign in')).path).toBe(`/p/${shop.slug}/sign-in`)
  })
})

describe('the account page', () => {
  it('"Save changes" stores name and phone', async () => {
    await (await open('/account')).press('Save changes', { name: 'Eleanor Marsh', phone: '0117 496 0009' })
    expect(await user.ok('getPortalProfile')).toMatchObject({ name: 'Eleanor Marsh', phone: '0117 496 0009' })
  })

  it('"Change password" needs the current one and sets the new one', async () => {
    await (await open('/account')).press('Change password', { current: PASSWORD, password: NEW_PASSWORD })
    expect(await canSignIn(user.email, NEW_PASSWORD)).toBe(true)
    expect(await canSignIn(user.email, PASSWORD)).toBe(false)
  })

  it('"Save emails" turns kinds of emails off and on', async () => {
    const isOn = async () =>
      (await user.ok('getPortalEmailChoices')).emails.find(({ kind }) => kind === 'completed')?.on
    expect(await isOn()).toBe(true)
    await (await open('/account')).press('Save emails', { 'emails.completed': false })
    expect(await isOn()).toBe(false)
    await (await open('/account')).press('Save emails', { 'emails.completed': true })
    expect(await isOn()).toBe(true)
  })

  it('signing out one device and all others ends those sessions', async () => {
    const [second, third] = [shop.visitor(), shop.visitor()]
    const signIn = (person: Person) => person.ok('signInToPortal', { email: user.email, password: PASSWORD })
    await signIn(second)
    const { rows } = await user.ok('listPortalSessions')
    const other = rows.find(({ current }) => !current)!
    const page = await open('/account')
    const button = page.$(`input[name=session][value="${other.id}"]`).closest('form').find('button')
    await page.press(button.attr('aria-label') ?? button.text().trim())
    expect([await isSignedIn(second), await isSignedIn(user)]).toEqual([false, true])
    await signIn(second)
    await signIn(third)
    await (await open('/account')).press('Sign out all other devices')
    expect([await isSignedIn(second), await isSignedIn(third), await isSignedIn(user)]).toEqual([false, false, true])
  })
})

describe('jobs', () => {
  it('"Send request" books what was typed', async () => {
    const form = await open(`/jobs/new/${template}`)
    const after = await form.press('Send request', {
      'fields.wrong': 'Water stays in the bottom.',
      'requested.day': '2027-03-01',
      'requested.time': '09:30',
    })
    const job = /jobs\/([\w-]+)$/.exec(after.path)![1]!
    const booked = await user.ok('getPortalJob', { job })
    expect(booked).toMatchObject({ requested: { day: '2027-03-01', time: '09:30' }, address: '14 Pelican Quay' })
    expect(booked.fields).toMatchObject([{ id: 'wrong', value: 'Water stays in the bottom.' }])
  })

  it('a request whose session has ended is kept, signed in for, and booked once', async () => {
    const form = await open(`/jobs/new/${template}`)
    const second = await endSessionsOf(user)
    const ended = await form.press('Send request', { 'fields.wrong': 'It hums.\nLoudly.', address: '9 Quay Street' })
    expect([ended.status, ended.text.includes('Your session has ended')]).toEqual([401, true])
    // Too early, it comes back.
    const again = await ended.press('Send form again')
    expect([again.status, (await second.ok('listPortalJobs')).rows.length]).toEqual([401, 0])
    await (await again.follow('Sign in')).press('Sign in', { email: user.email, password: PASSWORD })
    const booked = await again.press('Send form again')
    expect(booked.path).toMatch(/\/jobs\/[\w-]{36}$/)
    const { rows } = await user.ok('listPortalJobs')
    expect(rows).toHaveLength(1)
    const { fields } = await user.ok('getPortalJob', { job: rows[0]!.id })
    expect(fields.map(({ value }) => String(value).replaceAll('\r\n', '\n'))).toEqual(['It hums.\nLoudly.'])
  })

  it('a password is not in the page that says that the session has ended', async () => {
    const form = await open('/account')
    await endSessionsOf(user)
    const ended = await form.press('Change password', { current: PASSWORD, password: NEW_PASSWORD })
    expect(ended.text).toContain('Your session has ended')
    expect(ended.$.html()).not.toContain(NEW_PASSWORD)
    expect(ended.$.html()).not.toContain(PASSWORD)
  })

  it('"Save changes" stores the edited answers', async () => {
    const job = await bookJob(user, template, { fields: { wrong: 'Leaks.' } })
    await (await open(`/jobs/${job}/edit`)).press('Save changes', { 'fields.wrong': 'Leaks a lot.' })
    expect((await user.ok('getPortalJob', { job })).fields).toMatchObject([{ id: 'wrong', value: 'Leaks a lot.' }])
  })

  it('"Send comment" sends it', async () => {
    const job = await bookJob(user, template, { fields: { wrong: 'Leaks.' } })
    await (await open(`/jobs/${job}`)).press('Send comment', { body: 'Ring twice.' })
    expect((await user.ok('getPortalJob', { job })).comments).toMatchObject([{ body: 'Ring twice.' }])
  })

  it('"Cancel job" asks first', async () => {
    const job = await bookJob(user, template, { fields: { wrong: 'Leaks.' } })
    const dialog = await (await open(`/jobs/${job}`)).follow('Cancel job')
    expect((await shop.owner.ok('getJob', { job })).status).toBe('unassigned')
    await dialog.press('Cancel job')
    expect((await shop.owner.ok('getJob', { job })).status).toBe('canceled')
  })

  it('"Delete job" asks first', async () => {
    const { version } = await shop.owner.ok('getPortalSettings')
    const all = Object.fromEntries(PERMISSIONS.map((name) => [name, true])) as Permissions
    await shop.owner.ok('updatePortalSettings', { version, permissions: all, switches: all })
    const job = await bookJob(user, template, { fields: { wrong: 'Leaks.' } })
    const { number } = await user.ok('getPortalJob', { job })
    const dialog = await (await open(`/jobs/${job}`)).follow('Delete job')
    expect((await user.call('getPortalJob', { job })).status).toBe(200)
    await dialog.press(`Delete job ${number}`)
    expect((await user.call('getPortalJob', { job })).status).toBe(404)
  })
})

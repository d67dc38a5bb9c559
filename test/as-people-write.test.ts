/** Addresses, numbers, names and links as people write, paste and type them, over HTTP and on pages. */
import fs from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { upload } from '../src/features/jobs/jobs.fixtures.ts'
import { openScreen, startPagesServer } from './no-script.ts'
import { linkIn, type Business, type TestServer } from './test-server.ts'

let server: TestServer, shop: Business

beforeAll(async () => {
  server = await startPagesServer()
})
beforeEach(async () => {
  shop = await server.business({ public: true })
})

const NEW_PASSWORD = 'seven quiet lanterns'
const signUp = (details: object) =>
  shop.visitor().call('signUp', { name: 'Kim Lee', email: 'kim@post.example', password: NEW_PASSWORD, ...details })

describe('email addresses', () => {
  const REAL = [
    'info@bücher.example',
    'info@müller-heizung.example',
    'info@beispiel.xn--p1ai',
    'sales&service@post.example',
    'r/d@post.example',
  ]

  it.each(REAL)('%s can sign up, be invited and be a contact', async (email) => {
    expect((await signUp({ email })).status).toBe(200)
    const customer = await shop.customer('Dockside Lettings')
    await shop.owner.ok('addContact', { customer, name: 'Kim Lee', email })
    const other = await server.business({ public: true })
    expect((await other.owner.call('addPortalUser', { email })).status).toBe(201)
  })

  it('a domain in its own script and in ASCII is one address; mail goes to the ASCII form, people see their script', async () => {
    const at = (domain: string) => `info.${shop.slug}@${domain}`
    await signUp({ email: at('bücher.example') })
    const mails = await server.mailTo(at('xn--bcher-kva.example'))
    expect(mails).toHaveLength(1)
    // Invites the one who signed up, and makes no second portal user.
    await shop.owner.ok('addPortalUser', { email: at('XN--bcher-kva.example') })
    const { rows } = await shop.owner.ok('listPortalUsers', {})
    expect(rows.map((user) => user.email)).toEqual([at('bücher.example')])
    const other = await server.business({ public: true })
    const { id } = await other.owner.ok('addPortalUser', { email: at('xn--bcher-kva.example') })
    expect((await other.owner.ok('getPortalUser', { user: id })).email).toBe(at('bücher.example'))
  })
})

describe('invisible characters', () => {
  it.each(['\u200bkim@post.example', '\u202akim@post.example\u202c'])(
    '%j signs up as the address that is seen',
    async (email) => {
      expect((await signUp({ email, phone: '\u202a+44 117 496 0001\u202c' })).status).toBe(200)
      const id = (await shop.owner.ok('listPortalUsers', {})).rows[0]!.id
      expect(await shop.owner.ok('getPortalUser', { user: id })).toMatchObject({
        email: 'kim@post.example',
        phone: '+44 117 496 0001',
      })
    },
  )

  it.each(['\u200b\u200b', '\u3164'])('the name %j is none', async (name) => {
    expect((await signUp({ name })).body.fields).toMatchObject({ name: { code: 'required' } })
  })

  it('a name cannot turn its line around', async () => {
    await signUp({ name: '\u202enaitsabeS' })
    expect((await shop.owner.ok('listPortalUsers', {})).rows).toMatchObject([{ name: 'naitsabeS' }])
  })
})

describe('phone numbers', () => {
  const WRITTEN = [
    '0117 496 0001 ext. 12',
    '0117 496 0001 x12',
    '0117‑496‑0001',
    '0117 496–0001',
    'tel:+441174960001',
    '+49 (0)30 / 901820',
    '0800 FLOWERS',
  ]

  it.each(WRITTEN)('%s is taken at sign-up, as a contact and in the settings, and kept as written', async (phone) => {
    const kept = phone.replace('tel:', '')
    await signUp({ phone })
    const id = (await shop.owner.ok('listPortalUsers', {})).rows[0]!.id
    expect((await shop.owner.ok('getPortalUser', { user: id })).phone).toBe(kept)
    const customer = await shop.customer('Dockside Lettings')
    await shop.owner.ok('addContact', { customer, name: 'Naveed Aslam', phone })
    expect((await shop.owner.ok('getCustomer', { customer })).contacts).toMatchObject([{ phone: kept }])
  })

  it.each(['ask at reception', '12', '0117 call me', '<b>0117 496</b>'])(
    '“%s” is refused with an example',
    async (phone) => {
      const { status, body } = await signUp({ phone })
      expect([status, body.fields!.phone!.code]).toEqual([422, 'phone'])
      expect(body.fields!.phone!.text).toContain('+44 117 496 0001')
    },
  )

  it.each(['0117 496 0001', '0117-496-0001', '(0117) 4960001', '01174960001'])(
    'a customer is found by “%s”, however the number was written',
    async (search) => {
      const customer = await shop.customer('Dockside Lettings')
      await shop.owner.ok('addContact', { customer, name: 'Naveed Aslam', phone: '0117‑496 – 0001 x12' })
      await shop.customer('Southville Hotel')
      expect((await shop.owner.ok('listCustomers', { search })).rows).toMatchObject([{ id: customer }])
    },
  )
})

describe('large photos of phones', () => {
  it.each(['photo-50mp.jpg', 'panorama.jpg'])('%s is taken without script, and scaled', async (name) => {
    const customer = await shop.customer('Dockside Lettings')
    const user = await shop.portalUser({ customers: [customer] })
    const bytes = fs.readFileSync(join(import.meta.dirname, 'fixtures', name))
    const sent = await upload(user, `/portal/${shop.slug}/files`, { name, type: 'image/jpeg', bytes })
    expect([sent.status, sent.body.type]).toEqual([201, 'image/jpeg'])
  })
})

describe('links', () => {
  it('a slug in capitals leads to the page in lower case, with the rest of the address as it was', async () => {
    const capitals = shop.slug.toUpperCase()
    const [portal, link, office] = await Promise.all(
      [`/p/${capitals}?a=B`, `/p/${capitals}/activate/TOKEN`, `/office/${capitals}/jobs`].map((path) =>
        shop.visitor().request('GET', path, { headers: { accept: 'text/html' } }),
      ),
    )
    expect([portal!.status, portal!.headers.location]).toEqual([308, `/p/${shop.slug}?a=B`])
    expect([link!.status, link!.headers.location]).toEqual([308, `/p/${shop.slug}/activate/TOKEN`])
    expect([office!.status, office!.headers.location]).toEqual([308, `/office/${shop.slug}/jobs`])
  })

  it('a used link in somebody else’s browser says who is signed in, and leads to signing in as its owner', async () => {
    const email = `beth.${shop.slug}@post.example`
    await shop.owner.ok('addPortalUser', { email })
    const link = linkIn((await server.mailTo(email)).at(-1), /http\S+\/activate\/\S+/)
    const path = `/p/${shop.slug}${new URL(link).pathname}`
    const form = await openScreen(shop.visitor(), path)
    await form.press('Set up account', { name: 'Beth Rowe', password: NEW_PASSWORD })
    const other = await shop.portalUser({ customers: [await shop.customer('Dockside Lettings')] })
    const page = await openScreen(other, path)
    expect(page.text).toContain(`This link is for ${email} and was already used. You’re signed in as ${other.email}.`)
    expect((await page.follow('Continue to jobs')).path).toBe(`/p/${shop.slug}/jobs`)
    const signIn = await (await openScreen(other, path)).press(`Sign in as ${email}`)
    expect(signIn.path).toMatch(/\/sign-in/)
    expect(signIn.$('[name=email]').val()).toBe(email)
    expect((await other.call('getCurrentPortalUser')).status).toBe(401)
  })
})

/** A form knows for whom it was made: sent in another person's session it changes nothing. */
import { randomUUID } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { pageForms } from '../tools/page-forms.ts'
import { send, startSeparateServer, type Business, type Person, type TestServer } from './test-server.ts'

const root = resolve(import.meta.dirname, '..')
let server: TestServer, shop: Business

beforeAll(async () => {
  server = await startSeparateServer(inject('world'), { pages: process.env.PORTICO_PAGES ?? join(root, 'build') })
  shop = await server.business()
})
afterAll(() => server.close())

const host = () => `localhost:${server.port}`
const open = (person: Person, path: string) =>
  send({
    port: server.port,
    host: host(),
    method: 'GET',
    path,
    headers: { accept: 'text/html' },
    cookies: person.cookies,
  })
const submit = (person: Person, path: string, fields: Record<string, string>, accept = 'text/html') =>
  send({
    port: server.port,
    host: host(),
    method: 'POST',
    path,
    body: String(new URLSearchParams(fields)),
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept },
    cookies: person.cookies,
  })
const ownersIn = (html: string) => [...html.matchAll(/name="formOwner" value="([^"]*)"/g)].map(([, owner]) => owner)
const postFormsIn = (html: string) => html.match(/<form[^>]* method="post"/g) ?? []

describe('the portal', () => {
  let alpha: string, bravo: string, a: Person, b: Person, base: string
  beforeAll(async () => {
    alpha = await shop.customer('Alpha House')
    bravo = await shop.customer('Bravo House')
    a = await shop.portalUser({ customers: [alpha], name: 'Ana Alpha' })
    b = await shop.portalUser({ customers: [bravo], name: 'Ben Bravo' })
    base = `/p/${shop.slug}`
  })

  it('a booking form that A opened is not booked for B, keeps the text, and says who is signed in', async () => {
    const template = await shop.template({ name: 'Boiler service' })
    const path = `${base}/jobs/new/${template}?form=${randomUUID()}`
    const form = await open(a, path)
    expect(new Set(ownersIn(form.text))).toEqual(new Set([a.id]))
    const fields = { formOwner: a.id, address: '14 Pelican Quay, Bristol', quantity: '1' }
    const refused = await submit(b, path, fields)
    expect(refused.status).toBe(409)
    expect(refused.text).toContain('You’re signed in as Ben Bravo. Nothing was saved.')
    expect(refused.text).toContain('14 Pelican Quay, Bristol')
    expect((await b.ok('listPortalJobs')).rows).toEqual([])
    // The form that came back is B's, who can send it.
    expect(new Set(ownersIn(refused.text))).toEqual(new Set([b.id]))
    expect((await submit(b, path, { ...fields, formOwner: b.id })).status).toBe(303)
    expect((await b.ok('listPortalJobs')).rows).toHaveLength(1)
  })

  it('the account form of A changes nothing of B, although both records have the same version', async () => {
    const path = `${base}/account`
    expect(ownersIn((await open(a, path)).text)).toContain(a.id)
    const { version } = await b.ok('getPortalProfile')
    const fields = { formOwner: a.id, version: String(version), name: 'Ana Alpha', phone: '0117 496 0006' }
    const refused = await submit(b, `${path}?/profile`, fields)
    expect(refused.status).toBe(409)
    expect(refused.text).toContain('You’re signed in as Ben Bravo.')
    expect(refused.text).toContain('0117 496 0006')
    expect(await b.ok('getPortalProfile')).toMatchObject({ name: 'Ben Bravo', phone: null, version })
    for (const [action, more] of [
      ['endOthers', {}],
      ['password', { current: 'x', password: 'y' }],
    ] as const)
      expect((await submit(b, `${path}?/${action}`, { formOwner: a.id, ...more })).status, action).toBe(409)
    expect((await submit(a, `${path}?/profile`, { ...fields, name: 'Ana A.' })).status).toBe(303)
  })

  it('where B cannot see the page of the form, the error says who is signed in', async () => {
    const template = await shop.template()
    const { jobs } = await a.ok('createPortalJob', { template, address: '14 Pelican Quay' })
    const refused = await submit(b, `${base}/jobs/${jobs[0]!.id}?/comment`, { formOwner: a.id, text: 'From Ana' })
    expect([refused.status, refused.text.includes('You’re signed in as Ben Bravo')]).toEqual([409, true])
    expect(refused.text).toContain('Nothing was saved. Someone else was signed in when this form was opened.')
  })

  it('a new session of the same person may send it, and nobody without a session', async () => {
    const again = shop.visitor()
    await again.ok('signInToPortal', { email: a.email, password: 'correct horse battery' })
    const { version } = await again.ok('getPortalProfile')
    const fields = { formOwner: a.id, version: String(version), name: 'Ana Alpha' }
    expect((await submit(again, `${base}/account?/profile`, fields)).status).toBe(303)
    const nobody = await submit(shop.visitor(), `${base}/account?/profile`, fields)
    expect([nobody.status, nobody.text.includes('Your session has ended')]).toEqual([401, true])
    // A form that was made for nobody asks to sign in, and then to open the page again.
    const unowned = await submit(shop.visitor(), `${base}/account?/profile`, { ...fields, formOwner: '' })
    expect([unowned.status, unowned.headers.location?.includes('/sign-in')]).toEqual([303, true])
  })
})

describe('the office', () => {
  it('a form that one member of staff opened is not saved for another, in any account', async () => {
    const [owner, admin] = [shop.owner, await shop.staff('admin', 'Amir Admin')]
    const path = `/office/${shop.slug}/settings/business`
    const form = await open(owner, path)
    const [mark] = ownersIn(form.text)
    expect(new Set(ownersIn((await open(admin, path)).text)).has(mark)).toBe(false)
    const { version } = await owner.ok('getAccount')
    const fields = { formOwner: mark!, version: String(version), name: 'Somebody else’s name' }
    const refused = await submit(admin, `${path}?/save`, fields)
    expect(refused.status).toBe(409)
    expect(refused.text).toContain('You’re signed in as Amir Admin. Nothing was saved.')
    expect((await owner.ok('getAccount')).name).toBe('Harbour Appliance Repair')
    // The profile belongs to the person, not to the account, and has the same mark.
    const profile = `/office/${shop.slug}/profile`
    expect(ownersIn((await open(owner, profile)).text)).toContain(mark)
    const renamed = await submit(admin, `${profile}?/name`, { formOwner: mark!, name: 'Ruth' })
    expect(renamed.status).toBe(409)
    expect((await admin.ok('getCurrentUser')).name).toBe('Amir Admin')
  })

  it('a form sent by script gets the refusal as data', async () => {
    const admin = await shop.staff('admin', 'Amir Admin')
    const fields = { formOwner: crypto.randomUUID(), name: 'Ruth' }
    const reply = await submit(admin, `/office/${shop.slug}/profile?/name`, fields, 'application/json')
    expect(reply.text).toContain('otherPerson')
  })

  it('a file is not uploaded for another person', async () => {
    const body =
      '--b\r\ncontent-disposition: form-data; name="formOwner"\r\n\r\nsomeone-else\r\n' +
      '--b\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\ncontent-type: image/png\r\n\r\nx\r\n--b--\r\n'
    const reply = await shop.owner.request('POST', `/api/v1/office/${shop.slug}/logo`, {
      body,
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
    })
    expect([reply.status, (reply.body as { code: string }).code]).toEqual([409, 'otherPerson'])
  })
})

it('every form that is sent by POST is marked, in every component and on rendered pages', async () => {
  const files = globSync('src/**/*.svelte', { cwd: root })
  let forms = 0
  for (const file of files) {
    const content = readFileSync(join(root, file), 'utf8')
    const written = content.match(/\bmethod=["{']*post/gi)?.length ?? 0
    const built = await pageForms.markup!({ content, filename: join(root, file) })
    expect((built?.code.match(/<FormOwner \/>/g) ?? []).length, file).toBe(written)
    forms += written
  }
  expect(forms).toBeGreaterThan(50)
  const user = await shop.portalUser()
  for (const [person, path] of [
    [user, `/p/${shop.slug}/account`],
    [shop.owner, `/office/${shop.slug}/settings/staff`],
    [shop.owner, `/office/${shop.slug}/profile`],
    [shop.owner, `/office/${shop.slug}/customers/new`],
  ] as const) {
    const { text } = await open(person, path)
    expect(ownersIn(text), path).toHaveLength(postFormsIn(text).length)
    expect(text).not.toContain('%portico.')
  }
})

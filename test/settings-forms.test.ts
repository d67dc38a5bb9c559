/** Every form of the office's settings pages, sent as a browser without script sends it. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openScreen, startPagesServer } from './no-script.ts'
import type { Business, TestServer } from './test-server.ts'

let server: TestServer, shop: Business

beforeAll(async () => {
  server = await startPagesServer()
})
beforeEach(async () => {
  shop = await server.business()
})

const open = (path: string) => openScreen(shop.owner, `/office/${shop.slug}/settings/${path}`)

describe('portal settings', () => {
  it('"Save changes" stores every setting of the form', async () => {
    const [first, second] = [await shop.template(), await shop.template({ name: 'Boiler service', offered: false })]
    const page = await open('portal')
    const after = await page.press('Save changes', {
      public: false,
      name: 'Harbour portal',
      introduction: 'Book here.',
      signUpDomains: 'quay.example, dock.example',
      'signUpFields.phone': 'required',
      'signUpFields.company': 'optional',
      'switches.cancelJobs': false,
      'permissions.deleteJobs': true,
      templates: [first, second],
      [`order.${first}`]: '2',
      [`order.${second}`]: '1',
      hideJobsOfOtherTemplates: true,
      severalJobs: true,
      requestedStart: false,
      createCustomers: 'no',
      staffNames: 'business',
      confirmBookings: false,
      mailOnRemoval: true,
    })
    expect(after.path).toMatch(/done=saved$/)
    expect(await shop.owner.ok('getPortalSettings')).toMatchObject({
      enabled: true,
      public: false,
      name: 'Harbour portal',
      introduction: 'Book here.',
      signUpDomains: ['quay.example', 'dock.example'],
      signUpFields: { phone: 'required', company: 'optional' },
      switches: { cancelJobs: false, createJobs: true },
      permissions: { deleteJobs: true },
      templates: [second, first],
      hideJobsOfOtherTemplates: true,
      severalJobs: true,
      requestedStart: false,
      createCustomers: false,
      staffNames: 'business',
      confirmBookings: false,
      mailOnRemoval: true,
    })
  })

  it('V-02 the switch turns the portal off', async () => {
    await (await open('portal')).press('Save changes', { enabled: false })
    expect((await shop.owner.ok('getPortalSettings')).enabled).toBe(false)
  })

  it('CP-03 "Change address" moves the portal and leads to its settings there', async () => {
    const slug = `${shop.slug}x`
    const after = await (await open('portal')).press('Change address', { slug })
    expect(after.path).toBe(`/office/${slug}/settings/portal?done=moved`)
    expect((await shop.owner.ok('getAccount', {}, { slug })).slug).toBe(slug)
  })
})

describe('business settings', () => {
  it('"Save changes" stores what was typed', async () => {
    await (
      await open('business')
    ).press('Save changes', {
      name: 'Harbour Repairs',
      locale: 'en-US',
      timeZone: 'America/New_York',
      currency: 'USD',
      accent: '#804000',
      supportPhone: '0117 496 0008',
      postalAddress: '1 Quay Street',
    })
    expect(await shop.owner.ok('getAccount')).toMatchObject({
      name: 'Harbour Repairs',
      locale: 'en-US',
      timeZone: 'America/New_York',
      currency: 'USD',
      accent: '#804000',
      supportPhone: '0117 496 0008',
      postalAddress: '1 Quay Street',
    })
  })

  it('"Remove logo" asks first, then removes it', async () => {
    const picture = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    )
    const body = Buffer.concat([
      Buffer.from(
        '--b\r\ncontent-disposition: form-data; name="file"; filename="l.png"\r\ncontent-type: image/png\r\n\r\n',
      ),
      picture,
      Buffer.from('\r\n--b--\r\n'),
    ])
    const headers = { 'content-type': 'multipart/form-data; boundary=b', 'content-length': String(body.length) }
    const uploaded = await shop.owner.request('POST', `/api/v1/office/${shop.slug}/logo`, { body, headers })
    expect(uploaded.status).toBeLessThan(300)
    const hasLogo = async () => (await shop.owner.ok('getAccount')).logo !== null
    expect(await hasLogo()).toBe(true)
    const dialog = await (await open('business')).follow('Remove logo')
    expect(await hasLogo()).toBe(true)
    await dialog.press('Remove logo')
    expect(await hasLogo()).toBe(false)
  })
})

describe('job templates', () => {
  const names = async () => (await shop.owner.ok('listTemplates', { status: 'active' })).rows.map(({ name }) => name)

  it('"Move down" changes the order', async () => {
    await shop.template({ name: 'Dishwasher repair' })
    await shop.template({ name: 'Boiler service' })
    expect(await names()).toEqual(['Dishwasher repair', 'Boiler service'])
    await (await open('templates')).press('Move Dishwasher repair down')
    expect(await names()).toEqual(['Boiler service', 'Dishwasher repair'])
  })

  it('"Create template" stores the template with the field that was added', async () => {
    const form = await open('templates/new')
    const withField = await form.press('Add field', { name: 'Boiler service', addType: 'text' })
    const field = /name="(f\w*\.[^"]*\.name)"/.exec(withField.$.html())![1]!
    const after = await withField.press('Create template', { [field]: 'What is wrong?' })
    expect(after.path).toMatch(/done=created$/)
    const template = /templates\/([\w-]+)/.exec(after.path)![1]!
    expect(await shop.owner.ok('getTemplate', { template })).toMatchObject({
      name: 'Boiler service',
      fields: [{ type: 'text', name: 'What is wrong?' }],
    })
  })

  it('"Save changes" stores a new version', async () => {
    const template = await shop.template({ name: 'Dishwasher repair' })
    await (await open(`templates/${template}`)).press('Save changes', { name: 'Dishwashers', durationMinutes: '45' })
    expect(await shop.owner.ok('getTemplate', { template })).toMatchObject({ name: 'Dishwashers', durationMinutes: 45 })
  })

  it('"Archive template" asks first, and "Restore template" brings it back', async () => {
    const template = await shop.template({ name: 'Dishwasher repair' })
    const dialog = await (await open(`templates/${template}`)).follow('Archive template')
    expect(await names()).toEqual(['Dishwasher repair'])
    await dialog.press('Archive template')
    expect(await names()).toEqual([])
    await (await open(`templates/${template}`)).press('Restore template')
    expect(await names()).toEqual(['Dishwasher repair'])
  })
})

describe('staff', () => {
  const row = async (email: string) => (await shop.owner.ok('listStaff')).members.find((each) => each.email === email)

  it('"Send invitation" mails a worker, "Resend invitation" mails again, "Revoke invitation" ends it', async () => {
    const email = `stan.${shop.slug}@post.example`
    const form = await (await open('staff')).follow('Invite staff')
    await form.press('Send invitation', { email, role: 'worker' })
    expect(await row(email)).toMatchObject({ role: 'worker', status: 'invited' })
    expect(await server.mailTo(email)).toHaveLength(1)
    server.clock.advance(61_000)
    await (await open('staff')).press('Resend invitation', {}, email)
    expect(await server.mailTo(email)).toHaveLength(2)
    const dialog = await (await open('staff')).follow('Revoke invitation', email)
    expect(await row(email)).toBeDefined()
    await dialog.press('Revoke invitation')
    expect(await row(email)).toBeUndefined()
  })

  it('"Change role", "Deactivate" and "Reactivate" do so', async () => {
    const worker = await shop.staff('worker', 'Will Worker')
    const status = async () => (await row(worker.email))?.status
    const role = await (await open('staff')).follow('Change role', worker.email)
    await role.press('Change role', { role: 'dispatcher' })
    expect((await row(worker.email))?.role).toBe('dispatcher')
    const dialog = await (await open('staff')).follow('Deactivate staff member', worker.email)
    expect(await status()).toBe('active')
    await dialog.press('Deactivate Will Worker')
    expect(await status()).toBe('deactivated')
    await (await open('staff')).press('Reactivate staff member', {}, worker.email)
    expect(await status()).toBe('active')
  })
})

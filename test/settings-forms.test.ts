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
    const page = await (await open('portal')).press('Move Boiler service up')
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
      hideJobsOfOtherTemplates: true,
      severalJobs: true,
      requestedStart: false,
      createCustomers: false,
      blockedEmails: 'Bad.Actor@post.example',
      staffNames: 'business',
      confirmBookings: false,
      mailOnRemoval: true,
    })
    expect(after.text).toContain('Changes saved.')
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
      blockedEmails: ['bad.actor@post.example'],
    })
  })

  it('"Move up" loses nothing that was entered, and stores nothing before "Save changes"', async () => {
    const [first, second] = [await shop.template(), await shop.template({ name: 'Boiler service' })]
    const before = await shop.owner.ok('getPortalSettings')
    const moved = await (
      await open('portal')
    ).press('Move Boiler service up', { public: false, introduction: 'Book here.', 'switches.cancelJobs': false })
    expect(moved.text).toContain('Unsaved changes')
    expect((await shop.owner.ok('getPortalSettings')).version).toBe(before.version)
    await moved.press('Save changes')
    expect(await shop.owner.ok('getPortalSettings')).toMatchObject({
      public: false,
      introduction: 'Book here.',
      switches: { cancelJobs: false },
      templates: [second, first],
    })
  })

  it('CP-02 "Turn off portal" says what ends and asks first; "Turn on portal" brings everything back', async () => {
    const user = await shop.portalUser()
    const isEnabled = async () => (await shop.owner.ok('getPortalSettings')).enabled
    const page = await open('portal')
    const dialog = await page.follow('Turn off portal')
    expect(dialog.text).toContain('All portal users are signed out.')
    expect(dialog.text).toContain('1 person loses access')
    expect(await isEnabled()).toBe(true)
    const off = await dialog.press('Turn off portal')
    expect(await isEnabled()).toBe(false)
    expect((await user.call('getCurrentPortalUser')).status).not.toBe(200)
    // Of the settings nothing but the switch is left; the users can be reached.
    expect(off.has('Save changes')).toBe(false)
    expect((await off.follow('Portal users')).text).toContain(user.email)
    const preview = await (await open('portal')).press('Turn on portal')
    expect(preview.text).toContain('1 person gets more access')
    expect(await isEnabled()).toBe(false)
    const on = await preview.press('Turn on portal', {}, 'Change who has access?')
    expect(on.has('Save changes')).toBe(true)
    expect(await isEnabled()).toBe(true)
  })

  it('"Save changes" leaves the portal on', async () => {
    await (await open('portal')).press('Save changes', { name: 'Harbour portal' })
    expect((await shop.owner.ok('getPortalSettings')).enabled).toBe(true)
  })

  it('1.2 saving again after a conflict keeps what somebody else has switched', async () => {
    const form = await open('portal')
    const { version, switches } = await shop.owner.ok('getPortalSettings')
    const saved = { public: true, switches: { ...switches, editJobs: !switches.editJobs } }
    await shop.owner.ok('updatePortalSettings', { version, ...saved })
    const refused = await form.press('Save changes', { introduction: 'Book a visit here.' })
    expect(refused.status).toBe(409)
    expect(refused.$('[name=introduction]').val()).toBe('Book a visit here.')
    await refused.press('Save changes')
    expect(await shop.owner.ok('getPortalSettings')).toMatchObject({ ...saved, introduction: 'Book a visit here.' })
  })

  it('CP-03 "Change address" says what changes and asks first, then leads to the settings there', async () => {
    const slug = `${shop.slug}x`
    const dialog = await (await open('portal')).follow('Change address')
    expect(dialog.text).toContain('redirects to the new address for one year')
    const refused = await dialog.press('Change address', { slug: 'a b' })
    expect(refused.text).toContain('Change the portal address?')
    const after = await refused.press('Change address', { slug })
    expect(after.path).toBe(`/office/${slug}/settings/portal`)
    expect(after.text).toContain('Portal address changed.')
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

  const picture = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  )
  const hasLogo = async () => (await shop.owner.ok('getAccount')).logo !== null

  it('"Save changes" stores a logo that was chosen along with the rest, and "Remove logo" asks first', async () => {
    const file = new File([picture], 'logo.png', { type: 'image/png' })
    const saved = await (await open('business')).press('Save changes', { file, supportPhone: '0117 496 0009' })
    expect(saved.text).toContain('Changes saved.')
    expect(await hasLogo()).toBe(true)
    expect((await shop.owner.ok('getAccount')).supportPhone).toBe('0117 496 0009')
    const dialog = await (await open('business')).follow('Remove logo')
    expect(await hasLogo()).toBe(true)
    await dialog.press('Remove logo')
    expect(await hasLogo()).toBe(false)
  })

  it('a file that is no picture is refused beside its field, and the form can be sent again', async () => {
    const file = new File(['no picture'], 'logo.png', { type: 'image/png' })
    const refused = await (await open('business')).press('Save changes', { file, supportPhone: '0117 496 0010' })
    expect(refused.text).toContain('Your other changes are saved.')
    expect(refused.$('[name=file]').attr('aria-invalid')).toBe('true')
    const saved = await refused.press('Save changes', { file: new File([picture], 'logo.png', { type: 'image/png' }) })
    expect(saved.text).toContain('Changes saved.')
    expect([await hasLogo(), (await shop.owner.ok('getAccount')).supportPhone]).toEqual([true, '0117 496 0010'])
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
    const template = /templates\/([\w-]{36})$/.exec(after.path)![1]!
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
    await form.press('Send invitation', { email, name: 'June Quay', role: 'worker' })
    expect(await row(email)).toMatchObject({ name: 'June Quay', role: 'worker', status: 'invited' })
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

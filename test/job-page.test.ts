/** What the office's page and panel of a job show, and how people are reached from them and from the portal. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openScreen, startPagesServer, type Screen } from './no-script.ts'
import type { Business, Person, TestServer } from './test-server.ts'

let server: TestServer, shop: Business, customer: string

beforeAll(async () => {
  server = await startPagesServer()
})
beforeEach(async () => {
  shop = await server.business()
  customer = await shop.customer('Dockside Lettings')
})

const field = (id: string, name: string, more: object = {}) => ({
  id,
  name,
  type: 'text',
  portal: 'optional',
  worker: 'optional',
  ...more,
})
const create = async (more: object = {}) =>
  (await shop.owner.ok('createJob', { customer, template: await shop.template(), address: '14 Pelican Quay', ...more }))
    .id
const openJob = (job: string, person: Person = shop.owner) => openScreen(person, `/office/${shop.slug}/jobs/${job}`)
const openPanel = (job: string, person: Person = shop.owner) =>
  openScreen(person, `/office/${shop.slug}/jobs?job=${job}`)
const textOf = ({ $ }: Screen, selector: string) => $(selector).text().replaceAll(/\s+/g, ' ').trim()
const linksOf = ({ $ }: Screen, start: string) =>
  $(`a[href^="${start}"]`)
    .toArray()
    .map((each) => $(each).attr('href'))

describe("the office's page of a job", () => {
  it('says how long a visit takes as people say it', async () => {
    const soon = new Date(server.clock.now().getTime() + 86_400_000).toISOString().slice(0, 10)
    const job = await create({ durationMinutes: 1_530, scheduled: { day: soon, time: '10:00' } })
    expect((await openJob(job)).text).toContain('10:00, 1 day 1 h 30 min')
    const template = await shop.template()
    const { version, name, fields } = await shop.owner.ok('getTemplate', { template })
    await shop.owner.ok('updateTemplate', { template, version, name, fields, durationMinutes: 14_400 })
    expect((await openScreen(shop.owner, `/office/${shop.slug}/settings/templates`)).text).toContain('· 10 days')
    const tooLong = await shop.owner.call('createJob', { customer, template, address: 'x', durationMinutes: 14_401 })
    expect(tooLong.body.fields).toMatchObject({ durationMinutes: { code: 'duration' } })
  })

  const FIELDS = [
    field('appliance', 'Appliance', { type: 'section' }),
    field('make', 'Make'),
    field('model', 'Model'),
    field('report', 'Technician report', { type: 'section' }),
    field('found', 'What we found'),
    field('safe', 'Safety test passed', { type: 'checkbox' }),
    field('cost', 'Cost of parts', { portal: 'hidden' }),
  ]

  it('shows answers, and folds questions without one behind their number', async () => {
    const template = await shop.template({ fields: FIELDS })
    const page = await openJob(await create({ template, fields: { make: 'Bosch', cost: '40' } }))
    const folded = textOf(page, '#answers ~ details')
    const shown = textOf(page, 'section:has(#answers) > dl')
    expect(page.$('#answers ~ details').attr('open')).toBeUndefined()
    expect(textOf(page, '#answers ~ details summary')).toBe('3 more questions')
    for (const [text, name] of [
      [folded, 'Model'],
      [folded, 'What we found'],
      [folded, 'Safety test passed'],
      [shown, 'Bosch'],
      [shown, 'Cost of parts'],
    ] as const)
      expect(text).toContain(name)
    expect(shown).not.toMatch(/Model|What we found|Not provided/)
    expect(folded).not.toMatch(/Bosch|Cost of parts/)
  })

  it('folds all questions of a job without answers, and nothing when all are answered', async () => {
    const template = await shop.template({ fields: [field('make', 'Make')] })
    const empty = await openJob(await create({ template }))
    expect(textOf(empty, '#answers ~ details summary')).toBe('1 question without an answer')
    const full = await openJob(await create({ template, fields: { make: 'Bosch' } }))
    expect(full.$('#answers ~ details')).toHaveLength(0)
  })

  it('says who created a job among its facts and not with its customer', async () => {
    const page = await openJob(await create())
    expect(textOf(page, 'section[aria-labelledby=schedule]')).toContain('Created by Ruth Calloway')
    expect(textOf(page, 'section[aria-labelledby=customer]')).not.toContain('Ruth Calloway')
  })

  it('tints no label but the status', async () => {
    const user = await shop.portalUser({ customers: [customer] })
    const template = await shop.template({ fields: FIELDS })
    const { jobs } = await user.ok('createPortalJob', { template, address: '14 Pelican Quay' })
    const job = jobs[0]!.id
    await user.ok('addPortalComment', { job, body: 'Ring twice.' })
    for (const page of [await openJob(job), await openPanel(job)]) {
      const labels = page.$('.status-badge, .badge:not(.badge-plain)').toArray()
      expect(labels.map((each) => page.$(each).text().trim())).toEqual(['Unassigned'])
      expect(page.text).toContain('Via portal')
      expect(page.text).toContain('1 unread comment')
    }
  })
})

describe('reaching people', () => {
  const PHONE = '+44 (0)117 496 0001 ext. 12'
  const addContacts = async () => {
    await shop.owner.ok('addContact', { customer, name: 'Ada Byron', phone: PHONE })
    const caretaker = { name: 'Ben Okri', role: 'Caretaker', email: 'ben@dockside.example' }
    await shop.owner.ok('addContact', { customer, ...caretaker })
  }

  it('a job shows phones and emails of its contacts, to the office and to its worker', async () => {
    await addContacts()
    const { version } = await shop.owner.ok('getCustomer', { customer })
    await shop.owner.ok('updateCustomer', { customer, version, billing: { phone: '0117 496 0555' } })
    const worker = await shop.staff('worker', 'Will Worker')
    const job = await create({ worker: worker.id })
    for (const page of [await openJob(job), await openPanel(job), await openJob(job, worker)]) {
      expect(linksOf(page, 'tel:')).toContain('tel:+441174960001;ext=12')
      expect(linksOf(page, 'mailto:')).toContain('mailto:ben@dockside.example')
      expect(page.text).toContain('Ada Byron')
    }
    // What is on invoices is no affair of a worker's.
    expect(linksOf(await openJob(job), 'tel:')).toContain('tel:01174960555')
    expect((await openJob(job, worker)).text).not.toContain('0117 496 0555')
  })

  it('a worker no longer sees contacts once the job is over', async () => {
    await addContacts()
    const worker = await shop.staff('worker', 'Will Worker')
    const job = await create({ worker: worker.id })
    for (const to of ['started', 'completed'] as const) {
      const { version } = await worker.ok('getJob', { job })
      await worker.ok('changeJobStatus', { job, version, to })
    }
    expect((await worker.ok('getJob', { job })).customer.contacts).toEqual([])
    expect((await shop.owner.ok('getJob', { job })).customer.contacts).toHaveLength(2)
  })

  it('a service address opens on a map, by its coordinates when it has some', async () => {
    const searched = await openJob(await create({ address: '14 Pelican Quay\nBristol BS1 6UH' }))
    expect(linksOf(searched, 'https://www.openstreetmap.org')).toEqual([
      'https://www.openstreetmap.org/search?query=14%20Pelican%20Quay%20Bristol%20BS1%206UH',
    ])
    const exact = await openPanel(await create({ latitude: 51.4472, longitude: -2.5993 }))
    expect(linksOf(exact, 'https://www.openstreetmap.org')).toEqual([
      'https://www.openstreetmap.org/?mlat=51.4472&mlon=-2.5993#map=18/51.4472/-2.5993',
    ])
    const nowhere = await openJob(await create({ address: null }))
    expect(linksOf(nowhere, 'https://www.openstreetmap.org')).toEqual([])
  })

  it("every page of a portal has the business's phone and email, refusals too", async () => {
    const account = await shop.owner.ok('getAccount')
    const { name, timeZone, locale, currency, accent, supportEmail, postalAddress, version } = account
    const settings = { version, name, timeZone, locale, currency, accent, supportEmail, postalAddress }
    await shop.owner.ok('updateAccount', { ...settings, supportPhone: '0117 496 0099' })
    const user = await shop.portalUser({ customers: [customer] })
    const template = await shop.template()
    const { jobs } = await user.ok('createPortalJob', { template, address: '14 Pelican Quay' })
    const job = jobs[0]!.id
    const base = `/p/${shop.slug}`
    const signedIn = ['/jobs', `/jobs/${job}`, `/jobs/${job}/edit`, '/jobs/new', `/jobs/new/${template}`, '/account']
    const anonymous = ['/sign-in', '/signup', '/forgot-password', '/resend-activation', '/activate/unknown', '/nowhere']
    const pages = [
      ...(await Promise.all([...signedIn, '/jobs/unknown'].map((path) => openScreen(user, base + path)))),
      ...(await Promise.all(anonymous.map((path) => openScreen(shop.visitor(), base + path)))),
    ]
    for (const page of pages) {
      expect([page.path, ...new Set(linksOf(page, 'tel:'))]).toEqual([page.path, 'tel:01174960099'])
      expect([page.path, ...new Set(linksOf(page, 'mailto:'))]).toEqual([page.path, `mailto:help@${shop.slug}.example`])
    }
    for (const path of [`/jobs/${job}`, '/jobs/unknown']) {
      const page = await openScreen(user, base + path)
      const text = textOf(page, 'main')
      expect(text).toContain(`Questions? Call 0117 496 0099 or email help@${shop.slug}.example`)
    }
  })

  it('a customer who is refused an action on a job is told how to reach the business', async () => {
    const user = await shop.portalUser({ customers: [customer] })
    const job = (await user.ok('createPortalJob', { template: await shop.template(), address: '14 Pelican Quay' }))
      .jobs[0]!.id
    const path = `/p/${shop.slug}/jobs/${job}`
    const dialog = await openScreen(user, `${path}?confirm=cancel`)
    const { version } = await shop.owner.ok('getJob', { job })
    await shop.owner.ok('changeJobStatus', { job, version, to: 'assigned', worker: shop.owner.id })
    await shop.owner.ok('changeJobStatus', { job, version: version + 1, to: 'started' })
    const refused = await dialog.press('Cancel job')
    expect(refused.status).toBe(409)
    expect(refused.$('.banner-bad a[href^="mailto:"]').length).toBeGreaterThan(0)
  })
})

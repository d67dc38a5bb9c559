/** Booking in the portal and New job in the office, sent as a browser without script sends them. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openScreen, startPagesServer } from './no-script.ts'
import type { Business, Person, TestServer } from './test-server.ts'

let server: TestServer, shop: Business, customer: string, user: Person, template: string

beforeAll(async () => {
  server = await startPagesServer()
})
beforeEach(async () => {
  shop = await server.business()
  customer = await shop.customer('Dockside Lettings')
  await shop.site(customer, '14 Pelican Quay')
  user = await shop.portalUser({ customers: [customer] })
  template = await shop.template({ name: 'Dishwasher repair' })
})

const openBooking = (who: Person = user) => openScreen(who, `/p/${shop.slug}/jobs/new/${template}`)
const jobs = async () => (await shop.owner.ok('listJobs', { include: 'details' })).rows

describe('a form that was sent', () => {
  it('shows its job and not itself when it is opened again, and leads to a new form', async () => {
    const form = await openBooking()
    const sent = await form.press('Send request')
    const back = await openScreen(user, form.path)
    const [job, ...more] = await jobs()
    expect(more).toEqual([])
    expect(back.text).toContain('You’ve already sent this request.')
    expect(back.has('Send request')).toBe(false)
    expect((await back.follow(`Job ${job!.number}`)).path).toBe(sent.path)
    await (await back.follow('Book another')).press('Send request')
    expect(await jobs()).toHaveLength(2)
  })

  it('books nothing when the browser still shows it and it is sent again, and says so', async () => {
    const form = await openBooking()
    const sent = await form.press('Send request')
    const again = await form.press('Send request')
    expect(again.path).toBe(sent.path)
    expect(again.text).toContain('You had sent this form before, so it wasn’t booked again.')
    expect(await jobs()).toHaveLength(1)
  })

  it('of another person shows nothing of theirs', async () => {
    const form = await openBooking()
    await form.press('Send request')
    const colleague = await shop.portalUser({ customers: [customer] })
    expect((await openScreen(colleague, form.path)).has('Send request')).toBe(true)
  })
})

describe('a requested time', () => {
  it('a day without a time is booked, and shown as a day in portal and office', async () => {
    const page = await (await openBooking()).press('Send request', { 'requested.day': '2027-12-10' })
    expect(page.text).toContain('Requested for Fri 10 Dec 2027')
    expect(page.text).toContain('Fri 10 Dec 2027, any time')
    const [job] = await jobs()
    const office = await openScreen(shop.owner, `/office/${shop.slug}/jobs/${job!.id}`)
    expect(office.text).toContain('Fri 10 Dec 2027, any time')
    const list = await openScreen(shop.owner, `/office/${shop.slug}/jobs`)
    expect(list.text).toContain('Requested for Fri 10 Dec 2027, any time')
    const form = await openScreen(shop.owner, `/office/${shop.slug}/jobs/${job!.id}/edit`)
    expect(form.$('[name="requested.day"]').val()).toBe('2027-12-10')
    expect(form.$('[name="requested.time"]').val()).toBe('')
  })

  it('of which day and time are wrong is one field in the summary, whose link leads to it', async () => {
    const page = await (
      await openBooking()
    ).press('Send request', { 'requested.day': '10/12', 'requested.time': 'noon' })
    const links = page.$('.errors a')
    expect(links).toHaveLength(1)
    expect(page.$(links.attr('href')!).find('.error').text()).toBe('Enter a valid date.')
  })

  it('in the past is refused in words, with the city of the business’s clock', async () => {
    const page = await (await openBooking()).press('Send request', { 'requested.day': '2020-01-31' })
    expect(page.$('[id="form-requested-below"]').text()).toBe('Choose a time in the future (London time).')
  })

  it('and a date of a question that are half entered or no date are refused in place; all else stays', async () => {
    const question = { id: 'bought', name: 'Bought on', type: 'date', portal: 'optional', worker: 'optional' }
    template = await shop.template({ fields: [question] })
    // A browser that knows no dates sends what was typed; the portal's script sends ? for a date that is half entered.
    for (const entered of ['31.02.2027', '?']) {
      const page = await (
        await openBooking()
      ).press('Send request', {
        'requested.day': entered,
        'requested.time': '09:00',
        'fields.bought': entered,
        quantity: '2',
      })
      expect(page.$('[id="form-requested-below"]').text()).toBe('Enter a valid date.')
      expect(page.$('[name="fields.bought"]').closest('.field').find('.error').text()).toBe('Enter a valid date.')
      const kept = ['requested.day', 'requested.time', 'fields.bought', 'quantity']
      const shown = entered === '?' ? '' : entered
      expect(kept.map((name) => page.$(`[name="${name}"]`).val() ?? '')).toEqual([shown, '09:00', shown, '2'])
    }
    expect(await jobs()).toEqual([])
  })

  it('a time without a day says beside it that a date is missing', async () => {
    const page = await (await openBooking()).press('Send request', { 'requested.time': '09:00' })
    expect(page.$('[id="form-requested-below"]').text()).toBe('Enter a date.')
    expect(await jobs()).toEqual([])
  })
})

describe('the service address', () => {
  /** A second customer of the same portal user, with two sites. */
  const addHotel = async () => {
    const hotel = await shop.customer('Southville Hotel')
    const sites = [await shop.site(hotel, '2 North Street'), await shop.site(hotel, '9 Mill Lane')]
    const both = await shop.portalUser({ customers: [customer, hotel] })
    return { hotel, sites, both }
  }
  const offered = ({ $ }: Awaited<ReturnType<typeof openBooking>>) =>
    $('select[name=site] option')
      .toArray()
      .map((option) => $(option).text())

  it('with several customers is asked for once one is chosen, and offers that customer’s sites only', async () => {
    const { hotel, both } = await addHotel()
    const form = await openBooking(both)
    expect(form.$('select[name=site], [name=address]')).toHaveLength(0)
    expect(form.text).toContain('Choose a customer to see their addresses.')
    const chosen = await form.press('Show addresses', { customer: hotel, 'requested.day': '2027-12-10' })
    expect(offered(chosen)).toEqual(['Choose', '2 North Street', '9 Mill Lane', 'Another address'])
    expect(chosen.$('[name="requested.day"]').val()).toBe('2027-12-10')
    const inAddress = await openScreen(both, `/p/${shop.slug}/jobs/new/${template}?customer=${customer}`)
    expect(offered(inAddress)).toEqual(['14 Pelican Quay', 'Another address'])
  })

  it('a form sent before the addresses are shown comes back with them', async () => {
    const { hotel, both } = await addHotel()
    const form = await (await openBooking(both)).press('Send request', { customer: hotel })
    expect(offered(form)).toEqual(['Choose', '2 North Street', '9 Mill Lane', 'Another address'])
    expect(form.text).toContain('Enter an address.')
    expect(await jobs()).toEqual([])
  })

  it('is not complained of while it cannot be entered: before a customer is chosen', async () => {
    const { both } = await addHotel()
    const form = await (await openBooking(both)).press('Send request')
    const errors = form.$('.errors a')
    expect(errors.toArray().map((link) => form.$(link).text())).toEqual(['Customer'])
    expect(form.$(errors.attr('href')!)).toHaveLength(1)
    expect(await jobs()).toEqual([])
  })

  it('another customer’s booking keeps nothing of the first one’s address', async () => {
    const { hotel, sites, both } = await addHotel()
    const first = await openScreen(both, `/p/${shop.slug}/jobs/new/${template}?customer=${customer}`)
    const changed = await first.press('Show addresses', { customer: hotel, site: 'other', address: '1 Secret Yard' })
    expect(changed.$('[name=address]').val()).toBe('')
    expect(changed.$('select[name=site] option[selected]').text()).toBe('Choose')
    await changed.press('Send request', { site: sites[1]! })
    expect(await jobs()).toMatchObject([{ customer: { id: hotel }, address: '9 Mill Lane' }])
  })

  it('another address is asked for only when it is chosen, and required then', async () => {
    const form = await openBooking()
    expect(form.$('select[name=site] option[selected]').text()).toBe('14 Pelican Quay')
    const refused = await form.press('Send request', { site: 'other' })
    expect(refused.$('#form-address-error').text()).toBe('Enter an address.')
    await refused.press('Send request', { site: 'other', address: '1 New Yard' })
    expect(await jobs()).toMatchObject([{ address: '1 New Yard' }])
  })
})

describe('a form with several mistakes', () => {
  it('says of each unanswered question what to do, by its kind', async () => {
    const question = (id: string, type: string, more = {}) => ({ id, name: id, type, portal: 'required', ...more })
    const options = { options: ['Hot', 'Cold'] }
    template = await shop.template({
      fields: [
        question('Model', 'text'),
        question('Water', 'pickList', options),
        question('Terms', 'checkbox'),
        question('Photo', 'file'),
      ].map((field) => ({ ...field, worker: 'optional' })),
    })
    const refused = await (await openBooking()).press('Send request')
    const errors = ['Enter an answer for “Model”.', 'Choose an answer for “Water”.', 'Check “Terms”.']
    for (const error of [...errors, 'Add a file for “Photo”.']) expect(refused.text).toContain(error)
  })

  it('names them all in one go: files, number of jobs, address and answers, each in its place', async () => {
    const fields = [
      { id: 'budget', name: 'Budget', type: 'currency', portal: 'optional', worker: 'optional' },
      { id: 'plan', name: 'Plan', type: 'file', portal: 'optional', worker: 'optional' },
    ]
    template = await shop.template({ fields })
    const wrong = { site: 'other', quantity: '0.5', 'fields.budget': 'cheap' }
    const empty = { 'upload.fields.plan': new File([], 'plan.png') }
    const refused = await (await openBooking()).press('Send request', { ...wrong, ...empty })
    const links = refused.$('.errors a').toArray()
    expect(links.map((link) => refused.$(link).text()).sort()).toEqual([
      'Budget',
      'Number of jobs',
      'Plan',
      'Service address',
    ])
    for (const link of links) expect(refused.$(refused.$(link).attr('href')!)).toHaveLength(1)
    expect(refused.text).toContain('plan.png')
    const right = { site: 'other', address: '1 New Yard', quantity: '1', 'fields.budget': '12.50' }
    await refused.press('Send request', right)
    expect(await jobs()).toMatchObject([{ address: '1 New Yard' }])
  })

  it('names them all when a job is changed', async () => {
    const fields = [
      { id: 'budget', name: 'Budget', type: 'currency', portal: 'optional', worker: 'optional' },
      { id: 'plan', name: 'Plan', type: 'file', portal: 'optional', worker: 'optional' },
    ]
    const survey = await shop.template({ fields })
    const { jobs: booked } = await user.ok('createPortalJob', { template: survey, address: '1 New Yard' })
    const form = await openScreen(user, `/p/${shop.slug}/jobs/${booked[0]!.id}/edit`)
    const wrong = { 'fields.budget': 'cheap', 'upload.fields.plan': new File([], 'plan.png') }
    const refused = await form.press('Save changes', { ...wrong, address: '' })
    const links = refused.$('.errors a').toArray()
    expect(links.map((link) => refused.$(link).text()).sort()).toEqual(['Budget', 'Plan', 'Service address'])
  })
})

describe('the file section', () => {
  const FILE = (id: string, name: string) => ({ id, name, type: 'file', portal: 'optional', worker: 'optional' })

  it('is one: a picker for the job, or one for each file field of the service', async () => {
    const pickers = (form: Awaited<ReturnType<typeof openBooking>>) =>
      form
        .$('[data-picker] .label')
        .toArray()
        .map((label) => form.$(label).text().replace('Optional', '').trim())
    expect(pickers(await openBooking())).toEqual(['Photos and files'])
    template = await shop.template({ name: 'Survey', fields: [FILE('plan', 'Plan'), FILE('photos', 'Photos')] })
    expect(pickers(await openBooking())).toEqual(['Plan', 'Photos'])
  })

  it('offers the camera of a phone beside the files of the device', async () => {
    const form = await openBooking()
    const inputs = form.$('[data-picker] input[type=file]').toArray()
    expect(inputs.map((input) => [form.$(input).attr('name'), form.$(input).attr('capture')])).toEqual([
      ['upload.files', undefined],
      ['upload.files', 'environment'],
    ])
  })

  it('comes last, after where, when and the questions', async () => {
    template = await shop.template({
      name: 'Survey',
      fields: [FILE('plan', 'Plan'), { id: 'w', name: 'Why?', type: 'text', portal: 'optional', worker: 'optional' }],
    })
    const form = await openBooking()
    const names = form
      .$('main form [name]')
      .toArray()
      .map((control) => form.$(control).attr('name'))
    expect(names.filter((name) => name !== 'formKey' && name !== 'formOwner')).toEqual([
      'site',
      'address',
      'requested.day',
      'requested.time',
      'quantity',
      'fields.w',
      'upload.fields.plan',
      'upload.fields.plan',
    ])
  })
})

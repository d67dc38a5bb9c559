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
const jobs = async () => (await shop.owner.ok('listJobs', {})).rows

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

  it('a time without a day says beside it that a date is missing', async () => {
    const page = await (await openBooking()).press('Send request', { 'requested.time': '09:00' })
    expect(page.$('[id="form-requested-below"]').text()).toBe('Enter a date.')
    expect(await jobs()).toEqual([])
  })
})

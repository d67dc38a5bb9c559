/** Where a job is, on the office's forms as a browser without script sends them. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openScreen, startPagesServer } from './no-script.ts'
import type { Business, TestServer } from './test-server.ts'

let server: TestServer, shop: Business, customer: string, template: string

beforeAll(async () => {
  server = await startPagesServer()
})
beforeEach(async () => {
  shop = await server.business()
  customer = await shop.customer('Dockside Lettings')
  template = await shop.template({ fields: [] })
})

const openNew = () => openScreen(shop.owner, `/office/${shop.slug}/jobs/new?customer=${customer}&template=${template}`)
const openEdit = (job: string) => openScreen(shop.owner, `/office/${shop.slug}/jobs/${job}/edit`)
const newest = async () => (await shop.owner.ok('listJobs', {})).rows[0]!
const placeOf = async (job: string) => (await shop.owner.ok('getJob', { job })).place

describe('the place of a new job', () => {
  it('is one of the sites of the chosen customer; the only one is chosen', async () => {
    const site = await shop.site(customer, '14 Pelican Quay')
    await shop.site(await shop.customer('Southville Hotel'), '2 Hotel Road')
    const page = await openNew()
    expect(page.text).not.toContain('2 Hotel Road')
    await page.press('Create job')
    expect(await placeOf((await newest()).id)).toMatchObject({ site, address: '14 Pelican Quay' })
  })

  it('may be another address, which is required once it is chosen', async () => {
    await shop.site(customer, '14 Pelican Quay')
    const refused = await (await openNew()).press('Create job', { site: 'other', title: 'Leak', durationMinutes: '2' })
    expect(refused.status).toBe(422)
    expect(refused.$('.errors a').toArray()).toHaveLength(2)
    expect(refused.text).toContain('Enter an address.')
    expect((await shop.owner.ok('listJobs', {})).rows).toEqual([])
    expect(refused.$('[name=title]').attr('value')).toBe('Leak')
    await refused.press('Create job', { address: '9 Other Lane', durationMinutes: '60' })
    expect(await placeOf((await newest()).id)).toMatchObject({ site: null, address: '9 Other Lane' })
  })

  it('is the site, whatever was entered as another address before', async () => {
    const site = await shop.site(customer, '14 Pelican Quay')
    await (await openNew()).press('Create job', { site, address: '9 Other Lane' })
    expect(await placeOf((await newest()).id)).toMatchObject({ site, address: '14 Pelican Quay' })
  })

  it('may stay open, and of a customer without sites is an address that may stay empty', async () => {
    await (await openNew()).press('Create job')
    expect(await placeOf((await newest()).id)).toMatchObject({ site: null, address: null })
    await (await openNew()).press('Create job', { address: '9 Other Lane' })
    expect((await newest()).address).toBe('9 Other Lane')
    await shop.site(customer, '14 Pelican Quay')
    await (await openNew()).press('Create job', { site: '' })
    expect(await placeOf((await newest()).id)).toMatchObject({ site: null, address: null })
  })
})

describe('the place of a job that is edited', () => {
  it('stays as it is, also when its site has another address now', async () => {
    const site = await shop.site(customer, '14 Pelican Quay')
    const { id } = await shop.owner.ok('createJob', { customer, template, site })
    const { sites, version } = await shop.owner.ok('getCustomer', { customer })
    await shop.owner.ok('updateSite', { customer, site, version, address: '15 Pelican Quay' })
    expect(sites).toHaveLength(1)
    await (await openEdit(id)).press('Save changes', { title: 'Leak' })
    expect(await shop.owner.ok('getJob', { job: id })).toMatchObject({
      title: 'Leak',
      place: { site, address: '14 Pelican Quay' },
    })
  })

  it('becomes another address only with one', async () => {
    const site = await shop.site(customer, '14 Pelican Quay')
    const { id } = await shop.owner.ok('createJob', { customer, template, site })
    const refused = await (await openEdit(id)).press('Save changes', { site: 'other' })
    expect(refused.text).toContain('Enter an address.')
    expect((await placeOf(id)).address).toBe('14 Pelican Quay')
    await refused.press('Save changes', { address: '9 Other Lane' })
    expect(await placeOf(id)).toMatchObject({ site: null, address: '9 Other Lane' })
  })
})

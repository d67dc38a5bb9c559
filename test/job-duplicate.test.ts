/** Another job like an existing one: its form, without script, and what the new job says about it. */
import { beforeAll, expect, it } from 'vitest'
import { openScreen, startPagesServer } from './no-script.ts'
import type { Business, TestServer } from './test-server.ts'

let server: TestServer, shop: Business
beforeAll(async () => {
  server = await startPagesServer()
  shop = await server.business()
}, 60_000)

const FIELDS = [
  { id: 'model', name: 'Model', type: 'text', portal: 'optional', worker: 'optional' },
  { id: 'margin', name: 'Margin', type: 'text', portal: 'hidden', worker: 'hidden' },
  { id: 'photos', name: 'Photos', type: 'file', portal: 'optional', worker: 'optional' },
]

async function createFullJob() {
  const customer = await shop.customer('Rosa Martin')
  const template = await shop.template({ name: 'Boiler service', fields: FIELDS })
  const { id } = await shop.owner.ok('createJob', {
    customer,
    template,
    title: 'Boiler in the attic',
    site: await shop.site(customer),
    fields: { model: 'WM 14-A', margin: '12 %' },
    requested: { day: '2027-02-01', time: '08:00' },
    scheduled: { day: '2027-02-02', time: '09:00' },
    durationMinutes: 95,
    worker: (await shop.staff('worker')).id,
    tags: ['urgent', 'attic'],
    note: 'Said on the phone',
  })
  return { customer, template, job: await shop.owner.ok('getJob', { job: id }) }
}

it('a job is duplicated without its schedule, worker, comments and status, and only when it is saved', async () => {
  const { job } = await createFullJob()
  const count = async () => (await shop.owner.ok('countJobs', {})).all
  const before = await count()
  const form = await (await openScreen(shop.owner, `/office/${shop.slug}/jobs/${job.id}`)).follow('Duplicate job')
  const value = (name: string) => form.$(`[name="${name}"]`).last().val()
  expect(form.text).toContain(`Job ${job.number}: Boiler in the attic`)
  expect([value('title'), value('fields.model'), value('fields.margin')]).toEqual([
    'Boiler in the attic',
    'WM 14-A',
    '12 %',
  ])
  expect([value('durationMinutes'), value('tags'), value('site')]).toEqual(['95', 'urgent, attic', job.place.site])
  for (const name of ['requested.day', 'requested.time', 'scheduled.day', 'scheduled.time', 'worker', 'note'])
    expect([name, value(name) || '']).toEqual([name, ''])
  expect(await count()).toBe(before)

  const saved = await form.press('Create job', { tags: 'attic' })
  expect(saved.text).toContain('Boiler in the attic')
  const copy = await shop.owner.ok('getJob', { job: saved.path.split('/').at(-1)!.split('?')[0]! })
  expect(copy.number).not.toBe(job.number)
  expect(copy).toMatchObject({
    status: 'unassigned',
    customer: { id: job.customer.id },
    template: { id: job.template.id },
    place: { site: job.place.site, address: job.place.address },
    tags: ['attic'],
    durationMinutes: 95,
    ...{ worker: null, scheduled: null, requested: null, comments: [], files: [] },
  })
  expect(copy.fields.map(({ value }) => value)).toEqual(['WM 14-A', '12 %', undefined])
  expect(saved.text).toContain(`Duplicated from job ${job.number}`)
  // Customers do not read the number of another job.
  const duplicated = copy.history.find(({ event }) => event === 'duplicated')
  expect(duplicated).toMatchObject({ audience: 'internal', details: { number: job.number } })
  expect((await shop.owner.ok('getJob', { job: job.id })).tags).toEqual(['urgent', 'attic'])
})

it('a canceled job is duplicated, too, and another customer gets nothing of its address', async () => {
  const { job, template } = await createFullJob()
  const { version } = await shop.owner.ok('getJob', { job: job.id })
  await shop.owner.ok('cancelJob', { job: job.id, version })
  expect((await openScreen(shop.owner, `/office/${shop.slug}/jobs/${job.id}`)).text).toContain('Duplicate job')
  const other = await shop.customer('Somebody else')
  const query = `?customer=${other}&template=${template}&from=${job.id}`
  const form = await openScreen(shop.owner, `/office/${shop.slug}/jobs/new${query}`)
  expect(form.$('[name=site]').val() || '').toBe('')
  expect(form.$('[name=address]').val()).toBe('')
  expect(form.$('form').text()).not.toContain(job.place.address)
})

it('nobody duplicates a job of another business, and workers none', async () => {
  const { job } = await createFullJob()
  const there = await server.business()
  const [customer, template] = [await there.customer(), await there.template()]
  const query = `?customer=${customer}&template=${template}&from=${job.id}`
  const form = await openScreen(there.owner, `/office/${there.slug}/jobs/new${query}`)
  expect(form.status).toBe(200)
  for (const secret of ['Boiler in the attic', 'WM 14-A', String(job.number)]) expect(form.text).not.toContain(secret)
  const refused = await there.owner.call('createJob', { customer, template, duplicateOf: job.id })
  expect([refused.status, refused.body.fields]).toEqual([422, { duplicateOf: expect.anything() }])
  const worker = await shop.staff('worker')
  await shop.owner.ok('assignJob', { job: job.id, version: job.version, worker: worker.id })
  const page = await openScreen(worker, `/office/${shop.slug}/jobs/${job.id}`)
  expect([page.status, page.text.includes('Duplicate job')]).toEqual([200, false])
  expect((await openScreen(worker, `/office/${shop.slug}/jobs/new?from=${job.id}`)).status).toBe(403)
})

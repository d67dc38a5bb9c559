/** Planning visits in the office as a browser without script: warnings that ask once, and changes that are undone. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openScreen, startPagesServer } from './no-script.ts'
import type { Business, Person, TestServer } from './test-server.ts'

let server: TestServer, shop: Business, customer: string, template: string, worker: Person

beforeAll(async () => {
  server = await startPagesServer()
})
beforeEach(async () => {
  shop = await server.business()
  customer = await shop.customer('Dockside Lettings')
  template = await shop.template({ name: 'Dishwasher repair' })
  worker = await shop.staff('worker', 'Will Worker')
})

// A Monday within working hours.
const DAY = '2027-03-01'
const base = () => `/office/${shop.slug}/jobs`
const create = async (more: object = {}) => (await shop.owner.ok('createJob', { customer, template, ...more })).id
const load = (job: string) => shop.owner.ok('getJob', { job })
const open = (job: string, query = '') => openScreen(shop.owner, `${base()}/${job}${query}`)
const visitAt = (time: string) => ({ worker: worker.id, scheduled: { day: DAY, time }, durationMinutes: 60 })
const entered = (time: string, day = DAY) => ({
  worker: worker.id,
  'scheduled.day': day,
  'scheduled.time': time,
  minutes: '60',
})

describe('planning an unusual visit', () => {
  it('says which visit of the worker it overlaps, and saves it once it is confirmed', async () => {
    await create({ title: 'Oven repair', ...visitAt('10:00') })
    const job = await create()
    const asked = await (await open(job, '?do=schedule')).press('Save', entered('10:30'))
    expect(asked.status).toBe(409)
    expect(asked.text).toContain(
      'The worker has another visit at this time: job 1001 (Oven repair), 1 Mar 2027, 10:00.',
    )
    expect(await load(job)).toMatchObject({ status: 'unassigned', scheduled: null })
    await asked.press('Save anyway')
    expect(await load(job)).toMatchObject({ status: 'assigned', scheduled: { day: DAY, time: '10:30' } })
  })

  it('saves a visit without a worker once it is confirmed', async () => {
    const job = await create()
    const visit = { ...entered('07:00'), worker: '' }
    const asked = await (await open(job, '?do=schedule')).press('Save', visit)
    await asked.press('Save anyway')
    expect(await load(job)).toMatchObject({ worker: null, scheduled: { day: DAY, time: '07:00' } })
  })

  it('asks again when the visit is changed instead', async () => {
    await create(visitAt('10:00'))
    const job = await create()
    const asked = await (await open(job, '?do=schedule')).press('Save', entered('10:30'))
    const again = await asked.press('Save anyway', entered('07:00'))
    expect(again.text).toContain('The visit is outside your working days or hours.')
    expect(again.text).not.toContain('another visit')
    await again.press('Save anyway', entered('14:00'))
    expect((await load(job)).scheduled).toMatchObject({ time: '14:00' })
  })

  it('asks again when the worker or the duration is changed instead', async () => {
    const other = await shop.staff('worker', 'Wanda Worker')
    const existing = await create(visitAt('10:00'))
    const job = await create()
    const visit = { ...entered('10:30'), minutes: '30', worker: other.id }
    await create({ ...visitAt('11:30'), worker: other.id, title: 'Hob repair' })
    await create({ ...visitAt('10:30'), worker: other.id, durationMinutes: 5, title: 'Oven repair' })
    const asked = await (await open(job, '?do=schedule')).press('Save', visit)
    expect(asked.text).toContain('(Oven repair)')
    const longer = await asked.press('Save anyway', { ...visit, minutes: '90' })
    expect(longer.text).toContain('(Hob repair)')
    const forAnother = await longer.press('Save anyway', { ...visit, minutes: '90', worker: worker.id })
    expect(forAnother.text).toContain(`job ${(await load(existing)).number} (`)
    expect((await load(job)).scheduled).toBeNull()
  })

  it('warns of the past and of hours outside work, and not of a usual visit', async () => {
    const job = await create()
    const form = await open(job, '?do=schedule')
    const asked = await form.press('Save', entered('22:00', '2020-03-01'))
    expect(asked.text).toContain('The start is in the past.')
    expect(asked.text).toContain('The visit is outside your working days or hours.')
    await form.press('Save', entered('10:00'))
    expect((await load(job)).scheduled).toMatchObject({ day: DAY, time: '10:00' })
  })

  it('warns before a job is created', async () => {
    await create(visitAt('10:00'))
    const form = await openScreen(shop.owner, `${base()}/new?customer=${customer}&template=${template}`)
    const { minutes: durationMinutes, ...visit } = entered('10:30')
    const asked = await form.press('Create job', { title: 'Leak', ...visit, durationMinutes })
    expect(asked.text).toContain('The worker has another visit at this time')
    expect((await shop.owner.ok('listJobs')).rows).toHaveLength(1)
    const page = await asked.press('Create anyway')
    expect(await load(/jobs\/([\w-]+)/.exec(page.path)![1]!)).toMatchObject({
      title: 'Leak',
      scheduled: { time: '10:30' },
    })
  })

  it('warns when a scheduled job is given to a worker who has a visit then', async () => {
    await create(visitAt('10:00'))
    const job = await create({ scheduled: { day: DAY, time: '10:15' } })
    const asked = await (await open(job, '?do=status&to=pending')).press('Offer job', { worker: worker.id })
    expect(asked.text).toContain('The worker has another visit at this time')
    expect((await load(job)).status).toBe('unassigned')
    await asked.press('Save anyway')
    expect((await load(job)).status).toBe('pending')
  })

  it('does not warn of the job itself', async () => {
    const job = await create(visitAt('10:00'))
    const after = await (await open(job, '?do=schedule')).press('Save', entered('10:30'))
    expect(after.text).toContain('Schedule saved.')
    expect((await load(job)).scheduled).toMatchObject({ time: '10:30' })
  })
})

describe('a change', () => {
  it('is undone by the button beside its outcome, on the page and in the panel', async () => {
    for (const place of ['page', 'panel'] as const) {
      const job = await create({ worker: worker.id })
      const path = place === 'page' ? `${base()}/${job}` : `${base()}?job=${job}`
      const started = await (await openScreen(shop.owner, path)).press('Start job')
      expect((await load(job)).status).toBe('started')
      const after = await started.press('Undo')
      expect((await load(job)).status).toBe('assigned')
      expect(after.text).toContain('Change undone.')
      expect(after.has('Undo')).toBe(false)
    }
  })

  it('of worker and time together is undone together', async () => {
    const job = await create()
    const saved = await (await open(job, '?do=schedule')).press('Save', entered('10:00'))
    await saved.press('Undo')
    expect(await load(job)).toMatchObject({
      status: 'unassigned',
      worker: null,
      scheduled: null,
      durationMinutes: null,
    })
    expect((await open(job)).text).toContain('Undone')
  })

  it('of a job that somebody else has changed since cannot be undone, and the page shows that job', async () => {
    const job = await create({ worker: worker.id })
    const started = await (await open(job)).press('Start job')
    await shop.owner.ok('updateJob', { job, version: 2, title: 'Leak under the sink' })
    const refused = await started.press('Undo')
    expect(refused.status).toBe(409)
    expect(refused.text).toContain('This change can no longer be undone. Change the job again instead.')
    expect(refused.text).toContain('Leak under the sink')
    expect(refused.text).not.toMatch(/not saved|entries/)
  })

  it('by one button says nothing of entries when somebody else was first', async () => {
    const job = await create({ worker: worker.id })
    const page = await open(job)
    await shop.owner.ok('updateJob', { job, version: 1, title: 'Leak under the sink' })
    const refused = await page.press('Start job')
    expect(refused.text).toContain('Someone else changed this job in the meantime.')
    expect(refused.text).toContain('Review the job, then try again.')
    expect(refused.text).not.toContain('What you entered')
  })

  it('cannot be undone from a page that is opened again', async () => {
    const job = await create({ worker: worker.id })
    await (await open(job)).press('Start job')
    expect((await open(job)).has('Undo')).toBe(false)
  })
})

describe('a declined job', () => {
  it('is assigned and scheduled in one step', async () => {
    const job = await create()
    await server.stored((db) => db.updateTable('jobs').set({ status: 'declined' }).where('id', '=', job).execute())
    const dialog = await (await open(job)).follow('Assign and schedule')
    const empty = await dialog.press('Save', { worker: '', 'scheduled.day': '', 'scheduled.time': '', minutes: '' })
    expect(empty.text).toContain('Choose a worker.')
    expect(await load(job)).toMatchObject({ status: 'declined', version: 1 })
    await empty.press('Save', entered('10:00'))
    expect(await load(job)).toMatchObject({ status: 'assigned', worker: { id: worker.id } })
  })

  it('keeps a worker who was deactivated until another is chosen', async () => {
    const job = await create({ worker: worker.id })
    await server.stored((db) => db.updateTable('jobs').set({ status: 'declined' }).where('id', '=', job).execute())
    await shop.owner.ok('deactivateStaff', { member: worker.id })
    const dialog = await open(job, '?do=schedule')
    await dialog.press('Save')
    expect(await load(job)).toMatchObject({ status: 'declined', worker: { id: worker.id } })
  })
})

describe('business settings', () => {
  it('working hours need a day', async () => {
    const page = await openScreen(shop.owner, `/office/${shop.slug}/settings/business`)
    const before = (await shop.owner.ok('getAccount')).workingHours
    const refused = await page.press('Save changes', { 'workingHours.days': [], 'workingHours.to': '07:00' })
    expect(refused.status).toBe(422)
    expect(refused.text).toContain('Choose at least one day.')
    // Said along with what else is wrong.
    expect(refused.text).toContain('Check the 2 highlighted fields.')
    expect((await shop.owner.ok('getAccount')).workingHours).toEqual(before)
  })

  it('"Save changes" keeps the working hours', async () => {
    const page = await openScreen(shop.owner, `/office/${shop.slug}/settings/business`)
    await page.press('Save changes', {
      'workingHours.days': ['6', '7'],
      'workingHours.from': '09:00',
      'workingHours.to': '13:30',
    })
    const { workingHours } = await shop.owner.ok('getAccount')
    expect(workingHours).toEqual({ days: [6, 7], from: '09:00', to: '13:30' })
  })
})

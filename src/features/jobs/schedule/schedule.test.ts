import { describe, expect, it } from 'vitest'
import { createWorld, home, type World } from '../jobs.fixtures.ts'

// The clock of the tests stands at a known moment; these visits are on Monday, June 7, 2027, in London (UTC+1).
const MONDAY = '2027-06-07'

const visit = async (here: World, time: string, more: object = {}) =>
  (
    await here.dispatcher.ok('createJob', {
      customer: here.customer,
      template: here.template,
      worker: here.worker.id,
      scheduled: { day: MONDAY, time },
      durationMinutes: 60,
      ...more,
    })
  ).id
const check = (here: World, time: string, more: object = {}) =>
  here.dispatcher.ok('getScheduleWarnings', { day: MONDAY, time, minutes: 60, worker: here.worker.id, ...more })
const overlapsOf = async (...call: Parameters<typeof check>) => (await check(...call)).overlaps.map(({ id }) => id)

describe('checking a visit', () => {
  it('finds visits of the same worker that overlap, and neither adjacent ones nor those of others', async () => {
    const here = await createWorld()
    const job = await visit(here, '10:00')
    expect(await overlapsOf(here, '10:30')).toEqual([job])
    expect(await overlapsOf(here, '09:30')).toEqual([job])
    expect(await overlapsOf(here, '10:15', { minutes: 15 })).toEqual([job])
    expect(await overlapsOf(here, '08:00', { minutes: 300 })).toEqual([job])
    expect(await overlapsOf(here, '11:00')).toEqual([])
    expect(await overlapsOf(here, '09:00')).toEqual([])
    expect(await overlapsOf(here, '10:30', { day: '2027-06-08' })).toEqual([])
    expect(await overlapsOf(here, '10:30', { job })).toEqual([])
    expect(await overlapsOf(here, '10:30', { worker: here.dispatcher.id })).toEqual([])
    expect(await overlapsOf(here, '10:30', { worker: undefined })).toEqual([])
  })

  it('takes a visit without a duration for an hour long, and counts none that is over or canceled', async () => {
    const here = await createWorld()
    const job = await visit(here, '10:00', { durationMinutes: null })
    expect(await overlapsOf(here, '10:59', { minutes: undefined })).toEqual([job])
    expect(await overlapsOf(here, '11:00', { minutes: undefined })).toEqual([])
    await here.dispatcher.ok('cancelJob', { job, version: 1 })
    expect(await overlapsOf(here, '10:30')).toEqual([])
  })

  it('counts visits of every status that takes the worker’s time', async () => {
    const here = await createWorld()
    const job = await visit(here, '10:00')
    for (const status of ['unpublished', 'pending', 'assigned', 'started', 'paused'] as const) {
      await home.stored((db) => db.updateTable('jobs').set({ status }).where('id', '=', job).execute())
      expect([status, await overlapsOf(here, '10:30')]).toEqual([status, [job]])
    }
    for (const status of ['completed', 'postponed', 'declined', 'canceled'] as const) {
      await home.stored((db) => db.updateTable('jobs').set({ status }).where('id', '=', job).execute())
      expect([status, await overlapsOf(here, '10:30')]).toEqual([status, []])
    }
  })

  it('a visit that began days ago and is still going on overlaps', async () => {
    const here = await createWorld()
    const job = await visit(here, '10:00', { scheduled: { day: '2027-06-03', time: '10:00' }, durationMinutes: 14_400 })
    expect(await overlapsOf(here, '12:00')).toEqual([job])
  })

  it('says that a start is in the past', async () => {
    const here = await createWorld()
    expect((await check(here, '10:00')).past).toBe(false)
    expect((await check(here, '10:00', { day: '2020-06-01' })).past).toBe(true)
  })

  it('says what is outside of working hours, Monday to Friday 08:00 to 18:00 unless set otherwise', async () => {
    const here = await createWorld()
    const isOutside = async (time: string, more: object = {}) => (await check(here, time, more)).outsideHours
    expect(await isOutside('08:00')).toBe(false)
    expect(await isOutside('17:00')).toBe(false)
    expect(await isOutside('07:59')).toBe(true)
    expect(await isOutside('17:01')).toBe(true)
    expect(await isOutside('10:00', { day: '2027-06-05' })).toBe(true)
    const { logo: _logo, slug: _slug, ...settings } = await here.harbour.owner.ok('getAccount')
    await here.harbour.owner.ok('updateAccount', {
      ...(settings as object),
      workingHours: { days: [6], from: '09:30', to: '12:00' },
    } as never)
    expect(await isOutside('10:00')).toBe(true)
    expect(await isOutside('10:00', { day: '2027-06-05' })).toBe(false)
    expect(await isOutside('09:00', { day: '2027-06-05' })).toBe(true)
  })

  it('is for those who plan jobs, within their own business', async () => {
    const [here, there] = [await createWorld(), await createWorld()]
    await visit(here, '10:00')
    const input = { day: MONDAY, time: '10:00', worker: here.worker.id }
    expect((await here.worker.call('getScheduleWarnings', input)).status).toBe(403)
    expect((await there.dispatcher.ok('getScheduleWarnings', input)).overlaps).toEqual([])
  })

  it('refuses nothing: an unusual visit can be scheduled', async () => {
    const here = await createWorld()
    await visit(here, '10:00')
    const other = await visit(here, '10:00', { scheduled: { day: '2020-06-06', time: '23:00' } })
    expect((await here.dispatcher.ok('getJob', { job: other })).status).toBe('assigned')
  })
})

describe('working hours', () => {
  it('end after they start, and are kept by a change of other settings', async () => {
    const { owner } = await home.business()
    const { logo: _logo, slug: _slug, ...settings } = await owner.ok('getAccount')
    const wrong = { ...settings, workingHours: { days: [1], from: '18:00', to: '08:00' } }
    expect((await owner.call('updateAccount', wrong as never)).body.fields).toMatchObject({
      'workingHours.to': { code: 'timeOrder' },
    })
    const hours = { days: [2, 4], from: '07:00', to: '15:30' }
    const { version } = await owner.ok('updateAccount', { ...settings, workingHours: hours } as never)
    const { workingHours, ...others } = settings
    expect((await owner.ok('updateAccount', { ...others, version } as never)).workingHours).toEqual(hours)
    expect(workingHours).toEqual({ days: [1, 2, 3, 4, 5], from: '08:00', to: '18:00' })
  })
})

import { describe, expect, it } from 'vitest'
import { bookJob, createWorld, home } from '../jobs.fixtures.ts'

const { clock, stored, mailTo } = home
const DAY = '2027-12-10'

describe('a requested start', () => {
  it('a day without a time is a request for any time of that day, wherever it is shown', async () => {
    const here = await createWorld()
    const job = await bookJob(here, { requested: { day: DAY } })
    const request = { at: `${DAY}T12:00:00.000Z`, day: DAY, time: null }
    expect(await here.eleanor.ok('getPortalJob', { job })).toMatchObject({ requestedAnyTime: true, requested: request })
    expect(await here.dispatcher.ok('getJob', { job })).toMatchObject({ requestedAnyTime: true, requested: request })
    expect((await here.eleanor.ok('listPortalJobs', {})).rows).toMatchObject([{ id: job, requestedAnyTime: true }])
    expect((await here.dispatcher.ok('listJobs', {})).rows).toMatchObject([{ id: job, requestedAnyTime: true }])
    expect((await here.dispatcher.ok('getOfficeHome', {})).requested).toMatchObject([{ requestedAnyTime: true }])
    const [mail] = await mailTo(here.eleanor.email)
    expect(mail!.text).toMatch(/10 December 2027/)
    expect(mail!.text).not.toMatch(/12:00/)
  })

  it('a time is kept as a time, and rows say nothing of any time', async () => {
    const here = await createWorld()
    await bookJob(here, { requested: { day: DAY, time: '12:00' } })
    const [portalRow] = (await here.eleanor.ok('listPortalJobs', {})).rows
    expect([portalRow!.requestedAt, 'requestedAnyTime' in portalRow!]).toEqual([`${DAY}T12:00:00.000Z`, false])
  })

  it('today without a time can be requested at any hour, yesterday cannot', async () => {
    // In the evening: a day without a time is kept as noon.
    clock.set(new Date(`${new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)}T20:00:00Z`))
    const here = await createWorld()
    const { today } = await here.eleanor.ok('getBookingOptions', {})
    await bookJob(here, { requested: { day: today } })
    const yesterday = new Date(Date.parse(today) - 86_400_000).toISOString().slice(0, 10)
    const { template, site } = here
    const refused = await here.eleanor.call('createPortalJob', { template, site, requested: { day: yesterday } })
    expect(refused.body.fields).toMatchObject({ requested: { code: 'timePast' } })
  })

  it('a time without a day is refused at the day', async () => {
    const here = await createWorld()
    const { template, site } = here
    const refused = await here.eleanor.call('createPortalJob', {
      template,
      site,
      requested: { day: '', time: '09:00' },
    })
    expect(refused.body.fields).toEqual({ 'requested.day': { code: 'required', text: 'Enter a date.' } })
  })

  it('customer and office change a time to a day and back; the history says so', async () => {
    const here = await createWorld()
    const job = await bookJob(here, { requested: { day: DAY, time: '12:00' } })
    await here.eleanor.ok('updatePortalJob', { job, version: 1, requested: { day: DAY } })
    expect(await here.dispatcher.ok('getJob', { job })).toMatchObject({ requested: { day: DAY, time: null } })
    await here.dispatcher.ok('updateJob', { job, version: 2, requested: { day: DAY, time: '12:00' } })
    const { requested, history } = await here.dispatcher.ok('getJob', { job })
    expect(requested).toMatchObject({ day: DAY, time: '12:00' })
    expect(history.at(-1)).toMatchObject({ event: 'edited', details: { fields: ['requested_at'] } })
    await here.eleanor.ok('updatePortalJob', { job, version: 3, requested: null })
    const row = await stored((db) => db.selectFrom('jobs').selectAll().where('id', '=', job).executeTakeFirstOrThrow())
    expect([row.requested_at, row.requested_any_time]).toEqual([null, false])
  })
})

/** The office's list by the day of the visit and by customer, status and worker. */
import { describe, expect, it } from 'vitest'
import { createWorld, home } from '../../jobs.fixtures.ts'
import { scheduledBetween } from './rules.ts'

const { clock } = home

/** The day so many days from today in London, as the tests' business counts. */
const dayIn = (days: number) => {
  const at = new Date(clock.now().getTime() + days * 86_400_000)
  return new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/London' }).format(at)
}

describe('jobs by day', () => {
  it('lists and counts the visits of today, of tomorrow and of a range of days, both ends included', async () => {
    const { dispatcher, customer, template } = await createWorld()
    const create = async (days: number, time: string) =>
      (await dispatcher.ok('createJob', { customer, template, scheduled: { day: dayIn(days), time } })).id
    await dispatcher.ok('createJob', { customer, template })
    const yesterday = await create(-1, '23:59')
    const [early, late] = [await create(0, '00:00'), await create(0, '23:59')]
    const [dawn, night] = [await create(1, '00:00'), await create(1, '23:59')]
    const later = await create(2, '00:00')
    for (const [filter, expected] of [
      [{ scheduled: 'today' }, [early, late]],
      [{ scheduled: 'tomorrow' }, [dawn, night]],
      [{ scheduledFrom: dayIn(-1), scheduledTo: dayIn(1) }, [yesterday, early, late, dawn, night]],
      [{ scheduledFrom: dayIn(1), scheduledTo: dayIn(-1) }, [yesterday, early, late, dawn, night]],
      [{ scheduledFrom: dayIn(1) }, [dawn, night, later]],
      [{ scheduledTo: dayIn(-1) }, [yesterday]],
      [{ scheduled: 'today', scheduledFrom: dayIn(1) }, []],
      [{ scheduledFrom: '9999-12-31', scheduledTo: '9999-12-31' }, []],
    ] as const) {
      const { rows } = await dispatcher.ok('listJobs', { ...filter, sort: 'soonest' })
      expect(
        rows.map((row) => row.id),
        JSON.stringify(filter),
      ).toEqual(expected)
      expect((await dispatcher.ok('countJobs', filter)).all).toBe(expected.length)
    }
    for (const scheduledFrom of ['2026-02-30', 'today', '7'])
      expect((await dispatcher.call('listJobs', { scheduledFrom } as never)).status).toBe(422)
  })

  it('counts the visits of a range of days also while searching', async () => {
    const { dispatcher, customer, template } = await createWorld()
    for (const [title, days] of [
      ['Boiler service', 1],
      ['Boiler service', 3],
      ['Dishwasher repair', 1],
    ] as const)
      await dispatcher.ok('createJob', { customer, template, title, scheduled: { day: dayIn(days), time: '10:00' } })
    const filter = { search: 'boiler', scheduledFrom: dayIn(1), scheduledTo: dayIn(2) }
    expect((await dispatcher.ok('listJobs', filter)).rows).toHaveLength(1)
    expect((await dispatcher.ok('countJobs', filter)).all).toBe(1)
  })

  // 2026-12-06 is a Sunday.
  it.each([
    ['en-GB', '2026-11-30T00:00:00.000Z', '2026-12-07T00:00:00.000Z'],
    ['en-US', '2026-12-06T00:00:00.000Z', '2026-12-13T00:00:00.000Z'],
  ])('a week begins on the first day of the week in %s', (locale, from, to) => {
    const account = { timeZone: 'Europe/London', locale }
    expect(scheduledBetween({ scheduled: 'week' }, account, new Date('2026-12-06T12:00:00Z'))).toEqual({
      from: new Date(from),
      to: new Date(to),
    })
  })

  it('a day begins where the clocks of the business say, also when they change', () => {
    const at = new Date('2026-10-25T12:00:00Z')
    expect(scheduledBetween({ scheduled: 'today' }, { timeZone: 'Europe/London', locale: 'en-GB' }, at)).toEqual({
      from: new Date('2026-10-24T23:00:00Z'),
      to: new Date('2026-10-26T00:00:00Z'),
    })
    expect(
      scheduledBetween(
        { scheduled: 'today' },
        { timeZone: 'Pacific/Auckland', locale: 'en-NZ' },
        new Date('2026-11-30T20:00:00Z'),
      ),
    ).toEqual({ from: new Date('2026-11-30T11:00:00Z'), to: new Date('2026-12-01T11:00:00Z') })
  })
})

describe('jobs in order', () => {
  it('sorts by customer, worker and step of the work, both ways', async () => {
    const { dispatcher, harbour, template } = await createWorld()
    const [zoe, adam] = [await harbour.customer('zoe Last'), await harbour.customer('Adam First')]
    const [priya, marek] = [await harbour.staff('worker', 'Priya Raman'), await harbour.staff('worker', 'Marek Nowak')]
    const create = async (customer: string, worker?: string) =>
      (await dispatcher.ok('createJob', { customer, template, ...(worker && { worker }) })).id
    const a = await create(zoe, priya.id)
    const b = await create(adam)
    const c = await create(adam, marek.id)
    const sorted = async (sort: string) =>
      (await dispatcher.ok('listJobs', { sort } as never)).rows.map((row) => row.id)
    expect(await sorted('customer')).toEqual([b, c, a])
    expect(await sorted('-customer')).toEqual([a, c, b])
    expect(await sorted('worker')).toEqual([b, c, a])
    expect(await sorted('-worker')).toEqual([a, c, b])
    const { version } = await dispatcher.ok('getJob', { job: a })
    await dispatcher.ok('changeJobStatus', { job: a, version, to: 'started' })
    expect(await sorted('status')).toEqual([b, c, a])
    expect(await sorted('-status')).toEqual([a, c, b])
  })

  it('refuses a place that no list of that order gave out', async () => {
    const { dispatcher } = await createWorld()
    const id = crypto.randomUUID()
    const cursorOf = (...parts: string[]) => Buffer.from(parts.join('|')).toString('base64url')
    for (const [sort, cursor] of [
      ['customer', cursorOf('worker', 'adam', id)],
      ['customer', cursorOf('customer', 'a\u0000b', id)],
      ['customer', cursorOf('customer', 'a'.repeat(90), id)],
      ['customer', cursorOf('customer', id)],
      ['status', cursorOf('status', 'x', id)],
      ['status', cursorOf('status', '999999999999', id)],
      ['newest', cursorOf('newest', 'adam', id)],
    ])
      expect((await dispatcher.call('listJobs', { sort, cursor } as never)).status, cursor).toBe(422)
    expect(
      (await dispatcher.ok('listJobs', { sort: 'customer', cursor: cursorOf('customer', 'a|b', id) })).rows,
    ).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { house } from '../../../test/kit.ts'

const home = await house()
const { business, clock } = home

describe('a booking followed to its end', () => {
  it('V-32 V-43 a customer books, the office plans and does it, and the customer sees each step in plain words', async () => {
    const harbour = await business()
    const customer = await harbour.customer()
    const site = await harbour.site(customer)
    const template = await harbour.template()
    const eleanor = await harbour.portalUser({ customers: [customer] })
    const marek = await harbour.staff('worker', 'Marek Nowak')
    const dispatcher = await harbour.staff('dispatcher', 'Dana Reyes')

    const { jobs: [booked] } = await eleanor.ok('createPortalJob', { template, site })
    expect(booked!.number).toBe(1001)
    const seen = () => eleanor.ok('getPortalJob', { job: booked!.id })
    expect(await seen()).toMatchObject({ state: 'requested', address: '14 Pelican Quay, Bristol BS1 6UH', can: { edit: true, cancel: true } })

    const { rows: [row] } = await dispatcher.ok('listJobs', { state: 'unassigned' })
    expect(row).toMatchObject({ id: booked!.id, state: 'unassigned', madeBy: { kind: 'portalUser', name: 'Eleanor Finch' } })
    let { version } = row!
    const move = async (who: typeof marek, input: object) => ({ version } = await who.ok('moveJob', { job: booked!.id, version, ...input } as never))
    await dispatcher.ok('scheduleJob', { job: booked!.id, version, scheduled: { day: '2027-03-02', time: '10:00' } }).then((done) => ({ version } = done))
    expect(await seen()).toMatchObject({ state: 'requested', scheduledAt: null, worker: null })
    await move(dispatcher, { to: 'pending', worker: marek.id })
    expect(await seen()).toMatchObject({ state: 'scheduled', scheduledAt: null, worker: null })
    await move(marek, { to: 'assigned' })
    expect(await seen()).toMatchObject({ state: 'scheduled', scheduledAt: '2027-03-02T10:00:00.000Z', worker: 'Marek' })
    await move(marek, { to: 'started' })
    expect(await seen()).toMatchObject({ state: 'progress', closed: { cancel: 'started' }, can: { cancel: false } })
    await move(marek, { to: 'paused' })
    expect((await seen()).state).toBe('progress')
    await move(marek, { to: 'completed' })
    const done = await seen()
    expect(done.state).toBe('completed')
    expect(done.history.map((line) => [line.event, line.to, line.by.name])).toEqual([
      ['created', null, 'Eleanor Finch'], ['moved', 'scheduled', 'Dana'], ['scheduled', null, 'Marek'], ['moved', 'progress', 'Marek'], ['moved', 'completed', 'Marek'],
    ])
    expect(clock.now()).toBeInstanceOf(Date)
  })
})

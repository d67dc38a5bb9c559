import { describe, expect, it } from 'vitest'
import { bookJob, moveJob, createWorld } from './jobs.fixtures.ts'

describe('a booking followed to its end', () => {
  it('V-32 V-43 a customer books, the office plans and does it, and the customer sees each step in plain words', async () => {
    const here = await createWorld()
    const { eleanor, dispatcher, worker: marek } = here
    const job = await bookJob(here)
    const seen = () => eleanor.ok('getPortalJob', { job })
    expect(await seen()).toMatchObject({
      number: 1001,
      status: 'requested',
      address: '14 Pelican Quay, Bristol BS1 6UH',
      can: { edit: true, cancel: true },
    })

    const {
      rows: [row],
    } = await dispatcher.ok('listJobs', { status: 'unassigned', include: 'details' })
    expect(row).toMatchObject({
      id: job,
      status: 'unassigned',
      createdBy: { kind: 'portalUser', name: 'Eleanor Finch' },
    })
    let version = row!.version!
    const move = async (who: typeof marek, input: object) =>
      ({ version } = await who.ok('changeJobStatus', { job, version, ...input } as never))
    ;({ version } = await dispatcher.ok('scheduleJob', {
      job,
      version,
      scheduled: { day: '2027-03-02', time: '10:00' },
    }))
    expect(await seen()).toMatchObject({ status: 'requested', scheduledAt: null, worker: null })
    await move(dispatcher, { to: 'pending', worker: marek.id })
    expect(await seen()).toMatchObject({ status: 'scheduled', scheduledAt: null, worker: null })
    await move(marek, { to: 'assigned' })
    expect(await seen()).toMatchObject({
      status: 'scheduled',
      scheduledAt: '2027-03-02T10:00:00.000Z',
      worker: 'Marek',
    })
    await move(marek, { to: 'started' })
    expect(await seen()).toMatchObject({ status: 'progress', closed: { cancel: 'started' }, can: { cancel: false } })
    await move(marek, { to: 'paused' })
    expect((await seen()).status).toBe('progress')
    await move(marek, { to: 'completed' })
    const done = await seen()
    expect(done.status).toBe('completed')
    expect(done.history.map((entry) => [entry.event, entry.to, entry.by.name])).toEqual([
      ['created', null, 'Eleanor Finch'],
      ['moved', 'scheduled', 'Dana'],
      ['scheduled', null, 'Marek'],
      ['moved', 'progress', 'Marek'],
      ['moved', 'completed', 'Marek'],
    ])
    expect(done.progress.map((step) => step.is)).toEqual(['done', 'done', 'done', 'done'])
  })

  it('V-51 a job without steps starts and completes by the dispatcher’s move', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    for (const [to, more] of [
      ['assigned', { worker: here.worker.id }],
      ['started', {}],
      ['completed', {}],
    ] as const) {
      expect((await moveJob(here.dispatcher, job, { to, ...more })).status).toBe(200)
    }
    expect(await here.dispatcher.ok('getJob', { job })).toMatchObject({
      status: 'completed',
      startedAt: expect.any(String),
      completedAt: expect.any(String),
    })
  })
})

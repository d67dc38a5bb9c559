/** Several jobs at once: each row by its own rights and status, and a report. */
import { describe, expect, it } from 'vitest'
import { createWorld, home, type World } from '../../jobs.fixtures.ts'

const create = async ({ dispatcher, customer, template }: World, more: object = {}) =>
  (await dispatcher.ok('createJob', { customer, template, ...more })).id
const load = (here: World, job: string) => here.dispatcher.ok('getJob', { job })

describe('several jobs at once', () => {
  it('assigns, schedules, moves and cancels each job, with its history', async () => {
    const here = await createWorld()
    const { dispatcher, worker } = here
    const jobs = [await create(here), await create(here)]
    const scheduled = { day: '2027-05-04', time: '09:30' }
    for (const change of [
      { change: 'assign', worker: worker.id },
      { change: 'schedule', scheduled },
      { change: 'status', to: 'started' },
    ] as const)
      expect(await dispatcher.ok('changeJobs', { jobs, ...change })).toMatchObject({ changed: 2 })
    for (const job of jobs) {
      const after = await load(here, job)
      expect(after).toMatchObject({ status: 'started', worker: { id: worker.id }, scheduled, version: 4 })
      expect(after.history.map((entry) => entry.event)).toEqual(expect.arrayContaining(['assigned', 'scheduled']))
    }
    await dispatcher.ok('changeJobs', { jobs, change: 'cancel', reason: 'Customer moved away' })
    for (const job of jobs) {
      const { status, history } = await load(here, job)
      const reasons = history.flatMap(({ details }) => (details.reason ? [details.reason] : []))
      expect([status, reasons]).toEqual(['canceled', ['Customer moved away']])
    }
  })

  it('a job that refuses stays as it is and says why; the others change', async () => {
    const here = await createWorld()
    const there = await createWorld()
    const { dispatcher, worker } = here
    const [open, started, foreign] = [
      await create(here),
      await create(here, { worker: worker.id }),
      await create(there),
    ]
    const { version } = await load(here, started)
    await dispatcher.ok('changeJobStatus', { job: started, version, to: 'started' })
    const canceled = await create(here)
    await dispatcher.ok('cancelJob', { job: canceled, version: 1 })
    const absent = crypto.randomUUID()
    const jobs = [started, open, canceled, foreign, absent, open]
    const report = await dispatcher.ok('changeJobs', {
      jobs,
      change: 'schedule',
      scheduled: { day: '2027-05-04', time: '10:00' },
    })
    expect(report).toEqual({
      changed: 1,
      rows: [
        { id: started, number: expect.any(Number), changed: false, problem: 'schedulingClosed', fields: null },
        { id: open, number: expect.any(Number), changed: true, problem: null, fields: null },
        { id: canceled, number: expect.any(Number), changed: false, problem: 'schedulingClosed', fields: null },
        { id: foreign, number: null, changed: false, problem: 'notFound', fields: null },
        { id: absent, number: null, changed: false, problem: 'notFound', fields: null },
      ],
    })
    expect((await load(here, started)).scheduled).toBeNull()
    expect((await load(there, foreign)).scheduled).toBeNull()
  })

  it('a worker changes only the status of their own jobs', async () => {
    const here = await createWorld()
    const { worker } = here
    const [own, other] = [await create(here, { worker: worker.id }), await create(here)]
    const unpublished = await create(here, { worker: worker.id })
    await home.stored((db) =>
      db.updateTable('jobs').set({ status: 'unpublished' }).where('id', '=', unpublished).execute(),
    )
    const jobs = [own, other, unpublished]
    const start = await worker.ok('changeJobs', { jobs, change: 'status', to: 'started' })
    // The number of a job out of reach would say that it exists.
    expect(start.rows).toEqual([
      { id: own, number: (await load(here, own)).number, changed: true, problem: null, fields: null },
      { id: other, number: null, changed: false, problem: 'notFound', fields: null },
      { id: unpublished, number: null, changed: false, problem: 'notFound', fields: null },
    ])
    const assign = await worker.ok('changeJobs', { jobs: [own], change: 'assign', worker: null })
    expect(assign).toMatchObject({ changed: 0, rows: [{ changed: false }] })
    expect((await load(here, own)).worker).toMatchObject({ id: worker.id })
  })

  it('refuses no jobs, more than 200, and a change without its value', async () => {
    const here = await createWorld()
    const job = await create(here)
    const many = Array.from({ length: 201 }, () => crypto.randomUUID())
    for (const [input, field] of [
      [{ jobs: [], change: 'cancel' }, 'jobs'],
      [{ jobs: many, change: 'cancel' }, 'jobs'],
      [{ jobs: [job], change: 'assign' }, 'worker'],
      [{ jobs: [job], change: 'schedule' }, 'scheduled'],
      [{ jobs: [job], change: 'status' }, 'to'],
    ] as const) {
      const reply = await here.dispatcher.call('changeJobs', input as never)
      expect([reply.status, Object.keys(reply.body.fields ?? {})]).toEqual([422, [field]])
    }
  })
})

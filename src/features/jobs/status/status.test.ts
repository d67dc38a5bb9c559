import { describe, expect, it } from 'vitest'
import { bookJob, home, moveJob, createWorld } from '../jobs.fixtures.ts'
import { JOB_STATUSES, progressOf, staffNameFor, type JobStatus } from '../rules.ts'
import { clearedTimeOf } from './rules.ts'

const { stored } = home
const reset = (job: string, status: JobStatus, worker: string | null) =>
  stored((db) => db.updateTable('jobs').set({ status, worker_id: worker, version: 1 }).where('id', '=', job).execute())

type Mover = 'worker' | 'dispatcher' | 'manager'

/** E-40, written down from the requirement: where a job may go from each status, by whom. */
const ALLOWED: Record<JobStatus, Partial<Record<JobStatus, Mover[]>>> = {
  unassigned: {
    unpublished: ['dispatcher'],
    pending: ['dispatcher'],
    assigned: ['dispatcher'],
    postponed: ['dispatcher'],
    canceled: ['dispatcher'],
  },
  unpublished: {
    unassigned: ['dispatcher'],
    pending: ['dispatcher'],
    assigned: ['dispatcher'],
    postponed: ['dispatcher'],
    canceled: ['dispatcher'],
  },
  pending: {
    unassigned: ['dispatcher'],
    assigned: ['worker'],
    declined: ['worker'],
    postponed: ['dispatcher'],
    canceled: ['dispatcher'],
  },
  assigned: {
    unassigned: ['dispatcher'],
    started: ['worker', 'dispatcher'],
    postponed: ['dispatcher'],
    canceled: ['dispatcher'],
  },
  started: { paused: ['worker', 'dispatcher'], completed: ['worker', 'dispatcher'], canceled: ['dispatcher'] },
  paused: { started: ['worker', 'dispatcher'], completed: ['worker', 'dispatcher'], canceled: ['dispatcher'] },
  completed: { started: ['manager'] },
  declined: {
    unassigned: ['dispatcher'],
    pending: ['dispatcher'],
    assigned: ['dispatcher'],
    canceled: ['dispatcher'],
  },
  postponed: {
    unassigned: ['dispatcher'],
    pending: ['dispatcher'],
    assigned: ['dispatcher'],
    canceled: ['dispatcher'],
  },
  canceled: { unassigned: ['dispatcher'] },
}

describe('the table of transitions', () => {
  it('E-40 every pair of statuses is allowed to exactly those the table names, and refused with 409 to all others', async () => {
    const here = await createWorld()
    const owner = here.harbour.owner
    const people: [typeof owner, Mover[]][] = [
      [owner, ['dispatcher', 'manager']],
      [here.dispatcher, ['dispatcher']],
      [here.worker, ['worker']],
    ]
    const job = await bookJob(here)
    const wrong: string[] = []
    for (const from of JOB_STATUSES) {
      for (const to of JOB_STATUSES) {
        for (const [who, movers] of people) {
          await reset(job, from, here.worker.id)
          const reply = await who.call('changeJobStatus', {
            job,
            version: 1,
            to,
            reason: 'Because',
            ...(movers.includes('dispatcher') && ['pending', 'assigned'].includes(to) && { worker: here.worker.id }),
          })
          const allowed = ALLOWED[from][to]?.some((mover) => movers.includes(mover)) ?? false
          // Unpublished jobs are not released: to their worker they are not there.
          const expected = from === 'unpublished' && movers[0] === 'worker' ? 404 : allowed ? 200 : 409
          if (reply.status !== expected)
            wrong.push(`${from} → ${to} by ${movers.join()}: ${reply.status} instead of ${expected}`)
        }
      }
    }
    expect(wrong).toEqual([])
  })

  it('E-40 reopening and declining ask for a reason, and assigning for a worker', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    expect((await moveJob(here.dispatcher, job, { to: 'assigned' })).body.fields).toMatchObject({
      worker: { code: 'required' },
    })
    await reset(job, 'completed', here.worker.id)
    expect(
      (await here.harbour.owner.call('changeJobStatus', { job, version: 1, to: 'started' })).body.fields,
    ).toMatchObject({
      reason: { code: 'required' },
    })
    await reset(job, 'pending', here.worker.id)
    expect((await here.worker.call('changeJobStatus', { job, version: 1, to: 'declined' })).body.fields).toMatchObject({
      reason: { code: 'required' },
    })
  })

  it('E-52 a declined job is free again at once; its reason stays with the office and never reaches the customer', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    await moveJob(here.dispatcher, job, { to: 'pending', worker: here.worker.id })
    expect((await moveJob(here.worker, job, { to: 'declined', reason: 'Too far for me' })).body).toMatchObject({
      status: 'unassigned',
    })
    expect((await here.worker.call('getJob', { job })).status).toBe(404)
    const office = await here.dispatcher.ok('getJob', { job })
    expect(office).toMatchObject({ status: 'unassigned', worker: null })
    expect(office.history.map((line) => line.details.reason ?? null)).toContain('Too far for me')
    const portal = await here.eleanor.call('getPortalJob', { job })
    expect(portal.body.status).toBe('requested')
    expect(portal.text).not.toMatch(/Too far|declin|Marek/i)
  })

  it('V-56 E-51 canceling clears the times and keeps them in the history; reinstating leaves the job unassigned', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    await moveJob(here.dispatcher, job, {
      to: 'assigned',
      worker: here.worker.id,
      scheduled: { day: '2027-03-02', time: '10:00' },
    })
    await moveJob(here.dispatcher, job, { to: 'started' })
    let { version } = await here.dispatcher.ok('getJob', { job })
    ;({ version } = await here.dispatcher.ok('cancelJob', { job, version, reason: 'Customer moved away' }))
    expect(await here.dispatcher.ok('getJob', { job })).toMatchObject({
      status: 'canceled',
      scheduled: null,
      startedAt: null,
      can: { reinstate: true, schedule: false },
    })
    await here.dispatcher.ok('reinstateJob', { job, version })
    const office = await here.dispatcher.ok('getJob', { job })
    expect(office).toMatchObject({ status: 'unassigned', worker: null, canceledAt: null })
    const removed = office.history.find((line) => line.event === 'timesRemoved')?.details
    expect(removed).toMatchObject({
      removedScheduledAt: '2027-03-02T10:00:00.000Z',
      removedStartedAt: expect.any(String),
    })
    expect(clearedTimeOf(removed!)).toBe('2027-03-02T10:00:00.000Z')
    expect((await here.eleanor.call('getPortalJob', { job })).text).not.toMatch(/moved away/)
    await reset(job, 'completed', null)
    expect((await here.dispatcher.call('cancelJob', { job, version: 1 })).status).toBe(409)
  })

  it('E-51 the history shows a removed time, whether a change of status or an import wrote it', () => {
    const [visit, start] = ['2027-03-02T10:00:00.000Z', '2027-03-02T10:05:00.000Z']
    expect(clearedTimeOf({ removedScheduledAt: visit, removedStartedAt: start })).toBe(visit)
    expect(clearedTimeOf({ removedStartedAt: start })).toBe(start)
    expect(clearedTimeOf({ removedCompletedAt: start })).toBe(start)
    expect(clearedTimeOf({ scheduledAt: visit, startedAt: start })).toBe(visit)
    expect(clearedTimeOf({ startedAt: start })).toBe(start)
  })

  it('a waiting job shows where it stopped, and an email address never replaces a name', () => {
    expect(progressOf('postponed').map((step) => step.status)).toEqual([
      'requested',
      'waiting',
      'scheduled',
      'progress',
      'completed',
    ])
    expect(progressOf('canceled').at(-1)).toEqual({ status: 'canceled', is: 'now' })
    expect(staffNameFor('full', 'marek@harbour.example', 'Harbour')).toBe('Harbour')
    expect(staffNameFor('first', 'Marek Nowak', 'Harbour')).toBe('Marek')
    expect(staffNameFor('business', 'Marek Nowak', 'Harbour')).toBe('Harbour')
  })
})

describe('two at once', () => {
  it('E-41 of two dispatchers who assign the same job at once, one gets a conflict', async () => {
    const here = await createWorld()
    const second = await here.harbour.staff('worker', 'Priya Raman')
    const job = await bookJob(here)
    const replies = await Promise.all(
      [here.worker, second].map((who) => here.dispatcher.call('assignJob', { job, version: 1, worker: who.id })),
    )
    expect(replies.map((reply) => reply.status).sort()).toEqual([200, 409])
    expect(replies.find((reply) => reply.status === 409)!.body.code).toBe('jobChanged')
  })

  it('E-41 a change of status from a page that was opened before another change is refused', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    const { version } = await here.dispatcher.ok('getJob', { job })
    const scheduled = { day: '2027-03-02', time: '10:00' }
    await here.harbour.owner.ok('scheduleJob', { job, version, scheduled })
    const stale = await here.dispatcher.call('changeJobStatus', { job, version, to: 'unpublished' })
    expect([stale.status, stale.body.code]).toEqual([409, 'jobChanged'])
    expect(await here.dispatcher.ok('getJob', { job })).toMatchObject({ status: 'unassigned', scheduled })
  })

  it('E-41 a cancellation that meets a start loses and changes nothing, twenty times over', async () => {
    const here = await createWorld()
    for (let round = 0; round < 20; round++) {
      const job = await bookJob(here)
      await reset(job, 'assigned', here.worker.id)
      const [start, cancel] = await Promise.all([
        here.worker.call('changeJobStatus', { job, version: 1, to: 'started' }),
        here.eleanor.call('cancelPortalJob', { job }),
      ])
      const { status } = await here.dispatcher.ok('getJob', { job })
      if (start.status === 200) {
        expect(status).toBe('started')
        expect(cancel).toMatchObject({
          status: 409,
          body: { code: 'jobStarted', title: 'This job has already started. Nothing was changed.' },
        })
      } else {
        expect([status, cancel.status, start.status]).toEqual(['canceled', 200, 409])
      }
    }
  })
})

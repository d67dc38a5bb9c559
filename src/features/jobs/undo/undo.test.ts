import { describe, expect, it } from 'vitest'
import type { Person } from '../../../../test/test-server.ts'
import { bookJob, createWorld, home, type World } from '../jobs.fixtures.ts'
import {
  arrange,
  cancelByOffice,
  clearMails,
  createScene,
  emailsTo,
  FRIDAY,
  MINUTES,
  MONDAY,
  schedule,
  subjectsTo,
} from '../updates/updates.fixtures.ts'

const SECOND = 1000

const load = (here: Pick<World, 'dispatcher'>, job: string) => here.dispatcher.ok('getJob', { job })
const undo = async (here: Pick<World, 'dispatcher'>, job: string, who: Person = here.dispatcher) =>
  who.call('undoJobChange', { job, version: (await load(here, job)).version })
/** What a change is undone to: everything but version, time of change and history. */
const stateOf = async (here: Pick<World, 'dispatcher'>, job: string) => {
  const { status, worker, scheduled, requested, durationMinutes, startedAt, completedAt, canceledAt } = await load(
    here,
    job,
  )
  return { status, worker, scheduled, requested, durationMinutes, startedAt, completedAt, canceledAt }
}

describe('undoing', () => {
  it('brings back status, worker and times, whatever the change was', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    const version = async () => (await load(here, job)).version
    const other = await here.harbour.staff('worker', 'Priya Raman')
    const changes: [string, () => Promise<unknown>][] = [
      [
        'schedule and assign at once',
        async () =>
          here.dispatcher.ok('scheduleJob', {
            job,
            version: await version(),
            scheduled: MONDAY,
            durationMinutes: 90,
            worker: here.worker.id,
          }),
      ],
      [
        'reschedule',
        async () =>
          here.dispatcher.ok('scheduleJob', {
            job,
            version: await version(),
            scheduled: { ...MONDAY, time: '14:00' },
            durationMinutes: 30,
          }),
      ],
      [
        'another worker',
        async () => here.dispatcher.ok('assignJob', { job, version: await version(), worker: other.id }),
      ],
      ['start', async () => here.dispatcher.ok('changeJobStatus', { job, version: await version(), to: 'started' })],
      [
        'complete',
        async () => here.dispatcher.ok('changeJobStatus', { job, version: await version(), to: 'completed' }),
      ],
    ]
    for (const [name, change] of changes) {
      const before = await stateOf(here, job)
      await change()
      expect([name, (await load(here, job)).can.undo]).toEqual([name, true])
      expect(await stateOf(here, job)).not.toEqual(before)
      expect([name, (await undo(here, job)).status]).toEqual([name, 200])
      expect([name, await stateOf(here, job)]).toEqual([name, before])
      expect([name, (await load(here, job)).can.undo]).toEqual([name, false])
      await change()
    }
  })

  it('brings a canceled job and a postponed one back with their times', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    const { version } = await here.dispatcher.ok('scheduleJob', {
      job,
      version: 1,
      scheduled: MONDAY,
      worker: here.worker.id,
    })
    const before = await stateOf(here, job)
    await here.dispatcher.ok('cancelJob', { job, version })
    await undo(here, job)
    expect(await stateOf(here, job)).toEqual(before)
    await here.dispatcher.ok('changeJobStatus', { job, version: version + 2, to: 'postponed' })
    await undo(here, job)
    expect(await stateOf(here, job)).toEqual(before)
  })

  it('is for the person who made the change, for a minute, while nothing has changed since', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    const assign = async () =>
      here.dispatcher.ok('changeJobStatus', {
        job,
        version: (await load(here, job)).version,
        to: 'assigned',
        worker: here.worker.id,
      })
    await assign()
    for (const who of [here.harbour.owner, here.worker]) {
      expect((await who.ok('getJob', { job })).can.undo).toBe(false)
      expect((await undo(here, job, who)).body.code).toBe('undoExpired')
    }
    const { version } = await load(here, job)
    await here.dispatcher.ok('updateJob', { job, version, title: 'Leak' })
    expect((await undo(here, job)).body.code).toBe('undoExpired')
    // Nothing was entered that could be kept: it is not said that changes were not saved.
    expect((await here.dispatcher.call('undoJobChange', { job, version })).body.code).toBe('undoExpired')
    await here.dispatcher.ok('changeJobStatus', { job, version: version + 1, to: 'started' })
    home.clock.advance(61 * SECOND)
    expect((await load(here, job)).can.undo).toBe(false)
    expect((await undo(here, job)).body.code).toBe('undoExpired')
    expect((await load(here, job)).status).toBe('started')
  })

  it('gives no job back to a worker who was deactivated meanwhile', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    const other = await here.harbour.staff('worker', 'Priya Raman')
    const assign = async (worker: string) =>
      here.dispatcher.ok('assignJob', { job, version: (await load(here, job)).version, worker, outright: true })
    await assign(here.worker.id)
    await assign(other.id)
    await here.harbour.owner.ok('deactivateStaff', { member: here.worker.id })
    const before = await stateOf(here, job)
    expect((await undo(here, job)).body.code).toBe('undoExpired')
    expect(await stateOf(here, job)).toEqual(before)
    // Another change of the same job can be undone: its worker stays.
    await here.dispatcher.ok('changeJobStatus', { job, version: (await load(here, job)).version, to: 'started' })
    expect((await undo(here, job)).status).toBe(200)
  })

  it('brings a requested day back without a time', async () => {
    const here = await createWorld()
    const job = await bookJob(here, { requested: { day: FRIDAY.day } })
    const before = await stateOf(here, job)
    expect(before.requested).toMatchObject({ day: FRIDAY.day, time: null })
    const requested = { day: MONDAY.day, time: '09:30' }
    await here.dispatcher.ok('changeJobStatus', { job, version: 1, to: 'postponed', requested })
    expect((await load(here, job)).requested).toMatchObject(requested)
    await undo(here, job)
    expect(await stateOf(here, job)).toEqual(before)
  })

  it('brings a declined job back to the one who declined it and can still see it', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    const { dispatcher } = here
    await dispatcher.ok('assignJob', { job, version: 1, worker: dispatcher.id, outright: false })
    const before = await stateOf(here, job)
    await dispatcher.ok('changeJobStatus', { job, version: 2, to: 'declined', reason: 'Van is off the road' })
    const declined = await load(here, job)
    expect([declined.status, declined.worker, declined.can.undo]).toEqual(['unassigned', null, true])
    expect((await undo(here, job)).status).toBe(200)
    expect(await stateOf(here, job)).toEqual(before)
  })

  it('is kept in the history, for the customer where they had seen the change', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    await here.dispatcher.ok('scheduleJob', { job, version: 1, scheduled: MONDAY, worker: here.worker.id })
    await undo(here, job)
    const { history } = await load(here, job)
    const undone = history.filter(({ details }) => details.undone)
    expect(undone.map(({ event, audience, from, to, by }) => [event, audience, from, to, by.name])).toEqual([
      ['moved', 'customer', 'assigned', 'unassigned', 'Dana Reyes'],
      ['scheduled', 'internal', null, null, 'Dana Reyes'],
      ['assigned', 'internal', null, null, 'Dana Reyes'],
    ])
    const portal = await here.eleanor.ok('getPortalJob', { job })
    expect([portal.status, portal.scheduledAt, portal.worker]).toEqual(['requested', null, null])
  })

  it('sends customers no email about a change that was taken back', async () => {
    const scene = await createScene()
    await scene.dispatcher.ok('scheduleJob', { job: scene.job, version: 1, scheduled: FRIDAY, worker: scene.worker.id })
    await undo(scene, scene.job)
    expect(await subjectsTo(scene.eleanor)).toEqual([])
    await arrange(scene)
    await clearMails()
    await cancelByOffice(scene)
    await undo(scene, scene.job)
    expect(await subjectsTo(scene.eleanor)).toEqual([])
  })

  it('is emailed itself when the change was', async () => {
    const scene = await createScene()
    await arrange(scene)
    await clearMails()
    await schedule(scene, FRIDAY)
    home.clock.advance(4 * MINUTES + 30 * SECOND)
    await schedule(scene, MONDAY)
    home.clock.advance(30 * SECOND)
    expect(await home.mailTo(scene.eleanor.email)).toHaveLength(1)
    await undo(scene, scene.job)
    const mails = await emailsTo(scene.eleanor)
    expect(mails).toHaveLength(2)
    expect(mails[1]!.text).toContain('is now scheduled for Friday 15 January 2027')
  })
})

describe('a declined job', () => {
  it('goes to another worker in one step', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    await home.stored((db) => db.updateTable('jobs').set({ status: 'declined' }).where('id', '=', job).execute())
    await here.dispatcher.ok('scheduleJob', { job, version: 1, scheduled: MONDAY, worker: here.worker.id })
    expect(await load(here, job)).toMatchObject({ status: 'assigned', worker: { id: here.worker.id } })
  })
})

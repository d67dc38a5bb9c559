/** Emails about jobs are neither lost nor sent twice, and reach who row-level security lets see the job. */
import { describe, expect, inject, it } from 'vitest'
import { startSeparateServer } from '../../../../test/test-server.ts'
import { home } from '../jobs.fixtures.ts'
import { listPortalReaders, listStaffReaders } from '../readers/queries.ts'
import {
  arrange,
  cancelByOffice,
  createScene,
  MINUTES,
  move,
  schedule,
  subjectsTo,
  THURSDAY,
} from './updates.fixtures.ts'

const NAME = 'Dishwasher repair #1001'
const waitingUpdates = (account: string) =>
  home.stored((db) => db.selectFrom('record_updates').select('id').where('account_id', '=', account).execute())

describe('emails about a job', () => {
  it('are written once by two processes that collect at the same moment', async () => {
    const scene = await createScene()
    const other = await startSeparateServer(inject('world'), { twinOf: home })
    await arrange(scene)
    home.clock.advance(5 * MINUTES)
    await Promise.all([home, other, home, other].map(({ app }) => app.deliverer.collect()))
    await other.close()
    expect(await subjectsTo(scene.eleanor)).toEqual([`Visit scheduled: ${NAME}`])
    expect(await waitingUpdates(scene.harbour.id)).toEqual([])
  })

  it('wait as a whole when they cannot be written, without holding up those of other jobs', async () => {
    const [broken, sound] = [await createScene(), await createScene()]
    await arrange(broken)
    await arrange(sound)
    // No envelope takes this address.
    await setEmail(broken.eleanor.id, 'not an address')
    expect(await subjectsTo(sound.eleanor)).toEqual([`Visit scheduled: ${NAME}`])
    expect(await subjectsTo(broken.colleague)).toEqual([])
    expect(await waitingUpdates(broken.harbour.id)).not.toEqual([])
    await setEmail(broken.eleanor.id, broken.eleanor.email)
    expect(await subjectsTo(broken.colleague)).toEqual([`Visit scheduled: ${NAME}`])
    expect(await subjectsTo(broken.eleanor)).toEqual([`Visit scheduled: ${NAME}`])
  })

  it('are not held up by a clock that was set back', async () => {
    const scene = await createScene()
    home.clock.advance(30 * MINUTES)
    await arrange(scene)
    home.clock.advance(-30 * MINUTES)
    expect(await subjectsTo(scene.eleanor)).toEqual([`Visit scheduled: ${NAME}`])
  })

  it('F12 a refused change is not told', async () => {
    const scene = await createScene()
    const { dispatcher, job } = scene
    expect((await dispatcher.call('scheduleJob', { job, version: 99, scheduled: THURSDAY })).status).toBe(409)
    expect((await move(scene, 'completed')).status).toBe(409)
    expect(await waitingUpdates(scene.harbour.id)).toEqual([])
  })
})

const setEmail = (id: string, email: string) =>
  home.stored((db) => db.updateTable('portal_users').set({ email }).where('id', '=', id).execute())

describe('who hears of a job', () => {
  it('D5 A3 is who can open it, whatever happened to links, users, templates, workers and the portal', async () => {
    const scene = await createScene()
    const { harbour, customer, template, eleanor, colleague, worker, dispatcher, job } = scene
    const outsider = await harbour.portalUser({ customers: [await harbour.customer('Mia Lund')] })
    const portalUsers = [eleanor, colleague, outsider]
    const { rows: builtIn } = await harbour.owner.ok('listPermissionGroups')
    const groups = Object.fromEntries(builtIn.map(({ kind, id }) => [kind, id]))
    const staff = [harbour.owner, dispatcher, worker, await harbour.staff('worker', 'Other')]
    const set = (table: string, values: object, id: string, column = 'id') =>
      home.stored((db) =>
        db
          .updateTable(table as 'jobs')
          .set(values)
          .where(column as 'id', '=', id)
          .execute(),
      )
    const steps: (() => Promise<unknown>)[] = [
      async () => {},
      () => schedule(scene, THURSDAY),
      () => arrange(scene),
      () => set('jobs', { status: 'unpublished' }, job),
      () => set('jobs', { status: 'assigned' }, job),
      () => set('portal_users', { status: 'suspended' }, colleague.id),
      () => set('portal_users', { templates_mode: 'hide', templates: [template] }, eleanor.id),
      () => set('portal_settings', { hide_jobs_of_other_templates: false }, harbour.id, 'account_id'),
      () => set('portal_links', { group_id: groups.limited }, colleague.id, 'portal_user_id'),
      () => set('portal_users', { status: 'active' }, colleague.id),
      () => set('portal_users', { permissions: JSON.stringify({ viewJobs: true }) }, colleague.id),
      () => set('portal_links', { permissions: JSON.stringify({ viewJobs: false }) }, eleanor.id, 'portal_user_id'),
      () => set('portal_links', { permissions: null }, eleanor.id, 'portal_user_id'),
      () => set('portal_links', { group_id: groups.none }, colleague.id, 'portal_user_id'),
      () => set('staff_members', { status: 'deactivated' }, dispatcher.id),
      () => set('customers', { status: 'archived' }, customer),
      () => set('customers', { status: 'active' }, customer),
      () => set('portal_settings', { enabled: false }, harbour.id, 'account_id'),
    ]
    for (const [index, step] of steps.entries()) {
      await step()
      const readers = await home.stored(async (db) => [
        ...(await listPortalReaders(db, harbour.id, job)),
        ...(await listStaffReaders(db, harbour.id, job)),
      ])
      const opening = [
        ...portalUsers.map(async (each) => ((await each.call('getPortalJob', { job })).status === 200 ? each.id : '')),
        ...staff.map(async (each) => ((await each.call('getJob', { job })).status === 200 ? each.id : '')),
      ]
      const openers = (await Promise.all(opening)).filter(Boolean)
      expect({ index, ids: readers.map(({ id }) => id).sort() }).toEqual({ index, ids: openers.sort() })
    }
    await cancelByOffice({ ...scene, dispatcher: harbour.owner })
    expect(await subjectsTo(outsider)).toEqual([])
  })
})

/** What customers hear of their jobs by email. */
import { describe, expect, it } from 'vitest'
import { getUserVersion, updatePortalSettings } from '../../../../test/portal.fixtures.ts'
import { home, moveJob } from '../jobs.fixtures.ts'
import {
  arrange,
  assign,
  cancelByOffice,
  clearMails,
  commentByOffice,
  createScene,
  emailsTo,
  FRIDAY,
  MINUTES,
  MONDAY,
  move,
  queueEmails,
  schedule,
  subjectsTo,
  THURSDAY,
  versionOf,
  type Scene,
} from './updates.fixtures.ts'

const NAME = 'Dishwasher repair #1001'

describe('a customer hears of their job', () => {
  it('when a visit is scheduled: with its time in the zone of the business, and a link to the job', async () => {
    const scene = await createScene()
    await arrange(scene)
    const [mail, ...others] = await emailsTo(scene.eleanor)
    expect(others).toEqual([])
    expect(mail!.subject).toBe(`Visit scheduled: ${NAME}`)
    expect(mail!.text).toContain('is scheduled for Thursday 14 January 2027, 14:00 GMT.')
    expect(mail!.text).toContain(`/jobs/${scene.job}`)
    expect(mail!.text).toContain('/account#emails')
    expect(mail!.html).toContain('Harbour Appliance Repair')
  })

  it('when a job that the office creates has a visit', async () => {
    const scene = await createScene()
    const { dispatcher, customer, template, worker, eleanor } = scene
    await dispatcher.ok('createJob', { customer, template, worker: worker.id, scheduled: FRIDAY })
    expect(await subjectsTo(eleanor)).toEqual(['Visit scheduled: Dishwasher repair #1002'])
  })

  it('when the visit is moved: with both times', async () => {
    const scene = await createScene()
    await arrange(scene)
    await clearMails()
    await schedule(scene, FRIDAY)
    const [mail, ...others] = await emailsTo(scene.eleanor)
    expect(others).toEqual([])
    expect(mail!.subject).toBe(`Visit rescheduled: ${NAME}`)
    expect(mail!.text).toContain(
      'is now scheduled for Friday 15 January 2027, 09:30 GMT. The earlier time was Thursday 14 January 2027, 14:00 GMT.',
    )
  })

  it('when the visit is withdrawn, the job is canceled, reopened, or completed', async () => {
    const scene = await createScene()
    await arrange(scene)
    await clearMails()
    await schedule(scene, null)
    expect(await subjectsTo(scene.eleanor)).toEqual([`Visit postponed: ${NAME}`])
    await clearMails()
    await cancelByOffice(scene)
    const [canceled] = await emailsTo(scene.eleanor)
    expect(canceled!.subject).toBe(`Job canceled: ${NAME}`)
    // Reasons of the staff are internal.
    expect(canceled!.text).not.toContain('Van broke down')
    await clearMails()
    await scene.dispatcher.ok('reinstateJob', { job: scene.job, version: await versionOf(scene) })
    expect(await subjectsTo(scene.eleanor)).toEqual([`Job reopened: ${NAME}`])
    await arrange(scene)
    await clearMails()
    await move(scene, 'started')
    await move(scene, 'completed')
    expect(await subjectsTo(scene.eleanor)).toEqual([`Job completed: ${NAME}`])
  })

  it('when the business comments: the comment is in the email, and staff are named as the portal names them', async () => {
    const scene = await createScene()
    await commentByOffice(scene, 'We bring a new pump.')
    const [mail] = await emailsTo(scene.eleanor)
    expect(mail!.subject).toBe(`New comment: ${NAME}`)
    expect(mail!.text).toContain('Dana commented on')
    expect(mail!.text).not.toContain('Reyes')
    expect(mail!.text).toContain('“We bring a new pump.”')
  })

  it('and so does everybody who sees the job, but not about their own deed', async () => {
    const scene = await createScene()
    await scene.eleanor.ok('cancelPortalJob', { job: scene.job })
    expect(await subjectsTo(scene.eleanor)).toEqual([])
    expect(await subjectsTo(scene.colleague)).toEqual([`Job canceled: ${NAME}`])
  })

  it('once, when its own cancellation follows a change by the office', async () => {
    const scene = await createScene()
    await arrange(scene)
    await scene.eleanor.ok('cancelPortalJob', { job: scene.job })
    expect(await subjectsTo(scene.eleanor)).toEqual([])
  })
})

describe('a customer hears nothing', () => {
  it('of internal comments and of comments by colleagues', async () => {
    const scene = await createScene()
    await commentByOffice(scene, 'Difficult customer.', 'internal')
    await scene.colleague.ok('addPortalComment', { job: scene.job, body: 'The key is at the office.' })
    expect(await subjectsTo(scene.eleanor)).toEqual([])
  })

  it('of a time that is not settled: the worker has yet to accept', async () => {
    const scene = await createScene()
    await schedule(scene, THURSDAY)
    await assign(scene, false)
    expect(await subjectsTo(scene.eleanor)).toEqual([])
    expect((await moveJob(scene.worker, scene.job, { to: 'assigned' })).status).toBe(200)
    expect(await subjectsTo(scene.eleanor)).toEqual([`Visit scheduled: ${NAME}`])
  })

  it('of a visit that is entered after it took place', async () => {
    const scene = await createScene()
    await arrange(scene, { day: '2027-01-08', time: '10:00' })
    expect(await subjectsTo(scene.eleanor)).toEqual([])
  })

  it('of jobs of other customers', async () => {
    const scene = await createScene()
    const other = await scene.harbour.portalUser({ customers: [await scene.harbour.customer('Mia Lund')] })
    await arrange(scene)
    await commentByOffice(scene, 'We bring a new pump.')
    expect(await subjectsTo(other)).toEqual([])
  })
})

describe('changes within five minutes are one email', () => {
  it('a visit that is scheduled and moved twice is told once, with the last time', async () => {
    const scene = await createScene()
    await arrange(scene)
    home.clock.advance(2 * MINUTES)
    await schedule(scene, FRIDAY)
    home.clock.advance(2 * MINUTES)
    await schedule(scene, MONDAY)
    home.clock.advance(MINUTES)
    const mails = await home.mailTo(scene.eleanor.email)
    expect(mails.map(({ subject }) => subject)).toEqual([`Visit scheduled: ${NAME}`])
    expect(mails[0]!.text).toContain('18 January 2027, 11:00 GMT')
    expect(mails[0]!.text).not.toContain('15 January')
  })

  it('nothing is sent before the five minutes are over', async () => {
    const scene = await createScene()
    await arrange(scene)
    home.clock.advance(5 * MINUTES - 1)
    expect(await home.mailTo(scene.eleanor.email)).toEqual([])
    home.clock.advance(1)
    expect(await home.mailTo(scene.eleanor.email)).toHaveLength(1)
  })

  it.each<[string, (scene: Scene) => Promise<unknown>]>([
    ['scheduled and unscheduled again', (scene) => schedule(scene, null)],
    ['scheduled and unassigned again', async (scene) => move(scene, 'unassigned')],
  ])('a visit that is %s is not told at all', async (_name, undo) => {
    const scene = await createScene()
    await arrange(scene)
    home.clock.advance(4 * MINUTES)
    await undo(scene)
    expect(await subjectsTo(scene.eleanor)).toEqual([])
    home.clock.advance(60 * MINUTES)
    expect(await home.mailTo(scene.eleanor.email)).toEqual([])
  })

  it('a move that is moved back is not told', async () => {
    const scene = await createScene()
    await arrange(scene)
    await clearMails()
    await schedule(scene, FRIDAY)
    await schedule(scene, THURSDAY)
    expect(await subjectsTo(scene.eleanor)).toEqual([])
  })

  it('comments are told with the change, the newest in full', async () => {
    const scene = await createScene()
    await commentByOffice(scene, 'Which floor is it?')
    await arrange(scene)
    await commentByOffice(scene, 'Found it: the second.')
    const [mail, ...others] = await emailsTo(scene.eleanor)
    expect(others).toEqual([])
    expect(mail!.subject).toBe(`Visit scheduled: ${NAME}`)
    expect(mail!.text).toContain('There are 2 new comments. The latest is from Dana: “Found it: the second.”')
  })

  it('a change after the five minutes is an email of its own', async () => {
    const scene = await createScene()
    await arrange(scene)
    await clearMails()
    await schedule(scene, FRIDAY)
    expect(await subjectsTo(scene.eleanor)).toEqual([`Visit rescheduled: ${NAME}`])
  })
})

describe('who may not see the job at the moment of sending gets no email', () => {
  const revocations: [string, (scene: Scene) => Promise<unknown>][] = [
    [
      'is unlinked',
      async ({ harbour, eleanor }) =>
        harbour.owner.ok('unlinkCustomer', {
          user: eleanor.id,
          link: (await harbour.owner.ok('getPortalUser', { user: eleanor.id })).links[0]!.id,
        }),
    ],
    ['is suspended', ({ harbour, eleanor }) => harbour.owner.ok('suspendPortalUser', { user: eleanor.id })],
    ['is removed', ({ harbour, eleanor }) => harbour.owner.ok('removePortalUser', { user: eleanor.id })],
    [
      'belongs to a customer that is archived',
      // Only customers without open jobs can be archived, so the comment of a completed job may be the one that waits.
      ({ customer }) =>
        home.stored((db) =>
          db.updateTable('customers').set({ status: 'archived' }).where('id', '=', customer).execute(),
        ),
    ],
    [
      'may no longer use the template',
      async ({ harbour, eleanor, template }) =>
        harbour.owner.ok('setTemplateAccess', {
          user: eleanor.id,
          version: await getUserVersion(harbour, eleanor),
          mode: 'hide',
          templates: [template],
        }),
    ],
    ['has a portal that is switched off', ({ harbour }) => updatePortalSettings(harbour, { enabled: false })],
    ['turned the email off', ({ eleanor }) => eleanor.ok('updatePortalEmailChoices', { emails: { scheduled: false } })],
  ]

  it.each(revocations)('PS-31 D5 while the change waits: the reader %s', async (_name, revoke) => {
    const scene = await createScene()
    await arrange(scene)
    await revoke(scene)
    expect(await subjectsTo(scene.eleanor)).toEqual([])
  })

  it.each(revocations)('PS-31 D5 while the email waits: the reader %s', async (_name, revoke) => {
    const scene = await createScene()
    await arrange(scene)
    await queueEmails()
    await revoke(scene)
    expect(await home.mailTo(scene.eleanor.email)).toEqual([])
  })

  it('an email that waited while the visit was moved is not sent; the newer one tells the time', async () => {
    const scene = await createScene()
    await arrange(scene)
    await queueEmails()
    await schedule(scene, FRIDAY)
    const mails = await emailsTo(scene.eleanor)
    expect(mails.map(({ subject }) => subject)).toEqual([`Visit rescheduled: ${NAME}`])
  })

  it('of a suspended business nothing is sent', async () => {
    const scene = await createScene()
    await arrange(scene)
    await home.stored((db) =>
      db.updateTable('accounts').set({ status: 'suspended' }).where('id', '=', scene.harbour.id).execute(),
    )
    expect(await subjectsTo(scene.eleanor)).toEqual([])
  })
})

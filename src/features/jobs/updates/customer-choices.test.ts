/** Customers and businesses turn off emails about jobs. */
import { describe, expect, it } from 'vitest'
import { updatePortalSettings } from '../../../../test/portal.fixtures.ts'
import { bookJob, home } from '../jobs.fixtures.ts'
import {
  arrange,
  cancelByOffice,
  clearMails,
  commentByOffice,
  createScene,
  FRIDAY,
  move,
  schedule,
  subjectsTo,
  type Scene,
} from './updates.fixtures.ts'

const NAME = 'Dishwasher repair #1001'

describe('each kind of email can be turned off', () => {
  const causes: [string, (scene: Scene) => Promise<unknown>][] = [
    ['scheduled', (scene) => arrange(scene)],
    ['canceled', cancelByOffice],
    ['commented', (scene) => commentByOffice(scene, 'We bring a new pump.')],
    [
      'rescheduled',
      async (scene) => {
        await arrange(scene)
        await clearMails()
        await schedule(scene, FRIDAY)
      },
    ],
    [
      'completed',
      async (scene) => {
        await arrange(scene)
        await clearMails()
        await move(scene, 'started')
        await move(scene, 'completed')
      },
    ],
  ]
  const TICKETS = { ticketCreated: true, ticketReplied: true, ticketMoved: true }
  const ALL = { scheduled: true, rescheduled: true, canceled: true, completed: true, commented: true, ...TICKETS }

  it.each(causes)('%s: by a person for themselves', async (kind, cause) => {
    const scene = await createScene()
    await scene.eleanor.ok('updatePortalEmailChoices', { emails: { [kind]: false } })
    await cause(scene)
    expect(await subjectsTo(scene.eleanor)).toEqual([])
    expect(await subjectsTo(scene.colleague)).toHaveLength(1)
  })

  it.each(causes)(
    '%s: by the business for everybody, and its switch is gone from the account page',
    async (kind, cause) => {
      const scene = await createScene()
      await updatePortalSettings(scene.harbour, { customerEmails: { ...ALL, [kind]: false } })
      await cause(scene)
      expect(await subjectsTo(scene.eleanor)).toEqual([])
      const { emails } = await scene.eleanor.ok('getPortalEmailChoices')
      expect(emails.map((each) => each.kind)).toEqual(['booked', ...Object.keys(ALL)].filter((each) => each !== kind))
    },
  )

  it('booked: by a person for themselves', async () => {
    const scene = await createScene()
    await scene.eleanor.ok('updatePortalEmailChoices', { emails: { booked: false } })
    await bookJob(scene)
    expect(await home.mailTo(scene.eleanor.email)).toEqual([])
    await scene.eleanor.ok('updatePortalEmailChoices', { emails: { booked: true } })
    await bookJob(scene)
    expect(await home.mailTo(scene.eleanor.email)).toHaveLength(1)
  })

  it('a comment is told alone when the change it came with is turned off', async () => {
    const scene = await createScene()
    await scene.eleanor.ok('updatePortalEmailChoices', { emails: { scheduled: false } })
    await arrange(scene)
    await commentByOffice(scene, 'We bring a new pump.')
    expect(await subjectsTo(scene.eleanor)).toEqual([`New comment: ${NAME}`])
    expect(await subjectsTo(scene.colleague)).toEqual([`Visit scheduled: ${NAME}`])
  })
})

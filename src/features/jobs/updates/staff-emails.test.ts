/** What staff hear of their customers by email. */
import { describe, expect, it } from 'vitest'
import { updatePortalSettings } from '../../../../test/portal.fixtures.ts'
import { bookJob, home, upload } from '../jobs.fixtures.ts'
import {
  arrange,
  clearMails,
  createScene,
  emailsTo,
  MINUTES,
  queueEmails,
  subjectsTo,
  versionOf,
  type Scene,
} from './updates.fixtures.ts'

const NAME = 'Dishwasher repair #1001'
const TICKETS = { ticketCreated: true, ticketReplied: true, ticketMoved: true, ticketAssigned: true }
const JOBS = { booked: true, commented: true, edited: true, canceled: true }
const ALL = { ...JOBS, ...TICKETS }
const comment = ({ eleanor, job }: Scene, body: string) => eleanor.ok('addPortalComment', { job, body })
const cancel = ({ eleanor, job }: Scene, reason?: string) => eleanor.ok('cancelPortalJob', { job, reason })
const edit = async ({ eleanor, job }: Scene) => {
  const { version } = await eleanor.ok('getPortalJob', { job })
  return eleanor.ok('updatePortalJob', { job, version, fields: {}, address: '9 Wharf Lane' })
}

describe('the office hears of its customers', () => {
  it('when one comments: with the comment and its author, and a link to the job', async () => {
    const scene = await createScene()
    await comment(scene, 'The gate code is 4711.')
    const [mail, ...others] = await emailsTo(scene.dispatcher)
    expect(others).toEqual([])
    expect(mail!.subject).toBe(`New comment: ${NAME}`)
    expect(mail!.text).toContain('Eleanor Finch commented on')
    expect(mail!.text).toContain('“The gate code is 4711.”')
    expect(mail!.text).toContain(`/office/${scene.harbour.slug}/jobs/${scene.job}`)
    expect(mail!.text).toContain(`/office/${scene.harbour.slug}/profile#emails`)
  })

  it('when one cancels: the office and the worker of the job', async () => {
    const scene = await createScene()
    await arrange(scene)
    await clearMails()
    await cancel(scene, 'Sold it.')
    for (const member of [scene.harbour.owner, scene.dispatcher, scene.worker]) {
      expect(await subjectsTo(member)).toEqual([`Canceled by customer: ${NAME}`])
    }
  })

  it('when one changes the details, or adds a file', async () => {
    const scene = await createScene()
    await edit(scene)
    expect(await subjectsTo(scene.dispatcher)).toEqual([`Changed by customer: ${NAME}`])
    await clearMails()
    await upload(scene.eleanor, `/portal/${scene.harbour.slug}/jobs/${scene.job}/files`)
    expect(await subjectsTo(scene.dispatcher)).toEqual([`Changed by customer: ${NAME}`])
  })

  it('when one deletes a job: by its name, as the job is gone', async () => {
    const scene = await createScene()
    await updatePortalSettings(scene.harbour, {
      permissions: {
        viewTickets: true,
        createTickets: true,
        replyTickets: true,
        closeTickets: true,
        setTicketPriority: true,
        viewJobs: true,
        createJobs: true,
        chooseTemplates: true,
        editJobs: true,
        cancelJobs: true,
        deleteJobs: true,
      },
    })
    await comment(scene, 'Never mind.')
    await scene.eleanor.ok('deletePortalJob', { job: scene.job })
    const [mail, ...others] = await emailsTo(scene.dispatcher)
    expect(others).toEqual([])
    expect(mail!.subject).toBe(`Deleted by customer: ${NAME}`)
    expect(mail!.text).toContain(`/office/${scene.harbour.slug}/jobs\n`)
  })

  it('in one email: the cancellation that follows a change and a comment', async () => {
    const scene = await createScene()
    await edit(scene)
    home.clock.advance(2 * MINUTES)
    await comment(scene, 'I found someone else.')
    await cancel(scene)
    const [mail, ...others] = await emailsTo(scene.dispatcher)
    expect(others).toEqual([])
    expect(mail!.subject).toBe(`Canceled by customer: ${NAME}`)
    expect(mail!.text).toContain('Eleanor Finch wrote: “I found someone else.”')
  })

  it('but not of what staff do', async () => {
    const scene = await createScene()
    await arrange(scene)
    await scene.worker.ok('addJobComment', { job: scene.job, audience: 'customer', body: 'See you on Thursday.' })
    await scene.harbour.owner.ok('cancelJob', { job: scene.job, version: await versionOf(scene) })
    expect(await subjectsTo(scene.dispatcher)).toEqual([])
  })
})

describe('who of the staff hears it', () => {
  it('a worker only of their own jobs, once they are published', async () => {
    const scene = await createScene()
    await comment(scene, 'The gate code is 4711.')
    expect(await subjectsTo(scene.worker)).toEqual([])
    await arrange(scene)
    await clearMails()
    await comment(scene, 'Please ring twice.')
    expect(await subjectsTo(scene.worker)).toEqual([`New comment: ${NAME}`])
  })

  it('PS-31 nobody who was deactivated, nor a worker who lost the job, while the email waits', async () => {
    const scene = await createScene()
    await arrange(scene)
    await clearMails()
    await comment(scene, 'Please ring twice.')
    await queueEmails()
    await scene.harbour.owner.ok('deactivateStaff', { member: scene.dispatcher.id })
    const version = (await scene.harbour.owner.ok('getJob', { job: scene.job })).version
    await scene.harbour.owner.ok('assignJob', { job: scene.job, version, worker: null })
    expect(await home.mailTo(scene.dispatcher.email)).toEqual([])
    expect(await home.mailTo(scene.worker.email)).toEqual([])
    expect(await home.mailTo(scene.harbour.owner.email)).toHaveLength(1)
  })

  it('an admin only after turning it on', async () => {
    const scene = await createScene()
    const admin = await scene.harbour.staff('admin')
    await comment(scene, 'Please ring twice.')
    expect(await subjectsTo(admin)).toEqual([])
    await admin.ok('updateEmailChoices', { emails: { commented: true, booked: true } })
    await clearMails()
    await comment(scene, 'The gate code is 4711.')
    expect(await subjectsTo(admin)).toEqual([`New comment: ${NAME}`])
    await bookJob(scene)
    expect((await home.mailTo(admin.email)).map(({ subject }) => subject)).toContain(
      'New request: Dishwasher repair #1002',
    )
  })
})

describe('each kind of email to staff can be turned off', () => {
  const causes: [keyof typeof JOBS, (scene: Scene) => Promise<unknown>][] = [
    ['booked', (scene) => bookJob(scene)],
    ['commented', (scene) => comment(scene, 'Please ring twice.')],
    ['edited', edit],
    ['canceled', cancel],
  ]

  it.each(causes)('%s: by a person for themselves', async (kind, cause) => {
    const scene = await createScene()
    await scene.dispatcher.ok('updateEmailChoices', { emails: { [kind]: false } })
    await cause(scene)
    expect(await subjectsTo(scene.dispatcher)).toEqual([])
    expect(await subjectsTo(scene.harbour.owner)).toHaveLength(1)
  })

  it.each(causes)('%s: by the business for everybody, and its switch is gone from the profile', async (kind, cause) => {
    const scene = await createScene()
    await updatePortalSettings(scene.harbour, { staffEmails: { ...ALL, [kind]: false } })
    await cause(scene)
    expect(await subjectsTo(scene.dispatcher)).toEqual([])
    const { emails } = await scene.dispatcher.ok('getEmailChoices')
    expect(emails.map((each) => each.kind)).toEqual(Object.keys(ALL).filter((each) => each !== kind))
  })

  it('choices of one account leave those of another alone, and those of colleagues', async () => {
    const scene = await createScene()
    await scene.worker.ok('updateEmailChoices', { emails: { commented: false } })
    expect((await scene.worker.ok('getEmailChoices')).emails).toEqual([
      { kind: 'commented', on: false },
      { kind: 'edited', on: true },
      { kind: 'canceled', on: true },
      { kind: 'ticketReplied', on: true },
      { kind: 'ticketMoved', on: true },
      { kind: 'ticketAssigned', on: true },
    ])
    expect((await scene.dispatcher.ok('getEmailChoices')).emails).toContainEqual({ kind: 'commented', on: true })
    expect((await scene.eleanor.ok('getPortalEmailChoices')).emails).toContainEqual({ kind: 'commented', on: true })
  })
})

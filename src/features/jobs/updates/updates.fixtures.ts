/** A job between a business and its customers, and the emails that its changes cause. */
import { createWorld, home, moveJob, type World } from '../jobs.fixtures.ts'
import type { Person } from '../../../../test/test-server.ts'

export const MINUTES = 60_000
/** In the business's zone, Europe/London: winter time. */
export const THURSDAY = { day: '2027-01-14', time: '14:00' }
export const FRIDAY = { day: '2027-01-15', time: '09:30' }
export const MONDAY = { day: '2027-01-18', time: '11:00' }

export interface Scene extends World {
  job: string
  /** Another portal user of the same customer. */
  colleague: Person
}

/** A booked job whose booking emails are sent, on a day before its visits. */
export async function createScene(): Promise<Scene> {
  home.clock.set(new Date('2027-01-11T08:00:00Z'))
  const world = await createWorld()
  const colleague = await world.harbour.portalUser({ customers: [world.customer], name: 'Tom Finch' })
  const { jobs } = await world.eleanor.ok('createPortalJob', { template: world.template, site: world.site })
  await home.mailTo()
  home.mails.length = 0
  return { ...world, job: jobs[0]!.id, colleague }
}

export const versionOf = async ({ dispatcher, job }: Scene) => (await dispatcher.ok('getJob', { job })).version

export async function assign(scene: Scene, outright = true) {
  const { dispatcher, job, worker } = scene
  return dispatcher.ok('assignJob', { job, version: await versionOf(scene), worker: worker.id, outright })
}

export async function schedule(scene: Scene, scheduled: { day: string; time: string } | null) {
  return scene.dispatcher.ok('scheduleJob', { job: scene.job, version: await versionOf(scene), scheduled })
}

export const move = (scene: Scene, to: string, more: object = {}) =>
  moveJob(scene.dispatcher, scene.job, { to, ...more })

/** A visit with a worker and a time. */
export async function arrange(scene: Scene, scheduled = THURSDAY) {
  await schedule(scene, scheduled)
  await assign(scene)
}

/** Lets the changes become due and answers subject and text of what was sent to `to`. */
export async function emailsTo(to: Person) {
  home.clock.advance(5 * MINUTES)
  return (await home.mailTo(to.email)).map(({ subject, text, html }) => ({
    subject,
    text: text ?? '',
    html: html ?? '',
  }))
}

/** Lets the changes become due, and writes the emails without sending them. */
export async function queueEmails() {
  home.clock.advance(5 * MINUTES)
  await home.app.deliverer.collect()
}

export const subjectsTo = async (to: Person) => (await emailsTo(to)).map(({ subject }) => subject)

/** Forgets what was sent so far. */
export async function clearMails() {
  home.clock.advance(5 * MINUTES)
  await home.mailTo()
  home.mails.length = 0
}

export const cancelByOffice = async (scene: Scene) =>
  scene.dispatcher.ok('cancelJob', { job: scene.job, version: await versionOf(scene), reason: 'Van broke down' })

export const commentByOffice = (
  { dispatcher, job }: Scene,
  body: string,
  audience: 'customer' | 'internal' = 'customer',
) => dispatcher.ok('addJobComment', { job, audience, body })

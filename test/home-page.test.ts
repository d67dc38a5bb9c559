/** The office's home page: each number leads to the jobs that it counts, and the next visits are those to come. */
import { beforeAll, beforeEach, expect, it } from 'vitest'
import { openScreen, startPagesServer } from './no-script.ts'
import type { Business, Person, TestServer } from './test-server.ts'

let server: TestServer, shop: Business, customer: string, template: string, worker: Person

beforeAll(async () => {
  server = await startPagesServer()
})
beforeEach(async () => {
  server.clock.set(new Date('2027-01-13T12:00:00Z'))
  shop = await server.business({ timeZone: 'UTC' })
  customer = await shop.customer('Dockside Lettings')
  template = await shop.template({ name: 'Dishwasher repair' })
  worker = await shop.staff('worker', 'Will Worker')
})

const MINUTE = 60_000
const create = async (title: string, more: object = {}) =>
  (await shop.owner.ok('createJob', { customer, template, title, ...more })).id
const move = async (job: string, to: string) => {
  const { version } = await shop.owner.ok('getJob', { job })
  await shop.owner.ok('changeJobStatus', { job, version, to, ...(to === 'declined' && { reason: 'Far' }) } as never)
}
/** Writes a start so many minutes from now, which a form of whole days and zones would round. */
const startIn = (job: string, minutes: number) =>
  server.stored((db) =>
    db
      .updateTable('jobs')
      .set({ scheduled_at: new Date(server.clock.now().getTime() + minutes * MINUTE) })
      .where('id', '=', job)
      .execute(),
  )
const openHome = (person: Person = shop.owner) => openScreen(person, `/office/${shop.slug}`)
type Home = Awaited<ReturnType<typeof openHome>>
const tilesOf = ({ $ }: Home) =>
  $('ul[aria-label="Overview"] a')
    .toArray()
    .map((tile) => ({
      count: Number($(tile).find('.number').text()),
      text: $(tile).find('.muted').text(),
      href: $(tile).attr('href')!,
    }))
const visitsOf = ({ $ }: Home) =>
  $('section[aria-labelledby=next] li')
    .toArray()
    .map((visit) => /· (\w+)/.exec($(visit).text())![1])

/** Jobs of every status, scheduled and not, with and without unread comments. */
async function fillOffice(): Promise<void> {
  await create('Request')
  await create('Other')
  const assigned = { worker: worker.id }
  await startIn(await create('Later', assigned), 90)
  await startIn(await create('Soon', assigned), 30)
  await startIn(await create('Missed', assigned), -30)
  await startIn(await create('Tomorrow', assigned), 24 * 60)
  await startIn(await create('Yesterday', assigned), -24 * 60)
  for (const [title, ...statuses] of [
    ['Started', 'started'],
    ['Paused', 'started', 'paused'],
    ['Completed', 'started', 'completed'],
  ] as const) {
    const job = await create(title, assigned)
    await startIn(job, 10)
    for (const status of statuses) await move(job, status)
  }
  await move(await create('Postponed', assigned), 'postponed')
  const canceled = await create('Canceled', assigned)
  await startIn(canceled, 20)
  await move(canceled, 'canceled')
  await server.stored((db) =>
    db
      .updateTable('jobs')
      .set({ status: 'declined' })
      .where('title', '=', 'Other')
      .where('account_id', '=', shop.id)
      .execute(),
  )
  const user = await shop.portalUser({ customers: [customer] })
  const { jobs } = await user.ok('createPortalJob', { template, address: '14 Pelican Quay' })
  await user.ok('addPortalComment', { job: jobs[0]!.id, body: 'Ring twice.' })
}

it.each(['owner', 'dispatcher', 'worker'] as const)(
  'each tile leads to exactly the jobs that it counts, for the %s',
  async (role) => {
    await fillOffice()
    const person = role === 'owner' ? shop.owner : role === 'worker' ? worker : await shop.staff(role)
    const tiles = tilesOf(await openHome(person))
    for (const { count, text, href } of tiles) {
      const { $ } = await openScreen(person, href)
      expect([text, $('tbody tr').length]).toEqual([text, count])
    }
    const numbers = tiles.map(({ count }) => count)
    // Requests, visits today, unread comments (not for workers), in progress, declined or postponed.
    expect(numbers).toEqual(role === 'worker' ? [0, 6, 2, 0] : [2, 6, 1, 2, 2])
  },
)

it('next visits are those to come, soonest first, without the past and without what is in progress', async () => {
  await fillOffice()
  expect(visitsOf(await openHome())).toEqual(['Soon', 'Later', 'Tomorrow'])
  expect(visitsOf(await openHome(worker))).toEqual(['Soon', 'Later', 'Tomorrow'])
})

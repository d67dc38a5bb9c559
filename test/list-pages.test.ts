/** Long lists: their pages onward and back, through the API and by the links of the pages. */
import { beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../src/platform/ids.ts'
import { openScreen, startPagesServer } from './no-script.ts'
import type { Business, OperationName, Person, TestServer } from './test-server.ts'

/** Two full pages and a third that is not. */
const ROWS = 107
let server: TestServer, shop: Business, booker: Person

beforeAll(async () => {
  server = await startPagesServer()
  shop = await server.business()
  const template = await shop.template({ name: 'Boiler service' })
  const worker = await shop.staff('worker', 'Will Worker')
  const customers: string[] = []
  for (let turn = 0; turn < ROWS; turn++) customers.push(await shop.customer(`Customer ${String(turn % 9)}`))
  booker = await shop.portalUser({ customers: customers.slice(0, 3), name: 'Anna Booker' })
  for (let turn = 0; turn < ROWS; turn++)
    await shop.owner.ok('createJob', {
      customer: customers[turn % 3]!,
      template,
      title: `Boiler ${turn % 5}`,
      ...(turn % 4 && { scheduled: { day: `2027-03-${String(1 + (turn % 20)).padStart(2, '0')}`, time: '09:00' } }),
      ...(turn % 3 && { worker: worker.id }),
    })
  const at = (turn: number) => new Date(server.clock.now().getTime() - (turn % 40) * 1000)
  await server.stored(async (db) => {
    const users = Array.from({ length: ROWS - 1 }, (_, turn) => ({
      account_id: shop.id,
      id: newId(),
      email: `user${turn}@post.example`,
      email_norm: `user${turn}@post.example`,
      name: `User ${turn % 9}`,
      status: 'invited',
      search_text: `user ${turn % 9}`,
      created_at: at(turn),
      updated_at: at(turn),
    }))
    await db.insertInto('portal_users').values(users).execute()
    const messages = Array.from({ length: ROWS }, (_, turn) => ({
      account_id: shop.id,
      id: newId(),
      kind: 'staffInvitation',
      to_address: `user${turn}@post.example`,
      locale: 'en',
      status: 'sent',
      message_id: `<${newId()}@post.example>`,
      created_at: at(turn),
      next_at: at(turn),
      sent_at: at(turn),
    }))
    await db.insertInto('outbox').values(messages).execute()
  })
}, 180_000)

interface ReadPage {
  rows: { id: string }[]
  next: string | null
  previous: string | null
}
type Query = Record<string, unknown>

/** Every page from the first to the last by `next`, then back to the first by `previous`. */
async function readBothWays(person: Person, operation: OperationName, query: Query) {
  const read = async (cursor: string | null) =>
    (await person.ok(operation, { ...query, limit: 20, ...(cursor && { cursor }) } as never)) as ReadPage
  const onward = [await read(null)]
  while (onward.at(-1)!.next) onward.push(await read(onward.at(-1)!.next))
  const back = [onward.at(-1)!]
  while (back[0]!.previous) back.unshift(await read(back[0]!.previous))
  const ids = (pages: ReadPage[]) => pages.map(({ rows }) => rows.map((row) => row.id))
  return { onward: ids(onward), back: ids(back), first: onward[0]!, again: back[0]! }
}

const LISTS: [OperationName, Query[]][] = [
  [
    'listJobs',
    [
      ...['newest', 'oldest', 'soonest', 'latest', 'changed'].map((sort) => ({ sort })),
      ...['customer', '-customer', 'status', '-status', 'worker', '-worker'].map((sort) => ({ sort })),
      { scheduledFrom: '2027-03-02', scheduledTo: '2027-03-20' },
      { search: 'boiler' },
      { search: 'bo' },
      { status: 'assigned' },
    ],
  ],
  ['listPortalJobs', [{}, { search: 'boiler' }, { search: 'bo' }, { group: 'open' }]],
  ['listCustomers', ['name', '-name', 'created', '-created', 'jobs', '-jobs'].map((sort) => ({ sort }))],
  ['listPortalUsers', ['name', '-name', 'status', '-lastSignIn', 'created', '-created'].map((sort) => ({ sort }))],
  ['listMessages', [{}, { status: 'sent' }]],
]

describe('pages of a list', () => {
  it.each(LISTS.flatMap(([name, queries]) => queries.map((query) => ({ name, query }))))(
    '$name with $query reads back the pages that it read onward',
    async ({ name, query }) => {
      const person = name === 'listPortalJobs' ? booker : shop.owner
      const { onward, back, first, again } = await readBothWays(person, name, query)
      const all = onward.flat()
      expect(new Set(all).size).toBe(all.length)
      expect(all.length).toBeGreaterThan(60)
      expect(back).toEqual(onward)
      expect([first.previous, again.previous]).toEqual([null, null])
    },
  )

  it('rows that arrive meanwhile are on the pages before', async () => {
    const small = await server.business()
    const [customer, template] = [await small.customer(), await small.template()]
    const create = async () => (await small.owner.ok('createJob', { customer, template })).id
    const older = [await create(), await create(), await create()]
    const page = await small.owner.ok('listJobs', { limit: 2 })
    const last = await small.owner.ok('listJobs', { limit: 2, cursor: page.next! })
    const newer = [await create(), await create()]
    const before = await small.owner.ok('listJobs', { limit: 2, cursor: last.previous! })
    expect(before.rows.map((row) => row.id)).toEqual([older[2], older[1]])
    const first = await small.owner.ok('listJobs', { limit: 2, cursor: before.previous! })
    expect(first.rows.map((row) => row.id)).toEqual([newer[1], newer[0]])
    expect(first.previous).toBeNull()
  })

  it.each([
    ['jobs of the office', () => `/office/${shop.slug}/jobs`, true],
    ['customers', () => `/office/${shop.slug}/customers`, true],
    ['portal users', () => `/office/${shop.slug}/settings/portal/users`, true],
    ['messages', () => `/office/${shop.slug}/messages`, true],
    ['jobs of the portal', () => `/p/${shop.slug}/jobs`, false],
  ] as const)('%s say where each page is and lead to the next and the one before', async (_name, path, office) => {
    const person = office ? shop.owner : booker
    const first = await openScreen(person, path())
    expect(first.text).toContain(`1–50 of ${ROWS}`)
    expect(first.$('a[rel=prev]')).toHaveLength(0)
    const second = await first.follow('Next')
    expect(second.text).toContain(`51–100 of ${ROWS}`)
    const third = await second.follow('Next')
    expect(third.text).toContain(`101–${ROWS} of ${ROWS}`)
    expect(third.$('a[rel=next]')).toHaveLength(0)
    const back = await third.follow('Previous')
    expect(back.text).toContain(`51–100 of ${ROWS}`)
    expect((await back.follow('Previous')).text).toContain(`1–50 of ${ROWS}`)
  })

  it('jobs are filtered by day with links and with a form, and their heads sort', async () => {
    const jobs = `/office/${shop.slug}/jobs`
    const open = await openScreen(shop.owner, jobs)
    expect((await open.follow('Tomorrow')).path).toBe(`${jobs}?day=tomorrow`)
    const ranged = await open.press('Apply dates', { since: '2027-03-06', until: '2027-03-06' })
    const { rows } = await shop.owner.ok('listJobs', { scheduledFrom: '2027-03-06', scheduledTo: '2027-03-06' })
    const numbers = ranged
      .$('tbody tr .row-link')
      .toArray()
      .map((link) => ranged.$(link).attr('id'))
    expect(rows.length).toBeGreaterThan(2)
    expect(numbers).toEqual(rows.map((row) => `row-${row.id}`))
    expect((await openScreen(shop.owner, `${jobs}?since=2026-99-99&day=never`)).text).toContain(`1–50 of ${ROWS}`)
    for (const head of ['Customer', 'Status', 'Worker']) {
      const sorted = await open.follow(head)
      const sort = new URL(sorted.path, 'http://main').searchParams.get('sort')!
      const expected = await shop.owner.ok('listJobs', { sort } as never)
      expect(sorted.$('tbody tr .row-link').first().attr('id')).toBe(`row-${expected.rows[0]!.id}`)
    }
  })

  it('a search starts at the first page again, and a made-up place changes nothing', async () => {
    const jobs = `/office/${shop.slug}/jobs`
    const second = await (await openScreen(shop.owner, jobs)).follow('Next')
    expect(second.$('search form input[name=cursor], search form input[name=start]')).toHaveLength(0)
    for (const start of ['-5', '1e99', 'x', '<b>'])
      expect((await openScreen(shop.owner, `${jobs}?start=${start}`)).text).toContain(`1–50 of ${ROWS}`)
  })
})

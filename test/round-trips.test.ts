/** How often a request waits for the database: the figure that a distant database multiplies. */
import type pg from 'pg'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { startSeparateServer, type Business, type TestServer, type Person } from './test-server.ts'

let home: TestServer, shop: Business, eleanor: Person, customer: string, site: string, template: string, job: string
/** Statements of each flight: what was sent before any answer came. */
let flights: string[][] = []

beforeAll(async () => {
  home = await startSeparateServer(inject('world'))
  let waiting = 0
  home.app.pools.app.on('connect', (client) => {
    const query = client.query.bind(client) as (query: pg.QueryConfig | string, ...rest: unknown[]) => unknown
    client.query = ((asked: pg.QueryConfig | string, ...rest: unknown[]) => {
      if (waiting++ === 0) flights.push([])
      flights.at(-1)!.push((typeof asked === 'string' ? asked : asked.text).replaceAll(/\s+/g, ' ').trim().slice(0, 40))
      // The pool asks with a callback, a transaction with a promise.
      const done = rest.at(-1)
      if (typeof done === 'function')
        return query(asked, ...rest.slice(0, -1), (...answer: unknown[]) => {
          waiting--
          ;(done as (...answer: unknown[]) => void)(...answer)
        })
      const sent = query(asked, ...rest) as Promise<unknown>
      void sent.then(
        () => {
          waiting--
        },
        () => {
          waiting--
        },
      )
      return sent
    }) as never
  })
  shop = await home.business()
  customer = await shop.customer()
  site = await shop.site(customer)
  template = await shop.template({
    fields: [{ id: 'fault', name: 'What is wrong?', type: 'text', portal: 'optional', worker: 'readOnly' }],
  })
  eleanor = await shop.portalUser({ customers: [customer] })
  job = (await eleanor.ok('createPortalJob', { template, site, fields: { fault: 'Leaks' } })).jobs[0]!.id
})
afterAll(() => home.close())

async function flightsOf(work: () => Promise<unknown>): Promise<string[][]> {
  // What a request before left behind, such as the end of its transaction.
  await new Promise((resolve) => setTimeout(resolve, 50))
  flights = []
  await work()
  return flights
}

it('a list waits for the database once: who calls, context, rows and commit in one flight', async () => {
  expect(await flightsOf(() => eleanor.ok('listPortalJobs'))).toMatchObject([
    [
      'begin read only',
      expect.stringContaining('begin_portal_request'),
      expect.stringContaining('with many'),
      'commit',
    ],
  ])
})

it('so does one job, with all that is beside it', async () => {
  expect(await flightsOf(() => eleanor.ok('getPortalJob', { job }))).toMatchObject([
    [
      'begin read only',
      expect.stringContaining('begin_portal_request'),
      expect.stringContaining('select j.*'),
      'commit',
    ],
  ])
})

it('a booking waits twice: who calls with all it decides by, then all it writes', async () => {
  const made = await flightsOf(() =>
    eleanor.ok('createPortalJob', { template, site, fields: { fault: 'Leaks' }, formKey: crypto.randomUUID() }),
  )
  expect(made.map((each) => each[0])).toEqual(['begin', expect.stringContaining('insert into jobs')])
  expect(made[1]!.at(-1)).toBe('commit')
})

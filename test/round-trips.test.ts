/** Counts how often a request waits for the database, because each wait costs a network round trip. */
import type pg from 'pg'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { PAGES } from './no-script.ts'
import { startSeparateServer, type Business, type TestServer, type Person } from './test-server.ts'

let server: TestServer, shop: Business, eleanor: Person, customer: string, site: string, template: string, job: string
/** Statements of each batch: those sent before the first result arrived. */
let batches: string[][] = []

beforeAll(async () => {
  server = await startSeparateServer(inject('world'), { pages: PAGES })
  let pendingQueries = 0
  server.app.pools.app.on('connect', (client) => {
    const query = client.query.bind(client) as (query: pg.QueryConfig | string, ...rest: unknown[]) => unknown
    client.query = ((config: pg.QueryConfig | string, ...rest: unknown[]) => {
      if (pendingQueries++ === 0) batches.push([])
      batches
        .at(-1)!
        .push((typeof config === 'string' ? config : config.text).replaceAll(/\s+/g, ' ').trim().slice(0, 40))
      // The pool passes a callback, a transaction expects a promise.
      const callback = rest.at(-1)
      if (typeof callback === 'function')
        return query(config, ...rest.slice(0, -1), (...answer: unknown[]) => {
          pendingQueries--
          ;(callback as (...answer: unknown[]) => void)(...answer)
        })
      const result = query(config, ...rest) as Promise<unknown>
      void result.then(
        () => {
          pendingQueries--
        },
        () => {
          pendingQueries--
        },
      )
      return result
    }) as never
  })
  shop = await server.business()
  customer = await shop.customer()
  site = await shop.site(customer)
  template = await shop.template({
    fields: [{ id: 'fault', name: 'What is wrong?', type: 'text', portal: 'optional', worker: 'readOnly' }],
  })
  eleanor = await shop.portalUser({ customers: [customer] })
  job = (await eleanor.ok('createPortalJob', { template, site, fields: { fault: 'Leaks' } })).jobs[0]!.id
})
afterAll(() => server.close())

async function recordBatches(work: () => Promise<unknown>): Promise<string[][]> {
  // Waits for the previous request, whose transaction may still be ending.
  await new Promise((resolve) => setTimeout(resolve, 50))
  batches = []
  await work()
  return batches
}

it('a list waits for the database once: caller, context, rows and commit in one batch', async () => {
  expect(await recordBatches(() => eleanor.ok('listPortalJobs'))).toMatchObject([
    [
      'begin read only',
      expect.stringContaining('begin_portal_request'),
      expect.stringContaining('with many'),
      'commit',
    ],
  ])
})

it('one job waits once, with its comments, files and history', async () => {
  expect(await recordBatches(() => eleanor.ok('getPortalJob', { job }))).toMatchObject([
    [
      'begin read only',
      expect.stringContaining('begin_portal_request'),
      expect.stringContaining('select j.*'),
      'commit',
    ],
  ])
})

it('the page of the list waits once for all that it shows', async () => {
  const pages = await recordBatches(async () => {
    const { status } = await eleanor.request('GET', `/p/${shop.slug}/jobs`, { headers: { accept: 'text/html' } })
    expect(status).toBe(200)
  })
  expect(pages).toMatchObject([
    [
      'begin read only',
      expect.stringContaining('begin_portal_request'),
      expect.stringContaining('with many'),
      expect.stringContaining('select status, count'),
      expect.stringContaining('select listed.id'),
      expect.stringContaining('select id, name from customers'),
    ],
    ['commit'],
  ])
})

it('the list of the office waits once, for the office and for a worker, with filters too', async () => {
  const status = ['unassigned', 'assigned']
  const marek = await shop.staff('worker')
  for (const [who, filters] of [
    [shop.owner, {}],
    [shop.owner, { status }],
    [marek, {}],
    [marek, { status }],
  ] as const)
    expect(await recordBatches(() => who.ok('listJobs', filters as never))).toMatchObject([
      [
        'begin read only',
        expect.stringContaining('begin_office_request'),
        expect.stringContaining('select j.id'),
        'commit',
      ],
    ])
})

it('a booking waits twice: once for all reads, once for all writes', async () => {
  const bookingBatches = await recordBatches(() =>
    eleanor.ok('createPortalJob', { template, site, fields: { fault: 'Leaks' }, formKey: crypto.randomUUID() }),
  )
  expect(bookingBatches.map((each) => each[0])).toEqual(['begin', expect.stringContaining('insert into jobs')])
  expect(bookingBatches[1]!.at(-1)).toBe('commit')
})

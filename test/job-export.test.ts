/** The office's list of jobs as a file, by the link on the list. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { beforeAll, describe, expect, it } from 'vitest'
import { openScreen, startPagesServer, type Screen } from './no-script.ts'
import type { Business, Person, TestServer } from './test-server.ts'

const texts = JSON.parse(readFileSync(join(import.meta.dirname, '../locales/en/jobs.json'), 'utf8'))
const ROWS = 56
let server: TestServer, shop: Business, worker: Person, other: Person, customers: string[], template: string

beforeAll(async () => {
  server = await startPagesServer()
  shop = await server.business({ timeZone: 'Pacific/Auckland' })
  worker = await shop.staff('worker', 'Will Worker')
  other = await shop.staff('worker', 'Olga Other')
  const fields = [{ id: 'margin', name: 'Margin', type: 'text', portal: 'hidden', worker: 'hidden' }]
  template = await shop.template({ name: 'Boiler service', fields })
  customers = [await shop.customer('Zeta Mill'), await shop.customer('Alpha Works')]
  for (let turn = 0; turn < ROWS; turn++)
    await shop.owner.ok('createJob', {
      customer: customers[turn % 2]!,
      template,
      title: `Boiler ${turn}`,
      fields: { margin: 'secretmargin' },
      scheduled: { day: `2027-01-${String(1 + (turn % 28)).padStart(2, '0')}`, time: '09:30' },
      worker: turn % 28 === 0 ? other.id : worker.id,
    })
  await shop.owner.ok('createJob', {
    customer: customers[0]!,
    template,
    title: '=HYPERLINK("https://evil.example")',
    address: '1 Quay\nBristol',
    tags: ['urgent', '+1'],
  })
}, 180_000)

type Row = Record<string, string>

/** The rows of the file behind the list's export link. */
async function followExport(person: Person, screen: Screen): Promise<{ rows: Row[]; headings: string[] }> {
  const link = screen.$('a[download]').filter((_, each) => screen.$(each).text().trim() === 'Export CSV')
  expect(link).toHaveLength(1)
  const file = await person.request('GET', link.attr('href')!)
  expect(file.status).toBe(200)
  expect(file.headers['content-type']).toContain('text/csv')
  expect(file.headers['content-disposition']).toContain('attachment; filename="jobs.csv"')
  const [headings = [], ...cells] = parse(file.text, { bom: true }) as string[][]
  const rows = cells.map((row) => Object.fromEntries(headings.map((heading, index) => [heading, row[index]!])))
  return { rows, headings }
}

/** Numbers of the jobs on a page and on all pages after it. */
async function readNumbers(screen: Screen): Promise<string[]> {
  const { $ } = screen
  const numbers = $('tbody tr td:first-of-type')
    .map((_, cell) => $(cell).text().trim())
    .get()
  const next = $('a[rel=next]').length > 0
  return [...numbers, ...(next ? await readNumbers(await screen.follow('Next')) : [])]
}

const jobsPath = (query: string) => `/office/${shop.slug}/jobs${query}`

describe('the export of jobs', () => {
  it('has the rows of every page of the list, in its order, under its search and filters', async () => {
    for (const query of [
      '',
      '?sort=customer',
      '?sort=-when&day=&since=2027-01-05&until=2027-01-20',
      `?q=boiler&worker=${worker.id}&status=assigned&status=pending&sort=number`,
      `?customer=${customers[0]}&template=${template}&worker=none&worker=${other.id}`,
    ]) {
      const screen = await openScreen(shop.owner, jobsPath(query))
      const { rows } = await followExport(shop.owner, screen)
      expect([query, rows.map((row) => row['No.'])]).toEqual([query, await readNumbers(screen)])
      expect(rows.length).toBeGreaterThan(0)
    }
    const all = await followExport(shop.owner, await openScreen(shop.owner, jobsPath('')))
    expect(all.rows).toHaveLength(ROWS + 1)
    // From a later page, too, the file is the whole list.
    const second = await (await openScreen(shop.owner, jobsPath(''))).follow('Next')
    expect((await followExport(shop.owner, second)).rows).toEqual(all.rows)
  })

  it("has the screen's words as headings, times of the business, and nothing that runs or is hidden", async () => {
    const { rows, headings } = await followExport(shop.owner, await openScreen(shop.owner, jobsPath('')))
    const { list, job, form } = texts.office
    expect(headings).toEqual([
      ...[list.number, list.job, list.template, list.customer, job.address, list.status, job.requested],
      ...[job.scheduled, form.duration, list.worker, job.tags, job.created, job.completed, job.canceled],
    ])
    expect(rows[0]).toMatchObject({
      Job: `'=HYPERLINK("https://evil.example")`,
      Template: 'Boiler service',
      Customer: 'Zeta Mill',
      Address: '1 Quay\nBristol',
      Tags: 'urgent, +1',
      Scheduled: '',
      Worker: '',
    })
    const last = rows.at(-1)!
    expect([last.Job, last.Scheduled, last.Worker]).toEqual(['Boiler 0', '2027-01-01 09:30', 'Olga Other'])
    const created = new Intl.DateTimeFormat('sv-SE', {
      timeZone: 'Pacific/Auckland',
      ...{ dateStyle: 'short', timeStyle: 'short' },
    }).format(server.clock.now())
    expect(last.Created!.slice(0, 10)).toBe(created.slice(0, 10))
    expect(JSON.stringify(rows)).not.toContain('secretmargin')
  })

  it('names statuses and requested times as the screen does', async () => {
    const small = await server.business({ timeZone: 'Pacific/Auckland' })
    const [customer, service] = [await small.customer(), await small.template()]
    const statuses = Object.keys(texts.statuses.office)
    const requested_at = new Date('2027-01-04T23:00:00Z')
    for (const [turn, status] of statuses.entries()) {
      const { id } = await small.owner.ok('createJob', { customer, template: service })
      const set = { status, requested_at, requested_any_time: turn % 2 === 0 } as never
      await server.stored((db) => db.updateTable('jobs').set(set).where('id', '=', id).execute())
    }
    const screen = await openScreen(small.owner, `/office/${small.slug}/jobs?sort=number`)
    const { rows } = await followExport(small.owner, screen)
    expect(rows.map((row) => row.Status)).toEqual(Object.values(texts.statuses.office))
    expect(rows.slice(0, 2).map((row) => row['Requested time'])).toEqual(['2027-01-05', '2027-01-05 12:00'])
  })

  it("a worker's file has their own jobs only, without the office's columns and filters", async () => {
    const { rows, headings } = await followExport(other, await openScreen(other, jobsPath('')))
    expect(rows.map((row) => row.Job)).toEqual(['Boiler 28', 'Boiler 0'])
    expect(headings).not.toContain('Worker')
    const filtered = await other.call('exportJobs', { worker: worker.id })
    expect(parse(filtered.text, { bom: true })).toHaveLength(1)
    expect((await other.call('exportJobs', { comments: 'unread' })).status).toBe(422)
  })

  it('is not offered while the list is empty', async () => {
    const screen = await openScreen(shop.owner, jobsPath('?q=nothinglikethis'))
    expect(screen.$('a[download]')).toHaveLength(0)
  })
})

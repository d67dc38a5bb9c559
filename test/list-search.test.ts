/** Lists that find nothing: they keep their filters and say what was searched. */
import { beforeAll, expect, it } from 'vitest'
import { openScreen, startPagesServer } from './no-script.ts'
import type { Business } from './test-server.ts'

let shop: Business
beforeAll(async () => {
  shop = await (await startPagesServer()).business()
  const [boiler, drain] = [await shop.template({ name: 'Boiler' }), await shop.template({ name: 'Drain' })]
  const worker = (await shop.staff('worker', 'Will Worker')).id
  await shop.owner.ok('createJob', { customer: await shop.customer('Rosa Martin'), template: boiler, worker })
  await shop.owner.ok('createJob', { customer: await shop.customer('Dockside Ltd'), template: drain })
}, 60_000)

it('the list of jobs keeps its filters when nothing matches, and each leads on', async () => {
  const filtersOf = async (query: string) => {
    const { $ } = await openScreen(shop.owner, `/office/${shop.slug}/jobs${query}`)
    return $('.filters summary, .facets a')
      .map((_, each) => $(each).clone().find('.count').remove().end().text().trim())
      .get()
  }
  const all = await filtersOf('')
  expect(all).toEqual(['Scheduled', 'Worker', 'Template', 'Customer', 'Unassigned', 'Assigned'])
  expect(await filtersOf('?q=nothinglikethis')).toEqual(all)
  const empty = await openScreen(shop.owner, `/office/${shop.slug}/jobs?q=nothinglikethis`)
  const drain = await empty.follow('Drain 0')
  expect(drain.path).toContain('template=')
  expect(drain.path).toContain('q=nothinglikethis')
  // One match offers one choice of each, and its filters stay, too.
  expect((await filtersOf('?status=assigned')).slice(0, 4)).toEqual(all.slice(0, 4))
  expect(await filtersOf('?status=paused')).toEqual([...all, 'Paused'])
})

it('lists of jobs and customers say what was searched for, and where', async () => {
  const jobs = await openScreen(shop.owner, `/office/${shop.slug}/jobs?q=pump`)
  expect(jobs.text).toContain('No jobs match “pump”')
  expect(jobs.text).toContain('The search looks in numbers, titles, customers')
  const customers = await openScreen(shop.owner, `/office/${shop.slug}/customers?q=pump`)
  expect(customers.text).toContain('No customers match “pump”')
  expect(customers.text).toContain('The search looks in names, references, addresses')
})

it('a job is canceled from a visible link, without opening a menu', async () => {
  const { rows } = await shop.owner.ok('listJobs', {})
  const page = await openScreen(shop.owner, `/office/${shop.slug}/jobs/${rows[0]!.id}`)
  const links = page.$('main a').filter((_, each) => page.$(each).text().trim() === 'Cancel job')
  expect(links).toHaveLength(1)
  expect(links.closest('details')).toHaveLength(0)
  expect((await page.follow('Cancel job')).has('Cancel job', 'dialog')).toBe(true)
})

it('the keys of the pages are listed behind a link of the account menu, also without script', async () => {
  const home = await openScreen(shop.owner, `/office/${shop.slug}/jobs?status=assigned`)
  const shown = await home.follow('Keyboard shortcuts')
  expect(shown.$('dialog[open]').text()).toContain('Next row of a list')
  const closed = await shown.follow('Close')
  expect([closed.path, closed.$('dialog')]).toEqual([
    `/office/${shop.slug}/jobs?status=assigned`,
    expect.objectContaining({ length: 0 }),
  ])
})

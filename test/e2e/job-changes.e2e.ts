/// <reference lib="dom" />
/** What the office's job page does by script: undoing for ten seconds, and saying that the job was changed elsewhere. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Business, TestServer } from '../test-server.ts'
import { closeAll, startAppServer, visitor, type Visitor } from './browser.ts'
import { mainAt, signInToOffice } from './steps.ts'

afterAll(closeAll)

let server: TestServer, shop: Business, dispatcher: Visitor, job: string

beforeAll(async () => {
  server = await startAppServer()
})
beforeEach(async () => {
  shop = await server.business()
  const [customer, template] = [await shop.customer(), await shop.template()]
  job = (await shop.owner.ok('createJob', { customer, template, worker: shop.owner.id })).id
  dispatcher = await visitor('desktop', { keyboard: false })
  await signInToOffice(dispatcher, server, shop.owner.email)
})

const open = async (path: string) => {
  await dispatcher.page.goto(mainAt(server, `/office/${shop.slug}${path}`), { waitUntil: 'load' })
  await dispatcher.page.locator('#svelte-announcer').waitFor({ state: 'attached' })
}
const statusOf = async () => (await shop.owner.ok('getJob', { job })).status

describe('undoing a change', () => {
  it('is offered for ten seconds, which wait while it is pointed at', async () => {
    const { page } = dispatcher
    await page.clock.install()
    await open(`/jobs/${job}`)
    await page.getByRole('button', { name: 'Start job' }).click()
    const undo = page.getByRole('button', { name: 'Undo' })
    await undo.waitFor()
    await page.clock.runFor(8_000)
    expect(await undo.isVisible()).toBe(true)
    await undo.hover()
    await page.clock.runFor(20_000)
    expect(await undo.isVisible()).toBe(true)
    await page.mouse.move(0, 0)
    await page.clock.runFor(3_000)
    expect(await undo.count()).toBe(0)
    expect(await page.getByText('Job started.').isVisible()).toBe(true)
    expect(await statusOf()).toBe('started')
  })

  it('brings the job back with one press, in the panel', async () => {
    await open(`/jobs?job=${job}`)
    await dispatcher.page.getByRole('button', { name: 'Start job' }).click()
    await dispatcher.page.getByRole('button', { name: 'Undo' }).click()
    await dispatcher.page.getByText('Change undone.').waitFor()
    expect(await statusOf()).toBe('assigned')
  })
})

it('draws the icons of a job that is opened beside the list', async () => {
  const { page } = dispatcher
  await open('/jobs')
  const emptyIcons = () => page.locator('svg.i:not(:has(*))').count()
  expect(await emptyIcons()).toBe(0)
  await page.locator('.row-link').first().click()
  await page.getByRole('link', { name: 'Close' }).locator('svg > path').first().waitFor({ state: 'attached' })
  expect(await emptyIcons()).toBe(0)
})

describe('undoing what somebody else has changed since', () => {
  it('shows why not, and the job as it is now', async () => {
    await open(`/jobs/${job}`)
    await dispatcher.page.getByRole('button', { name: 'Start job' }).click()
    await dispatcher.page.getByText('Job started.').waitFor()
    await shop.owner.ok('updateJob', { job, version: 2, title: 'Leak under the sink' })
    await dispatcher.page.getByRole('button', { name: 'Undo' }).click()
    await dispatcher.page.getByText('This change can no longer be undone.').waitFor()
    await dispatcher.page.getByRole('heading', { name: 'Leak under the sink' }).waitFor()
    expect(await dispatcher.page.getByText('Job started.').count()).toBe(0)
    expect(await statusOf()).toBe('started')
  })
})

describe('an edit that somebody else preceded', () => {
  it('comes back with what was entered beside what is saved now, and saving again replaces only that', async () => {
    const { page } = dispatcher
    await open(`/jobs/${job}/edit`)
    await page.locator('[name=tags]').fill('urgent')
    await shop.owner.ok('updateJob', {
      job,
      version: 1,
      title: 'Leak under the sink',
      durationMinutes: 45,
      tags: ['wet'],
    })
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Someone else changed this job in the meantime.').waitFor()
    await page.getByText('Saved now: wet').waitFor()
    expect(await page.locator('[name=tags]').inputValue()).toBe('urgent')
    expect(await page.locator('[name=title]').inputValue()).toBe('Leak under the sink')
    await dispatcher.accessible()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Changes saved.').waitFor()
    expect(await shop.owner.ok('getJob', { job })).toMatchObject({
      title: 'Leak under the sink',
      durationMinutes: 45,
      tags: ['urgent'],
    })
  })

  it('leaves by a link to another document once that was confirmed', async () => {
    const { page } = dispatcher
    await open(`/jobs/${job}/edit`)
    await page.locator('[name=title]').fill('Half a sentence')
    await shop.owner.ok('updateJob', { job, version: 1, title: 'Leak under the sink' })
    await page.getByRole('button', { name: 'Save' }).click()
    const asked: string[] = []
    let answer = false
    page.on('dialog', (dialog) => {
      asked.push(dialog.message())
      void (answer ? dialog.accept() : dialog.dismiss())
    })
    await page.getByRole('link', { name: 'Reload job' }).click()
    expect(await page.locator('[name=title]').inputValue()).toBe('Half a sentence')
    answer = true
    await page.getByRole('link', { name: 'Reload job' }).click()
    await page.waitForFunction(
      () => document.querySelector<HTMLInputElement>('[name=title]')?.value === 'Leak under the sink',
    )
    expect(asked).toEqual(Array.from({ length: 2 }, () => 'You have unsaved changes. Leave this page?'))
  })
})

describe('a job that is changed elsewhere', () => {
  it.each(['the page', 'the panel', 'the form'])(
    'is said when %s is looked at again, and keeps what is typed',
    async (place) => {
      const { page } = dispatcher
      await open(
        { 'the page': `/jobs/${job}`, 'the panel': `/jobs?job=${job}`, 'the form': `/jobs/${job}/edit` }[place]!,
      )
      const typed = page.locator(place === 'the form' ? '[name=title]' : '[name=body]').first()
      await typed.fill('Half a sentence')
      const notice = page.getByText('This job was changed elsewhere.')
      const look = () => page.evaluate(() => window.dispatchEvent(new Event('focus')))
      const asked = page.waitForResponse((reply) => reply.url().endsWith(`/jobs/${job}`))
      await look()
      await asked
      expect(await notice.count()).toBe(0)
      await shop.owner.ok('changeJobStatus', { job, version: 1, to: 'started' })
      await look()
      await notice.waitFor()
      expect(await typed.inputValue()).toBe('Half a sentence')
      expect(await page.getByRole('link', { name: /Reload job|View the current job/ }).count()).toBeGreaterThan(0)
      await dispatcher.accessible()
    },
  )
})

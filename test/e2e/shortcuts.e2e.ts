/// <reference lib="dom" />
/** The keys of the office's lists, and the dialog that names them. */
import type { Page } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { closeAll, startAppServer, visitor } from './browser.ts'
import { mainAt, signInToOffice } from './steps.ts'

afterAll(closeAll)

const focusedText = (page: Page) => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '')
const isRingVisible = (page: Page) => page.evaluate(() => document.activeElement?.matches(':focus-visible') ?? false)
const dialogOf = (page: Page) => page.getByRole('dialog', { name: 'Keyboard shortcuts' })

async function open(page: Page, url: string): Promise<void> {
  await page.goto(url)
  await page.locator('#svelte-announcer').waitFor({ state: 'attached' })
}

describe('the keyboard in the office', () => {
  it('J and K move through the rows of jobs and customers, Enter opens one, / goes to search', async () => {
    const server = await startAppServer()
    const shop = await server.business()
    const template = await shop.template({ name: 'Boiler service' })
    for (const name of ['Ada', 'Bob', 'Cid'])
      await shop.owner.ok('createJob', { customer: await shop.customer(name), template, title: `Job of ${name}` })
    const { page, ...person } = await visitor('desktop', { keyboard: false })
    await signInToOffice({ page, ...person }, server, shop.owner.email)
    await open(page, mainAt(server, `/office/${shop.slug}/customers`))
    await page.keyboard.press('j')
    expect([await focusedText(page), await isRingVisible(page)]).toEqual(['Ada', true])
    await page.keyboard.press('j')
    await page.keyboard.press('ArrowDown')
    expect(await focusedText(page)).toBe('Cid')
    await page.keyboard.press('j')
    await page.keyboard.press('Control+k')
    expect(await focusedText(page)).toBe('Cid')
    await page.keyboard.press('k')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Bob', level: 1 }).waitFor()

    await open(page, mainAt(server, `/office/${shop.slug}/jobs`))
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    expect(await focusedText(page)).toBe('Job of Bob')
    await page.keyboard.press('/')
    await page.keyboard.type('jk?')
    expect(await page.getByRole('searchbox', { name: 'Search jobs' }).inputValue()).toBe('jk?')
    expect(await dialogOf(page).count()).toBe(0)
  })

  it('? and the account menu show the keys, Escape closes them, and no key acts behind them', async () => {
    const server = await startAppServer()
    const shop = await server.business()
    await shop.customer('Ada')
    const { page, ...person } = await visitor('desktop', { keyboard: false })
    await signInToOffice({ page, ...person }, server, shop.owner.email)
    await open(page, mainAt(server, `/office/${shop.slug}/customers?sort=-name`))
    await page.keyboard.press('?')
    await dialogOf(page).waitFor()
    await page.keyboard.press('j')
    expect(await dialogOf(page).evaluate((dialog) => dialog.contains(document.activeElement))).toBe(true)
    await page.keyboard.press('Escape')
    await dialogOf(page).waitFor({ state: 'hidden' })

    await page.locator('.o-foot summary').click()
    await page.getByRole('link', { name: 'Keyboard shortcuts' }).click()
    await dialogOf(page).waitFor()
    expect(new URL(page.url()).searchParams.get('sort')).toBe('-name')
    await page.getByRole('link', { name: 'Close', exact: true }).click()
    await dialogOf(page).waitFor({ state: 'hidden' })
    expect(page.url()).not.toContain('shortcuts')

    // Turned off, no single key acts, also after a reload; the menu still leads to the switch.
    await page.keyboard.press('?')
    await page.getByRole('checkbox', { name: 'Single-key shortcuts' }).uncheck()
    await page.keyboard.press('Escape')
    await dialogOf(page).waitFor({ state: 'hidden' })
    await open(page, mainAt(server, `/office/${shop.slug}/customers`))
    for (const key of ['?', 'j', '/']) await page.keyboard.press(key)
    expect(await dialogOf(page).count()).toBe(0)
    expect(await page.evaluate(() => document.activeElement === document.body)).toBe(true)
    await page.locator('.o-foot summary').click()
    await page.getByRole('link', { name: 'Keyboard shortcuts' }).click()
    await page.getByRole('checkbox', { name: 'Single-key shortcuts' }).check()
    await page.keyboard.press('Escape')
    await dialogOf(page).waitFor({ state: 'hidden' })
    await page.locator('body').press('j')
    expect(await focusedText(page)).toBe('Ada')
  })
})

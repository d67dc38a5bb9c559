/// <reference lib="dom" />
/** What holds on every page: no sideways scrolling from 320 pixels on, controls that a finger hits, forced colors. */
import { AxeBuilder } from '@axe-core/playwright'
import type { Locator, Page } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { closeAll, visitor } from './browser.ts'
import { officeAddresses, portalAddresses } from './every-page-addresses.ts'

afterAll(closeAll)

/** 1280 pixels at 400 %. */
const NARROW = 320
/** Tablets upright and across, and a small desk. */
const TABLET_TO_DESK = [768, 820, 1024, 1280]
/** Less cuts the names in a list to a few letters. */
const NAME_MIN = 160

/** Pages that are wider than the screen, and lists whose names have no room. */
async function findWidePages(page: Page, urls: string[], widths: number[]): Promise<string[]> {
  const faults: string[] = []
  for (const url of urls) {
    await page.goto(url, { waitUntil: 'load' })
    for (const screen of widths) {
      await page.setViewportSize({ width: screen, height: 800 })
      const width = await page.evaluate(() => document.documentElement.scrollWidth)
      if (width > screen) faults.push(`${nameOf(url)} is ${width} pixels wide at ${screen}: ${await widest(page)}`)
      const covered = await coveredByList(page)
      if (covered > 0) faults.push(`${nameOf(url)} has a list ${covered} pixels over the open record at ${screen}`)
      for (const name of await nameWidths(page))
        if (name < NAME_MIN) faults.push(`${nameOf(url)} has names of ${name} pixels at ${screen}`)
    }
  }
  return faults
}

/** How far the list reaches over the record that is open beside it. */
const coveredByList = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const [table, panel] = [document.querySelector('.list table'), document.querySelector('.panel')]
    if (!table?.checkVisibility() || !panel) return 0
    return Math.round(table.getBoundingClientRect().right - panel.getBoundingClientRect().left)
  })

/** How wide the main column of each list in view is. */
const nameWidths = (page: Page): Promise<number[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('.list :is(tr, li):first-child > .cell-main')]
      .filter((each) => each.checkVisibility())
      .map((each) => Math.round(each.getBoundingClientRect().width)),
  )

/** Controls that are smaller than 24 pixels and too close to others (WCAG 2.2, 2.5.8). */
async function findSmallTargets(page: Page, urls: string[]): Promise<string[]> {
  const faults: string[] = []
  for (const url of urls) {
    await page.goto(url, { waitUntil: 'load' })
    const { violations } = await new AxeBuilder({ page }).withRules(['target-size']).setLegacyMode().analyze()
    for (const { nodes } of violations)
      for (const { target, html } of nodes) faults.push(`${nameOf(url)}: ${target.join(' ')} ${html.slice(0, 120)}`)
  }
  return faults
}

const nameOf = (url: string): string => url.replace(/^http:..[^/]+/, '').replaceAll(/[0-9a-f-]{36}/g, '…')

/** The innermost element that reaches out of the screen, to find it. */
const widest = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const outside = [...document.querySelectorAll('main *')].filter(
      (each) => each.getBoundingClientRect().right > innerWidth + 1,
    )
    return outside
      .map((each) => `${each.tagName} ${each.className}`)
      .slice(-3)
      .join(' · ')
  })

describe('Every page', () => {
  it('of the office fits 320 pixels', async () => {
    const { person, urls, fillLists } = await officeAddresses()
    await fillLists()
    const { page, close } = await person('phone')
    expect(await findWidePages(page, urls, [NARROW])).toEqual([])
    await close()
  })

  it('of the portal and of signing in fits 320 pixels', async () => {
    const { person, urls, auth, fillLists } = await portalAddresses()
    await fillLists()
    const anyone = await visitor('phone')
    const { page, close } = await person('phone')
    const faults = [
      ...(await findWidePages(anyone.page, auth, [NARROW])),
      ...(await findWidePages(page, urls, [NARROW])),
    ]
    expect(faults).toEqual([])
    await close()
  })

  it.each(['office', 'portal'])('fits tablets and desks, and lists leave room for names (%s)', async (side) => {
    const { person, urls, fillLists } = side === 'office' ? await officeAddresses() : await portalAddresses()
    await fillLists()
    const { page, close } = await person('desktop')
    expect(await findWidePages(page, urls, TABLET_TO_DESK)).toEqual([])
    await close()
  })

  it('of the office has controls of at least 24 pixels, at a desk', async () => {
    const { person, urls } = await officeAddresses()
    const { page, close } = await person('desktop')
    expect(await findSmallTargets(page, urls)).toEqual([])
    await close()
  })

  it('of the portal and of signing in has controls of at least 24 pixels, at a desk', async () => {
    const { person, urls, auth } = await portalAddresses()
    const anyone = await visitor('desktop')
    const { page, close } = await person('desktop')
    expect([...(await findSmallTargets(anyone.page, auth)), ...(await findSmallTargets(page, urls))]).toEqual([])
    await close()
  })
})

/** A picture of what is painted there. */
const paint = async (page: Page, of: Locator, margin = 6): Promise<string> => {
  await of.scrollIntoViewIfNeeded()
  const box = (await of.boundingBox())!
  const clip = {
    x: Math.max(box.x - margin, 0),
    y: Math.max(box.y - margin, 0),
    width: box.width + 2 * margin,
    height: box.height + 2 * margin,
  }
  return (await page.screenshot({ clip, animations: 'disabled', caret: 'hide' })).toString('base64')
}

describe('With forced colors', () => {
  it('the focus, the chosen tab, the current page and ticks are drawn', async () => {
    const { person, urls } = await officeAddresses()
    const { page, close } = await person('desktop')
    await page.emulateMedia({ forcedColors: 'active' })
    const open = async (end: RegExp) => {
      await page.goto(urls.find((url) => end.test(url))!)
      await page.locator('#svelte-announcer').waitFor({ state: 'attached' })
    }
    await open(/&tab=files$/)
    const styles = (of: Locator) =>
      of.evaluate((each) => {
        const { backgroundColor, borderBottomColor, color, outlineColor, outlineStyle } = getComputedStyle(each)
        return [backgroundColor, borderBottomColor, color, outlineStyle, outlineColor].join()
      })
    const tabs = page.locator('.panel .tabs > a')
    expect(await styles(tabs.and(page.locator('[aria-current]')))).not.toBe(
      await styles(tabs.and(page.locator(':not([aria-current])')).first()),
    )
    const places = page.locator('.o-side .o-nav a')
    expect(await styles(places.and(page.locator('[aria-current]')).first())).not.toBe(
      await styles(places.and(page.locator(':not([aria-current])')).first()),
    )
    // A click gives no visible focus, a key does.
    const row = page.locator('.row-link').first()
    const rest = await paint(page, row)
    await page.keyboard.press('Tab')
    await row.focus()
    expect(await paint(page, row)).not.toBe(rest)
    await open(/\/settings\/portal$/)
    const tick = page.locator('main .check input[type=checkbox]:enabled').filter({ visible: true }).first()
    await tick.uncheck()
    const empty = await paint(page, tick, 0)
    await tick.check()
    expect(await paint(page, tick, 0)).not.toBe(empty)
    await open(/template=/)
    for (const [kind, name] of [
      ['.input', 'text field'],
      ['.btn-primary', 'button'],
    ] as const) {
      const control = page.locator(`main ${kind}`).filter({ visible: true }).first()
      const before = await paint(page, control)
      await page.keyboard.press('Tab')
      await control.focus()
      expect(await paint(page, control), name).not.toBe(before)
    }
    await close()
  })
})

describe('Selecting jobs', () => {
  it('works on a phone: tick a job, change it, read the report', async () => {
    const { person, urls } = await officeAddresses()
    const visitor = await person('phone')
    await visitor.page.goto(urls.find((url) => url.endsWith('/jobs'))!)
    await visitor.press('Select jobs')
    const tick = visitor.page.getByRole('checkbox', { name: /Boiler service/ })
    await tick.tap()
    await visitor.see('1 selected')
    await visitor.choose('Worker', 'No worker')
    await visitor.press('Assign jobs')
    await visitor.see('1 job changed')
    await visitor.accessible()
    await visitor.close()
  })
})

describe('What a search has found', () => {
  it.each(['office', 'portal'])('is announced in a part of the page that stays (%s)', async (side) => {
    const { person, urls } = side === 'office' ? await officeAddresses() : await portalAddresses()
    const { page, close } = await person('desktop')
    await page.goto(urls.find((url) => url.endsWith('/jobs'))!)
    if (side === 'office') await page.locator('#svelte-announcer').waitFor({ state: 'attached' })
    const status = await page.locator('search [role=status]').elementHandle()
    const announced = () => status!.evaluate((each) => (each.isConnected ? each.textContent.trim() : 'replaced'))
    expect(await announced()).toBe('')
    await page.locator('search input[type=search]').fill('boiler')
    await expect.poll(announced, { timeout: 10_000 }).toBe('1 result')
    await page.locator('search input[type=search]').fill('zebra')
    await expect.poll(announced, { timeout: 10_000 }).toMatch(/zebra/)
    await close()
  })
})

/// <reference lib="dom" />
/** What is printed: a job as a sheet, a list as a table, dark on white, with whose they are and without controls. */
import type { Page } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { closeAll } from './browser.ts'
import { officeAddresses, portalAddresses } from './every-page-addresses.ts'

afterAll(closeAll)

/** What the business of the tests is called unless they say otherwise. */
const BUSINESS = 'Harbour Appliance Repair'
/** A4 between its margins. */
const PAPER = { width: 680, height: 960 }

/** What is seen on paper in dark mode: controls that are printed, and text that is not dark. */
const readPaper = (page: Page) =>
  page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!
    const brightness = (color: string) => {
      canvas.fillStyle = '#fff'
      canvas.fillRect(0, 0, 1, 1)
      canvas.fillStyle = color
      canvas.fillRect(0, 0, 1, 1)
      const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data
      return (red! + green! + blue!) / 3
    }
    const isSeen = (each: Element) => each.checkVisibility() && each.getBoundingClientRect().width > 1
    const seen = [...document.querySelectorAll('body *')].filter(isSeen)
    // Icons are text here: the tick of a step that is done.
    const withText = seen.filter(
      (each) =>
        each.matches('svg') ||
        [...each.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent!.trim() !== ''),
    )
    const name = (each: Element) =>
      `${each.tagName.toLowerCase()}.${each.className} ${each.textContent!.trim().slice(0, 30)}`
    return {
      controls: seen
        .filter((each) => each.matches('button, input, textarea, select, summary, nav, .btn, .icon-btn'))
        .map(name),
      pale: withText.filter((each) => brightness(getComputedStyle(each).color) > 140).map(name),
      text: document.body.innerText,
    }
  })

describe('On paper, from a dark screen', () => {
  it.each(['office', 'portal'])('a job is a sheet of dark text without controls (%s)', async (side) => {
    const { person, urls, scheduleJob } = side === 'office' ? await officeAddresses() : await portalAddresses()
    await scheduleJob()
    const { page, close } = await person('desktop')
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    await page.setViewportSize(PAPER)
    await page.goto(urls.find((url) => /\/jobs\/[0-9a-f-]{36}$/.test(url))!)
    const { controls, pale, text } = await readPaper(page)
    expect(controls).toEqual([])
    expect(pale).toEqual([])
    for (const words of ['Boiler service', 'It hums.', 'What is wrong?', 'Scheduled']) expect(text).toContain(words)
    if (side === 'portal') expect(await page.locator('.is-done > .dot svg').count()).toBeGreaterThan(0)
    await close()
  })

  it('a job of the office says whose and which it is, and uses the whole width', async () => {
    const { person, urls, scheduleJob } = await officeAddresses()
    await scheduleJob()
    const { page, close } = await person('desktop')
    await page.emulateMedia({ media: 'print' })
    await page.setViewportSize(PAPER)
    await page.goto(urls.find((url) => /\/jobs\/[0-9a-f-]{36}$/.test(url))!)
    const { text } = await readPaper(page)
    expect(text).toMatch(new RegExp(`^\\s*${BUSINESS} · Job \\d+: Boiler service · \\d+ \\w+ 20\\d\\d`))
    for (const link of ['Open map', 'View all jobs']) expect(text).not.toContain(link)
    const wide = await page
      .locator('main section:has(> h2)')
      .evaluateAll((sections) =>
        Object.fromEntries(
          sections.map((each) => [each.querySelector('h2')!.textContent, each.getBoundingClientRect().width]),
        ),
      )
    for (const part of ['Comments', 'Files', 'History']) expect(wide[part], part).toBeGreaterThan(600)
    await close()
  })

  it('a list of the office names the business, the filter and each worker, and says nothing twice', async () => {
    const { person, urls, scheduleJob } = await officeAddresses()
    await scheduleJob()
    const { page, close } = await person('desktop')
    await page.emulateMedia({ media: 'print' })
    await page.setViewportSize(PAPER)
    await page.goto(`${urls.find((url) => url.endsWith('/jobs'))!}?q=boiler&status=pending&since=2031-03-01`)
    const { text } = await readPaper(page)
    expect(text).toMatch(new RegExp(`^\\s*${BUSINESS} · Jobs · \\d+ \\w+ 20\\d\\d`))
    expect(text).toMatch(/Search: boiler · .*Sat 1 Mar 2031.* · Status: Pending acceptance/)
    expect(text.match(/Marek Nowak/g)).toHaveLength(1)
    expect(text).not.toMatch(/\bMN\b/)
    const row = await page.locator('tbody tr').innerText()
    for (const words of [/Pending acceptance/g, /09:30/g]) expect(row.match(words), row).toHaveLength(1)
    expect(await page.locator('th svg').filter({ visible: true }).count()).toBe(0)
    await close()
  })

  it.each(['office', 'portal'])('a list is a table or rows of dark text without controls (%s)', async (side) => {
    const { person, urls } = side === 'office' ? await officeAddresses() : await portalAddresses()
    const { page, close } = await person('desktop')
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    await page.setViewportSize(PAPER)
    await page.goto(urls.find((url) => url.endsWith('/jobs'))!)
    const { controls, pale, text } = await readPaper(page)
    expect(controls).toEqual([])
    expect(pale).toEqual([])
    expect(text).toContain('Boiler service')
    // Columns that a phone leaves out are on paper.
    if (side === 'office') expect(text).toContain('Marek Nowak')
    await close()
  })
})

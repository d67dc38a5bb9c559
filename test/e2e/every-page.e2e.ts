/// <reference lib="dom" />
/** What holds on every page: no sideways scrolling at 320 pixels, controls that a finger hits, paper, forced colors. */
import { AxeBuilder } from '@axe-core/playwright'
import type { Locator, Page } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { createRecords, fillPath, pagesBelow } from '../every-page.fixtures.ts'
import { closeAll, startAppServer, visitor, type Device, type Visitor } from './browser.ts'
import { mainAt, portalAt, signInToOffice, signInToPortal } from './steps.ts'

afterAll(closeAll)

/** 1280 pixels at 400 %. */
const NARROW = { width: 320, height: 640 }

/** A step is done then. */
async function schedule({ business, records: { job } }: Awaited<ReturnType<typeof createRecords>>): Promise<void> {
  const { version } = await business.owner.ok('getJob', { job })
  const scheduled = { day: '2031-03-03', time: '09:30' }
  await business.owner.ok('scheduleJob', { job, version, scheduled, durationMinutes: 60 })
}

interface Addresses {
  person(device: Device): Promise<Visitor>
  urls: string[]
  scheduleJob(): Promise<void>
}

async function officeAddresses(): Promise<Addresses> {
  const server = await startAppServer()
  const made = await createRecords(server)
  const { business, records } = made
  const { account, customer, template, job, user } = records
  const paths = pagesBelow('office/[account]').map((path) => fillPath(`/office/[account]${path}`, records))
  const states = [
    `/jobs?job=${job}`,
    `/jobs?job=${job}&tab=files`,
    `/jobs?job=${job}&do=schedule`,
    `/jobs/${job}?do=cancel`,
    `/jobs/new?customer=${customer}&template=${template}`,
    '/settings/staff?invite=true',
    `/settings/portal/users?remove=${user}`,
  ]
  return {
    urls: [...paths, ...states.map((path) => `/office/${account}${path}`)].map((path) => mainAt(server, path)),
    scheduleJob: () => schedule(made),
    async person(device) {
      const person = await visitor(device, { keyboard: false })
      await signInToOffice(person, server, business.owner.email)
      return person
    },
  }
}

async function portalAddresses(): Promise<Addresses & { auth: string[] }> {
  const server = await startAppServer()
  const made = await createRecords(server)
  const { business, records, user } = made
  const at = (path: string) => portalAt(server, business.slug, path)
  const paths = pagesBelow('p/[portal]').filter((path) => !path.startsWith('/(auth)'))
  const states = [`/jobs/${records.job}?confirm=cancel`, '/jobs?q=nothing']
  return {
    auth: [
      ...pagesBelow('p/[portal]/(auth)').map(at),
      ...['/office/sign-in', '/office/forgot-password', '/'].map((path) => mainAt(server, path)),
    ],
    urls: [...paths.map((path) => fillPath(path, records)), ...states].map(at),
    scheduleJob: () => schedule(made),
    async person(device) {
      const person = await visitor(device)
      await signInToPortal(person, server, business.slug, user.email)
      return person
    },
  }
}

/** Pages that are wider than the screen. */
async function findWidePages(page: Page, urls: string[]): Promise<string[]> {
  const faults: string[] = []
  for (const url of urls) {
    await page.goto(url, { waitUntil: 'load' })
    const width = await page.evaluate(() => document.documentElement.scrollWidth)
    if (width > NARROW.width) faults.push(`${nameOf(url)} is ${width} pixels wide: ${await widest(page)}`)
  }
  return faults
}

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
    const { person, urls } = await officeAddresses()
    const { page, close } = await person('phone')
    await page.setViewportSize(NARROW)
    expect(await findWidePages(page, urls)).toEqual([])
    await close()
  })

  it('of the portal and of signing in fits 320 pixels', async () => {
    const { person, urls, auth } = await portalAddresses()
    const anyone = await visitor('phone')
    const { page, close } = await person('phone')
    for (const each of [anyone.page, page]) await each.setViewportSize(NARROW)
    expect([...(await findWidePages(anyone.page, auth)), ...(await findWidePages(page, urls))]).toEqual([])
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
    // A4 between its margins.
    await page.setViewportSize({ width: 680, height: 960 })
    await page.goto(urls.find((url) => /\/jobs\/[0-9a-f-]{36}$/.test(url))!)
    const { controls, pale, text } = await readPaper(page)
    expect(controls).toEqual([])
    expect(pale).toEqual([])
    for (const words of ['Boiler service', 'It hums.', 'What is wrong?', 'Scheduled']) expect(text).toContain(words)
    if (side === 'portal') expect(await page.locator('.is-done > .dot svg').count()).toBeGreaterThan(0)
    await close()
  })

  it.each(['office', 'portal'])('a list is a table or rows of dark text without controls (%s)', async (side) => {
    const { person, urls } = side === 'office' ? await officeAddresses() : await portalAddresses()
    const { page, close } = await person('desktop')
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    await page.setViewportSize({ width: 680, height: 960 })
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

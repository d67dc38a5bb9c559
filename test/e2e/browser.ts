/// <reference lib="dom" />
/** A person at a browser: Chromium on a desktop or a phone, with eyes (axe), a keyboard, and no patience for errors. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { inject } from 'vitest'
import { openHouse, type House } from '../kit.ts'

export type Device = 'desktop' | 'phone'
export const DEVICES: Device[] = ['desktop', 'phone']
const SIZE = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } }

const build = join(import.meta.dirname, '../../build')
let house: Promise<House> | undefined
let browser: Promise<Browser> | undefined

/** The whole product with its pages and the demo's mailbox, on a database of its own. */
export const wholeHouse = (): Promise<House> => (house ??= openHouse(inject('world'), { pages: build, demo: true }))

export const openBrowser = (): Promise<Browser> => (browser ??= chromium.launch({
  executablePath: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path))!,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
}))

export interface Visitor {
  page: Page
  context: BrowserContext
  /** What the browser complained about: errors on the page, refused policies. */
  complaints: string[]
  /** Waits until the page's script runs, where it has one. */
  settled(): Promise<void>
  /** axe finds nothing (WCAG 2.2 AA and best practice). */
  accessible(): Promise<void>
  close(): Promise<void>
}

export async function visitor(device: Device, { javaScript = true, dark = false } = {}): Promise<Visitor> {
  const context = await (await openBrowser()).newContext({
    viewport: SIZE[device], deviceScaleFactor: device === 'phone' ? 2 : 1, isMobile: device === 'phone', hasTouch: device === 'phone',
    javaScriptEnabled: javaScript, colorScheme: dark ? 'dark' : 'light', locale: 'en-GB', reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource: the server responded with a status of 4\d\d/.test(message.text())) complaints.push(message.text())
  })
  return {
    page, context, complaints,
    settled: async () => { await page.waitForLoadState('networkidle') },
    async accessible() {
      await page.waitForLoadState('networkidle')
      const { violations } = await new AxeBuilder({ page }).analyze()
      if (violations.length > 0) throw new Error(`axe at ${page.url()}:\n${violations.map((each) => `${each.id}: ${each.help}\n  ${each.nodes.map((node) => `${node.target.join(' ')} — ${node.failureSummary}`).join('\n  ')}`).join('\n')}`)
    },
    async close() {
      await context.close()
      if (complaints.length > 0) throw new Error(`The browser complained:\n${complaints.join('\n')}`)
    },
  }
}

/** Ends what all journeys share. */
export async function closeAll(): Promise<void> {
  await (await browser)?.close()
  await (await house)?.close()
  browser = house = undefined
}

/** Reaches a control with the Tab key alone and answers whether it is focused; at most `most` presses. */
export async function tabTo(page: Page, name: RegExp | string, most = 80): Promise<void> {
  const wanted = typeof name === 'string' ? name : name.source
  const pattern = typeof name === 'string' ? new RegExp(`^\\s*${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}`, 'i') : name
  for (let presses = 0; presses < most; presses++) {
    await page.keyboard.press('Tab')
    const label = await page.evaluate(() => {
      const at = document.activeElement as HTMLInputElement | null
      if (!at || at === document.body) return ''
      return at.labels?.[0]?.textContent?.trim() || at.getAttribute('aria-label') || at.textContent?.trim() || at.value || ''
    })
    if (pattern.test(label)) return
  }
  throw new Error(`The keyboard does not reach "${wanted}" at ${page.url()}`)
}

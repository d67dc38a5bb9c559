/// <reference lib="dom" />
/**
 * A visitor in Chromium on a desktop or a phone, with accessibility checks (axe) that fails on browser errors. Actions (fill,
 * choose, press) use only the keyboard on a desktop and touch on a phone.
 */
import { AxeBuilder } from '@axe-core/playwright'
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from 'playwright-core'
import { join } from 'node:path'
import { inject, onTestFinished } from 'vitest'
import { findProgram } from '../debian.ts'
import { startSeparateServer, type TestServer } from '../test-server.ts'

export type Device = 'desktop' | 'phone'
export const DEVICES: Device[] = ['desktop', 'phone']
/** The device variants of each journey, with their label in test names. */
export const VARIANTS: { device: Device; label: string }[] = [
  { device: 'desktop', label: 'at a desk, by keyboard alone' },
  { device: 'phone', label: 'on a phone' },
]
export const VIEWPORTS = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } }

const root = join(import.meta.dirname, '../..')
/** `PORTICO_PAGES` selects another build folder. */
const build = process.env.PORTICO_PAGES ?? join(root, 'build')
let server: Promise<TestServer> | undefined
let browser: Promise<Browser> | undefined

/** Starts a separate server with pages and the demo's mailbox. Without an SMTP server, mail stays in the mailbox. */
export const openPages = (): Promise<TestServer> =>
  startSeparateServer(inject('world'), { pages: build, demo: true, env: { SMTP_URL: '' } })

/** The server that all journeys share, except those that need an empty one. */
export const startAppServer = (): Promise<TestServer> => (server ??= openPages())

export const openBrowser = (): Promise<Browser> =>
  (browser ??= chromium.launch({
    executablePath: findProgram('chromium'),
    env: { ...process.env, LANGUAGE: 'en_US' } as Record<string, string>,
    args: [
      '--lang=en-US',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  }))

/** A link, a button, or the control of a label. */
type ControlName = string | RegExp

export interface Visitor {
  page: Page
  context: BrowserContext
  device: Device
  /** Waits until the page's address matches. */
  arrived(at: RegExp): Promise<void>
  /** Waits until these words are in view. */
  see(words: ControlName): Promise<void>
  /** Replaces the value of the field with that label. */
  fill(label: ControlName, text: string): Promise<void>
  /** Chooses an option of a select by its label. */
  choose(label: ControlName, option: string): Promise<void>
  /** Types `text` into a combobox and chooses the first match, which must be `option`. */
  search(label: string, text: string, option: string): Promise<void>
  /** Checks the checkbox or radio (of that group) whose label starts so, unless it is checked. */
  tick(label: ControlName, group?: string): Promise<void>
  /** Follows a link, presses a button, opens a menu. */
  press(name: ControlName, within?: Locator): Promise<void>
  /** Fails if the page is wider than the screen or axe finds problems; also in dark mode on the first visit per device. */
  accessible(): Promise<void>
  /** Closes the context; throws if the browser logged errors or policy violations. */
  close(): Promise<void>
}

let screenshotCount = 0
const checkedDark = new Set<string>()

export async function visitor(
  device: Device,
  {
    javaScript = true,
    dark = false,
    keyboard = device === 'desktop' && javaScript,
  }: { javaScript?: boolean; dark?: boolean; keyboard?: boolean } = {},
): Promise<Visitor> {
  const context = await (
    await openBrowser()
  ).newContext({
    viewport: VIEWPORTS[device],
    deviceScaleFactor: device === 'phone' ? 2 : 1,
    isMobile: device === 'phone',
    hasTouch: device === 'phone',
    javaScriptEnabled: javaScript,
    colorScheme: dark ? 'dark' : 'light',
    locale: 'en-GB',
    reducedMotion: 'reduce',
  })
  // The edit of a row of mutations, for the part of the pages that runs here (test/mutations/pages.ts).
  const mutant = process.env.PORTICO_MUTANT
  if (mutant) await context.addInitScript(`globalThis.PORTICO_MUTANT = ${JSON.stringify(mutant)}`)
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  // Keep a screenshot of a failed journey with the reports of the run.
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail')
      await page
        .screenshot({
          path: join(
            root,
            'out/test',
            `${task.name.slice(0, 40)} ${device} ${screenshotCount++}.png`.replaceAll(/[^\w.]+/g, '-'),
          ),
          timeout: 5_000,
        })
        .catch(() => {})
    await context.close()
  })
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`))
  page.on('console', (message) => {
    if (
      message.type() === 'error' &&
      !/Failed to load resource: the server responded with a status of 4\d\d/.test(message.text())
    )
      complaints.push(`${page.url()}: ${message.text()}`)
  })

  const field = (label: ControlName) =>
    page
      .getByLabel(label, { exact: typeof label === 'string' })
      .or(page.getByLabel(new RegExp(`^${escapeForRegExp(label)}\\s*(\\*|Optional)?\\s*$`)))
      .filter({ visible: true })
      .first()
  const pressable = (name: ControlName, within: Page | Locator) => {
    const options = { name: typeof name === 'string' ? new RegExp(`^\\s*${escapeForRegExp(name)}\\s*$`) : name }
    return within
      .getByRole('button', options)
      .or(within.getByRole('link', options))
      .or(within.locator('summary').filter({ hasText: name }))
      .or(within.locator(`summary[aria-label=${JSON.stringify(String(name))}]`))
      .filter({ visible: true })
      .first()
  }
  const analyze = async (light: 'light' | 'dark') => {
    // A mail's frame runs no script, so axe cannot enter it; without frames the legacy mode is faster. Dark mode changes only colors.
    const axe = new AxeBuilder({ page }).exclude('iframe').setLegacyMode()
    const { violations } = await (
      light === 'dark' && !dark ? axe.withRules(['color-contrast', 'link-in-text-block']) : axe
    ).analyze()
    if (violations.length > 0)
      throw new Error(
        `axe at ${page.url()} (${device}, ${light}):\n${violations.map((each) => `${each.id}: ${each.help}\n  ${each.nodes.map((node) => `${node.target.join(' ')} — ${node.failureSummary}`).join('\n  ')}`).join('\n')}`,
      )
  }

  return {
    page,
    context,
    device,
    arrived: async (at) => {
      await page.waitForURL(at, { waitUntil: 'domcontentloaded' })
    },
    see: async (words) => {
      await page.getByText(words).filter({ visible: true }).first().waitFor()
    },
    async fill(label, text) {
      const control = field(label)
      if (!keyboard) return control.fill(text)
      await tabTo(page, control)
      const type = await control.getAttribute('type')
      // Date and time parts are typed in the order of the browser's language, which openBrowser() sets.
      const day = (date: string) => page.keyboard.type(`${date.slice(5, 7)}${date.slice(8, 10)}${date.slice(0, 4)}`)
      const time = (clock: string) => {
        const hour = Number(clock.slice(0, 2))
        return page.keyboard.type(
          `${String(hour % 12 || 12).padStart(2, '0')}${clock.slice(3, 5)}${hour < 12 ? 'a' : 'p'}`,
        )
      }
      if (type === 'date') await day(text)
      else if (type === 'time') await time(text)
      else if (type === 'datetime-local') {
        await day(text.slice(0, 10))
        await page.keyboard.press('Tab')
        await time(text.slice(11))
      } else if (type === 'color') return control.fill(text)
      else {
        await page.keyboard.press('Control+A')
        await page.keyboard.insertText(text)
      }
      if ((await control.inputValue()) !== text)
        throw new Error(`Typing "${text}" into "${label}" made it "${await control.inputValue()}"`)
    },
    async search(label, text, option) {
      // Before the script runs this is a plain select.
      const control = page.locator('input[role=combobox]').and(page.getByRole('combobox', { name: label }))
      await control.waitFor()
      if (keyboard) {
        await tabTo(page, control)
        await page.keyboard.type(text)
        await page.keyboard.press('Enter')
      } else {
        await control.fill(text)
        await page.getByRole('option', { name: option }).tap()
      }
      const chosen = await control.inputValue()
      if (chosen !== option) throw new Error(`Typing "${text}" in "${label}" chose "${chosen}"`)
    },
    async choose(label, option) {
      const control = field(label)
      if (!keyboard) return void (await control.selectOption({ label: option }))
      await tabTo(page, control)
      await page.keyboard.type(option)
      const chosen = await control.evaluate((select: HTMLSelectElement) => select.selectedOptions[0]?.label.trim())
      if (chosen !== option) throw new Error(`Typing "${option}" on "${label}" chose "${chosen}"`)
    },
    async tick(label, group) {
      const words = typeof label === 'string' ? new RegExp(`^\\s*${escapeForRegExp(label)}`) : label
      const control = (group ? page.getByRole('group', { name: group }) : page).getByLabel(words).first()
      await control.waitFor()
      if (await control.isChecked()) return
      if (!keyboard) return control.check()
      await tabTo(page, control)
      if (!(await control.isChecked())) await page.keyboard.press('Space')
      if (!(await control.isChecked())) throw new Error(`Space does not tick "${label}"`)
    },
    async press(name, within) {
      const target = pressable(name, within ?? page)
      if (!keyboard) return device === 'phone' ? target.tap() : target.click()
      await tabTo(page, target)
      await page.keyboard.press('Enter')
    },
    async accessible() {
      await page.waitForLoadState('load')
      if (!javaScript) return
      const width = await page.evaluate(() => document.documentElement.scrollWidth)
      if (width > VIEWPORTS[device].width)
        throw new Error(`${page.url()} is ${width} pixels wide on a ${device} of ${VIEWPORTS[device].width}`)
      await analyze(dark ? 'dark' : 'light')
      const pageKey = `${device} ${new URL(page.url()).pathname.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|[\w-]{40,}/g, '…').replace(/^\/office\/(?!sign-in|join|forgot|reset)[^/]+/, '/office/…')} ${await page.locator('h1').first().textContent()}`
      if (dark || checkedDark.has(pageKey)) return
      checkedDark.add(pageKey)
      await page.emulateMedia({ colorScheme: 'dark' })
      await analyze('dark')
      await page.emulateMedia({ colorScheme: 'light' })
    },
    async close() {
      await context.close()
      if (complaints.length > 0) throw new Error(`The browser complained:\n${complaints.join('\n')}`)
    },
  }
}

const escapeForRegExp = (name: ControlName): string =>
  typeof name === 'string' ? name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&') : name.source

/** Closes the shared browser and server. */
export async function closeAll(): Promise<void> {
  await (await browser)?.close()
  await (await server)?.close()
  browser = server = undefined
}

/** Moves the focus to a control with the Tab key, with a limited number of presses. */
export async function tabTo(page: Page, target: Locator, maxPresses = 120): Promise<void> {
  const element = await target.elementHandle()
  for (let presses = 0; presses <= maxPresses; presses++) {
    const at = await page.evaluate((wanted) => {
      const now = document.activeElement
      if (now === wanted) return 'there'
      // A radio group is one tab stop; arrow keys move within it.
      const group = (one: Element | null | undefined) =>
        one instanceof HTMLInputElement && one.type === 'radio' ? one.name : null
      return group(now) !== null && group(now) === group(wanted) ? 'group' : 'elsewhere'
    }, element)
    if (at === 'there') return
    await page.keyboard.press(at === 'group' ? 'ArrowDown' : 'Tab')
  }
  throw new Error(`The keyboard does not reach ${target} at ${page.url()}`)
}

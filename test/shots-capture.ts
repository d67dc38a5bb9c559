/// <reference lib="dom" />
/** Screenshots of one page: 1280 and 390 wide, light and dark. */
import fs from 'node:fs'
import path from 'node:path'
import type { Page } from 'playwright-core'

const DEVICES = [
  { device: 'desktop', width: 1280, height: 860 },
  { device: 'phone', width: 390, height: 844 },
] as const

interface Target {
  /** Start of the file names. */
  name: string
  url: string
  folder: string
}

/** Writes four files and reports what is wrong with the page, such as a page wider than the screen. */
export async function capturePage(
  page: Page,
  { name, url, folder }: Target,
): Promise<{ count: number; problems: string[] }> {
  const problems: string[] = []
  let count = 0
  for (const { device, width, height } of DEVICES) {
    await page.setViewportSize({ width, height })
    const response = await page.goto(url, { waitUntil: 'load' })
    const isError = response !== null && response.status() >= 400
    if (isError && !name.includes('not-found')) throw new Error(`${url} answered ${response.status()}`)
    await page.evaluate(() => document.fonts.ready)
    const contentWidth = await page.evaluate(() => document.documentElement.scrollWidth)
    if (contentWidth > width) problems.push(`${name} is ${contentWidth} px wide on a ${device} of ${width}`)
    // A window as tall as the page keeps sticky elements at its edges. Dialogs keep the normal window.
    const hasDialog = (await page.locator('dialog[open]').count()) > 0
    const contentHeight = await page.evaluate(() => document.documentElement.scrollHeight)
    if (!hasDialog && contentHeight > height) {
      await page.setViewportSize({ width, height: Math.min(contentHeight, 6000) })
    }
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
      const file = `${name}-${device}${scheme === 'dark' ? '-dark' : ''}.png`
      await page.screenshot({ path: path.join(folder, file), fullPage: !hasDialog })
      count++
    }
  }
  return { count, problems }
}

/** Routes without a shot, and shots of routes that are gone. */
export function findUnlisted(listed: ReadonlySet<string>): string[] {
  const routes = fs
    .globSync('**/+page.svelte', { cwd: path.join(import.meta.dirname, '../src/web/routes') })
    .map((file) => path.dirname(file).replace(/^\.$/, ''))
  return [
    ...routes.filter((each) => !listed.has(each)).map((each) => `no shot of ${each || '/'}: list it in test/shots.ts`),
    ...[...listed]
      .filter((each) => !routes.includes(each))
      .map((each) => `there is no page ${each}: take it out of test/shots.ts`),
  ]
}

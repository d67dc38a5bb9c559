/** Pages that refuse a form: readable and reachable by keyboard, and nothing that was typed is lost. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, describe, expect, inject, it } from 'vitest'
import { contrast } from '../../src/platform/accent.ts'
import { startSilentProxy } from '../silent-proxy.ts'
import { startSeparateServer, type Person } from '../test-server.ts'
import { waitUntil } from '../faults.fixtures.ts'
import { closeAll, startAppServer, tabTo, visitor } from './browser.ts'
import { harbour, portalAt } from './steps.ts'

const pages = process.env.PORTICO_PAGES ?? join(import.meta.dirname, '../../build')
afterAll(closeAll)

const signInAs = (person: Person, domain: string) =>
  [...person.cookies].map(([name, value]) => ({ name, value, domain, path: '/' }))

/** The pixels above a control, where its focus ring is drawn, as colors. */
async function colorsAbove(page: Page, control: Locator): Promise<string[]> {
  const box = (await control.boundingBox())!
  const image = await page.screenshot({ clip: { x: box.x, y: box.y - 6, width: box.width, height: 5 } })
  const hex = (await sharp(image).removeAlpha().raw().toBuffer()).toString('hex')
  return hex.match(/.{6}/g)!.map((color) => `#${color}`)
}

describe('a form from another site', () => {
  it('is refused by a page that shows where the keyboard is, in light and in dark', async () => {
    const server = await startAppServer()
    const business = await harbour(server)
    const other = createServer((_request, response) => {
      const action = portalAt(server, business.slug, '/sign-in?/signIn')
      response.setHeader('content-type', 'text/html')
      response.end(`<form method="post" action="${action}"><button>Send</button></form>`)
    })
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const customer = await visitor('desktop')
    await customer.page.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`)
    await customer.press('Send')
    await customer.see('This form was sent from another site')
    await customer.accessible()
    for (const colorScheme of ['light', 'dark'] as const) {
      await customer.page.emulateMedia({ colorScheme })
      for (const name of ['Open page again', 'Go to the portal']) {
        const link = customer.page.getByRole('link', { name })
        await customer.page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
        const before = await colorsAbove(customer.page, link)
        await tabTo(customer.page, link)
        const after = await colorsAbove(customer.page, link)
        const best = Math.max(...after.map((color, index) => contrast(color, before[index]!)))
        // WCAG 2.2, 1.4.11: the ring stands out from what was there.
        expect(best, `${name}, ${colorScheme}`).toBeGreaterThanOrEqual(3)
      }
    }
    await customer.press('Open page again')
    await customer.see('Forgot password?')
    await customer.close()
    other.close()
  })
})

describe('a booking while the database is away', () => {
  it('is sent by reloading the page that refused it', async () => {
    const world = inject('world')
    const proxy = await startSilentProxy(world.admin)
    const server = await startSeparateServer(world, { pages, databaseAddress: proxy })
    const business = await harbour(server)
    const person = await business.portalUser({ customers: [await business.customer()] })
    const [template] = (await person.ok('getBookingOptions')).templates
    const customer = await visitor('desktop')
    await customer.context.addCookies(signInAs(person, `${business.slug}.localhost`))
    await customer.page.goto(portalAt(server, business.slug, `/jobs/new/${template!.id}`))
    await customer.fill('Service address', '4 Typed Lane')
    await customer.fill('What is wrong?', 'Water stays in the bottom.')
    proxy.silence()
    customer.page.setDefaultTimeout(60_000)
    await customer.press('Send request')
    await customer.see('To send the form again, reload this page.')
    await customer.accessible()
    proxy.restore()
    await waitUntil(async () => (await person.call('listPortalJobs')).status === 200)
    expect((await person.ok('listPortalJobs')).rows).toEqual([])
    await customer.page.reload()
    await customer.see('Request received.')
    await customer.see('4 Typed Lane')
    await server.close()
    await proxy.close()
  })
})

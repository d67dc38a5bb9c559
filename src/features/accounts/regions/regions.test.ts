import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { send, startSeparateServer, type Person, type TestServer } from '../../../../test/test-server.ts'
import { currencyOf, localeFor, LOCALES, timeZoneOf } from './rules.ts'

const build = process.env.PORTICO_PAGES ?? join(import.meta.dirname, '../../../../build')
/** Sunday, 6 December 2026, 14:00 in New York and 19:00 in London. */
const VISIT = new Date('2026-12-06T19:00:00Z')

describe('the region of the browser', () => {
  it('becomes a locale; without a region it is American English', () => {
    expect(localeFor('en-GB,en;q=0.9')).toBe('en-GB')
    expect(localeFor('de,fr-CH;q=0.8')).toBe('en-CH')
    expect(localeFor('zh-Hant-HK')).toBe('en-HK')
    for (const header of [undefined, null, '', 'en', 'xx-ZZ', `en-${'A'.repeat(5000)}`])
      expect(localeFor(header)).toBe('en-US')
  })

  it('suggests the currency, and the time zone of a region with only one', () => {
    expect([currencyOf('en-US'), currencyOf('en-GB'), currencyOf('en-IE'), currencyOf('en-AU')]).toEqual([
      'USD',
      'GBP',
      'EUR',
      'AUD',
    ])
    expect([timeZoneOf('en-GB'), timeZoneOf('en-US')]).toEqual(['Europe/London', null])
    const known = Intl.supportedValuesOf('currency')
    expect(LOCALES.filter((locale) => !known.includes(currencyOf(locale)))).toEqual([])
    expect(LOCALES.filter((locale) => new Intl.DateTimeFormat(locale).resolvedOptions().locale !== locale)).toEqual([])
  })
})

describe('dates, times and money follow the account', () => {
  let server: TestServer
  beforeAll(async () => {
    if (!existsSync(join(build, 'adapter-node.js'))) throw new Error('Build the pages first: npm run build')
    server = await startSeparateServer(inject('world'), { pages: build })
    server.clock.set('2026-12-01T12:00:00Z')
  }, 60_000)
  afterAll(() => server?.close())

  async function visitIn(region: { locale: string; timeZone: string }) {
    const business = await server.business(region)
    const customer = await business.customer()
    const template = await business.template()
    const marek = await business.staff('worker', 'Marek Nowak')
    const { id, version } = await business.owner.ok('createJob', {
      customer,
      template,
      worker: marek.id,
      outright: true,
    })
    const scheduled = localIn(region.timeZone)
    await business.owner.ok('scheduleJob', { job: id, version, scheduled })
    return { business, job: id, eleanor: await business.portalUser({ customers: [customer] }) }
  }

  function localIn(timeZone: string) {
    const [day, time] = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' })
      .format(VISIT)
      .split(' ')
    return { day: day!, time: time! }
  }

  const page = async (who: Person, path: string) => {
    const host = `localhost:${server.port}`
    const { status, text } = await send({
      port: server.port,
      host,
      method: 'GET',
      path,
      // The browser's own region must not matter.
      headers: { accept: 'text/html', 'accept-language': 'en-AU' },
      cookies: who.cookies,
    })
    expect(status, path).toBe(200)
    return text.replaceAll(/[\u00a0\u202f]/g, ' ')
  }

  it.each([
    { locale: 'en-US', timeZone: 'America/New_York', portal: 'Sun, Dec 6, 2:00 PM', office: 'Sun, Dec 6, 2:00 PM' },
    { locale: 'en-GB', timeZone: 'Europe/London', portal: 'Sun 6 Dec, 19:00', office: 'Sun 6 Dec, 19:00' },
  ])('$locale reads "$portal" in portal and office', async ({ portal, office, ...region }) => {
    const { business, job, eleanor } = await visitIn(region)
    expect(await page(eleanor, `/p/${business.slug}/jobs/${job}`)).toContain(portal)
    expect(await page(business.owner, `/office/${business.slug}/jobs/${job}`)).toContain(office)
  })

  it('refuses an unknown locale', async () => {
    const business = await server.business()
    const { version, slug: _slug, logo: _logo, ...account } = await business.owner.ok('getAccount')
    const reply = await business.owner.call('updateAccount', { ...account, version, locale: 'tlh' })
    expect([reply.status, Object.keys(reply.body.fields ?? {})]).toEqual([422, ['locale']])
  })
})

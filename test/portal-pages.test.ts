/** What browsers, home screens and search engines learn of a portal, and what its refusals carry. */
import { load } from 'cheerio'
import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { startPagesServer } from './no-script.ts'
import { send, type Business, type Reply, type TestServer } from './test-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startPagesServer()
})

const open = (path: string, host = 'localhost'): Promise<Reply> =>
  send({ port: server.port, host: `${host}:${server.port}`, method: 'GET', path, headers: { accept: 'text/html' } })
const hostOf = ({ slug }: Business) => `${slug}.localhost`
/** The portal's two addresses: host and what paths begin with. */
const addressesOf = (business: Business) =>
  [
    [hostOf(business), ''],
    ['localhost', `/p/${business.slug}`],
  ] as const
const setBranding = async ({ owner }: Business, accent: string) => {
  const { version, name, timeZone, locale, currency, supportEmail, postalAddress } = await owner.ok('getAccount')
  const kept = { version, name, timeZone, locale, currency, supportEmail, postalAddress } as const
  await owner.ok('updateAccount', { ...kept, accent, supportPhone: '0117 496 0142' } as never)
}
const setPortal = async ({ owner }: Business, change: { enabled?: boolean; introduction?: string }) =>
  owner.ok('updatePortalSettings', { version: (await owner.ok('getPortalSettings')).version, ...change })

interface Manifest {
  id: string
  name: string
  start_url: string
  scope: string
  theme_color?: string
  icons: { src: string; sizes: string; type: string; purpose: string }[]
}
const readPixel = async (png: Buffer, x: number, y: number) => {
  const { data, info } = await sharp(png).ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  return [...data.subarray((y * info.width + x) * 4, (y * info.width + x) * 4 + 4)]
}
const download = async (path: string, host: string): Promise<{ reply: Response; bytes: Buffer }> => {
  const reply = await fetch(`http://127.0.0.1:${server.port}${path}`, { headers: { host } })
  return { reply, bytes: Buffer.from(await reply.arrayBuffer()) }
}

describe('the manifest and icons of a portal', () => {
  it("name the business in its color, on the portal's host and path, and exist in the sizes they claim", async () => {
    const shop = await server.business({ name: 'Kestrel Boilers' })
    await setBranding(shop, '#7a1fa2')
    for (const [host, base] of addressesOf(shop)) {
      const $ = load((await open(`${base}/sign-in`, host)).text)
      expect($('meta[name="theme-color"]').attr('content')).toBe('#7a1fa2')
      expect($('head').html()).not.toMatch(/portico/i)
      const manifestPath = $('link[rel="manifest"]').attr('href')!
      const reply = await open(manifestPath, host)
      expect(reply.headers['content-type']).toContain('application/manifest+json')
      const manifest = JSON.parse(reply.text) as Manifest
      expect(manifest).toMatchObject({
        name: 'Kestrel Boilers',
        theme_color: '#7a1fa2',
        start_url: `${base}/sign-in`,
        scope: `${base}/`,
      })
      expect(manifest.icons.map(({ sizes, purpose }) => `${sizes} ${purpose}`)).toEqual([
        '192x192 any',
        '512x512 any',
        '512x512 maskable',
      ])
      const links = [
        [$('link[rel="icon"]').attr('href')!, 64],
        [$('link[rel="apple-touch-icon"]').attr('href')!, 180],
        ...manifest.icons.map(({ src, sizes }) => [src, Number.parseInt(sizes)] as const),
      ] as const
      for (const [path, edge] of links) {
        const { reply, bytes } = await download(path, `${host}:${server.port}`)
        expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'image/png'])
        // Kept, so that a page does not ask for it each time.
        expect(reply.headers.get('cache-control')).toBe('public, max-age=86400')
        expect(await sharp(bytes).metadata()).toMatchObject({ width: edge, height: edge, format: 'png' })
      }
    }
  })

  it('without a logo show the first letter in white on the color, which fills a maskable icon to its edge', async () => {
    const shop = await server.business({ name: 'Éclair Lifts' })
    await setBranding(shop, '#7a1fa2')
    const iconOf = async (icon: string) =>
      (await download(`/api/v1/portal/${shop.slug}/icons/${icon}`, `${hostOf(shop)}:${server.port}`)).bytes
    const [maskable, rounded] = [await iconOf('maskable'), await iconOf('512')]
    expect((await readPixel(maskable, 0, 0))[3]).toBe(255)
    expect((await readPixel(rounded, 0, 0))[3]).toBe(0)
    // The stem of the E is left of the middle, and nothing of it is outside the circle of 80 % that devices keep.
    const white = [255, 255, 255, 255]
    const row = await Promise.all([...Array(512).keys()].map((x) => readPixel(maskable, x, 256)))
    const whites = row.flatMap((pixel, x) => (pixel.every((value, at) => value === white[at]) ? [x] : []))
    expect(whites.length).toBeGreaterThan(20)
    expect([whites[0]! > 52, whites.at(-1)! < 460]).toEqual([true, true])
    const colored = await readPixel(maskable, 4, 256)
    expect(colored[2]).toBeGreaterThan(colored[1]!)
  })

  it('show the logo once there is one, under another address', async () => {
    const shop = await server.business({ name: 'Kestrel Boilers' })
    const hrefOf = async () => load((await open('/sign-in', hostOf(shop))).text)('link[rel="icon"]').attr('href')!
    const before = await hrefOf()
    const red = await sharp({ create: { width: 100, height: 100, channels: 3, background: '#ff0000' } })
      .png()
      .toBuffer()
    const form = new FormData()
    form.append('file', new File([red], 'logo.png', { type: 'image/png' }))
    const cookie = [...shop.owner.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const origin = server.url.origin
    const url = `http://127.0.0.1:${server.port}/api/v1/office/${shop.slug}/logo`
    const host = `localhost:${server.port}`
    expect((await fetch(url, { method: 'POST', body: form, headers: { cookie, origin, host } })).status).toBeLessThan(
      300,
    )
    const after = await hrefOf()
    expect(after).not.toBe(before)
    const { bytes } = await download(after, `${hostOf(shop)}:${server.port}`)
    expect(await readPixel(bytes, 32, 32)).toEqual([255, 0, 0, 255])
  })

  it("Portico's own pages have Portico's", async () => {
    const $ = load((await open('/office/sign-in')).text)
    const manifest = JSON.parse((await open($('link[rel="manifest"]').attr('href')!)).text) as Manifest
    expect([manifest.name, manifest.start_url]).toEqual(['Portico', '/office'])
    for (const src of [...manifest.icons.map((icon) => icon.src), $('link[rel="apple-touch-icon"]').attr('href')!])
      expect((await open(src)).status, src).toBe(200)
  })
})

describe('search engines', () => {
  const robotsOf = async (path: string, host?: string) => (await open(path, host)).headers['x-robots-tag']

  it('may show sign-in and sign-up of a public portal, with a description, and nothing else', async () => {
    const shop = await server.business({ name: 'Kestrel Boilers' })
    await setPortal(shop, { introduction: 'Boilers in Bath.\nFitted in a day.' })
    for (const [host, base] of addressesOf(shop)) {
      for (const path of ['/sign-in', '/signup']) {
        expect(await robotsOf(`${base}${path}`, host)).toBe('all')
        const $ = load((await open(`${base}${path}`, host)).text)
        expect($('meta[name="description"]').attr('content')).toBe('Boilers in Bath. Fitted in a day.')
      }
      for (const path of ['', '/jobs', '/forgot-password', '/sign-in?next=%2Fjobs', '/nowhere', '/activate/x'])
        expect(await robotsOf(`${base}${path}` || '/', host), path).toBe('noindex, nofollow')
    }
    for (const path of ['/', '/office/sign-in', '/nowhere', '/api/v1/health', '/set-up/x'])
      expect(await robotsOf(path), path).toBe('noindex, nofollow')
  })

  it('may show nothing of a private portal, and nothing of one that is off', async () => {
    for (const shop of [await server.business({ public: false }), await server.business({ enabled: false })])
      for (const [host, base] of addressesOf(shop))
        for (const path of ['/sign-in', '/signup'])
          expect(await robotsOf(`${base}${path}`, host)).toBe('noindex, nofollow')
  })

  it('are told so in the robots.txt of each host', async () => {
    const shop = await server.business()
    const closed = await server.business({ public: false })
    const linesOf = async (host?: string) => (await open('/robots.txt', host)).text.trim().split('\n')
    const allowed = await linesOf(hostOf(shop))
    expect(allowed).toEqual(
      expect.arrayContaining(['User-agent: *', 'Allow: /sign-in$', 'Allow: /signup$', 'Disallow: /']),
    )
    expect(await linesOf(hostOf(closed))).toEqual(['User-agent: *', 'Disallow: /'])
    expect(await linesOf()).toEqual(
      expect.arrayContaining(['Allow: /p/*/sign-in$', 'Allow: /p/*/signup$', 'Disallow: /']),
    )
    for (const line of await linesOf()) expect(line).not.toMatch(/^Allow: \/(office|mailbox|\$|$)/)
  })
})

describe('a portal that is off', () => {
  it('says whose it is and how to reach the business, in its color, and nothing it publishes', async () => {
    const shop = await server.business({ name: 'Heron Plumbing' })
    await setBranding(shop, '#7a1fa2')
    await setPortal(shop, { enabled: false, introduction: 'A secret plan' })
    for (const [host, base] of addressesOf(shop))
      for (const path of ['/sign-in', '/signup', '/nowhere', '']) {
        const reply = await open(`${base}${path}` || '/', host)
        const page = reply.headers.location
          ? await open(new URL(reply.headers.location, 'http://x').pathname, host)
          : reply
        const $ = load(page.text)
        expect([page.status, $('h1').text()]).toEqual([404, 'This portal is currently unavailable'])
        expect($('main').text()).toContain('Contact the business directly.')
        expect($('main a[href="tel:01174960142"]').text()).toBe('0117 496 0142')
        // The footer does not repeat them.
        expect($('a[href^="tel:"]')).toHaveLength(1)
        expect($(`main a[href="mailto:help@${shop.slug}.example"]`).length).toBe(1)
        expect($('header').text()).toContain('Heron Plumbing')
        expect(page.text).toContain('--brand:#7a1fa2')
        expect(page.text).not.toMatch(/secret plan|Portico/)
        expect($('form').length).toBe(0)
      }
  })
})

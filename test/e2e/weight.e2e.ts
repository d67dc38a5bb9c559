/**
 * The portal stays light enough for a phone on a bad line: bytes as they travel, counted in a browser with an empty cache against the product as
 * people start it. `npm run weight` prints the same figures, and times.
 */
import fs from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BUDGETS, firstLoad, DEVICES, pagesOf, type FirstLoad, type MeasuredPage } from '../../bench/first-load.ts'
import { serve, type Server } from '../serve.ts'
import { closeAll, openBrowser } from './browser.ts'

const root = join(import.meta.dirname, '../..')
const client = join(root, 'build/client')
const files = fs.globSync('**/*', { cwd: client }).filter((file) => fs.statSync(join(client, file)).isFile())
const compressible = files.filter((file) => /\.(js|css|svg|html|json|txt|xml|webmanifest)$/.test(file))

let demo: Server
let pages: MeasuredPage[]
const loads = new Map<string, FirstLoad>()

beforeAll(async () => {
  demo = await serve('--demo')
  const browser = await openBrowser()
  pages = (await pagesOf(demo, browser)).filter((each) => each.kind !== 'office')
  const phone = DEVICES.find((each) => each.device === 'phone')!
  for (const page of pages) loads.set(page.name, await firstLoad(browser, page, phone.options))
})
afterAll(async () => {
  await closeAll()
  await demo?.stop()
})

const names = ['list', 'job', 'create: tiles', 'create: form', 'sign in', 'sign up', 'activation', 'reset']

describe('The first look at a portal page', () => {
  it('is measured for every page that has a budget', () => {
    expect(pages.map((each) => each.name)).toEqual(names)
  })

  describe.each(names)('%s', (name) => {
    const load = () => loads.get(name)!
    const page = () => pages.find((each) => each.name === name)!

    it('keeps to its budget of JavaScript, scripts and everything', () => {
      const { javaScript, scripts, inlineScripts, total } = load()
      if (page().kind === 'auth')
        expect({ javaScript, scripts, inlineScripts }).toEqual({ javaScript: 0, scripts: 0, inlineScripts: 0 })
      expect(javaScript / 1000).toBeLessThanOrEqual(BUDGETS.javaScriptKb.aim)
      expect(scripts + inlineScripts).toBeLessThanOrEqual(BUDGETS.scripts.aim)
      expect(total / 1000).toBeLessThanOrEqual(BUDGETS.totalKb.aim)
      // A page without its looks would be light too.
      expect(load().responses.map((each) => each.kind)).toEqual(
        expect.arrayContaining(['page', 'style', 'font', 'picture']),
      )
    })

    it('asks nobody but the portal itself, and one font file', () => {
      expect(load().responses.filter((each) => new URL(each.url).origin !== new URL(page().url).origin)).toEqual([])
      expect(load().responses.filter((each) => each.kind === 'font')).toHaveLength(1)
    })

    it('travels compressed; the page is kept by nobody, named files for a year, others for an hour at most', () => {
      for (const { url, kind, headers } of load().responses) {
        const { pathname } = new URL(url)
        const { 'content-encoding': encoding, 'cache-control': cache } = headers
        const packed = kind === 'font' || kind === 'picture'
        expect({ pathname, encoding }).toEqual({ pathname, encoding: packed ? undefined : 'br' })
        if (kind === 'page') expect({ pathname, cache }).toEqual({ pathname, cache: 'no-store' })
        else if (pathname.startsWith('/_app/immutable/'))
          expect({ pathname, cache }).toEqual({ pathname, cache: 'public, max-age=31536000, immutable' })
        else if (!pathname.startsWith('/api/')) {
          expect({ pathname, cache }).toEqual({ pathname, cache: 'public, max-age=3600' })
          expect(headers.etag, pathname).toBeTruthy()
        }
      }
    })
  })
})

describe('A static file', () => {
  it('was compressed by the build, both ways, and is what it was', () => {
    expect(compressible.length).toBeGreaterThan(50)
    for (const file of compressible) {
      const plain = fs.readFileSync(join(client, file))
      expect(brotliDecompressSync(fs.readFileSync(join(client, `${file}.br`))).equals(plain), file).toBe(true)
      expect(gunzipSync(fs.readFileSync(join(client, `${file}.gz`))).equals(plain), file).toBe(true)
    }
  })

  it.each([
    ['br', 'gzip, deflate, br, zstd', 'br'],
    ['gz', 'gzip', 'gzip'],
  ])('travels as the .%s of the build', async (ending, accepted, encoding) => {
    for (const file of compressible) {
      const answer = await get(`/${file}`, accepted)
      expect({ file, status: answer.status, encoding: answer.headers['content-encoding'] }).toEqual({
        file,
        status: 200,
        encoding,
      })
      expect(answer.headers.vary).toContain('accept-encoding')
      expect(answer.body.length, file).toBe(fs.statSync(join(client, `${file}.${ending}`)).size)
    }
  })

  it('is not sent again to whoever still has it', async () => {
    const { headers } = await get('/enhance.js', 'br')
    expect((await get('/enhance.js', 'br', { 'if-none-match': headers.etag! })).status).toBe(304)
  })

  it('holds neither zod nor i18next: 27 and 16 KB that no page needs', () => {
    const marks = [
      { mark: 'ZodError', home: 'zod/v4/core/errors.js' },
      { mark: 'i18next', home: 'i18next/dist/esm/i18next.js' },
    ]
    const scripts = files.filter((file) => file.endsWith('.js'))
    expect(scripts.length).toBeGreaterThan(50)
    for (const { mark, home } of marks) {
      // The mark is really one: the library has it in a string, which no build renames.
      expect(fs.readFileSync(join(root, 'node_modules', home), 'utf8')).toMatch(new RegExp(`["'\`][^"'\`\\n]*${mark}`))
      expect(scripts.filter((file) => fs.readFileSync(join(client, file), 'utf8').includes(mark))).toEqual([])
    }
  })
})

describe('A page', () => {
  it.each([
    ['br', 'gzip, deflate, br', brotliDecompressSync],
    ['gzip', 'gzip, deflate', gunzipSync],
  ])('travels as %s where that is understood', async (encoding, accepted, unpack) => {
    const { headers, body } = await get('/p/harbour/sign-in', accepted)
    expect(headers['content-encoding']).toBe(encoding)
    const page = unpack(body).toString()
    expect(page).toContain('</html>')
    // The smallest page still halves.
    expect(body.length).toBeLessThan(page.length / 2)
  })
})

/** A bare request to the main host: what is in the answer as it travelled. */
function get(
  path: string,
  accepted: string,
  more: Record<string, string> = {},
): Promise<{ status: number; headers: http.IncomingHttpHeaders; body: Buffer }> {
  return new Promise((resolve, reject) => {
    http
      .get(
        {
          host: '127.0.0.1',
          port: demo.port,
          path,
          headers: { host: `localhost:${demo.port}`, 'accept-encoding': accepted, ...more },
        },
        (answer) => {
          const parts: Buffer[] = []
          answer.on('data', (part: Buffer) => parts.push(part))
          answer.on('end', () =>
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts) }),
          )
        },
      )
      .on('error', reject)
  })
}

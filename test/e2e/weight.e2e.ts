/**
 * Bytes on the wire of each portal page with an empty cache, against their budgets. `npm run weight` reports the same figures
 * and load times.
 */
import fs from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  BUDGETS,
  OFFICE_JAVASCRIPT_KB,
  firstLoad,
  DEVICES,
  pagesOf,
  type FirstLoad,
  type MeasuredPage,
} from '../../bench/first-load.ts'
import { serve, type Server } from '../serve.ts'
import { closeAll, openBrowser } from './browser.ts'

const root = join(import.meta.dirname, '../..')
const client = join(root, 'build/client')
const files = fs.globSync('**/*', { cwd: client }).filter((file) => fs.statSync(join(client, file)).isFile())
const compressible = files.filter((file) => /\.(js|css|svg|html|json|txt|xml|webmanifest)$/.test(file))

let demo: Server
let pages: MeasuredPage[]
let officeList: MeasuredPage
let browser: Browser
const loads = new Map<string, FirstLoad>()

beforeAll(async () => {
  demo = await serve('--demo')
  browser = await openBrowser()
  const all = await pagesOf(demo, browser)
  officeList = all.find((each) => each.kind === 'office')!
  pages = all.filter((each) => each !== officeList)
  const phone = DEVICES.find((each) => each.device === 'phone')!
  for (const page of [...pages, officeList]) loads.set(page.name, await firstLoad(browser, page, phone.options))
})
afterAll(async () => {
  await closeAll()
  await demo?.stop()
})

const names = ['list', 'job', 'create: tiles', 'create: form', 'sign in', 'sign up', 'activation', 'reset']

describe('The first load of a portal page', () => {
  it('is measured for every page that has a budget', () => {
    expect(pages.map((each) => each.name)).toEqual(names)
  })

  describe.each(names)('%s', (name) => {
    const load = () => loads.get(name)!
    const page = () => pages.find((each) => each.name === name)!

    it('stays within its budgets of JavaScript, scripts and total bytes', () => {
      const { javaScript, scripts, inlineScripts, total } = load()
      if (page().kind === 'auth')
        expect({ javaScript, scripts, inlineScripts }).toEqual({ javaScript: 0, scripts: 0, inlineScripts: 0 })
      expect(javaScript / 1000).toBeLessThanOrEqual(BUDGETS.javaScriptKb.aim)
      expect(scripts + inlineScripts).toBeLessThanOrEqual(BUDGETS.scripts.aim)
      expect(total / 1000).toBeLessThanOrEqual(BUDGETS.totalKb.aim)
      // A page without styles or fonts would be small too.
      expect(load().responses.map((each) => each.kind)).toEqual(
        expect.arrayContaining(['page', 'style', 'font', 'picture']),
      )
    })

    it('loads only from the portal itself, and one font file', () => {
      expect(load().responses.filter((each) => new URL(each.url).origin !== new URL(page().url).origin)).toEqual([])
      expect(load().responses.filter((each) => each.kind === 'font')).toHaveLength(1)
    })

    it('is compressed; pages are not cached, hashed files for a year, others for an hour', () => {
      for (const { url, kind, headers } of load().responses) {
        const { pathname } = new URL(url)
        const { 'content-encoding': encoding, 'cache-control': cache } = headers
        const packed = kind === 'font' || kind === 'picture' || headers['content-type'] === 'image/png'
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

describe('The first load of the list of jobs in the office', () => {
  it('has at most 60 KB of JavaScript, and nothing that only an open job, a change to several jobs or a dialog needs', () => {
    const { javaScript, responses } = loads.get(officeList.name)!
    expect(javaScript / 1000).toBeLessThanOrEqual(OFFICE_JAVASCRIPT_KB.must)
    const scripts = responses.filter(({ kind }) => kind === 'script').map(({ url }) => new URL(url).pathname)
    const texts = scripts.map((file) => fs.readFileSync(join(client, file), 'utf8'))
    const later = ['jobs.office.openPage', 'jobs.office.bulk.assign', 'ui.shortcuts.next', '<path d="M3 12a9 9 0 ']
    const all = files.filter((file) => file.endsWith('.js')).map((file) => fs.readFileSync(join(client, file), 'utf8'))
    const has = (scripts: string[], text: string) => scripts.some((script) => script.includes(text))
    for (const text of later) expect([text, has(all, text), has(texts, text)]).toEqual([text, true, false])
  })
})

describe('A static file', () => {
  it('is compressed by the build as brotli and gzip without loss', () => {
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
  ])('is sent as the .%s file of the build', async (ending, accepted, encoding) => {
    for (const file of compressible) {
      const answer = await fetchCompressed(`/${file}`, accepted)
      expect({ file, status: answer.status, encoding: answer.headers['content-encoding'] }).toEqual({
        file,
        status: 200,
        encoding,
      })
      expect(answer.headers.vary).toContain('accept-encoding')
      expect(answer.body.length, file).toBe(fs.statSync(join(client, `${file}.${ending}`)).size)
    }
  })

  it('is not sent again when the client has it', async () => {
    const { headers } = await fetchCompressed('/enhance.js', 'br')
    expect((await fetchCompressed('/enhance.js', 'br', { 'if-none-match': headers.etag! })).status).toBe(304)
  })

  it('contains neither zod nor i18next, which take 27 and 16 KB', () => {
    const libraries = [
      { mark: 'ZodError', home: 'zod/v4/core/errors.js' },
      { mark: 'i18next', home: 'i18next/dist/esm/i18next.js' },
    ]
    const scripts = files.filter((file) => file.endsWith('.js'))
    expect(scripts.length).toBeGreaterThan(50)
    for (const { mark: marker, home: source } of libraries) {
      // The library has the marker in a string, which no build renames.
      expect(fs.readFileSync(join(root, 'node_modules', source), 'utf8')).toMatch(
        new RegExp(`["'\`][^"'\`\\n]*${marker}`),
      )
      expect(scripts.filter((file) => fs.readFileSync(join(client, file), 'utf8').includes(marker))).toEqual([])
    }
  })
})

describe('A page', () => {
  it.each([
    ['br', 'gzip, deflate, br', brotliDecompressSync],
    ['gzip', 'gzip, deflate', gunzipSync],
  ])('is sent as %s when the client accepts it', async (encoding, accepted, unpack) => {
    const { headers, body } = await fetchCompressed('/p/harbour/sign-in', accepted)
    expect(headers['content-encoding']).toBe(encoding)
    const page = unpack(body).toString()
    expect(page).toContain('</html>')
    // Compression at least halves the smallest page.
    expect(body.length).toBeLessThan(page.length / 2)
  })
})

/** Requests a path of the main host and returns the response without decompressing it. */
function fetchCompressed(
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

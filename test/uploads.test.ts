/** Uploads as they arrive: forms that are broken or too large, disks that are full. Pages and the API take the same way. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import http from 'node:http'
import { join, resolve } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { Business } from './business.ts'
import type { Person } from './person.ts'
import { startSeparateServer, type TestServer } from './test-server.ts'

const MEGABYTE = 1024 * 1024
const build = resolve(import.meta.dirname, '../build')
let server: TestServer, folder: string, harbour: Business, eleanor: Person, template: string

beforeAll(async () => {
  if (!existsSync(join(build, 'adapter-node.js'))) execFileSync(process.execPath, ['bootstrap.mjs', 'build'])
  const world = inject('world')
  server = await startSeparateServer(world, { pages: build })
  folder = join(world.folder, server.database, 'files')
  harbour = await server.business()
  template = await harbour.template({ fields: [] })
  eleanor = await harbour.portalUser({ customers: [await harbour.customer()] })
})
afterAll(() => server?.close())

type Part = string | Buffer
const joined = (parts: Part[]) => Buffer.concat(parts.map((part) => Buffer.from(part as string)))
const disposition = (more: string) => `content-disposition: form-data; ${more}\r\n\r\n`
const filePart = (boundary: string, more = 'name="file"; filename="a.txt"', content: Part = 'text') =>
  joined([`--${boundary}\r\n`, disposition(more), content, '\r\n'])

const uploadPath = () => `/api/v1/portal/${harbour.slug}/files`
const formPath = () => `/p/${harbour.slug}/jobs/new/${template}`
const post = (path: string, contentType: string, body: Part) =>
  eleanor.request('POST', path, { body, headers: { 'content-type': contentType, accept: acceptFor(path) } })
/** As browsers and scripts do. */
const acceptFor = (path: string) => (path.startsWith('/api/') ? 'application/json' : 'text/html')

/** Names of all files below the folder, those of uploads under way included. */
const filesOnDisk = () =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => name)
        .sort()
    : []
const rows = () => server.stored((db) => db.selectFrom('files').select('id').execute())

const X = 'multipart/form-data; boundary=x'
const BROKEN: [name: string, contentType: string, body: Part][] = [
  ['no boundary', 'multipart/form-data', filePart('x')],
  ['an empty boundary', 'multipart/form-data; boundary=', filePart('x')],
  ['another boundary', 'multipart/form-data; boundary=y', joined([filePart('x'), '--x--\r\n'])],
  ['no body', X, ''],
  ['no end', X, filePart('x')],
  ['an end inside a file', X, joined(['--x\r\n', disposition('name="file"; filename="a.txt"'), 'half of'])],
  ['an end inside a header', X, '--x\r\ncontent-disposition: form-da'],
  ['no name', X, joined([filePart('x', 'filename="a.txt"'), '--x--\r\n'])],
  ['a field without a name', X, joined(['--x\r\n', disposition('filename*=x'), 'v\r\n', filePart('x'), '--x--\r\n'])],
  ['thousands of parts', X, joined([...Array<Part>(5000).fill(filePart('x', 'name="a"')), filePart('x'), '--x--\r\n'])],
  ['hundreds of files', X, joined([...Array<Part>(300).fill(filePart('x')), '--x--\r\n'])],
  ['a huge field', X, joined([filePart('x', 'name="a"', Buffer.alloc(600_000, 'a')), filePart('x'), '--x--\r\n'])],
]

describe('a broken form', () => {
  it.each(BROKEN)('with %s is refused with words by the API, and nothing is kept', async (_name, type, body) => {
    const before = [filesOnDisk(), await rows()]
    const reply = await post(uploadPath(), type, body)
    expect([400, 413, 415, 422]).toContain(reply.status)
    expect((reply.body as { title: string }).title).toMatch(/\w+ \w+/)
    expect([filesOnDisk(), await rows()]).toEqual(before)
  })

  it.each(BROKEN)('with %s is refused with a page by a page, and nothing is kept', async (_name, type, body) => {
    const before = [filesOnDisk(), await rows()]
    const reply = await post(formPath(), type, body)
    // A form that lacks only what the page needs comes back with its errors.
    expect([400, 413, 415, 422]).toContain(reply.status)
    expect(reply.text).toMatch(/<html|<!doctype/i)
    expect([filesOnDisk(), await rows()]).toEqual(before)
  })

  const INCOMPLETE: [name: string, parts: Part[], code: string][] = [
    ['no file', [filePart('x', 'name="a"')], 'input'],
    ['a file under another name', [filePart('x', 'name="other"; filename="a.txt"')], 'input'],
    ['a field in place of the file', [filePart('x', 'name="file"')], 'input'],
    ['no file chosen', [filePart('x', 'name="file"; filename=""', '')], 'input'],
    ['two files', [filePart('x'), filePart('x')], 'input'],
    ['an unknown field', [filePart('x', 'name="size"'), filePart('x')], 'input'],
    ['a field like a member of every object', [filePart('x', 'name="__proto__"'), filePart('x')], 'malformed'],
    ['one field twice', [filePart('x', 'name="a"'), filePart('x', 'name="a"'), filePart('x')], 'malformed'],
  ]
  it.each(INCOMPLETE)('with %s is refused by the upload', async (_name, parts, code) => {
    const before = [filesOnDisk(), await rows()]
    const reply = await post(uploadPath(), X, joined([...parts, '--x--\r\n']))
    expect([reply.status, reply.body]).toMatchObject([code === 'input' ? 422 : 400, { code }])
    expect([filesOnDisk(), await rows()]).toEqual(before)
  })

  it('is not taken where JSON is expected, and other bodies not where a form is', async () => {
    const reply = await post(`/api/v1/portal/${harbour.slug}/jobs`, X, joined([filePart('x'), '--x--\r\n']))
    expect([reply.status, reply.body]).toMatchObject([415, { code: 'unsupportedType' }])
    for (const type of ['application/json', 'multipart/mixed; boundary=x', 'text/plain'])
      expect([type, (await post(uploadPath(), type, '{}')).status]).toEqual([type, 415])
  })

  it('leaves nothing on disk when its sender goes away, and when they are not signed in', async () => {
    const before = filesOnDisk()
    for (const path of [uploadPath(), formPath()]) {
      const request = http.request({
        port: server.port,
        host: '127.0.0.1',
        method: 'POST',
        path,
        headers: {
          host: server.url.host,
          origin: server.url.origin,
          'content-type': X,
          'content-length': 400_000,
          cookie: [...eleanor.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        },
      })
      request.on('error', () => {})
      request.write(joined(['--x\r\n', disposition('name="file"; filename="a.txt"'), Buffer.alloc(300_000, 'a')]))
      const incoming = join(folder, 'incoming')
      while (!existsSync(incoming) || readdirSync(incoming).length === 0) await new Promise((go) => setImmediate(go))
      request.destroy()
      while (readdirSync(incoming).length > 0) await new Promise((go) => setImmediate(go))
    }
    const stranger = await harbour.visitor().request('POST', uploadPath(), {
      body: joined([filePart('x'), '--x--\r\n']),
      headers: { 'content-type': X },
    })
    expect(stranger.status).toBe(401)
    expect(filesOnDisk()).toEqual(before)
  })
})

// Only what is still in use counts, so garbage is collected before each measurement.
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
function bufferedBytes(): number {
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

/** Sends a form as fast as the server takes it, and answers the most bytes that buffers held meanwhile. */
async function sendMeasured(path: string, parts: Part[]): Promise<{ status: number; text: string; peak: number }> {
  const start = bufferedBytes()
  let peak = 0
  const measure = () => (peak = Math.max(peak, bufferedBytes() - start))
  const request = http.request({
    port: server.port,
    host: '127.0.0.1',
    method: 'POST',
    path,
    headers: {
      host: server.url.host,
      origin: server.url.origin,
      'content-type': X,
      accept: acceptFor(path),
      'content-length': parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0),
      cookie: [...eleanor.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    },
  })
  const answered = new Promise<http.IncomingMessage>((done, fail) => request.once('response', done).once('error', fail))
  for (const [index, part] of parts.entries()) {
    if (!request.write(part)) await new Promise((go) => request.once('drain', go))
    if (index % 128 === 0) measure()
  }
  measure()
  request.end()
  const watch = setInterval(measure, 3000)
  const response = await answered.finally(() => clearInterval(watch))
  let text = ''
  for await (const part of response) text += String(part)
  return { status: response.statusCode!, text, peak }
}

describe('a large form', () => {
  it('of 45 MB is never in memory as a whole, neither in a page nor in the API', async () => {
    const block = Buffer.alloc(64 * 1024, 'a line of text\n')
    const file = (field: string) => [
      `--x\r\n${disposition(`name="${field}"; filename="a.txt"`)}`,
      ...Array<Part>((9 * MEGABYTE) / block.length).fill(block),
      '\r\n',
    ]
    const page = await sendMeasured(formPath(), [
      ...Array.from({ length: 5 }, () => file('upload.files')).flat(),
      '--x--\r\n',
    ])
    // The rest of the form is missing, so it comes back, with its five files kept.
    expect([page.status, page.text.match(/name="files"/g)?.length]).toEqual([422, 5])
    expect(page.peak).toBeLessThan(16 * MEGABYTE)
    const upload = await sendMeasured(uploadPath(), [...file('file'), '--x--\r\n'])
    expect(upload.status).toBe(201)
    expect(upload.peak).toBeLessThan(8 * MEGABYTE)
  }, 90_000)

  it('with one file that is too large comes back with words beside it, and what was typed', async () => {
    const large = filePart('x', 'name="upload.files"; filename="big.txt"', Buffer.alloc(11 * MEGABYTE, 'a'))
    const typed = filePart('x', 'name="address"', '4 Typed Lane')
    const reply = await post(formPath(), X, joined([typed, large, '--x--\r\n']))
    expect(reply.status).toBe(422)
    expect(reply.text).toContain('This file is too large. Choose one up to 10 MB.')
    expect(reply.text).toContain('4 Typed Lane')
  })
})

/** Gives the folder a disk of a few megabytes. Only root may, and not in every container. */
function mountSmallDisk(path: string, megabytes: number): boolean {
  mkdirSync(path, { recursive: true })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe('a full disk', () => {
  it('acknowledges only what is kept as a whole, and refuses the rest with words', async (test) => {
    const small = await startSeparateServer(inject('world'), { pages: build })
    const smallFolder = join(inject('world').folder, small.database, 'files')
    try {
      // Where no disk can be mounted, disk.test.ts still covers writes that are cut short.
      if (!mountSmallDisk(smallFolder, 8)) return test.skip('This machine mounts no disk.')
      const business = await small.business()
      const booked = await business.template({ fields: [] })
      const person = await business.portalUser({ customers: [await business.customer()] })
      const send = (path: string, field: string, content: Buffer) =>
        person.request('POST', path, {
          body: joined([filePart('x', `name="${field}"; filename="a.txt"`, content), '--x--\r\n']),
          headers: { 'content-type': X, accept: acceptFor(path) },
        })
      const kept = new Map<string, string>()
      const statuses = new Set<number>()
      for (let index = 0; index < 14; index++) {
        const content = Buffer.alloc(MEGABYTE - index, `line ${index}\n`)
        const reply = await send(`/api/v1/portal/${business.slug}/files`, 'file', content)
        statuses.add(reply.status)
        if (reply.status === 201) kept.set((reply.body as { id: string }).id, content.toString())
        else expect(reply.body).toMatchObject({ code: 'storageFull', title: expect.stringMatching(/no space left/) })
      }
      expect(statuses).toEqual(new Set([201, 507]))
      // A form loses only its files: what was typed before and after them comes back.
      const typed = (name: string, text: string) => filePart('x', `name="${name}"`, text)
      const page = await person.request('POST', `/p/${business.slug}/jobs/new/${booked}`, {
        body: joined([
          typed('address', '4 Typed Lane'),
          filePart('x', 'name="upload.files"; filename="holiday.txt"', Buffer.alloc(8 * MEGABYTE, 'a')),
          typed('quantity', '3'),
          '--x--\r\n',
        ]),
        headers: { 'content-type': X, accept: 'text/html' },
      })
      expect(page.status).toBe(422)
      expect(page.text).toContain('holiday.txt: There’s no space left for this file.')
      expect(page.text).toContain('4 Typed Lane')
      expect(page.text).toMatch(/name="quantity"[^>]*value="3"|value="3"[^>]*name="quantity"/)
      expect((await person.ok('listPortalJobs')).rows).toEqual([])
      for (const [id, content] of kept) {
        const { text } = await person.request('GET', `/api/v1/portal/${business.slug}/files/${id}`)
        expect(text === content).toBe(true)
      }
      expect(readdirSync(join(smallFolder, 'incoming'))).toEqual([])
      expect(readdirSync(join(smallFolder, business.id))).toHaveLength(kept.size)
      expect(small.log.filter((line) => line.includes('The disk for files is full'))).toHaveLength(1)
    } finally {
      await small.close()
      try {
        execFileSync('umount', ['-l', smallFolder], { stdio: 'ignore' })
      } catch {
        // It was not mounted.
      }
    }
  })
})

/**
 * Long texts that make careless code try every start and every split: one of them froze the process for nine seconds. They
 * are sent to every input there is, and the work of every expression that met one is counted. No time is measured.
 */
import { globSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import {
  createImportFolder,
  CUSTOMER_HEADER,
  CUSTOMER_MAP,
  runImport,
} from '../src/features/imports/imports.fixtures.ts'
import { contracts } from '../src/operations.ts'
import type { Definition } from '../src/platform/operation.ts'
import { surfaceOf } from '../src/platform/caller.ts'
import { bodies } from './access-bodies.fixtures.ts'
import { buildWorld, type MatrixWorld } from './access.fixtures.ts'
import { nested, recordExpressions, stringFields, type RecordedExpressions } from './hostile-text.fixtures.ts'
import { growthsOf } from './regexp-steps.fixtures.ts'
import { read, root } from './source.ts'
import { fill, send, startSeparateServer, startTestServer, type TestServer } from './test-server.ts'

const FILLERS = ['a', '.', ' ', 'a.', '((']
/** In the middle of other text, at its end, and alone. */
const around = (filler: string, length: number) => {
  const long = filler.repeat(length / filler.length)
  return [long, `x${long}x`, `${long}!`]
}

const operations = Object.entries(contracts as Record<string, Definition>)
const fields = operations.flatMap(([name, definition]) =>
  stringFields(definition).map((field) => ({ name, definition, field })),
)

let server: TestServer, world: MatrixWorld
let record: RecordedExpressions | undefined
const met = new Map<string, RegExp>()

beforeAll(async () => {
  server = await startSeparateServer(inject('world'), { pages: join(root, 'build') })
  world = await buildWorld(server)
}, 120_000)
afterAll(async () => {
  record?.stop()
  await server?.close()
})

/** Runs `work`, keeps the expressions that met a text of at least `length` characters, and returns how many characters they read. */
async function recording(length: number, work: () => Promise<void>): Promise<number> {
  record = recordExpressions(length)
  try {
    await work()
  } finally {
    record.stop()
  }
  for (const [key, expression] of record.expressions) met.set(key, expression)
  return record.characters
}

const person = (definition: Definition) => {
  const names = { staff: 'owner', person: 'owner', portalUser: 'may delete', anonymous: 'anonymous' } as const
  const audience = definition.audience[0] as keyof typeof names
  return world.callers.find(({ name }) => name === names[audience])!.person
}

async function call(name: string, definition: Definition, part: 'query' | 'body', value: Record<string, unknown>) {
  const ids = world.ids.own
  const params = Object.fromEntries(
    Object.keys(definition.params?.shape ?? {}).map((key) => [key, ids[key as 'job'] ?? 'A'.repeat(43)]),
  )
  const sample = part === 'body' ? bodies[name as keyof typeof bodies]?.(ids) : {}
  const { path, query, body } = fill(definition, { ...sample, ...value, ...params }, world.slug)
  const host = `${surfaceOf(definition.path) === 'portal' ? `${world.slug}.` : ''}localhost:${world.port}`
  await send({
    port: world.port,
    host,
    method: definition.method,
    path: `/api/v1${path}${query}`,
    ...(definition.method !== 'GET' && { body: body ?? {} }),
    cookies: new Map(person(definition).cookies),
    // The server may close the connection while a refused text is still being sent.
  }).catch(() => {})
}

describe('long texts', () => {
  it('every text of every contract has a limit', () => {
    expect(fields.length).toBeGreaterThan(100)
    expect(
      fields.flatMap(({ name, field }) => (field.max === undefined ? [`${name}: ${field.path.join('.')}`] : [])),
    ).toEqual([])
  })

  it('1.2 B4 100,000 characters in any field of any operation are read at most a few times', async () => {
    const wrong: string[] = []
    for (const { name, definition, field } of fields) {
      // Node takes 16 KB of headers, and an address is one.
      const length = field.part === 'query' ? 6_000 : 100_000
      const texts = FILLERS.flatMap((filler) => around(filler, length))
      const read = await recording(length / 2, async () => {
        for (const text of texts)
          await call(name, definition, field.part, nested(field.path, text) as Record<string, unknown>)
      })
      if (read > 40 * length * texts.length) wrong.push(`${name}.${field.path.join('.')}: ${read} characters`)
    }
    expect(wrong).toEqual([])
  }, 300_000)

  it('1.2 the longest text that a field takes', async () => {
    await recording(50, async () => {
      for (const [name, definition] of operations) {
        const own = fields.filter((each) => each.name === name && each.field.max! >= 60)
        for (const filler of own.length > 0 ? FILLERS : [])
          for (const { field } of own) {
            const text = `x${filler.repeat(Math.min(field.max!, 2_000) / filler.length - 2)}x`
            await call(name, definition, field.part, nested(field.path, text) as Record<string, unknown>)
          }
      }
      await server.mailTo()
    })
  }, 300_000)

  it('1.2 headers, cookies, host, path and query', async () => {
    await recording(2_000, async () => {
      for (const text of FILLERS.flatMap((filler) => around(filler, 10_000))) {
        const requests: { path?: string; host?: string; method?: string; headers?: Record<string, string> }[] = [
          ...[
            'accept-language',
            'user-agent',
            'referer',
            'origin',
            'cookie',
            'accept',
            'content-type',
            'if-none-match',
          ],
          ...[
            'x-forwarded-for',
            'x-forwarded-host',
            'x-forwarded-proto',
            'idempotency-key',
            'range',
            'accept-encoding',
          ],
        ].map((name) => ({ headers: { [name]: text } }))
        requests.push({ path: `/${encodeURI(text)}` }, { path: `/office/${encodeURI(text)}/jobs` })
        requests.push({ path: `/p/${world.slug}/activate/${encodeURI(text)}` })
        requests.push({ path: `/api/v1/people/me?${encodeURI(text)}` }, { path: `/office?next=${encodeURI(text)}` })
        requests.push({ host: text.trim() || 'x' })
        for (const { path = '/office/sign-in', host = `localhost:${world.port}`, method = 'GET', headers } of requests)
          await send({ port: world.port, host, method, path, ...(headers && { headers }) }).catch(() => {})
        const cookies = new Map([['portico_people', text.trim()]])
        const host = `localhost:${world.port}`
        await send({ port: world.port, host, method: 'GET', path: '/office', cookies }).catch(() => {})
      }
    })
  }, 120_000)

  it('1.2 names and types of uploaded files', async () => {
    const owner = world.callers.find(({ name }) => name === 'owner')!.person
    const path = `/api/v1/office/${world.slug}/jobs/${world.ids.own.job}/files`
    await recording(2_000, async () => {
      for (const text of FILLERS.flatMap((filler) => around(filler, 40_000)))
        for (const [filename, type] of [
          [`${text}.txt`, 'text/plain'],
          ['a.txt', `text/${text}`],
        ] as const) {
          const head = `--b\r\ncontent-disposition: form-data; name="file"; filename="${filename}"\r\ncontent-type: ${type}`
          const headers = { 'content-type': 'multipart/form-data; boundary=b' }
          await owner.request('POST', path, { headers, body: `${head}\r\n\r\n${text}\r\n--b--\r\n` }).catch(() => {})
        }
    })
  }, 120_000)

  it('1.2 forms of every page', async () => {
    const names = new Set(
      globSync(['src/web/routes/**/*.ts', 'src/features/*/ui/**/*.ts'], { cwd: root }).flatMap((file) =>
        [...read(file).matchAll(/\b(?:text|string|raw|number|all)\('(\w+)'/g)].map((match) => match[1]!),
      ),
    )
    expect(names.size).toBeGreaterThan(30)
    const pages = globSync('src/web/routes/**/+page.server.ts', { cwd: root }).filter((file) =>
      /actions/.test(read(file)),
    )
    await recording(1_000, async () => {
      for (const page of pages) {
        const path = page
          .replace('src/web/routes', '')
          .replace('/+page.server.ts', '')
          .replace('/(auth)', '')
          .replaceAll(/\[(\w+)\]/g, (_, key: string) =>
            key === 'account' || key === 'portal' ? world.slug : (world.ids.own[key as 'job'] ?? 'A'.repeat(43)),
          )
        const who = world.callers.find(({ name }) => name === (path.startsWith('/p/') ? 'may delete' : 'owner'))!.person
        const actions = [...read(page).matchAll(/^ {2}(?:async )?(\w+)(?:: async)? ?\(/gm)].map((match) => match[1]!)
        for (const filler of FILLERS)
          for (const action of ['', ...actions])
            await send({
              port: world.port,
              host: `localhost:${world.port}`,
              method: 'POST',
              path: `${path}${action ? `?/${action}` : ''}`,
              headers: { 'content-type': 'application/x-www-form-urlencoded' },
              body: new URLSearchParams(
                [...names].map((name) => [name, `x${filler.repeat(2_000 / filler.length)}x`]),
              ).toString(),
              cookies: new Map(who.cookies),
            }).catch(() => {})
      }
    })
  }, 300_000)

  describe('from files', () => {
    const folder = createImportFolder()
    it('1.2 imported tables and their mapping', async () => {
      const shop = await (await startTestServer()).business()
      await recording(2_000, async () => {
        for (const text of FILLERS.flatMap((filler) => around(filler, 100_000))) {
          const cells = CUSTOMER_HEADER.split(';').map(() => `"${text}"`)
          const file = await folder.writeCsv(CUSTOMER_HEADER, cells.join(';'))
          await runImport(shop, { kind: 'customers', file, map: CUSTOMER_MAP }).catch(() => {})
          await writeFile(file, text)
          await runImport(shop, { kind: 'customers', file, map: CUSTOMER_MAP }).catch(() => {})
          await runImport(shop, { kind: 'jobs', file, map: text }).catch(() => {})
        }
      })
    }, 120_000)
  })

  it('1.2 every expression that met such a text does work in proportion to its length', async () => {
    expect(met.size).toBeGreaterThan(20)
    const growths = await growthsOf([...met.values()])
    const wrong = [...met.keys()].flatMap((key, index) => {
      const { growth, filler } = growths[index]!
      return growth > 2.5 ? [`${key}: ${growth.toFixed(1)} times the work for twice the text of ${filler}`] : []
    })
    expect(wrong).toEqual([])
  }, 120_000)

  it('1.2 the count notices the expressions that used to be here', async () => {
    // File names, masking, phone numbers and time zones, as they were.
    const slow = await growthsOf([
      /^[\s.]+|[\s.]+$/g,
      /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"\\]*@/gi,
      /^[+(]?[\d\s()./-]{3,}(?:\s*(?:x|ext\.?)\s*\d{1,6})?$/i,
      /^[A-Za-z]+(?:[/_+-][A-Za-z0-9_+-]+)*$/,
    ])
    for (const { growth } of slow) expect(growth).toBeGreaterThan(3)
    const quick = await growthsOf([/\s+/g, /^[^\u0000-\u001f\u007f]*$/u, /^\d{1,9}_[0-9a-f]{8}$/])
    for (const { growth } of quick) expect(growth).toBeLessThan(2.1)
  })
})

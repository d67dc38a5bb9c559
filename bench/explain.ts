/**
 * What the database really does for a request: the app runs as it is, on a world of the bench, while every statement it sends
 * (and those inside functions) is explained and analysed in its own session, with its own values and its kept plan.
 */
import { join } from 'node:path'
import pg from 'pg'
import { createApp } from '../src/app.ts'
import { contracts } from '../src/operations.ts'
import { readConfig } from '../src/config.ts'
import { systemClock } from '../src/platform/clock.ts'
import { asRole } from '../src/platform/database/migrate.ts'
import { createTranslations } from '../src/platform/i18n.ts'
import { createLog } from '../src/platform/log.ts'
import type { Definition } from '../src/platform/operation.ts'
import { ACCOUNT, as, SECRET, SLUG, type BenchWorld } from './dataset.ts'

export type Name = keyof typeof contracts

/** One look at a table or an index. */
export interface Scan {
  table: string
  node: string
  index: string
  condition: string
  read: number
}

export interface Explained {
  /** Sent by the app, or run inside a function it called. */
  nested: boolean
  text: string
  returned: number
  scans: Scan[]
  buffers: number
  ms: number
}

export interface Asked {
  operation: Name
  status: number
  statements: Explained[]
}

export interface Reader {
  /** Calls an operation as the holder of this token and answers what the database did for it; the second time, when all is planned and read. */
  ask(operation: Name, token: string, input?: Record<string, string>): Promise<Asked>
  stop(): Promise<void>
}

interface Node {
  'Node Type': string
  'Relation Name'?: string
  Alias?: string
  'Index Name'?: string
  'Index Cond'?: string
  'Recheck Cond'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Rows Removed by Index Recheck'?: number
  'Shared Hit Blocks'?: number
  'Shared Read Blocks'?: number
  Plans?: Node[]
}

/** Settings of the app's sessions in this database alone; `extra` are planner settings. */
async function explainSessions(world: BenchWorld, extra: string[]): Promise<void> {
  const settings = [
    'session_preload_libraries = auto_explain',
    'auto_explain.log_min_duration = 0',
    'auto_explain.log_analyze = on',
    'auto_explain.log_buffers = on',
    'auto_explain.log_timing = off',
    'auto_explain.log_format = json',
    'auto_explain.log_nested_statements = on',
    'client_min_messages = log',
    ...extra,
  ]
  await as(world.connect, async (db) => {
    await db.query(`alter role portico_app in database ${pg.escapeIdentifier(world.connect.database)} reset all`)
    // ResolvedCaller here first, or the server takes the library's settings for misspelt ones.
    await db.query("load 'auto_explain'")
    for (const setting of settings)
      await db.query(`alter role portico_app in database ${pg.escapeIdentifier(world.connect.database)} set ${setting}`)
  })
}

/** The app on this world, each of its statements explained. */
export async function openReader(
  world: BenchWorld,
  { folder, planner = [] }: { folder: string; planner?: string[] },
): Promise<Reader> {
  await explainSessions(world, planner)
  const app = await createApp({
    config: readConfig({
      PORT: '4700',
      PORTICO_SECRET: SECRET,
      REQUESTS_PER_MINUTE: '1000000',
      PORTAL_ADDRESSES: 'path',
    }),
    connect: {
      app: asRole(world.connect, 'portico_app', world.passwords),
      system: asRole(world.connect, 'portico_system', world.passwords),
    },
    clock: systemClock,
    translations: createTranslations(join(import.meta.dirname, '../locales')),
    log: createLog({ level: 'silent' }),
    folder: join(folder, 'files'),
    version: '0.0.0-plans',
    strict: false,
    demo: false,
    pages: null,
  })
  await app.http.ready()
  let statements: Explained[] = []
  const sent = new Set<string>()
  app.pools.app.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown
    client.query = ((first: string | { text: string }, ...rest: unknown[]) => {
      sent.add((typeof first === 'string' ? first : first.text).trim())
      return query(first, ...rest)
    }) as typeof client.query
    client.on('notice', ({ message }) => {
      const plan = /^duration: ([\d.]+) ms\s+plan:\n([\s\S]*)$/.exec(message ?? '')
      if (!plan) return
      const { 'Query Text': text, Plan: root } = JSON.parse(plan[2]!) as { 'Query Text': string; Plan: Node }
      statements.push({
        nested: !sent.has(text.trim()),
        text: text.replaceAll(/\s+/g, ' ').trim(),
        returned: Math.round(root['Actual Rows'] * root['Actual Loops']),
        scans: scansOf(root),
        buffers: (root['Shared Hit Blocks'] ?? 0) + (root['Shared Read Blocks'] ?? 0),
        ms: Number(plan[1]),
      })
    })
  })
  return {
    async ask(operation, token, input = {}) {
      const { url, portal } = place(operation, input)
      const cookie = portal ? `portico_portal_${ACCOUNT.slice(-12)}=${token}` : `portico_people=${token}`
      let status = 0
      for (let time = 0; time < 2; time++) {
        statements = []
        status = (await app.http.inject({ method: 'GET', url, headers: { host: 'localhost:4700', cookie } })).statusCode
        // A read answers before its transaction has ended, and the plan of its last statement comes with the end.
        while (app.pools.app.idleCount < app.pools.app.totalCount)
          await new Promise((resolve) => setTimeout(resolve, 1))
      }
      return { operation, status, statements }
    },
    async stop() {
      await app.stop()
      await as(world.connect, (db) =>
        db.query(`alter role portico_app in database ${pg.escapeIdentifier(world.connect.database)} reset all`),
      )
    },
  }
}

function place(operation: Name, input: Record<string, string>): { url: string; portal: boolean } {
  const { path } = (contracts as Record<string, Definition>)[operation]!
  const rest = { ...input }
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, key: string) => {
    if (rest[key] === undefined && (key === 'portal' || key === 'account')) return SLUG
    const value = rest[key]
    if (value === undefined) throw new Error(`${operation} needs ${key}`)
    delete rest[key]
    return encodeURIComponent(value)
  })
  const query = new URLSearchParams(rest).toString()
  return { url: `/api/v1${filled}${query && `?${query}`}`, portal: path.startsWith('/portal/') }
}

/** Every look at a table in this plan. Rows read are those returned, filtered out and rechecked away, over all loops. */
function scansOf(node: Node): Scan[] {
  const own: Scan[] = []
  const loops = node['Actual Loops']
  if (node['Relation Name'] && loops > 0 && /Scan$/.test(node['Node Type'])) {
    const bitmap = node['Node Type'] === 'Bitmap Heap Scan' ? bitmapsOf(node) : []
    own.push({
      table: node['Relation Name'],
      node: node['Node Type'],
      index: [node['Index Name'], ...bitmap.map((each) => each['Index Name'])].filter(Boolean).join(' + '),
      condition: [node['Index Cond'], ...bitmap.map((each) => each['Index Cond'])].filter(Boolean).join(' and '),
      read: Math.round(
        (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)) *
          loops,
      ),
    })
  }
  return [...own, ...(node.Plans ?? []).flatMap(scansOf)]
}

const bitmapsOf = (node: Node): Node[] =>
  (node.Plans ?? []).flatMap((each) => (each['Node Type'] === 'Bitmap Index Scan' ? [each] : bitmapsOf(each)))

/**
 * Records the actual query plans of a request: the app runs unchanged on a bench database, and auto_explain reports every
 * statement, nested ones included, with its real parameters and cached plan.
 */
import { join } from 'node:path'
import pg from 'pg'
import { createApp } from '../src/app.ts'
import { contracts } from '../src/operations.ts'
import { readConfig } from '../src/config.ts'
import { systemClock } from '../src/platform/clock.ts'
import { asRole } from '../src/platform/database/roles.ts'
import { createTranslations } from '../src/platform/i18n.ts'
import { createLog } from '../src/platform/log.ts'
import type { Definition } from '../src/platform/operation.ts'
import { ACCOUNT, withClient, SECRET, SLUG, type BenchWorld } from './dataset.ts'

export type OperationName = keyof typeof contracts

/** One scan of a table or an index. */
export interface Scan {
  table: string
  node: string
  index: string
  condition: string
  rowsRead: number
}

export interface Explained {
  /** True for a statement run inside a database function. */
  nested: boolean
  text: string
  returned: number
  scans: Scan[]
  buffers: number
  ms: number
}

export interface ExplainedCall {
  operation: OperationName
  status: number
  statements: Explained[]
}

export interface PlanReader {
  /** Calls an operation twice with this session token and returns the statements of the second call, when caches are warm. */
  explainCall(operation: OperationName, token: string, input?: Record<string, string>): Promise<ExplainedCall>
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

/** Enables auto_explain for the app's sessions in this database; `extra` holds planner settings. */
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
  await withClient(world.connect, async (db) => {
    await db.query(`alter role portico_app in database ${pg.escapeIdentifier(world.connect.database)} reset all`)
    // Without loading the library first, the server rejects its settings as unknown.
    await db.query("load 'auto_explain'")
    for (const setting of settings)
      await db.query(`alter role portico_app in database ${pg.escapeIdentifier(world.connect.database)} set ${setting}`)
  })
}

/** Starts the app on this database with every statement explained. */
export async function openPlanReader(
  world: BenchWorld,
  { folder, planner = [] }: { folder: string; planner?: string[] },
): Promise<PlanReader> {
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
    secret: SECRET,
    version: '0.0.0-plans',
    strict: false,
    demo: null,
    pages: null,
  })
  await app.http.ready()
  let statements: Explained[] = []
  const sentTexts = new Set<string>()
  app.pools.app.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown
    client.query = ((first: string | { text: string }, ...rest: unknown[]) => {
      sentTexts.add((typeof first === 'string' ? first : first.text).trim())
      return query(first, ...rest)
    }) as typeof client.query
    client.on('notice', ({ message }) => {
      const plan = /^duration: ([\d.]+) ms\s+plan:\n([\s\S]*)$/.exec(message ?? '')
      if (!plan) return
      const { 'Query Text': source, Plan: root } = JSON.parse(plan[2]!) as { 'Query Text': string; Plan: Node }
      // Hot statements are prepared by a statement of their own.
      const text = source.replace(/^prepare "[^"]+" as /, '')
      statements.push({
        nested: !sentTexts.has(text.trim()),
        text: text.replaceAll(/\s+/g, ' ').trim(),
        returned: Math.round(root['Actual Rows'] * root['Actual Loops']),
        scans: collectScans(root),
        buffers: (root['Shared Hit Blocks'] ?? 0) + (root['Shared Read Blocks'] ?? 0),
        ms: Number(plan[1]),
      })
    })
  })
  return {
    async explainCall(operation, token, input = {}) {
      const { url, portal } = buildUrl(operation, input)
      const cookie = portal ? `portico_portal_${ACCOUNT.slice(-12)}=${token}` : `portico_people=${token}`
      let status = 0
      for (let time = 0; time < 2; time++) {
        statements = []
        status = (await app.http.inject({ method: 'GET', url, headers: { host: 'localhost:4700', cookie } })).statusCode
        // A read responds before its transaction ends, and the last plan arrives with the commit.
        while (app.pools.app.idleCount < app.pools.app.totalCount)
          await new Promise((resolve) => setTimeout(resolve, 1))
      }
      return { operation, status, statements }
    },
    async stop() {
      await app.stop()
      await withClient(world.connect, (db) =>
        db.query(`alter role portico_app in database ${pg.escapeIdentifier(world.connect.database)} reset all`),
      )
    },
  }
}

function buildUrl(operation: OperationName, input: Record<string, string>): { url: string; portal: boolean } {
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

/** All table scans of a plan. Rows read are those returned, filtered out or removed by recheck, over all loops. */
function collectScans(node: Node): Scan[] {
  const scans: Scan[] = []
  const loops = node['Actual Loops']
  if (node['Relation Name'] && loops > 0 && /Scan$/.test(node['Node Type'])) {
    const bitmap = node['Node Type'] === 'Bitmap Heap Scan' ? bitmapIndexScans(node) : []
    scans.push({
      table: node['Relation Name'],
      node: node['Node Type'],
      index: [node['Index Name'], ...bitmap.map((each) => each['Index Name'])].filter(Boolean).join(' + '),
      condition: [node['Index Cond'], ...bitmap.map((each) => each['Index Cond'])].filter(Boolean).join(' and '),
      rowsRead: Math.round(
        (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)) *
          loops,
      ),
    })
  }
  return [...scans, ...(node.Plans ?? []).flatMap(collectScans)]
}

const bitmapIndexScans = (node: Node): Node[] =>
  (node.Plans ?? []).flatMap((each) => (each['Node Type'] === 'Bitmap Index Scan' ? [each] : bitmapIndexScans(each)))

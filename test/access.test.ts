/**
 * The access matrix: every operation × every kind of caller × {own, colleague's, other customer's, other account's,
 * absent}, over HTTP. Every commit is rolled back, so all requests meet the same records. The result is the table
 * test/access.md, written for product owners; rules that hold for every cell are asserted here.
 */
import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { contracts } from '../src/operations.ts'
import type { Definition } from '../src/platform/operation.ts'
import { bodies } from './access-bodies.fixtures.ts'
import { CANARY } from './canary.ts'
import { viewPath } from '../src/features/portal-views/portal-views.fixtures.ts'
import { buildWorld, RELATIONS, type Caller, type MatrixWorld, type Relation } from './access.fixtures.ts'
import { setVisitors } from './access-links.fixtures.ts'
import { neverCommit } from './rollback.fixtures.ts'
import { fill, forgetLimits, startSeparateServer, send } from './test-server.ts'

const operations = Object.entries(contracts as Record<string, Definition>).sort(
  ([, a], [, b]) => a.path.localeCompare(b.path) || a.method.localeCompare(b.method),
)

interface Cell {
  operation: string
  caller: Caller
  relation: Relation
  status: number
  code: string
  text: string
}

let world: MatrixWorld
const cells: Cell[] = []

beforeAll(async () => {
  // One node: its transactions are rolled back in this process.
  const server = await startSeparateServer(inject('world'), { singleNode: true })
  world = await buildWorld(server)
  const restore = neverCommit(server)
  try {
    for (const [name, definition] of operations) {
      for (const caller of world.callers) {
        if (caller.visitors) await setVisitors(server, caller.visitors)
        for (const relation of relationsOf(definition)) cells.push(await request(name, definition, caller, relation))
        if (caller.visitors) await setVisitors(server, 'classic')
        // Rate limits count outside transactions, so they are reset for each caller.
        await forgetLimits(server)
      }
    }
  } finally {
    restore()
    await server.close()
  }
}, 600_000)

/** Operations that name no record are requested once. */
function relationsOf(definition: Definition): readonly Relation[] {
  return Object.keys(definition.params?.shape ?? {}).length > 0 ||
    Object.keys(definition.body?.shape ?? {}).some((key) => key in world.ids.own)
    ? RELATIONS
    : ['own']
}

async function request(name: string, definition: Definition, caller: Caller, relation: Relation): Promise<Cell> {
  const ids = world.ids[relation]
  const sample = bodies[name as keyof typeof bodies]?.(ids) ?? {}
  const params = Object.fromEntries(
    Object.keys(definition.params?.shape ?? {}).map((key) => [
      key,
      key in sample ? sample[key] : (ids[key as keyof typeof ids] ?? randomUUID()),
    ]),
  )
  const own = Object.fromEntries(
    Object.keys(definition.body?.shape ?? {}).flatMap((key) =>
      key in ids ? [[key, ids[key as keyof typeof ids]]] : [],
    ),
  )
  const surface = definition.path.split('/')[1]
  const input = {
    ...(definition.body || definition.query ? (definition.method === 'GET' ? {} : own) : {}),
    ...sample,
    ...params,
  }
  const { path, query, body } = fill(definition, input, world.slug)
  const reply = await send({
    port: world.port,
    host: surface === 'portal' && !caller.view ? `${world.slug}.localhost:${world.port}` : `localhost:${world.port}`,
    method: definition.method,
    path: (surface === 'portal' && caller.view ? viewPath(caller.view, world.slug, path) : `/api/v1${path}`) + query,
    ...(definition.method !== 'GET' && { body: body ?? {} }),
    ...(definition.upload && { body: uploadBody, headers: multipart }),
    // A copy, because a response that signs out must not affect the next cell.
    cookies: new Map(caller.person.cookies),
  })
  return {
    operation: name,
    caller,
    relation,
    status: reply.status,
    code: (reply.body as { code?: string } | null)?.code ?? '',
    text: reply.text,
  }
}

const multipart = { 'content-type': 'multipart/form-data; boundary=b' }
const uploadBody =
  '--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\ncontent-type: text/plain\r\n\r\nhello\r\n--b--\r\n'

const cellsWhere = (isWrong: (cell: Cell) => boolean) =>
  cells
    .filter(isWrong)
    .map(
      ({ operation, caller, relation, status, code }) =>
        `${operation} × ${caller.name} × ${relation}: ${status} ${code}`,
    )
const definitionOf = ({ operation }: Cell) => (contracts as Record<string, Definition>)[operation]!

describe('access', () => {
  it('A2 every operation with a body has a sample body', () => {
    const without = operations
      .filter(
        ([name, each]) =>
          each.body &&
          each.method !== 'GET' &&
          !(name in bodies) &&
          Object.values(each.body.shape).some((part) => !part.safeParse(undefined).success),
      )
      .map(([name]) => name)
    expect(without).toEqual([])
  })

  it('A2 the access matrix equals the committed table', async () => {
    await expect(table()).toMatchFileSnapshot('access.md')
  })

  it('no request causes a server error', () => {
    expect(cellsWhere(({ status }) => status >= 500)).toEqual([])
  })

  it('PS-08 PS-37 PS-39 without a session, only the operations open to everyone answer', () => {
    expect(
      cellsWhere(
        (cell) =>
          cell.caller.kind === 'anonymous' && !definitionOf(cell).audience.includes('anonymous') && cell.status !== 401,
      ),
    ).toEqual([])
  })

  it('PS-10 PS-37 the wrong kind of caller gets 404 from every operation', () => {
    expect(
      cellsWhere((cell) => {
        const { audience, path } = definitionOf(cell)
        const surface = path.split('/')[1]
        const kinds = {
          staff: surface === 'office' ? 'staff' : surface === 'people' ? 'person' : 'anonymous',
          stranger: surface === 'portal' ? 'anonymous' : 'person',
          portalUser: surface === 'portal' ? 'portalUser' : 'anonymous',
          linkVisitor: surface === 'portal' ? 'linkVisitor' : 'anonymous',
          anonymous: 'anonymous',
        } as const
        const isInView = surface === 'portal' && cell.caller.view !== undefined
        const acts: string = isInView ? 'portalUser' : kinds[cell.caller.kind]
        if (isInView && definitionOf(cell).writes) return false
        if (audience.includes(acts as never) || acts === 'anonymous') return false
        return cell.status !== 404
      }),
    ).toEqual([])
  })

  it('PS-02 PS-03 PS-36 a record of another account is answered exactly like one that does not exist', () => {
    const wrong: string[] = []
    for (const cell of cells.filter((each) => each.relation === 'foreign')) {
      const absent = cells.find(
        (each) => each.operation === cell.operation && each.caller === cell.caller && each.relation === 'absent',
      )!
      const bare = ({ status, text }: Cell) =>
        `${status} ${text.replace(/"requestId":"[^"]*"/, '').replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id')}`
      if (bare(cell) !== bare(absent))
        wrong.push(`${cell.operation} × ${cell.caller.name}: ${bare(cell)} ≠ ${bare(absent)}`)
    }
    expect(wrong).toEqual([])
  })

  it('PS-01 PS-05 A5 no response contains text of another account or another customer', () => {
    expect(
      cells
        .filter(({ text }) => text.includes(CANARY.foreign))
        .map(({ operation, caller, relation }) => `${operation} × ${caller.name} × ${relation}`),
    ).toEqual([])
    expect(
      cells
        .filter(
          ({ text, caller }) =>
            ['portalUser', 'linkVisitor'].includes(caller.kind) && !caller.reachesOther && text.includes(CANARY.other),
        )
        .map(({ operation, caller, relation }) => `${operation} × ${caller.name} × ${relation}`),
    ).toEqual([])
  })

  it('PS-29 PS-32 PS-33 E-52 internal text, hidden answers and password hashes never reach a portal user', () => {
    expect(
      cells
        .filter(
          ({ text, caller }) =>
            caller.kind !== 'staff' && (text.includes(CANARY.internal) || /password_?hash|argon2/i.test(text)),
        )
        .map(({ operation, caller, relation }) => `${operation} × ${caller.name} × ${relation}`),
    ).toEqual([])
  })

  it('RS-17 in a view, writing is refused and reading is answered as to the portal user, except about their sign-in', () => {
    const cellOf = ({ operation, relation }: Cell, caller: string) =>
      cells.find((each) => each.operation === operation && each.relation === relation && each.caller.name === caller)!
    expect(
      cellsWhere((cell) => {
        const { path, writes, isPersonal } = definitionOf(cell)
        if (!cell.caller.view || !path.startsWith('/portal/')) return false
        if (writes) return cell.code !== 'viewAsReadOnly'
        return cell.status !== (isPersonal ? 404 : cellOf(cell, 'portal user').status)
      }),
    ).toEqual([])
  })

  it('A2 the matrix covers at least 24 callers', () => {
    expect(world.callers.length).toBeGreaterThanOrEqual(24)
  })
})

/** One row an operation, one column a caller; a cell holds the answers for own, colleague's, other's, foreign, absent. */
function table(): string {
  const mark = ({ status, code }: Cell) =>
    status < 300
      ? '✓'
      : status === 303 || status === 308
        ? '→'
        : status === 404
          ? '·'
          : status === 401
            ? '–'
            : status === 403
              ? '✗'
              : status === 422 && code === 'input'
                ? '?'
                : String(status)
  const lines = [
    '# Access matrix',
    '',
    'Made by test/access.test.ts from the contracts; a change of this file is a change of who may do what.',
    '',
    "A cell holds five answers: for one's own record, a colleague's, another customer's, another account's, and one that never was (one answer when all are the same, or when the operation names no record).",
    '✓ done · – sign in first · `·` not found · ✗ in view, not allowed · ? input refused · a number: that status.',
    '',
    ...world.callers.map((caller, index) => `${index + 1}. **${caller.name}** — ${caller.what}`),
    '',
    `| operation | ${world.callers.map((_, index) => index + 1).join(' | ')} |`,
    `|---|${world.callers.map(() => '---|').join('')}`,
  ]
  for (const [name, definition] of operations) {
    const row = world.callers.map((caller) => {
      const marks = cells.filter((cell) => cell.operation === name && cell.caller === caller).map(mark)
      return new Set(marks).size === 1 ? marks[0]! : marks.join(' ')
    })
    lines.push(`| ${name}<br>${definition.method} ${definition.path} | ${row.join(' | ')} |`)
  }
  return `${lines.join('\n')}\n`
}

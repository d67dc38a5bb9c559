/** Cursors come from our own lists, and from whoever makes one up. */
import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { contracts } from '../src/operations.ts'
import type { Definition } from '../src/platform/operation.ts'
import { buildWorld, type MatrixWorld } from './access.fixtures.ts'
import { startSeparateServer, type OperationName, type Person, type TestServer } from './test-server.ts'

const lists = Object.entries(contracts as Record<string, Definition>).filter(
  ([, { query }]) => query && 'cursor' in query.shape,
)
const packed = (...parts: string[]) => Buffer.from(parts.join('|')).toString('base64url')

let server: TestServer, world: MatrixWorld
beforeAll(async () => {
  server = await startSeparateServer(inject('world'), { demo: true })
  world = await buildWorld(server)
  return () => server.close()
}, 120_000)

function personFor({ audience }: Definition): Person {
  const name = audience.includes('staff') ? 'owner' : audience.includes('portalUser') ? 'may delete' : 'anonymous'
  return world.callers.find((caller) => caller.name === name)!.person
}

/** Sorts of lists, whose cursors say which sort they are for. */
const SORTS = ['newest', 'oldest', 'scheduled', '-scheduled', 'number', '-number', 'name', '-name', 'jobs', '-jobs']
const MOMENTS = [
  '2026-02-31 10:00:00+00',
  '0000-01-01 00:00:00+00',
  '2026-13-01 00:00:00+00',
  '2026-01-01 25:00:00+00',
  '2026-01-01 10:00:00+99',
  '2026-01-01 10:00:00+15:99',
  `2026-01-01 10:00:00.${'1'.repeat(90)}+00`,
  '99999-01-01 00:00:00+00',
  'now',
  'epoch',
  '',
]

describe('cursors', () => {
  it('every list is tried', () => {
    expect(lists.length).toBeGreaterThanOrEqual(5)
  })

  it.each(lists.map(([name, definition]) => ({ name, definition })))(
    '1.12 $name refuses a cursor that nobody was given, and never fails',
    async ({ name, definition }) => {
      const id = randomUUID()
      const made = [
        ...['', ' ', 'x', '-', '_', 'null', '0', '-1', '1e999', `${'9'.repeat(15)}_${id}`, `${'9'.repeat(400)}`],
        ...[
          '\u0000',
          'a\u0000b',
          '\ufffd',
          'é',
          '%',
          "' or 1=1",
          '[]',
          '{}',
          id.slice(0, -1),
          `${id}0`,
          id.toUpperCase(),
        ],
        ...[`-1_${id}`, `0_${id}\n`, `${id}_0`, Buffer.from([0xff, 0xfe, 0x7c]).toString('base64url')],
        ...SORTS.flatMap((sort) => MOMENTS.map((at) => packed(sort, at, id))),
        ...SORTS.flatMap((sort) => [
          packed(sort, '2026-01-01 10:00:00+00', 'x'),
          packed(sort),
          packed(sort, 'infinity'),
        ]),
      ]
      const wrong: string[] = []
      for (const cursor of made) {
        const reply = await personFor(definition).call(name as OperationName, { cursor })
        if (reply.status !== 422 || !reply.body.fields?.cursor)
          wrong.push(`${JSON.stringify(cursor).slice(0, 60)}: ${reply.status} ${reply.text.slice(0, 80)}`)
      }
      expect(wrong).toEqual([])
    },
    60_000,
  )

  it('1.12 the cursor of another list is refused or starts somewhere, and causes no server error', async () => {
    const own = `${server.clock.now().getTime()}_${randomUUID()}`
    const cursors = [own, randomUUID(), `0_${randomUUID()}`, packed('newest', '2026-01-01 10:00:00.5+00', randomUUID())]
    const statuses: string[] = []
    for (const [name, definition] of lists)
      for (const cursor of cursors) {
        const { status } = await personFor(definition).call(name as OperationName, { cursor })
        if (status !== 200 && status !== 422) statuses.push(`${name} ${cursor}: ${status}`)
      }
    expect(statuses).toEqual([])
  })

  it('1.12 numbers out of range are refused', async () => {
    for (const [name, definition] of lists)
      for (const limit of ['0', '-1', '101', '1.5', '1e3', 'NaN', 'Infinity', '9'.repeat(40), '', ' ', '\u0000'])
        expect([name, limit, (await personFor(definition).call(name as OperationName, { limit })).status]).toEqual([
          name,
          limit,
          422,
        ])
  })
})

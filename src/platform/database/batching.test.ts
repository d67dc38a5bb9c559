import type { Socket } from 'node:net'
import type pg from 'pg'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { senderFor } from './batching.ts'
import { openPool } from './pool.ts'
import { inTransaction } from './transaction.ts'

const { admin } = inject('world')

let pool: pg.Pool
let client: pg.PoolClient

const socketOf = (of: pg.PoolClient) => (of as unknown as { connection: { stream: Socket } }).connection.stream
const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve))

/** Counts the buffers that the socket hands to the operating system. */
function countBuffers(socket: Socket): () => number {
  let buffers = 0
  const { _write: write, _writev: writev } = socket
  socket._write = function (...args) {
    buffers += 1
    return write.apply(this, args)
  }
  socket._writev = function (chunks, done) {
    buffers += chunks.length
    return writev!.call(this, chunks, done)
  }
  return () => buffers
}

function sendNumbers(numbers: readonly number[]) {
  const send = senderFor(pool)
  return numbers.map(async (number) => {
    const { rows } = await send(client, { text: 'select $1::int as number', values: [number] })
    return (rows[0] as { number: number }).number
  })
}

describe.each([true, false])('statements sent in one tick, batchWrites: %s', (batchWrites) => {
  beforeEach(async () => {
    pool = openPool(admin, { max: 1, batchWrites })
    client = await pool.connect()
  })
  afterEach(() => pool.end())

  test('get their own answers, in order, however many there are', async () => {
    expect(await Promise.all(sendNumbers([3, 1, 2]))).toEqual([3, 1, 2])
    expect(await Promise.all(sendNumbers([9]))).toEqual([9])
    client.release()
  })

  test('fail alone: an error reaches the statement that caused it', async () => {
    const send = senderFor(pool)
    const results = await Promise.allSettled([...sendNumbers([1]), send(client, 'select 1 / 0'), ...sendNumbers([2])])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(String((results[1] as PromiseRejectedResult).reason)).toContain('division by zero')
    client.release()
  })

  test('are an outage when the server ended the connection before they were written', async () => {
    client.release()
    // The driver learns of the end only later, so the pool still hands this connection out.
    socketOf(client).push(null)
    await nextTick()
    const work = inTransaction(pool, { settings: null, write: false }, ({ query }) => query('select 1', []))
    await expect(work).rejects.toMatchObject({ code: 'databaseUnavailable' })
  })

  test('leave the socket as it was', async () => {
    const socket = socketOf(client)
    const answers = sendNumbers([1, 2])
    expect(Object.hasOwn(socket, 'write')).toBe(batchWrites)
    await nextTick()
    expect(Object.hasOwn(socket, 'write')).toBe(false)
    await Promise.all(answers)
    client.release()
  })

  test('work in a transaction, which is rolled back as a whole', async () => {
    client.release()
    const result = await inTransaction(pool, { settings: null, write: true }, async ({ query }) => {
      await query('create temporary table batched (number int)', [])
      await Promise.all([1, 2].map((number) => query('insert into batched values ($1)', [number])))
      return query('select sum(number)::int as sum from batched', [])
    })
    expect(result).toEqual([{ sum: 3 }])
    const failing = inTransaction(pool, { settings: null, write: true }, ({ query }) =>
      Promise.all([query('delete from batched', []), query('select 1 / 0', [])]),
    )
    await expect(failing).rejects.toThrow('division by zero')
    expect((await pool.query('select count(*)::int as count from batched')).rows).toEqual([{ count: 2 }])
  })

  test(`leave as ${batchWrites ? 'one buffer' : 'the buffers that the driver makes'}`, async () => {
    const buffers = countBuffers(socketOf(client))
    await Promise.all(sendNumbers([1, 2, 3]))
    if (batchWrites) expect(buffers()).toBe(1)
    else expect(buffers()).toBeGreaterThan(3)
    client.release()
  })
})

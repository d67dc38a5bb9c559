/**
 * Statements that are sent in the same tick leave as one write to the socket, so that the server wakes up once for all
 * of them. The driver writes five small messages per statement. Gathered by its own cork() they become one writev of
 * twenty parts, which takes six times as long as one write of the same bytes: 30 µs against 5 µs.
 *
 * This replaces the socket's `write` for the rest of the tick. BATCH_DATABASE_WRITES=off turns it off.
 */
import type pg from 'pg'

export type Query = { name?: string; text: string; values?: unknown[] } | string

/** Sends one statement on a client. */
export type SendQuery = (client: pg.ClientBase, query: Query) => Promise<pg.QueryResult>

/** What is used of the driver's socket, which is a TLS socket once TLS is agreed. */
interface Socket {
  readonly bytesRead: number
  write(bytes: Uint8Array): boolean
  destroy(error?: Error): void
}

export const socketOf = (client: pg.ClientBase): Socket =>
  (client as unknown as { connection: { stream: Socket } }).connection.stream

/** The messages that wait for the end of the tick, by socket. */
const pendingBatches = new WeakMap<Socket, Uint8Array[]>()

const unbatchedPools = new WeakSet<pg.Pool>()

/** From now on the statements of this pool are written to the socket one by one, as the driver does it. */
export function disableBatching(pool: pg.Pool): void {
  unbatchedPools.add(pool)
}

/** How the statements of this pool are sent. */
export const senderFor = (pool: pg.Pool): SendQuery => (unbatchedPools.has(pool) ? sendDirectly : sendInBatch)

const sendDirectly: SendQuery = (client, query) =>
  // The driver's types offer no overload that takes both.
  typeof query === 'string' ? client.query(query) : client.query(query)

const sendInBatch: SendQuery = (client, query) => {
  const socket = socketOf(client)
  if (!pendingBatches.has(socket)) startBatch(socket)
  return sendDirectly(client, query)
}

function startBatch(socket: Socket): void {
  const parts: Uint8Array[] = []
  pendingBatches.set(socket, parts)
  socket.write = (bytes) => parts.push(bytes) > 0
  process.nextTick(() => {
    pendingBatches.delete(socket)
    // Removes our own property, which brings back the write of the socket's class.
    delete (socket as Partial<Socket>).write
    socket.write(parts.length === 1 ? parts[0]! : Buffer.concat(parts))
  })
}

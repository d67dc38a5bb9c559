/**
 * npm run bench -- --overload: more requests arrive than can be served. They arrive on a clock, whether or not earlier ones
 * were answered, as those of many independent people do; each latency counts from the moment its request was due.
 */
import { connect, type Socket } from 'node:net'
import type { Request } from 'autocannon'
import { percentile, sendLoad, type MeasuredServer } from './load.ts'
import type { OperationName, OperationRequests } from './requests.ts'

const CAPACITY_CONNECTIONS = 16
const MAX_SOCKETS = 2_000
const GIVE_UP_MS = 30_000
/** Of the requests: 80 % reads, 15 % writes, 5 % searches. */
const SHARES = { list: 50, open: 30, create: 15, search: 5 } satisfies Partial<Record<OperationName, number>>

export interface OverloadResult {
  /** Requests a second with 16 connections that wait for their answers. */
  capacity: number
  factor: number
  arrivals: number
  accepted: Latencies
  refused: Latencies
  /** Answers other than 2xx and 503, and connections that broke. */
  failed: number
  /** Accepted requests a second until the last answer, as a share of the capacity. */
  goodput: number
  /** The greatest delay of the driver itself, ms: figures below it mean nothing. */
  driverLag: number
}

interface Latencies {
  count: number
  p50: number
  p99: number
}

interface Answer {
  status: number
  ms: number
}

export async function measureOverload(
  server: MeasuredServer,
  operations: Record<OperationName, OperationRequests>,
  { factor, seconds }: { factor: number; seconds: number },
): Promise<OverloadResult> {
  const mix = mixRequests(operations)
  await sendLoad(server, mix, { connections: CAPACITY_CONNECTIONS, seconds: 3 })
  const { done, seconds: took } = await sendLoad(server, mix, { connections: CAPACITY_CONNECTIONS, seconds })
  const capacity = done / took
  const startedAt = performance.now()
  const { answers, driverLag } = await sendOnSchedule(server.port, mix.map(encode), capacity * factor, seconds)
  const withStatus = (matches: (status: number) => boolean) => answers.filter(({ status }) => matches(status))
  const accepted = withStatus((status) => status >= 200 && status < 300)
  const refused = withStatus((status) => status === 503)
  return {
    capacity,
    factor,
    arrivals: answers.length,
    accepted: summarizeLatencies(accepted),
    refused: summarizeLatencies(refused),
    failed: answers.length - accepted.length - refused.length,
    goodput: (accepted.length * 1000) / (performance.now() - startedAt) / capacity,
    driverLag,
  }
}

export const formatOverload = ({ capacity, factor, accepted, refused, failed, goodput, driverLag }: OverloadResult) =>
  `capacity ${Math.round(capacity)}/s; at ${factor} × ${accepted.count} accepted (${Math.round(goodput * 100)} % of capacity, ` +
  `p50 ${Math.round(accepted.p50)} ms, p99 ${Math.round(accepted.p99)} ms), ${refused.count} refused ` +
  `(p50 ${Math.round(refused.p50)} ms, p99 ${Math.round(refused.p99)} ms), ${failed} failed; driver lag ${Math.round(driverLag)} ms`

function mixRequests(operations: Record<OperationName, OperationRequests>): Request[] {
  const requests: Request[] = []
  for (let index = 0; index < 40; index++) {
    for (const [name, share] of Object.entries(SHARES)) {
      const { ours } = operations[name as OperationName]
      for (let count = 0; count < share / 5; count++) requests.push(ours[(index * 7 + count) % ours.length]!)
    }
  }
  return requests
}

function encode({ method, path, headers = {}, body }: Request): string {
  // The load of `sendLoad` has added the length of the body to some headers.
  const all = { ...headers, ...(body && { 'Content-Length': Buffer.byteLength(body) }) }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${String(value)}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body?.toString() ?? ''}`
}

function summarizeLatencies(answers: readonly Answer[]): Latencies {
  const sorted = answers.map(({ ms }) => ms).sort((a, b) => a - b)
  return { count: sorted.length, p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) }
}

async function sendOnSchedule(port: number, requests: readonly string[], perSecond: number, seconds: number) {
  const lines = new Lines(port)
  const pending: Promise<Answer>[] = []
  const total = Math.floor(perSecond * seconds)
  const startedAt = performance.now()
  let driverLag = 0
  while (pending.length < total) {
    const elapsed = performance.now() - startedAt
    const due = Math.min(total, Math.floor((elapsed / 1000) * perSecond))
    for (let number = pending.length; number < due; number++) {
      const dueAt = startedAt + (number / perSecond) * 1000
      driverLag = Math.max(driverLag, performance.now() - dueAt)
      pending.push(lines.send(requests[number % requests.length]!, dueAt))
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const answers = await Promise.all(pending)
  lines.close()
  return { answers, driverLag }
}

/** Connections that each carry one request at a time; new ones are opened while all are in use. */
class Lines {
  readonly #port: number
  readonly #idle: Socket[] = []
  readonly #all = new Set<Socket>()

  constructor(port: number) {
    this.#port = port
  }

  send(request: string, dueAt: number): Promise<Answer> {
    const socket = this.#takeIdle() ?? this.#open()
    if (!socket) return Promise.resolve({ status: 0, ms: 0 })
    return new Promise((resolve) => {
      let received = ''
      const finish = (status: number) => {
        socket.removeAllListeners('data').removeAllListeners('close').removeAllListeners('timeout')
        resolve({ status, ms: performance.now() - dueAt })
      }
      socket.on('data', (part: string) => {
        received += part
        const status = statusOfWhole(received)
        if (status === undefined) return
        finish(status)
        if (/^connection: close/im.test(received)) this.#drop(socket)
        else this.#idle.push(socket)
      })
      const fail = () => {
        this.#drop(socket)
        finish(0)
      }
      socket.once('close', fail)
      socket.setTimeout(GIVE_UP_MS, fail)
      socket.write(request)
    })
  }

  /** The server may have closed a connection in the meantime. */
  #takeIdle(): Socket | undefined {
    let socket = this.#idle.pop()
    while (socket && !socket.writable) {
      this.#drop(socket)
      socket = this.#idle.pop()
    }
    return socket
  }

  close(): void {
    for (const socket of this.#all) socket.destroy()
  }

  #open(): Socket | undefined {
    if (this.#all.size >= MAX_SOCKETS) return undefined
    const socket = connect(this.#port, '127.0.0.1').setNoDelay(true).setEncoding('latin1')
    socket.on('error', () => {})
    this.#all.add(socket)
    return socket
  }

  #drop(socket: Socket): void {
    this.#all.delete(socket)
    socket.destroy()
  }
}

/** The status once the whole answer, head and body, is here. */
function statusOfWhole(received: string): number | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(received)?.[1] ?? 0)
  return received.length >= end + 4 + length ? Number(received.slice(9, 12)) : undefined
}

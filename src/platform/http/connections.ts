/** The server's open connections, so that a stop waits for requests but never for a client that keeps a connection open. */
import http, { type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyServerFactory } from 'fastify'
import { cutSlowBodies, HEADERS_TIMEOUT_MS } from './slow-requests.ts'

/** After a stop, a connection that never carried a request is given this long: its first one may be on the way. */
const FIRST_REQUEST_MS = 500

export interface Connections {
  /** Creates Fastify's server; the other sockets of listen.ts give their connections to it. */
  serverFactory: FastifyServerFactory
  /**
   * Stops listening, closes idle connections, lets running requests finish and cuts what still runs after `timeout`
   * milliseconds. Answers how many requests were cut.
   */
  finish(timeout: number): Promise<number>
}

interface State {
  servers: Set<Server>
  /** Each connection with its running requests. */
  open: Map<Socket, Set<ServerResponse>>
  stopping: boolean
  onAllClosed: () => void
}

/** @param refuse Answers a request that is not let in, before Fastify sees it. */
export function createConnections(
  refuse: (request: IncomingMessage, response: ServerResponse) => boolean,
): Connections {
  const state: State = { servers: new Set(), open: new Map(), stopping: false, onAllClosed: () => {} }
  return {
    serverFactory(handler, options) {
      const { keepAliveTimeout, connectionTimeout } = options as Record<string, number>
      // Node's own limit for a whole request would cut a large upload over a slow connection.
      const timeouts = { requestTimeout: 0, headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: 5_000 }
      const server = http.createServer({ keepAliveTimeout, ...timeouts }, (request, response) => {
        if (!refuse(request, response)) handler(request, response)
      })
      cutSlowBodies(server)
      server.setTimeout(connectionTimeout)
      server.on('connection', (socket) => track(state, socket))
      // Before Fastify's own listener, which may answer at once.
      server.prependListener('request', (_request, response) => begin(state, response))
      state.servers.add(server)
      return server
    },
    finish: (timeout) => finish(state, timeout),
  }
}

function track(state: State, socket: Socket): void {
  state.open.set(socket, new Set())
  socket.once('close', () => {
    state.open.delete(socket)
    if (state.open.size === 0) state.onAllClosed()
  })
  if (state.stopping) closeUnlessBusy(state, socket)
}

function begin(state: State, response: ServerResponse): void {
  const { socket } = response.req
  const responses = state.open.get(socket)
  if (!responses) return
  responses.add(response)
  response.once('close', () => {
    responses.delete(response)
    if (state.stopping && responses.size === 0) socket.destroySoon()
  })
  if (state.stopping) announceClose(response)
}

async function finish(state: State, timeout: number): Promise<number> {
  state.stopping = true
  // Node closes connections between two requests; those without a first request it leaves open for a minute.
  for (const server of state.servers) server.close()
  for (const [socket, responses] of state.open) {
    for (const response of responses) announceClose(response)
    closeUnlessBusy(state, socket)
  }
  if (state.open.size === 0) return 0
  let cut = 0
  const timer = setTimeout(() => {
    for (const [socket, responses] of state.open) {
      cut += responses.size
      socket.destroy()
    }
  }, timeout)
  await new Promise<void>((resolve) => (state.onAllClosed = resolve))
  clearTimeout(timer)
  return cut
}

function closeUnlessBusy(state: State, socket: Socket): void {
  setTimeout(() => {
    if (state.open.get(socket)?.size === 0) socket.destroySoon()
  }, FIRST_REQUEST_MS)
}

/** `Connection: close`, so that the client does not send its next request here. */
function announceClose(response: ServerResponse): void {
  if (!response.headersSent) response.shouldKeepAlive = false
}

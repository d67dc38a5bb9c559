/**
 * Requests that arrive drop by drop hold a connection and memory. Headers have a minute in all. A body has as long as it takes
 * as long as it moves: a photo over a poor mobile connection is fine, a byte every few seconds is not.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'

export const HEADERS_TIMEOUT_MS = 60_000
/** Each minute of a body must bring this many bytes: 1 kB a second. A mobile connection at its edge has ten times that. */
const WINDOW_MS = 60_000
const LEAST_BYTES = 60_000
const LOOK_EVERY_MS = 5_000

interface Window {
  start: number
  bytes: number
}

/** Cuts slow bodies with 408, until the server closes. `now` are milliseconds that only move forward. */
export function cutSlowBodies(server: Server, now: () => number = () => performance.now()): { look(): void } {
  const arriving = new Map<IncomingMessage, { response: ServerResponse; window: Window }>()
  const hasBody = ({ headers }: IncomingMessage) =>
    headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (!hasBody(request)) return
    arriving.set(request, { response, window: { start: now(), bytes: request.socket.bytesRead } })
    const forget = () => arriving.delete(request)
    request.once('end', forget)
    request.once('close', forget)
  })
  function look(): void {
    for (const [request, entry] of arriving) {
      if (request.complete) arriving.delete(request)
      const { start, bytes } = entry.window
      const { bytesRead } = request.socket
      if (request.complete || now() - start < WINDOW_MS) continue
      if (bytesRead - bytes >= LEAST_BYTES) entry.window = { start: now(), bytes: bytesRead }
      else cut(request, entry.response)
    }
  }
  const timer = setInterval(look, LOOK_EVERY_MS).unref()
  server.once('close', () => clearInterval(timer))
  return { look }
}

function cut(request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request
  if (!response.headersSent)
    socket.write('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  socket.destroySoon()
}

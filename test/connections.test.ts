/** A stop waits for requests, never for clients that keep connections open. */
import net from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, inject, it } from 'vitest'
import { startSeparateServer, type TestServer } from './test-server.ts'

const BODY = JSON.stringify({ email: 'nobody@elsewhere.example', password: 'a password of nobody' })

describe('a stop', () => {
  it('closes idle, silent and half-spoken connections, and finishes the request that is running', async () => {
    const server = await startSeparateServer(inject('world'), { env: { STOP_TIMEOUT: '600' } })
    const idle = await connect(server)
    idle.write(`GET /api/v1/health HTTP/1.1\r\nhost: localhost:${server.port}\r\n\r\n`)
    await firstBytes(idle)
    const silent = await connect(server)
    const halfSpoken = await connect(server)
    halfSpoken.write('GET /api/v1/health HTTP/1.1\r\nhost: loc')
    const running = await connect(server)
    running.write(signInHead(server))
    running.write(BODY.slice(0, 20))
    await requestsInProgress(server, 1)

    const answer = text(running)
    const ended = Promise.all([idle, silent, halfSpoken].map((socket) => closed(socket)))
    const stopped = server.close()
    // All others are closed while this request still runs.
    await ended
    running.write(BODY.slice(20))
    expect(await answer).toMatch(/^HTTP\/1\.1 401 [^]*\r\nconnection: close\r\n/i)
    await stopped
  })

  it('cuts a request that does not finish within STOP_TIMEOUT, and says so in the log', async () => {
    const server = await startSeparateServer(inject('world'), { env: { STOP_TIMEOUT: '1' } })
    const endless = await connect(server)
    endless.write(signInHead(server))
    await requestsInProgress(server, 1)
    const ended = closed(endless)
    await server.close()
    await ended
    expect(server.log.join('')).toContain('Requests were cut because they did not finish before the stop timeout')
  })
})

const signInHead = ({ port }: TestServer) =>
  `POST /api/v1/people/sign-in HTTP/1.1\r\nhost: localhost:${port}\r\n` +
  `content-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n`

function connect({ port }: TestServer): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => resolve(socket))
    socket.once('error', reject)
  })
}

const firstBytes = (socket: net.Socket) => new Promise((resolve) => socket.once('data', resolve))

function closed(socket: net.Socket): Promise<void> {
  socket.on('error', () => {}).resume()
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

/** Waits until the server has taken in the heads of this many requests. */
async function requestsInProgress({ app }: TestServer, count: number): Promise<void> {
  let seen = 0
  await new Promise<void>((resolve) => {
    const look = () => {
      seen++
      if (seen === count) resolve()
    }
    app.http.server.on('request', look)
  })
}

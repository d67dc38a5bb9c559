/** A TCP proxy before the database that can fall silent, as a network does: connections stay open and carry nothing. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { Connect } from '../src/platform/database/connect.ts'

export interface SilentProxy {
  host: string
  port: number
  /** Connections accepted so far. */
  accepted: number
  /** From now on nothing passes, on old connections and on new ones, which are still accepted. */
  silence(): void
  /** Only the connections that exist now are silent, for good; `server` says whether they end at the database. */
  loseConnections(server: 'ends' | 'stays'): void
  /** New connections work again. Silent ones stay silent. */
  restore(): void
  close(): Promise<void>
}

interface Pair {
  client: Socket
  server: Socket
}

export async function startSilentProxy(target: Connect): Promise<SilentProxy> {
  const pairs = new Set<Pair>()
  const sockets = new Set<Socket>()
  let isSilent = false
  const listener = createServer((client) => {
    proxy.accepted++
    track(client)
    if (isSilent) return
    const isSocketFolder = target.host.startsWith('/')
    const server = track(
      isSocketFolder ? connect(`${target.host}/.s.PGSQL.${target.port}`) : connect(target.port, target.host),
    )
    client.pipe(server)
    server.pipe(client)
    const pair = { client, server }
    pairs.add(pair)
    client.on('close', () => (pairs.delete(pair), server.destroy()))
    server.on('close', () => (pairs.delete(pair), client.destroy()))
  })
  const track = (socket: Socket): Socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    return socket
  }
  const silencePair = ({ client, server }: Pair) => {
    client.unpipe(server)
    server.unpipe(client)
    // Whatever arrives is acknowledged and dropped.
    client.resume()
    server.resume()
    server.removeAllListeners('close')
  }
  const proxy: SilentProxy = {
    host: '127.0.0.1',
    port: 0,
    accepted: 0,
    silence() {
      isSilent = true
      for (const pair of pairs) silencePair(pair)
      pairs.clear()
    },
    loseConnections(server) {
      for (const pair of pairs) {
        silencePair(pair)
        if (server === 'ends') pair.server.destroy()
      }
      pairs.clear()
    },
    restore() {
      isSilent = false
    },
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => listener.close(() => resolve()))
    },
  }
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  proxy.port = (listener.address() as AddressInfo).port
  return proxy
}

/** Opens the port, or says in one sentence which setting stands in the way. */
import net from 'node:net'
import type { FastifyInstance } from 'fastify'

export interface Listener {
  /** @param host null: every address, of IPv4 and, where the machine has it, of IPv6. `localhost` is 127.0.0.1 and ::1. */
  listen(port: number, host: string | null): Promise<void>
}

/**
 * Connections that the system keeps until they are accepted. With Node's 511 a burst of new ones is dropped, and their clients
 * try again only after 1, 3 and 7 seconds instead of being refused at once.
 */
const BACKLOG = 4096
/** Only Linux deals connections out to the sockets of one port. */
const SHARES_PORTS = process.platform === 'linux'

/**
 * Node accepts one connection of a listening socket in each turn of its event loop. Under load a turn takes 20 ms and more, so
 * that new connections would wait for seconds before anything could refuse them. Each socket adds one connection to a turn.
 */
const SOCKETS = 32

/** Call it before the first `listen`: it closes what it opens when the server closes. */
export function createListener(app: FastifyInstance): Listener {
  const others: net.Server[] = []
  app.addHook('preClose', async () => others.forEach((server) => void server.close()))

  async function listen(port: number, host: string | null): Promise<void> {
    const first = host === 'localhost' ? '127.0.0.1' : (host ?? '::')
    try {
      if (port) await checkThatFree(port, first)
      const options: net.ListenOptions = { port, host: first, backlog: BACKLOG, reusePort: SHARES_PORTS }
      await app.listen(options)
    } catch (error) {
      if (host === null && hasNoIpv6(error)) return listen(port, '0.0.0.0')
      throw explained(error as NodeJS.ErrnoException, port, host)
    }
    const { port: opened } = app.server.address() as net.AddressInfo
    if (SHARES_PORTS) for (let count = 1; count < SOCKETS; count++) others.push(await open(opened, first))
    if (host === 'localhost') await listenOnIpv6(opened)
  }

  /** The same server on ::1, where the machine has it. */
  async function listenOnIpv6(port: number): Promise<void> {
    try {
      others.push(await open(port, '::1', false))
    } catch (error) {
      if (!hasNoIpv6(error)) throw explained(error as NodeJS.ErrnoException, port, '::1')
    }
  }

  const open = (port: number, host: string, reusePort = true) =>
    bind(
      net.createServer({ noDelay: true }, (socket) => void app.server.emit('connection', socket)),
      { port, host, reusePort },
    )
  return { listen }
}

/** Sockets that share a port do not notice another program that has it: one that does not share notices. */
async function checkThatFree(port: number, host: string): Promise<void> {
  const server = await bind(net.createServer(), { port, host })
  await new Promise((resolve) => server.close(resolve))
}

function bind(server: net.Server, options: net.ListenOptions): Promise<net.Server> {
  return new Promise((resolve, reject) =>
    server.once('error', reject).listen({ ...options, backlog: BACKLOG }, () => resolve(server)),
  )
}

const hasNoIpv6 = (error: unknown): boolean =>
  ['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes((error as NodeJS.ErrnoException).code ?? '')

function explained(error: NodeJS.ErrnoException, port: number, host: string | null): Error {
  const sentence = explainFailure(error, port, host)
  return sentence ? new Error(sentence, { cause: error }) : error
}

function explainFailure({ code }: NodeJS.ErrnoException, port: number, host: string | null): string | undefined {
  if (code === 'EADDRINUSE')
    return `Port ${port} is already in use: stop the program that uses it, or set PORT to another number`
  if (code === 'EACCES') return `Port ${port} may not be opened by this user: set PORT to a number from 1024 on`
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `HOST is ${host}, which is no address of this machine: correct it, or leave HOST out`
  return undefined
}

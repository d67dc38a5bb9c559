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

/** Call it before the first `listen`: it closes what it opens when the server closes. */
export function createListener(app: FastifyInstance): Listener {
  let second: net.Server | undefined
  app.addHook('preClose', async () => void second?.close())

  async function listen(port: number, host: string | null): Promise<void> {
    try {
      await app.listen({ port, host: host === 'localhost' ? '127.0.0.1' : (host ?? '::'), backlog: BACKLOG })
    } catch (error) {
      if (host === null && hasNoIpv6(error)) return listen(port, '0.0.0.0')
      throw explained(error as NodeJS.ErrnoException, port, host)
    }
    if (host === 'localhost') second = await listenToo(app, '::1')
  }
  return { listen }
}

/** A second address of the same server, on the same port; undefined where the machine has none such. */
async function listenToo(app: FastifyInstance, host: string): Promise<net.Server | undefined> {
  const { port } = app.server.address() as net.AddressInfo
  const second = net.createServer((socket) => void app.server.emit('connection', socket))
  try {
    await new Promise<void>((resolve, reject) =>
      second.once('error', reject).listen({ port, host, backlog: BACKLOG }, resolve),
    )
    return second
  } catch (error) {
    if (hasNoIpv6(error)) return undefined
    throw explained(error as NodeJS.ErrnoException, port, host)
  }
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

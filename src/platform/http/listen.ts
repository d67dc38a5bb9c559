/** Opens the port, or says in one sentence which setting stands in the way. */
import type { FastifyInstance } from 'fastify'

/** @param host null: every address, of IPv4 and, where the machine has it, of IPv6. `localhost` is 127.0.0.1 and ::1. */
export async function listen(app: FastifyInstance, port: number, host: string | null): Promise<void> {
  try {
    await app.listen({ port, host: host ?? '::' })
  } catch (error) {
    if (host === null && (error as NodeJS.ErrnoException).code === 'EAFNOSUPPORT') return listen(app, port, '0.0.0.0')
    const explained = explainFailure(error as NodeJS.ErrnoException, port, host)
    throw explained ? new Error(explained, { cause: error }) : error
  }
}

function explainFailure({ code }: NodeJS.ErrnoException, port: number, host: string | null): string | undefined {
  if (code === 'EADDRINUSE')
    return `Port ${port} is already in use: stop the program that uses it, or set PORT to another number`
  if (code === 'EACCES') return `Port ${port} may not be opened by this user: set PORT to a number from 1024 on`
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `HOST is ${host}, which is no address of this machine: correct it, or leave HOST out`
  return undefined
}

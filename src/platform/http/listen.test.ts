/** Connections that arrive while the process is at work. */
import { spawnSync } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { createListener } from './listen.ts'

const app = Fastify()
afterEach(() => app.close())

const CONNECTIONS = 128
/** Opens connections to the port it is given, and ends when all are open. */
const CLIENT = `
  let open = 0
  for (let count = 0; count < ${CONNECTIONS}; count++)
    require('node:net').connect(process.argv[1], '127.0.0.1', () => ++open === ${CONNECTIONS} && process.exit())`

describe('a port', () => {
  it.runIf(process.platform === 'linux')('takes many waiting connections in one turn of the event loop', async () => {
    await createListener(app).listen(0, '127.0.0.1')
    const { port } = app.server.address() as AddressInfo
    let accepted = 0
    app.server.on('connection', () => accepted++)
    // Nothing is accepted meanwhile: the system keeps the connections.
    spawnSync(process.execPath, ['-e', CLIENT, String(port)])
    let turns = 0
    while (accepted < CONNECTIONS && turns < 1_000) {
      await new Promise((resolve) => setImmediate(resolve))
      turns++
    }
    // One socket would need 128 turns. The connections are dealt out by chance, so that some sockets get more than others.
    expect(accepted).toBe(CONNECTIONS)
    expect(turns).toBeLessThan(CONNECTIONS / 4)
  })
})

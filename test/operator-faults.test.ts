/** Faults that an operator must mend are told apart from a database that is away: in the answer, in the log and at /ready. */
import { once } from 'node:events'
import net from 'node:net'
import http from 'node:http'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { clientConfig } from '../src/platform/database/connect.ts'
import { asRole } from '../src/platform/database/roles.ts'
import { cutSlowBodies, HEADERS_TIMEOUT_MS } from '../src/platform/http/slow-requests.ts'
import { startSeparateServer, type Business, type TestServer } from './test-server.ts'

let server: TestServer, shop: Business
beforeAll(async () => {
  server = await startSeparateServer(inject('world'))
  shop = await server.business()
  server.app.deliverer.start()
})
afterAll(() => server?.close())

type Body = { code?: string; faults?: string[]; mail?: string }
const ready = () => server.anyone().request('GET', '/api/v1/ready')
const codeOf = ({ body }: { body: unknown }) => (body as Body).code
const errors = (text: string) => server.log.filter((line) => line.includes('"level":"error"') && line.includes(text))

/** Makes every write fail as the database does it with this SQLSTATE. */
async function breakWrites(sqlstate: string): Promise<() => Promise<void>> {
  const { admin, passwords } = inject('world')
  const run = async (sql: string) => {
    const client = new pg.Client(
      clientConfig(asRole({ ...admin, database: server.database }, 'portico_owner', passwords)),
    )
    await client.connect()
    await client.query(sql)
    await client.end()
  }
  await run(`create function fail_write() returns trigger language plpgsql as $$
    begin raise exception 'no' using errcode = '${sqlstate}'; end $$;
    create trigger fail_write before insert or update on customers execute function fail_write()`)
  return () => run('drop function fail_write cascade')
}

describe('a fault of the database', () => {
  it.each([
    ['53100', 'databaseFull', 'The disk of the database is full'],
    ['25006', 'databaseReadOnly', 'The database is read-only'],
    ['53300', 'databaseConnections', 'The database takes no more connections'],
  ])(
    'with SQLSTATE %s is called %s, logged once a minute, and makes /ready fail until it is over',
    async (state, code, said) => {
      expect((await ready()).status).toBe(200)
      const mend = await breakWrites(state)
      for (let times = 0; times < 3; times++) {
        const reply = await shop.owner.call('createCustomer', { name: 'Ana Ruiz' } as never)
        expect([reply.status, codeOf(reply)]).toEqual([503, code])
      }
      expect(errors(said)).toHaveLength(1)
      const unready = await ready()
      expect([unready.status, codeOf(unready)]).toEqual([503, code])
      server.clock.advance(60_000)
      await shop.owner.call('createCustomer', { name: 'Ana Ruiz' } as never)
      expect(errors(said)).toHaveLength(2)
      await mend()
      server.clock.advance(60_000)
      expect((await ready()).status).toBe(200)
    },
  )
})

describe('/ready', () => {
  it('says whether mail is sent', async () => {
    expect((await ready()).body).toEqual({ status: 'ready', mail: 'on', faults: [] })
    const mute = await startSeparateServer(inject('world'), { env: { SMTP_URL: '' } })
    mute.app.deliverer.start()
    expect((await mute.anyone().request('GET', '/api/v1/ready')).body).toEqual({
      status: 'ready',
      mail: 'off',
      faults: [],
    })
    await mute.close()
  })
})

describe('a request that trickles', () => {
  it('is cut when a minute brought less than 60 kB of its body, and goes on as long as it moves', async () => {
    let now = 0
    const slow = http.createServer((request, response) => void request.resume().on('end', () => response.end('whole')))
    const { look } = cutSlowBodies(slow, () => now)
    slow.listen(0, '127.0.0.1')
    await once(slow, 'listening')
    const { port } = slow.address() as net.AddressInfo
    const open = async () => {
      const socket = net.connect(port, '127.0.0.1')
      let text = ''
      socket.on('data', (part: Buffer) => (text += part.toString())).on('error', () => {})
      const closed = once(socket, 'close')
      const arrived = once(slow, 'request')
      socket.write('POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 200000\r\n\r\n')
      const [request] = (await arrived) as [http.IncomingMessage]
      const send = async (bytes: number) => {
        const before = request.socket.bytesRead
        socket.write('x'.repeat(bytes))
        while (request.socket.bytesRead < before + bytes) await new Promise((go) => setImmediate(go))
      }
      return { send, closed, text: () => text }
    }
    const moving = await open()
    const trickling = await open()
    for (let minute = 1; minute <= 2; minute++) {
      await moving.send(70_000)
      if (minute === 1) await trickling.send(10)
      now = minute * 60_000
      look()
    }
    await trickling.closed
    expect(trickling.text()).toMatch(/^HTTP\/1\.1 408 /)
    await moving.send(60_000)
    await moving.closed
    expect(moving.text()).toMatch(/^HTTP\/1\.1 200 [^]*whole/)
    slow.close()
  })

  it('has a minute for its headers, and no limit for the whole of a large upload', () => {
    const { headersTimeout, requestTimeout } = server.app.http.server
    expect([headersTimeout, requestTimeout, HEADERS_TIMEOUT_MS]).toEqual([60_000, 0, 60_000])
  })
})

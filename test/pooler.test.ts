/** Behind PgBouncer in transaction mode, where each transaction may run in another session of the server. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import type { Connect } from '../src/platform/database/connect.ts'
import { migrate, MIGRATION_LOCK, withClient } from '../src/platform/database/migrate.ts'
import { asRole } from '../src/platform/database/roles.ts'
import { superuserOf, TEST_SECRET, withAdmin } from './database.ts'
import { startSilentProxy, type SilentProxy } from './silent-proxy.ts'
import { startSeparateServer } from './test-server.ts'

const folder = join(import.meta.dirname, '../db/migrations')
const poolerPort = Number(process.env.TEST_POOLER_PORT)
const { admin, passwords } = inject('world')

/** An empty database: `direct`, and `connect` through the pooler where there is one. */
async function withDatabase(work: (database: { direct: Connect; connect: Connect }) => Promise<void>): Promise<void> {
  const direct = { ...admin, database: `portico_pooled_${randomBytes(4).toString('hex')}` }
  await withAdmin(admin, (client) => client.query(`create database ${direct.database}`))
  try {
    await work({ direct, connect: poolerPort ? { ...direct, host: '127.0.0.1', port: poolerPort } : direct })
  } finally {
    await withAdmin(superuserOf(admin), (client) =>
      client.query(`drop database if exists ${direct.database} with (force)`),
    )
  }
}

const heldLocks = (database: Connect): Promise<number> =>
  withClient(database, async (client) => {
    const { rowCount } = await client.query(
      "select from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
    )
    return rowCount!
  })

describe('migrations of several processes', () => {
  it('run once each, whoever runs them, and leave no lock behind', async () => {
    await withDatabase(async ({ direct, connect }) => {
      const runs = await Promise.all([1, 2, 3].map(() => migrate({ admin: connect, passwords, folder })))
      const applied = await withClient(asRole(direct, 'portico_owner', passwords), async (client) => {
        const { rows } = await client.query<{ name: string }>('select name from schema_migrations order by name')
        return rows.map(({ name }) => name)
      })
      expect(applied.length).toBeGreaterThan(6)
      expect(runs.flat().sort()).toEqual(applied)
      expect(await heldLocks(direct)).toBe(0)
    })
  })

  it('end with an explanation when a lock is never released', async () => {
    await withDatabase(async ({ direct, connect }) => {
      await migrate({ admin: connect, passwords, folder })
      await withClient(direct, async (holder) => {
        const { rows } = await holder.query<{ pid: number }>(
          `select pg_backend_pid() as pid from pg_advisory_lock(${MIGRATION_LOCK})`,
        )
        const lines: string[] = []
        const options = {
          admin: connect,
          passwords,
          folder,
          lockWaitMs: 100,
          log: (line: string) => void lines.push(line),
        }
        const refusal = await migrate(options).catch((error: Error) => error.message)
        expect(refusal).toContain(`(database session ${rows[0]!.pid})`)
        expect(refusal).toContain(`pg_terminate_backend(${rows[0]!.pid})`)
        expect(lines).toEqual(['Another process is upgrading this database. Waiting for it'])
      })
      expect(await migrate({ admin: connect, passwords, folder })).toEqual([])
    })
  })
})

describe('DATABASE_DIRECT_URL', () => {
  it('is what migrations connect to, past the pooler of DATABASE_URL', async () => {
    await withDatabase(async ({ direct }) => {
      const [forRequests, forMigrations] = [await startSilentProxy(direct), await startSilentProxy(direct)]
      const { user, password = '', database } = direct
      const address = ({ port }: SilentProxy) => `postgres://${user}:${password}@127.0.0.1:${port}/${database}`
      const child = spawn(process.execPath, ['src/main.ts', 'migrate'], {
        cwd: join(folder, '../..'),
        stdio: ['ignore', 'pipe', 'inherit'],
        env: {
          PATH: process.env.PATH,
          PORTICO_SECRET: TEST_SECRET,
          PORTICO_DATA: join(inject('world').folder, database),
          DATABASE_URL: address(forRequests),
          DATABASE_DIRECT_URL: address(forMigrations),
        },
      })
      child.stdout.resume()
      expect(await once(child, 'exit')).toEqual([0, null])
      // One connection checks the address.
      expect(forRequests.accepted).toBe(1)
      expect(forMigrations.accepted).toBeGreaterThan(2)
      await Promise.all([forRequests.close(), forMigrations.close()])
    })
  })
})

describe.skipIf(!poolerPort)('a server behind a pooler that keeps no prepared statements', () => {
  it('answers every request, is ready, and says that statements go without names', async () => {
    const server = await startSeparateServer(inject('world'), { singleNode: true })
    try {
      const shop = await server.business()
      const user = await shop.portalUser({ customers: [await shop.customer()] })
      const calls = Array.from({ length: 60 }, (_, index) =>
        index % 2 ? user.call('listPortalJobs', {}) : shop.owner.call('listJobs', {}),
      )
      expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(60).fill(200))
      server.app.deliverer.start()
      expect((await server.anyone().request('GET', '/api/v1/ready')).status).toBe(200)
      expect(server.log.join('')).toContain('keeps no prepared statements')
    } finally {
      await server.close()
    }
  })

  it('limits how long statements take, although the pooler takes no settings with a connection', async () => {
    const server = await startSeparateServer(inject('world'), { singleNode: true })
    try {
      const { rows } = await server.app.pools.app.query(
        "select current_setting('statement_timeout') as statement, current_setting('idle_in_transaction_session_timeout') as idle",
      )
      expect(rows).toEqual([{ statement: '7s', idle: '10s' }])
    } finally {
      await server.close()
    }
  })
})

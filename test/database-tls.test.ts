/** What sslmode and its certificates promise, against a PostgreSQL that offers TLS with a certificate for localhost. */
import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkConnection, connectFromUrl } from '../src/platform/database/connect.ts'
import { openPool } from '../src/platform/database/pool.ts'
import { startTlsDatabase, type TlsDatabase } from './database-tls.fixtures.ts'

const root = join(import.meta.dirname, '..')
let database: TlsDatabase
beforeAll(async () => {
  database = await startTlsDatabase()
})
afterAll(() => database?.close())

const address = (query: string, { host = 'localhost', user = 'superuser' } = {}) =>
  `postgres://${user}@${host}:${database.port}/postgres?${query}`

/** Whether the pool's connection is encrypted, or why there is none. */
async function connect(url: string): Promise<string> {
  const pool = openPool(connectFromUrl(url), { max: 1 })
  try {
    const { rows } = await pool.query<{ ssl: boolean }>('select ssl from pg_stat_ssl where pid = pg_backend_pid()')
    return rows[0]!.ssl ? 'encrypted' : 'plain'
  } catch (error) {
    // The pool says that the database is unavailable; why is its cause.
    const { code, message } = (error as { cause: NodeJS.ErrnoException }).cause
    return code ?? message
  } finally {
    await pool.end()
  }
}

const UNTRUSTED = 'SELF_SIGNED_CERT_IN_CHAIN'
const WRONG_NAME = 'ERR_TLS_CERT_ALTNAME_INVALID'

describe('TLS to the database', () => {
  it.each(['prefer', 'require', 'verify-ca', 'verify-full'])(
    'sslmode=%s verifies the authority and the host name',
    async (mode) => {
      const rights = `sslmode=${mode}&sslrootcert=${database.authority}`
      expect(await connect(address(rights))).toBe('encrypted')
      expect(await connect(address(rights, { host: '127.0.0.1' }))).toBe(WRONG_NAME)
      expect(await connect(address(`sslmode=${mode}&sslrootcert=${database.otherAuthority}`))).toBe(UNTRUSTED)
      expect(await connect(address(`sslmode=${mode}`))).toBe(UNTRUSTED)
      expect(await connect(address(`sslmode=${mode}&sslrootcert=system`))).toBe(UNTRUSTED)
    },
  )

  it('with uselibpqcompat the modes verify what psql verifies', async () => {
    const libpq = (query: string, host?: string) => connect(address(`uselibpqcompat=true&${query}`, { host }))
    const { authority, otherAuthority } = database
    expect([
      await libpq('sslmode=require', '127.0.0.1'),
      await libpq(`sslmode=require&sslrootcert=${otherAuthority}`),
      await libpq(`sslmode=verify-ca&sslrootcert=${authority}`, '127.0.0.1'),
      await libpq(`sslmode=verify-ca&sslrootcert=${otherAuthority}`),
      await libpq(`sslmode=verify-full&sslrootcert=${authority}`),
      await libpq(`sslmode=verify-full&sslrootcert=${authority}`, '127.0.0.1'),
      await libpq('sslmode=verify-full'),
    ]).toEqual(['encrypted', UNTRUSTED, 'encrypted', UNTRUSTED, 'encrypted', WRONG_NAME, UNTRUSTED])
  })

  it('sslmode=no-verify encrypts without verifying, and disable does not encrypt', async () => {
    expect(await connect(address('sslmode=no-verify', { host: '127.0.0.1' }))).toBe('encrypted')
    expect(await connect(address('sslmode=no-verify&uselibpqcompat=true'))).toBe('encrypted')
    // This server lets nobody in without TLS.
    expect(await connect(address('sslmode=disable'))).toBe('28000')
    expect(await connect(address(''))).toBe('28000')
  })

  it('signs in with a client certificate', async () => {
    const verified = `sslmode=verify-full&sslrootcert=${database.authority}`
    const certificate = `sslcert=${database.clientCertificate}&sslkey=${database.clientKey}`
    const user = 'certified'
    expect(await connect(address(`${verified}&${certificate}`, { user }))).toBe('encrypted')
    expect(await connect(address(verified, { user }))).toBe('28000')
  })

  it('commands refuse a server that cannot prove who it is, and say what to do', async () => {
    const run = (url: string) =>
      promisify(execFile)(process.execPath, ['src/main.ts', 'migrate'], {
        cwd: root,
        env: {
          PATH: process.env.PATH,
          DATABASE_URL: url,
          PORTICO_DATA: join(dirname(database.authority), 'data'),
          PORTICO_SECRET: 'Zm9yIHRlc3RzIG9ubHk6IG5vIHNlY3JldCBhdCBhbGw',
        },
      }).then(
        ({ stdout }) => stdout,
        ({ stderr }: { stderr: string }) => stderr,
      )
    expect(await run(address(`sslmode=verify-full&sslrootcert=${database.otherAuthority}`))).toMatch(
      /^portico migrate: The certificate of the database at localhost:\d+ is not signed by a trusted authority: .*sslrootcert in DATABASE_URL/,
    )
    expect(await run(address(`sslmode=verify-full&sslrootcert=${database.authority}`, { host: '127.0.0.1' }))).toMatch(
      /is for another host name: correct the host in DATABASE_URL/,
    )
    expect(await run(address(`sslmode=verify-full&sslrootcert=${database.authority}`))).toMatch(
      /^Migrations applied: \d+\.$/m,
    )
  })

  it('a wrong setting is one sentence that names it and holds no password', async () => {
    const failure = async (url: string) => {
      try {
        await checkConnection(connectFromUrl(url))
        return 'connected'
      } catch (error) {
        return (error as Error).message
      }
    }
    const verified = `sslmode=verify-full&sslrootcert=${database.authority}`
    const failures = {
      'begins with mysql://, but Portico needs PostgreSQL': 'mysql://u:hunter2@localhost/x',
      'DATABASE_URL cannot be read': 'postgres://u:hunter2@local host:port/x',
      'sslmode in DATABASE_URL must be one of disable,': address('sslmode=verify_full'),
      'certificate file that cannot be read: /nowhere/ca.crt (ENOENT)': address('sslrootcert=/nowhere/ca.crt'),
      'sslmode=verify-ca in DATABASE_URL needs sslrootcert': address('sslmode=verify-ca&uselibpqcompat=true'),
      'The host name nowhere.invalid in DATABASE_URL cannot be found': 'postgres://u:hunter2@nowhere.invalid/x',
      'There is no database nothing at': address(verified).replace('/postgres?', '/nothing?'),
      'refuses the user stranger: check user name and password in DATABASE_URL': address(verified, {
        user: 'stranger',
      }),
      'does not answer: check DATABASE_URL': 'postgres://u:hunter2@127.0.0.1:1/x',
    }
    for (const [sentence, url] of Object.entries(failures)) {
      const message = await failure(url)
      expect(message).toContain(sentence)
      expect(message).not.toMatch(/hunter2|\n/)
    }
  })
})

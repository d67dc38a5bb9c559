/** Databases whose user may not create roles, as managed ones often are, and databases of a newer version. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { Connect } from '../src/platform/database/connect.ts'
import { migrate, withClient } from '../src/platform/database/migrate.ts'
import { areRolesReady, asRole } from '../src/platform/database/roles.ts'
import { superuserOf, TEST_SECRET } from './database.ts'

const root = join(import.meta.dirname, '..')
const folder = join(root, 'db/migrations')
const { admin, passwords } = inject('world')
const administrator = superuserOf(admin)
const name = `portico_managed_${randomBytes(4).toString('hex')}`
/** Owns its database and may do nothing else. */
const owner: Connect = { ...admin, user: name, password: 'plain', database: name }

const asAdministrator = (sql: string, database = administrator.database) =>
  withClient({ ...administrator, database }, (client) => client.query(sql))

beforeAll(async () => {
  await asAdministrator(`create role ${name} login password 'plain'`)
  await asAdministrator(`create database ${name} owner ${name}`)
})
afterAll(async () => {
  await asAdministrator(`drop database ${name} with (force)`)
  await asAdministrator(`drop role ${name}`)
})

describe('a database user that may not create roles', () => {
  it('is shown SQL, and migrates once an administrator has run it', async () => {
    const refusal = await migrate({ admin: owner, passwords, folder }).catch((error: Error) => error.message)
    const [words, sql] = /^(.*?)\n\n(.*)$/s.exec(refusal as string)!.slice(1)
    expect(words).toContain(`The database user "${name}" may not create or change the roles`)
    await asAdministrator(sql!, name)
    expect((await migrate({ admin: owner, passwords, folder })).length).toBeGreaterThan(6)
    expect(await migrate({ admin: owner, passwords, folder })).toEqual([])
  })

  // Elsewhere the test cluster trusts every local connection, so no password is wrong.
  it.skipIf(administrator === admin)('is shown the SQL again when the passwords of the roles are others', async () => {
    const others = { ...passwords, portico_app: 'of another installation' }
    await expect(migrate({ admin: owner, passwords: others, folder })).rejects.toThrow(
      "alter role portico_app with login password 'of another installation'",
    )
  })

  it('a role that lacks one of its settings is noticed', async () => {
    await withClient({ ...administrator, database: name }, async (client) => {
      const isReady = () => areRolesReady(client, async () => true)
      expect(await isReady()).toBe(true)
      await client.query('begin')
      await client.query('alter role portico_app reset statement_timeout')
      expect(await isReady()).toBe(false)
      await client.query('rollback')
    })
  })
})

describe('a database of a newer version', () => {
  it('keeps a server of an older version from starting, in one sentence', async () => {
    await withClient(asRole(owner, 'portico_owner', passwords), (client) =>
      client.query("insert into schema_migrations (name, checksum) values ('9999_from_tomorrow.sql', '')"),
    )
    const { host, port } = owner
    const address = host.startsWith('/') ? `localhost:${port}/${name}?host=${host}` : `${host}:${port}/${name}`
    const child = spawn(process.execPath, ['src/main.ts', 'serve'], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        PATH: process.env.PATH,
        PORT: '0',
        PORTICO_SECRET: TEST_SECRET,
        PORTICO_DATA: join(inject('world').folder, name),
        DATABASE_URL: `postgres://${name}:plain@${address}`,
      },
    })
    let output = ''
    child.stderr.on('data', (part: Buffer) => (output += part.toString()))
    const [code] = (await once(child, 'exit')) as [number]
    expect(code).toBe(1)
    expect(output.trim().split('\n')).toHaveLength(1)
    expect(output).toContain(
      'This database was upgraded by a newer version of Portico, whose migration 9999_from_tomorrow.sql',
    )
  })
})

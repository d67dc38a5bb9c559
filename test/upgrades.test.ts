/** Upgrades of the database that would let people see more need consent. */
import { randomBytes } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { migrate, widening } from '../src/platform/database/migrate.ts'
import { openPool } from '../src/platform/database/pool.ts'
import { asRole } from '../src/platform/database/roles.ts'
import { withAdmin } from './database.ts'

const root = resolve(import.meta.dirname, '..')

describe('upgrades', () => {
  const withDatabase = async (
    work: (
      upgrade: (files: Record<string, string>, acceptWider?: boolean) => Promise<string[]>,
      query: (sql: string) => Promise<Record<string, unknown>[]>,
      log: string[],
    ) => Promise<void>,
  ) => {
    const { admin, passwords } = inject('world')
    const database = `portico_upgrade_${randomBytes(4).toString('hex')}`
    const folder = await mkdtemp(join(tmpdir(), 'portico-upgrade-'))
    const connection = { ...admin, database }
    const log: string[] = []
    await withAdmin(admin, (client) => client.query(`create database ${database}`))
    const pool = openPool(asRole(connection, 'portico_owner', passwords), { max: 1, pipeline: false })
    try {
      await work(
        async (files, acceptWider) => {
          await rm(folder, { recursive: true, force: true })
          await mkdir(folder)
          for (const name of await readdir(join(root, 'db/migrations')))
            await cp(join(root, 'db/migrations', name), join(folder, name))
          for (const [name, sql] of Object.entries(files)) await writeFile(join(folder, name), sql)
          return migrate({ admin: connection, passwords, folder, log: (line) => log.push(line), acceptWider })
        },
        async (sql) => (await pool.query(sql)).rows as Record<string, unknown>[],
        log,
      )
    } finally {
      await pool.end()
      await rm(folder, { recursive: true, force: true })
      await withAdmin(admin, (client) => client.query(`drop database if exists ${database} with (force)`))
    }
  }
  const NARROW = {
    '9001_narrow.sql': '-- One more column.\n-- widens: nothing\nalter table templates add column hint text;\n',
  }
  const WIDE = {
    ...NARROW,
    '9002_wide.sql':
      '-- Tells more.\n-- widens: portal users see who planned their job\nalter table jobs add column planned_by text;\n',
    '9003_wider.sql': '-- widens: workers see billing addresses\nalter table jobs add column billing text;\n',
  }

  it('the log says what is upgraded, and of a new database only that it was made', async () => {
    await withDatabase(async (upgrade, _query, log) => {
      const applied = await upgrade({})
      expect(log).toEqual([`made the tables of a new database (${applied.length} migrations)`])
      await upgrade(NARROW)
      expect(log.slice(1)).toEqual(['migrated 9001_narrow.sql'])
    })
  })

  it('PS-60 an upgrade that lets people see more names it and changes nothing without consent', async () => {
    await withDatabase(async (upgrade, query) => {
      const applied = await upgrade({})
      expect(applied.length).toBeGreaterThan(6)
      // A migration that widens nothing needs no consent, also with accounts.
      await query(
        "insert into accounts (id, kind, status, created_at) values ('019ac000-0000-7000-8000-000000000001', 'business', 'active', now())",
      )
      expect(await upgrade(NARROW)).toEqual(['9001_narrow.sql'])
      const refusal = await upgrade({ ...WIDE, '9000_first.sql': 'create table never (id int);\n' }).catch(
        (error: Error) => error.message,
      )
      expect(refusal).toContain('9002_wide.sql: portal users see who planned their job')
      expect(refusal).toContain('9003_wider.sql: workers see billing addresses')
      expect(refusal).toContain('--accept-wider')
      expect(refusal).not.toContain('nothing\n  ')
      expect(
        await query(
          "select to_regclass('never') as never, (select count(*)::int from schema_migrations where name >= '9') as done",
        ),
      ).toEqual([{ never: null, done: 1 }])
      expect(await upgrade(WIDE, true)).toEqual(['9002_wide.sql', '9003_wider.sql'])
      expect(await upgrade(WIDE)).toEqual([])
    })
  })

  it('a database of another version is refused and left unchanged', async () => {
    await withDatabase(async (upgrade, query) => {
      await upgrade(NARROW)
      const refusal = await upgrade({ '9002_next.sql': 'create table never (id int);\n' }).catch(
        (error: Error) => error.message,
      )
      expect(refusal).toContain(
        'This database was upgraded by a newer version of Portico, whose migration 9001_narrow.sql',
      )
      expect(await query("select to_regclass('never') as never")).toEqual([{ never: null }])
    })
  })

  it('PS-60 an upgrade of a database without accounts needs no consent', async () => {
    await withDatabase(async (upgrade) => {
      expect((await upgrade(WIDE)).slice(-3)).toEqual(['9001_narrow.sql', '9002_wide.sql', '9003_wider.sql'])
    })
  })

  it('PS-60 what a migration widens is read from its first comment', () => {
    expect(widening('-- Title.\n\n--  widens: partners see totals \n-- more\ncreate table x ();')).toEqual([
      'partners see totals',
    ])
    expect(widening('-- widens: nothing\nselect 1')).toEqual([])
    expect(widening('-- widens: a\n-- widens: b\nselect 1')).toEqual(['a', 'b'])
    expect(widening('select 1;\n-- widens: too late\n')).toBeUndefined()
    expect(widening('')).toBeUndefined()
  })
})

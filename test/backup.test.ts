/** `portico backup`: an archive holds everything of one moment, or there is none. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { upload } from '../src/features/jobs/jobs.fixtures.ts'
import { STORAGE_KEY_COLUMNS } from '../src/operations.ts'
import { withDatabaseOf } from '../src/platform/backup/scratch.ts'
import { withClient } from '../src/platform/database/migrate.ts'
import { asRole } from '../src/platform/database/roles.ts'
import {
  contentsOf,
  emptyPlace,
  environmentOf,
  filesOf,
  openSource,
  portico,
  protectionOf,
  query,
  type Source,
} from './backup.fixtures.ts'
import { bookingInput } from './faults.fixtures.ts'

const root = join(import.meta.dirname, '..')
let source: Source

beforeAll(async () => {
  source = await openSource()
}, 120_000)
afterAll(() => source.close())

describe('a backup', { timeout: 300_000 }, () => {
  it('brings back every row and file, and the protection of both, on another database', async () => {
    const path = await source.backUp('whole.tar.gz')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const before = await contentsOf(source.database)
    expect(Object.keys(before)).toEqual(expect.arrayContaining(['accounts', 'jobs', 'files', 'outbox', 'people']))
    const target = await emptyPlace()
    const restored = await portico(target, 'restore', path)
    expect([restored.code, restored.stderr]).toEqual([0, ''])
    const after = await contentsOf(target.database)
    // Messages that waited are held; everything else is the same.
    expect({ ...after, outbox: '' }).toEqual({ ...before, outbox: '' })
    expect(await filesOf(target)).toEqual(await filesOf(source))
    expect(Object.keys(await filesOf(target)).length).toBeGreaterThanOrEqual(3)
    expect(await protectionOf(target.database)).toEqual(await protectionOf(source.database))
  })

  it('sends no message again that waited when it was made, and lists it as failed', async () => {
    const waiting = "select count(*)::int as waiting from outbox where status in ('waiting', 'sending')"
    const [before] = await query<{ waiting: number }>(source.database, waiting)
    expect(before!.waiting).toBeGreaterThan(0)
    // A change that was not told yet would become an email of the copy.
    await query(
      source.database,
      `insert into record_updates (account_id, id, parent_kind, parent_id, kind, actor_kind, created_at, due_at)
        select account_id, id, 'job', id, 'edited', 'portalUser', created_at, created_at from jobs limit 1`,
    )
    const target = await emptyPlace()
    const { stdout } = await portico(target, 'restore', await source.backUp('mails.tar.gz'))
    expect(stdout).toContain(`${before!.waiting} emails waited when the backup was made`)
    expect(await query(target.database, waiting)).toEqual([{ waiting: 0 }])
    expect(await query(target.database, 'select id from record_updates')).toEqual([])
    await query(source.database, 'delete from record_updates')
    expect(
      await query(target.database, "select distinct status from outbox where last_result like 'Not sent: restored%'"),
    ).toEqual([{ status: 'failed' }])
  })

  it('made under load holds one moment: whole batches, numbers without gaps, and every file that a row names', async () => {
    let isRunning = true
    const load = Promise.all([
      ...Array.from({ length: 3 }, async () => {
        while (isRunning) {
          await source.user.call('createPortalJob', bookingInput(source.template, source.customer, 3))
          await source.server.stored((db) => db.deleteFrom('rate_limits').execute())
        }
      }),
      (async () => {
        const { jobs } = await source.user.ok('createPortalJob', bookingInput(source.template, source.customer))
        const path = `/office/${source.shop.slug}/jobs/${jobs[0]!.id}/files`
        while (isRunning) {
          const { id } = (await upload(source.shop.owner, path)).body
          await upload(source.shop.owner, path)
          await source.shop.owner.call('removeJobFile', { job: jobs[0]!.id, file: id })
          await source.server.stored((db) => db.deleteFrom('rate_limits').execute())
        }
      })(),
    ])
    const path = await source.backUp('load.tar.gz').finally(() => (isRunning = false))
    await load
    const target = await emptyPlace()
    expect(await portico(target, 'restore', path)).toMatchObject({ code: 0, stderr: '' })
    const batches = await query<{ size: number }>(
      target.database,
      'select count(*)::int as size from jobs where batch_id is not null group by batch_id',
    )
    // Three jobs of the source and the one that files are added to; the load books three at a time.
    expect(batches.filter(({ size }) => size === 1)).toHaveLength(4)
    expect(batches.filter(({ size }) => size !== 1 && size !== 3)).toEqual([])
    expect(batches.length).toBeGreaterThan(4)
    expect(
      await query(
        target.database,
        'select id from jobs j where not exists (select 1 from history where job_id = j.id)',
      ),
    ).toEqual([])
    const named = await query<{ key: string }>(
      target.database,
      'select distinct storage_key as key from files order by 1',
    )
    expect(Object.keys(await filesOf(target)).sort()).toEqual(named.map(({ key }) => key))
  })

  it('is refused when portico_backup does not see all rows of a table', async () => {
    const { admin, passwords } = inject('world')
    await withClient(asRole({ ...admin, database: source.database }, 'portico_owner', passwords), async (owner) => {
      await owner.query('create table unseen (id int)')
      await owner.query('insert into unseen values (1)')
      await owner.query('alter table unseen enable row level security')
      await owner.query('grant select on unseen to portico_backup')
      try {
        const { code, stderr } = await portico(source, 'backup', source.archive('unseen.tar.gz'))
        expect([code, stderr]).toEqual([
          1,
          'portico backup: portico_backup sees 0 of the 1 rows of the table unseen.\n',
        ])
      } finally {
        await owner.query('drop table unseen')
      }
    })
    expect(await readdir(source.archives)).not.toContain('unseen.tar.gz')
  })

  it('knows every column that names a file, and tables are all there is to copy', async () => {
    const columns = await query<{ table: string; column: string }>(
      source.database,
      `select table_name as table, column_name as column from information_schema.columns
       where table_schema = 'public' and column_name ~ '(storage|logo|file|picture|photo)_key$' order by 1 desc`,
    )
    expect(columns).toEqual(STORAGE_KEY_COLUMNS)
    // A sequence would start at 1 after a restore.
    expect(await query(source.database, "select sequencename from pg_sequences where schemaname = 'public'")).toEqual(
      [],
    )
  })

  it('goes into a folder under a name with the time; an existing archive stays unless told', async () => {
    const folder = source.archive('nightly')
    await mkdir(folder)
    const quiet = await portico(source, 'backup', folder, '--quiet')
    expect(quiet).toEqual({ code: 0, stdout: '', stderr: '' })
    const [name] = await readdir(folder)
    expect(name).toMatch(/^portico-\d{8}-\d{6}\.tar\.gz$/)
    const path = join(folder, name!)
    const before = await readFile(path)
    expect(await portico(source, 'backup', path)).toMatchObject({ code: 1, stderr: expect.stringContaining('exists') })
    expect(await readFile(path)).toEqual(before)
    expect((await portico(source, 'backup', path, '--replace')).code).toBe(0)
    expect(await readdir(folder)).toEqual([name])
  })

  it('that is interrupted leaves nothing under its name, and nothing else', async () => {
    const folder = source.archive('interrupted')
    await mkdir(folder)
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const args = ['src/main.ts', 'backup', join(folder, 'a.tar.gz')]
      const child = spawn(process.execPath, args, { cwd: root, env: environmentOf(source) })
      const ended = once(child, 'exit')
      // It has written the archive and restores it now.
      for await (const text of child.stdout) if (String(text).includes('to prove it')) break
      child.kill(signal)
      await ended
      const left = await readdir(folder)
      expect(left).not.toContain('a.tar.gz')
      if (signal === 'SIGTERM') {
        expect(left).toEqual([])
        const inFolder = [...(await readdir(source.folder)), ...(await readdir(join(source.folder, 'files')))]
        expect(inFolder.filter((name) => name.startsWith('backup'))).toEqual([])
      }
    }
  })

  it('can be tried on the database server itself, where the embedded server is not installed', async () => {
    const { admin, passwords } = inject('world')
    let seen: string | undefined
    await withDatabaseOf({ admin: { ...admin, database: source.database }, passwords }, async (owner) => {
      seen = owner.database
      await withClient(owner, (client) => client.query('create table possible (id int)'))
    })
    expect(seen).toMatch(/^portico_check_/)
    const databases = await query<{ datname: string }>(source.database, 'select datname from pg_database')
    expect(databases.map(({ datname }) => datname)).not.toContain(seen)
  })
})

/** `portico restore`: everything comes back, or nothing changes. */
import { spawnSync } from 'node:child_process'
import { cp, mkdir, open, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { migrate, withClient } from '../src/platform/database/migrate.ts'
import { asRole } from '../src/platform/database/roles.ts'
import {
  contentsOf,
  emptyPlace,
  filesOf,
  openSource,
  portico,
  query,
  withManifest,
  type Source,
} from './backup.fixtures.ts'

const root = join(import.meta.dirname, '..')
const TIMEOUT = 300_000
let source: Source, whole: string

beforeAll(async () => {
  source = await openSource()
  whole = await source.backUp('whole.tar.gz')
}, TIMEOUT)
afterAll(() => source.close())

describe('a restore', { timeout: TIMEOUT }, () => {
  it('refuses a cut or altered archive before it changes anything', async () => {
    const { size } = await stat(whole)
    const target = await emptyPlace()
    const damaged: [string, (path: string) => Promise<void>][] = [
      ...[0, 1, 20, size >> 1, size - 200, size - 1].map((length): [string, (path: string) => Promise<void>] => [
        `cut to ${length}`,
        (path) => truncate(path, length),
      ]),
      ...[12, size >> 2, size >> 1, size - 300, size - 6].map((at): [string, (path: string) => Promise<void>] => [
        `altered at ${at}`,
        (path) => flip(path, at),
      ]),
    ]
    for (const [what, damage] of damaged) {
      const path = source.archive('damaged.tar.gz')
      await cp(whole, path, { force: true })
      await damage(path)
      const { code, stderr } = await portico(target, 'restore', path)
      expect([what, code, stderr]).toEqual([
        what,
        1,
        expect.stringMatching(/is cut short|is damaged|no Portico backup/),
      ])
    }
    expect(
      await query(target.database, "select relname from pg_class where relnamespace = 'public'::regnamespace"),
    ).toEqual([])
    expect(await filesOf(target)).toEqual({})
  })

  it('refuses an archive of a newer version, and one whose rows are not those of its manifest', async () => {
    const target = await emptyPlace()
    const cases: [RegExp, Parameters<typeof withManifest>[2]][] = [
      [/made by a newer version of Portico/, (manifest) => (manifest.format = 2)],
      [
        /belongs to a newer version of Portico: this version does not have the migration 9999_future\.sql/,
        (manifest) => manifest.migrations.push({ name: '9999_future.sql', checksum: 'x' }),
      ],
      [/belongs to another build of Portico/, (manifest) => (manifest.migrations[0]!.checksum = 'x')],
      [/has \d+ rows after the restore instead of \d+/, (manifest) => (manifest.tables[2]!.rows += 1)],
    ]
    for (const [words, change] of cases) {
      const path = await withManifest(whole, source.archive('other.tar.gz'), change)
      const { code, stderr } = await portico(target, 'restore', path)
      expect([code, stderr]).toEqual([1, expect.stringMatching(words)])
    }
    expect(await filesOf(target)).toEqual({})
  })

  it('upgrades what an older version wrote', async () => {
    const { admin, passwords } = inject('world')
    const older = await emptyPlace()
    const names = (await readdir(join(root, 'db/migrations'))).sort()
    const folder = source.archive('migrations')
    await mkdir(folder)
    for (const name of names.slice(0, -1)) await cp(join(root, 'db/migrations', name), join(folder, name))
    await migrate({ admin: { ...admin, database: older.database }, passwords, folder })
    await withClient(asRole({ ...admin, database: older.database }, 'portico_owner', passwords), (owner) =>
      owner.query(
        "insert into accounts (id, kind, status, created_at) values ('019ac000-0000-7000-8000-000000000001', 'business', 'active', now())",
      ),
    )
    expect(await portico(older, 'backup', source.archive('older.tar.gz'))).toMatchObject({ code: 0, stderr: '' })
    const target = await emptyPlace()
    expect(await portico(target, 'restore', source.archive('older.tar.gz'), '--accept-wider')).toMatchObject({
      code: 0,
    })
    const applied = await query<{ name: string }>(target.database, 'select name from schema_migrations order by 1')
    expect(applied.map(({ name }) => name)).toEqual(names)
  })

  it('keeps what is there unless told, and replaces all of it when told', async () => {
    const first = whole
    const target = await emptyPlace()
    expect((await portico(target, 'restore', first)).code).toBe(0)
    await source.bookWithFile(9)
    const second = await source.backUp('second.tar.gz')
    const kept = await contentsOf(target.database)
    const refused = await portico(target, 'restore', second)
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('restore with --replace') })
    expect(await contentsOf(target.database)).toEqual(kept)
    expect(await portico(target, 'restore', second, '--replace')).toMatchObject({ code: 0, stderr: '' })
    expect(await contentsOf(target.database)).toMatchObject({ jobs: (await contentsOf(source.database)).jobs })
    // Back again: the file of the second archive goes with its row.
    expect((await portico(target, 'restore', first, '--replace')).code).toBe(0)
    expect(await contentsOf(target.database)).toEqual(kept)
    const named = await query<{ key: string }>(
      target.database,
      'select distinct storage_key as key from files order by 1',
    )
    expect(Object.keys(await filesOf(target)).sort()).toEqual(named.map(({ key }) => key))
  })

  it('is refused while Portico runs on that database', async () => {
    // Even when nobody has asked it for anything for long: each pool keeps a connection.
    const { code, stderr } = await portico(source, 'restore', whole, '--replace')
    expect([code, stderr]).toEqual([1, expect.stringContaining('Portico is running on this database. Stop all')])
  })
})

describe.runIf(canMount())('on a full disk', { timeout: TIMEOUT }, () => {
  let small: string
  beforeAll(async () => {
    small = source.archive('small')
    await mkdir(small)
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small])
  })
  afterAll(() => void spawnSync('umount', [small]))

  it('a backup says so and leaves nothing', async () => {
    await writeFile(join(small, 'filler'), Buffer.alloc(1_020_000))
    const { code, stderr } = await portico(source, 'backup', join(small, 'a.tar.gz'))
    expect([code, stderr]).toEqual([1, `portico backup: The disk of ${small} is full. Make room and try again.\n`])
    expect(await readdir(small)).toEqual(['filler'])
    await rm(join(small, 'filler'))
  })

  it('a restore says so; rows and files that were there stay', async () => {
    const path = whole
    const target = await emptyPlace()
    expect((await portico(target, 'restore', path)).code).toBe(0)
    const rows = await contentsOf(target.database)
    // The same database with its files on the small disk, which has room for none of the archive's.
    const tight = { ...target, folder: small }
    await mkdir(join(small, 'files'), { recursive: true })
    const kept = join(small, 'files', '019ac000-0000-7000-8000-000000000001')
    await mkdir(kept)
    await writeFile(join(kept, '0'.repeat(32)), Buffer.alloc(700_000, 'kept'))
    const files = await filesOf(tight)
    const { code, stderr } = await portico(tight, 'restore', path, '--replace')
    expect([code, stderr]).toEqual([1, `portico restore: The disk of ${small} is full. Make room and try again.\n`])
    expect(await contentsOf(target.database)).toEqual(rows)
    expect(await filesOf(tight)).toEqual(files)
  })
})

function canMount(): boolean {
  return process.getuid?.() === 0 && spawnSync('mount', ['--version']).status === 0
}

async function flip(path: string, at: number): Promise<void> {
  const file = await open(path, 'r+')
  const byte = Buffer.alloc(1)
  await file.read(byte, 0, 1, at)
  byte[0]! ^= 0x55
  await file.write(byte, 0, 1, at)
  await file.close()
}

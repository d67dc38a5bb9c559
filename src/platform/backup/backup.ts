/** `portico backup`: database and uploaded files of one moment in one archive, tried before it gets its name. */
import { createReadStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type pg from 'pg'
import { countRows, listTables, readTable, withSnapshot } from '../database/copy.ts'
import type { Connect } from '../database/connect.ts'
import { hasAccounts, migrationFiles, withClient } from '../database/migrate.ts'
import { asRole, type RolePasswords } from '../database/roles.ts'
import { beginRebuild } from '../database/rebuild.ts'
import { inspectArchive, writeArchive, type ArchiveWriter } from './archive.ts'
import { withSpaceCheck } from './disk.ts'
import { loadArchive } from './load.ts'
import { BackupError, FORMAT, matchMigrations, partName, type Manifest } from './manifest.ts'
import { pinFiles, type PinnedFiles } from './pinned-files.ts'
import { withScratchDatabase } from './scratch.ts'

/** Where rows name uploaded files. */
export interface KeyColumn {
  table: string
  column: string
}

export interface BackupOptions {
  /** The archive, or a folder that gets an archive named by the time. */
  target: string
  /** An existing archive is replaced once the new one is proven. */
  replace: boolean
  admin: Connect
  passwords: RolePasswords
  /** The data folder. */
  folder: string
  keyColumns: readonly KeyColumn[]
  migrationsFolder: string
  version: string
  now: Date
  /** Receives a line about each step. */
  report: (line: string) => void
  /** Receives what deserves a look although the backup is complete. */
  warn: (line: string) => void
  /** Receives the clean-up for the case that the process is interrupted; answers a function that withdraws it. */
  onInterrupt: (cleanUp: () => Promise<unknown>) => () => void
}

const ATTEMPTS = 5

/**
 * @returns path and size of the archive
 * @throws BackupError with what to do; nothing is left behind then
 */
export async function createBackup(options: BackupOptions): Promise<{ path: string; bytes: number }> {
  const path = await choosePath(options)
  const partial = `${path}.partial-${process.pid}`
  const remove = () => rm(partial, { force: true })
  const withdraw = options.onInterrupt(remove)
  try {
    await withSpaceCheck([dirname(path), options.folder], async () => {
      await writeSnapshot(partial, options)
      await proveArchive(partial, options)
      await rename(partial, path)
      await syncFolder(dirname(path))
    })
  } catch (error) {
    await remove()
    throw error
  } finally {
    withdraw()
  }
  return { path, bytes: (await stat(path)).size }
}

async function choosePath({ target, replace, now }: BackupOptions): Promise<string> {
  const stats = await stat(target).catch(() => null)
  const stamp = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
  const path = stats?.isDirectory() ? join(target, `portico-${stamp}.tar.gz`) : target
  if (stats && !stats.isDirectory() && !replace)
    throw new BackupError(`${path} exists already. Choose another name, or replace it with --replace.`)
  if (!(await stat(dirname(path)).catch(() => null))) throw new BackupError(`There is no folder ${dirname(path)}.`)
  return path
}

async function writeSnapshot(partial: string, options: BackupOptions): Promise<void> {
  const { admin, passwords } = options
  const connect = {
    owner: asRole(admin, 'portico_owner', passwords),
    reader: asRole(admin, 'portico_backup', passwords),
  }
  for (let attempt = 1; ; attempt++) {
    const isDone = await withSnapshot(connect, async (clients) => {
      const keys = await listKeys(clients.reader, options.keyColumns)
      const files = await pinFiles(join(options.folder, 'files'), keys, options.now)
      const withdraw = options.onInterrupt(files.release)
      try {
        // Deleted between the snapshot and the links, with its row: a later snapshot does not have it.
        const current = await withClient(connect.reader, (client) => listKeys(client, options.keyColumns))
        const isStale = files.missing.some((key) => !current.includes(key))
        if (isStale && attempt < ATTEMPTS) return false
        await writeAll(partial, clients, { keys, files }, options)
        return true
      } finally {
        withdraw()
        await files.release()
      }
    })
    if (isDone) return
  }
}

async function listKeys(client: pg.Client, columns: readonly KeyColumn[]): Promise<string[]> {
  const keys = new Set<string>()
  for (const { table, column } of columns) {
    const { rows } = await client.query<{ key: string }>(
      `select ${column} as key from ${table} where ${column} is not null order by 1`,
    )
    for (const { key } of rows) keys.add(key)
  }
  return [...keys]
}

async function writeAll(
  partial: string,
  clients: { reader: pg.Client; owner: pg.Client },
  { keys, files }: { keys: string[]; files: PinnedFiles },
  { migrationsFolder, version, now, report, warn }: BackupOptions,
): Promise<void> {
  if (!(await hasAccounts(clients.owner)))
    throw new BackupError('There is no business yet, so there is nothing to back up.')
  const { rows: migrations } = await clients.reader.query<{ name: string; checksum: string }>(
    'select name, checksum from schema_migrations order by name',
  )
  matchMigrations(await migrationFiles(migrationsFolder), migrations, 'This database')
  const archive = writeArchive(partial, now)
  try {
    const tables = await writeTables(archive, clients)
    report(`Read ${tables.reduce((sum, { rows }) => sum + rows, 0)} rows of ${tables.length} tables.`)
    const present = keys.filter((key) => !files.missing.includes(key))
    for (const key of present) await writeFile(archive, key, files.pathOf(key))
    report(`Copied ${present.length} uploaded files.`)
    if (files.missing.length > 0)
      warn(`${files.missing.length} uploaded files are not on this disk and not in the archive: ${files.missing[0]} …`)
    const { entries } = archive
    await archive.finish({
      ...{ format: FORMAT, version, created: now.toISOString(), migrations, tables },
      ...{ entries: [...entries], missingFiles: files.missing },
    })
  } catch (error) {
    await archive.abort()
    throw error
  }
}

async function writeTables(
  archive: ArchiveWriter,
  { reader, owner }: { reader: pg.Client; owner: pg.Client },
): Promise<Manifest['tables']> {
  const tables: Manifest['tables'] = []
  for (const table of await listTables(owner)) {
    let part = 0
    const contents = await readTable(reader, table, (rows) => archive.addBytes(partName(table.name, part++), rows))
    const expected = await countRows(owner, table)
    // Row-level security hides rows without an error, so the owner counts them.
    if (contents.rows !== expected)
      throw new BackupError(`portico_backup sees ${contents.rows} of the ${expected} rows of the table ${table.name}.`)
    tables.push({ ...table, ...contents })
  }
  return tables
}

async function writeFile(archive: ArchiveWriter, key: string, path: string): Promise<void> {
  const { size } = await stat(path).catch(() => {
    throw new BackupError('A file was deleted while the backup read it. Run the backup again.')
  })
  await archive.addStream(`files/${key}`, size, createReadStream(path))
}

/** An archive counts only after it was restored. */
async function proveArchive(path: string, options: BackupOptions): Promise<void> {
  options.report('Restoring the archive into an empty database, to prove it …')
  const manifest = await inspectArchive(path)
  const known = await migrationFiles(options.migrationsFolder)
  const { applied } = matchMigrations(known, manifest.migrations, 'This archive')
  await withScratchDatabase(options.folder, options, (connect) =>
    withClient(connect, async (owner) => {
      await beginRebuild(owner)
      await loadArchive(owner, { path, manifest, migrations: applied }, async ({ stream }) => {
        for await (const _chunk of stream);
      })
      await owner.query('commit')
    }),
  )
}

/** After a crash the new name is there. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  await handle.sync().finally(() => handle.close())
}

/** Loads the rows of an archive into an empty database and proves that they are those of the manifest. */
import { buffer } from 'node:stream/consumers'
import type pg from 'pg'
import { readTable, writeRows, type Table } from '../database/copy.ts'
import type { Migration } from '../database/migrate.ts'
import { applyMigrations, dropEverything, whileLoading } from '../database/rebuild.ts'
import { readArchive } from './archive.ts'
import { BackupError, readEntryName, type Manifest } from './manifest.ts'

/** Called for every uploaded file of the archive; must consume the stream. */
export type TakeFile = (file: { key: string; sha256: string; stream: AsyncIterable<Buffer> }) => Promise<void>

/**
 * Inside the caller's transaction: drops what is there, applies `migrations`, loads the rows, compares them.
 * @throws BackupError when a table holds other rows than the manifest says
 */
export async function loadArchive(
  owner: pg.Client,
  { path, manifest, migrations }: { path: string; manifest: Manifest; migrations: readonly Migration[] },
  takeFile: TakeFile,
): Promise<void> {
  await dropEverything(owner)
  await applyMigrations(owner, migrations)
  // It comes back as a table like all others, with the times of its rows.
  await owner.query('delete from schema_migrations')
  const tables = new Map<string, Table>(manifest.tables.map((table) => [table.name, table]))
  const hashes = new Map(manifest.entries.map(({ name, sha256 }) => [name, sha256]))
  await whileLoading(owner, async () => {
    await readArchive(path, async ({ name, stream }) => {
      const entry = readEntryName(name)
      const table = entry && 'table' in entry ? tables.get(entry.table) : undefined
      if (table) await writeRows(owner, table, [await buffer(stream)])
      else if (entry && 'file' in entry) await takeFile({ key: entry.file, sha256: hashes.get(name)!, stream })
      else await drain(stream)
    })
    for (const table of manifest.tables) await compare(owner, table)
  })
}

async function compare(owner: pg.Client, table: Manifest['tables'][number]): Promise<void> {
  const { rows, checksum } = await readTable(owner, table)
  if (rows !== table.rows)
    throw new BackupError(`The table ${table.name} has ${rows} rows after the restore instead of ${table.rows}.`)
  if (checksum !== table.checksum)
    throw new BackupError(`The rows of the table ${table.name} differ after the restore.`)
}

async function drain(stream: AsyncIterable<Buffer>): Promise<void> {
  for await (const _chunk of stream);
}

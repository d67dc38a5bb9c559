/** What an archive says about itself: its last entry, so that an archive without it was cut short. */
import type { Contents, Table } from '../database/copy.ts'
import type { Migration } from '../database/migrate.ts'

/** Raised when an older version could not read a new archive. */
export const FORMAT = 1
export const MANIFEST = 'manifest.json'

export interface Manifest {
  format: typeof FORMAT
  /** Version of Portico that wrote it. */
  version: string
  created: string
  /** Migrations that the database had, in order. */
  migrations: { name: string; checksum: string }[]
  tables: (Table & Contents)[]
  /** Every other entry in the order of the archive; `sha256` in hex. */
  entries: { name: string; size: number; sha256: string }[]
  /** Keys of uploaded files that rows name but that were not on disk. */
  missingFiles: string[]
}

/** Name of an entry with rows of a table; a table has as many as its size needs. */
export const partName = (table: string, part: number): string => `data/${table}/${String(part).padStart(6, '0')}`

/** What an entry is: rows of a table, an uploaded file, or undefined. */
export function readEntryName(name: string): { table: string } | { file: string } | undefined {
  const table = /^data\/([a-z_]+)\/\d+$/.exec(name)?.[1]
  if (table) return { table }
  const file = /^files\/([0-9a-f-]{36}\/[0-9a-f]{32})$/.exec(name)?.[1]
  return file ? { file } : undefined
}

/** Something an administrator can read and act on; without a stack. */
export class BackupError extends Error {}

/** @throws BackupError when it is not a manifest that this version reads */
export function parseManifest(text: string): Manifest {
  const manifest = JSON.parse(text) as Manifest
  if (manifest.format > FORMAT)
    throw new BackupError(
      `This archive was made by a newer version of Portico (${manifest.version}). Restore it with that version or a newer one.`,
    )
  return manifest
}

/**
 * The migrations of an archive or database as this version knows them, and those that come after them.
 * @param origin begins the sentence of a refusal, such as "This archive"
 */
export function matchMigrations(
  known: readonly Migration[],
  applied: readonly { name: string; checksum: string }[],
  origin: string,
): { applied: Migration[]; pending: Migration[] } {
  const byName = new Map(known.map((migration) => [migration.name, migration]))
  for (const { name, checksum } of applied) {
    const migration = byName.get(name)
    if (!migration)
      throw new BackupError(
        `${origin} belongs to a newer version of Portico: this version does not have the migration ${name}. Use that version.`,
      )
    if (migration.checksum !== checksum)
      throw new BackupError(`${origin} belongs to another build of Portico: the migration ${name} differs.`)
  }
  const names = new Set(applied.map(({ name }) => name))
  return {
    applied: known.filter(({ name }) => names.has(name)),
    pending: known.filter(({ name }) => !names.has(name)),
  }
}

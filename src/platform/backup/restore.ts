/** `portico restore`: database and uploaded files of an archive in place of what is there, whole or not at all. */
import { chown, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type pg from 'pg'
import type { Connect } from '../database/connect.ts'
import { createRoles, hasAccounts, migrationFiles, withClient, type Migration } from '../database/migrate.ts'
import { asRole, type RolePasswords } from '../database/roles.ts'
import { applyMigrations, beginRebuild, hasSessions } from '../database/rebuild.ts'
import { publish, writeChecked } from '../disk.ts'
import { isId } from '../ids.ts'
import { inspectArchive } from './archive.ts'
import { withSpaceCheck } from './disk.ts'
import { loadArchive, type TakeFile } from './load.ts'
import { BackupError, matchMigrations, readEntryName, type Manifest } from './manifest.ts'

export interface RestoreOptions {
  path: string
  /** Whether data that is there may be replaced. */
  replace: boolean
  /** Consent to migrations after those of the archive that let people see or do more. */
  acceptWider: boolean
  admin: Connect
  passwords: RolePasswords
  /** The data folder. */
  folder: string
  migrationsFolder: string
  report: (line: string) => void
  onInterrupt: (cleanUp: () => Promise<unknown>) => () => void
}

export interface Restored {
  created: string
  rows: number
  files: number
  /** Messages that waited to be sent when the backup was made. */
  heldMails: number
}

/** @throws BackupError with what to do; database and files are unchanged then */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { path, admin, passwords, migrationsFolder, report } = options
  report(`Checking ${path} …`)
  const manifest = await inspectArchive(path)
  const known = await migrationFiles(migrationsFolder)
  const { applied, pending } = matchMigrations(known, manifest.migrations, 'This archive')
  checkConsent(pending, options)
  await createRoles(admin, passwords)
  const added: string[] = []
  const removeAdded = async () => {
    for (const file of added) await rm(file, { force: true })
  }
  const withdraw = options.onInterrupt(removeAdded)
  try {
    return await withSpaceCheck([options.folder], () =>
      withClient(asRole(admin, 'portico_owner', passwords), (owner) =>
        replaceAll(owner, manifest, { applied, pending }, { ...options, added }),
      ),
    )
  } catch (error) {
    await removeAdded()
    throw error
  } finally {
    withdraw()
  }
}

/** Before anything is changed: an upgrade that lets people see more needs consent, and a restore upgrades. */
function checkConsent(pending: readonly Migration[], { acceptWider }: RestoreOptions): void {
  const wider = pending.flatMap(({ name, widens }) => widens.map((sentence) => `  ${name}: ${sentence}`))
  if (wider.length === 0 || acceptWider) return
  throw new BackupError(
    `This version lets people see or do more than the one that made the archive:\n\n${wider.join('\n')}\n\nIf that is what you want, restore with --accept-wider.`,
  )
}

async function replaceAll(
  owner: pg.Client,
  manifest: Manifest,
  { applied, pending }: { applied: Migration[]; pending: Migration[] },
  options: RestoreOptions & { added: string[] },
): Promise<Restored> {
  const { path, folder, replace, report, added } = options
  const files = join(folder, 'files')
  await beginRebuild(owner)
  await checkTarget(owner, files, replace)
  report('Restoring rows and files …')
  await loadArchive(owner, { path, manifest, migrations: applied }, await createFileTaker(folder, added))
  report('Rows and files are those of the archive.')
  await applyMigrations(owner, pending)
  const heldMails = await holdMails(owner, manifest.created)
  await owner.query('commit')
  added.length = 0
  // Every row of the new data has its file; what is left belongs to the old data.
  if (replace) await removeOthers(files, manifest)
  await owner.query('analyze').catch(() => {})
  return {
    created: manifest.created,
    rows: manifest.tables.reduce((sum, table) => sum + table.rows, 0),
    files: manifest.entries.filter(({ name }) => name.startsWith('files/')).length,
    heldMails,
  }
}

async function checkTarget(owner: pg.Client, files: string, replace: boolean): Promise<void> {
  if (await hasSessions(owner))
    throw new BackupError(
      'Portico is running on this database. Stop all its processes. If a pooler such as pgbouncer is in between, restart it too.',
    )
  if (replace) return
  const hasFiles = (await readdir(files).catch(() => [])).some(isId)
  const place = (await hasAccounts(owner)) ? 'This database holds' : hasFiles ? `${files} holds` : undefined
  if (place)
    throw new BackupError(
      `${place} data of a business already. To replace it with the archive, restore with --replace.`,
    )
}

/** Files appear beside those that are there: keys are random and used once, so nothing is overwritten. */
async function createFileTaker(folder: string, added: string[]): Promise<TakeFile> {
  const files = join(folder, 'files')
  const chownToService = await createChown(folder)
  const create = async (path: string) => {
    await mkdir(path, { recursive: true, mode: 0o700 })
    await chownToService(path)
  }
  await create(files)
  const incoming = join(files, 'incoming')
  await create(incoming)
  return async ({ key, sha256, stream }) => {
    const path = join(files, key)
    const existed = await stat(path).catch(() => null)
    await create(dirname(path))
    const draft = join(incoming, key.split('/')[1]!)
    if (!existed) added.push(draft, path)
    // A restore that was killed may have left one.
    await rm(draft, { force: true })
    const written = await writeChecked(draft, stream)
    if (written.sha256 !== sha256) throw new BackupError(`The file ${key} differs after the restore.`)
    await chownToService(draft)
    await publish(draft, path)
  }
}

/** Restored by root, files belong to the account that owns the data folder, because that one serves them. */
async function createChown(folder: string): Promise<(path: string) => Promise<void>> {
  const { uid, gid } = await stat(folder)
  return async (path) => {
    if (process.getuid?.() === 0 && uid !== 0) await chown(path, uid, gid)
  }
}

async function removeOthers(files: string, manifest: Manifest): Promise<void> {
  const kept = new Set(
    manifest.entries.flatMap(({ name }) => {
      const entry = readEntryName(name)
      return entry && 'file' in entry ? entry.file : []
    }),
  )
  for (const account of (await readdir(files)).filter(isId))
    for (const name of await readdir(join(files, account)))
      if (!kept.has(`${account}/${name}`)) await rm(join(files, account, name), { force: true })
}

/**
 * Mails that waited when the backup was made may have been sent since, and a restored copy on another machine must stay quiet:
 * they are listed as failed, where a person can send them again.
 */
async function holdMails(owner: pg.Client, created: string): Promise<number> {
  const { rowCount } = await owner.query(
    `update outbox set status = 'failed', lease_until = null, last_result = $1 where status in ('waiting', 'sending')`,
    [`Not sent: restored from the backup of ${created}. It may have been sent after that`],
  )
  // Changes that were not told yet would otherwise be told by the copy.
  await owner.query('delete from record_updates')
  return rowCount ?? 0
}

/** portico backup FILE | portico restore FILE: arguments in, lines for people and cron out. */
import { parseArgs } from 'node:util'
import { resolve } from 'node:path'
import type { Connect } from '../database/connect.ts'
import type { RolePasswords } from '../database/roles.ts'
import { createBackup, type KeyColumn } from './backup.ts'
import { restoreBackup } from './restore.ts'

export interface CommandOptions {
  args: string[]
  /** Opens the database, after the arguments have been checked. */
  open(): Promise<{ admin: Connect; passwords: RolePasswords; folder: string }>
  keyColumns: readonly KeyColumn[]
  migrationsFolder: string
  version: string
  now: Date
  onInterrupt: (cleanUp: () => Promise<unknown>) => () => void
}

const BACKUP_USAGE = 'Usage: portico backup FILE|FOLDER [--replace] [--quiet]'
const RESTORE_USAGE = 'Usage: portico restore FILE [--replace] [--accept-wider] [--quiet]'

/** Errors and warnings go to stderr, everything else to stdout; `--quiet` leaves stdout empty. */
export async function runBackup(options: CommandOptions): Promise<void> {
  const { file, values } = parse(options.args, BACKUP_USAGE, ['replace', 'quiet'])
  const report = values.quiet ? () => {} : console.log
  const installation = await options.open()
  const { path, bytes } = await createBackup({
    ...options,
    ...installation,
    target: file,
    replace: values.replace ?? false,
    report,
    warn: (line) => console.error(`portico backup: ${line}`),
  })
  report(`ok: ${path} (${formatSize(bytes)})`)
}

export async function runRestore(options: CommandOptions): Promise<void> {
  const { file, values } = parse(options.args, RESTORE_USAGE, ['replace', 'accept-wider', 'quiet'])
  const report = values.quiet ? () => {} : console.log
  const installation = await options.open()
  const { created, rows, files, heldMails } = await restoreBackup({
    ...options,
    ...installation,
    path: file,
    replace: values.replace ?? false,
    acceptWider: values['accept-wider'] ?? false,
    report,
  })
  report(`ok: ${rows} rows and ${files} uploaded files of ${created} are back.`)
  if (heldMails > 0)
    report(
      `${heldMails} emails waited when the backup was made. They are listed as failed on the Messages page, because they may have been sent since. Send them again there.`,
    )
}

function parse(args: string[], usage: string, names: string[]) {
  const options = Object.fromEntries(names.map((name) => [name, { type: 'boolean' as const }]))
  try {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options })
    if (positionals.length !== 1) throw new Error('name one file')
    return { file: resolve(positionals[0]!), values: values as Record<string, boolean | undefined> }
  } catch (error) {
    // What Node adds after its first sentence is about positional arguments.
    throw new Error(`${(error as Error).message.split('. ')[0]}\n${usage}`, { cause: error })
  }
}

function formatSize(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

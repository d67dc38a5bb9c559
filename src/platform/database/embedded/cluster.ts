/** One cluster on this machine: its folder, its account and its settings. */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { installBinaries } from './binaries.ts'
import {
  accountForServer,
  createDataFolder,
  createSocketFolder,
  ensureTraversable,
  SERVER_READABLE_FOLDER,
  type ServerAccount,
} from './folders.ts'

export interface EmbeddedOptions {
  /** Where the cluster lives; created when missing. */
  folder: string
  /** Receives one line for anything worth reporting. */
  log?: (line: string) => void
  /** Server settings on top of ours, e.g. `{ fsync: 'off' }` for tests. An adopted server keeps those it was started with. */
  settings?: Record<string, string>
}

export interface Cluster {
  folder: string
  /** PostgreSQL's own data folder. */
  files: string
  socket: string
  logFile: string
  lockFile: string
  /** Folder with one file for each process that uses the server. */
  users: string
  /** This process's file in `users`. */
  userFile: string
  account: ServerAccount | null
  binaries: string
  settings: Record<string, string>
  log: (line: string) => void
}

export const SUPERUSER = 'postgres'

const DEFAULT_SETTINGS: Record<string, string> = {
  shared_buffers: '128MB',
  max_connections: '100',
  fsync: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // The application reports refused statements. Their text and values are customers' data and stay out of this log.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
  log_line_prefix: '%m ',
}

export function openCluster(options: EmbeddedOptions): Cluster {
  createDataFolder(options.folder)
  const folder = fs.realpathSync(options.folder)
  const files = path.join(folder, 'database')
  const account = accountForServer(files)
  if (account) ensureTraversable(folder, account)

  const users = path.join(folder, 'database.users')
  fs.mkdirSync(users, { recursive: true, mode: 0o700 })
  const lockFile = path.join(folder, 'database.lock')
  // Only we may open it, because any process that opens it can hold it. Opened once: closing a file drops this process's locks on it.
  if (!fs.existsSync(lockFile)) fs.closeSync(fs.openSync(lockFile, 'a', 0o600))
  return {
    folder,
    files,
    socket: createSocketFolder(folder, account),
    logFile: path.join(folder, 'database.log'),
    lockFile,
    users,
    userFile: path.join(users, `${process.pid}-${randomBytes(4).toString('hex')}`),
    account,
    // Copied, never run from node_modules: the server outlives a killed application, and an `npm ci` must not take the
    // libraries from under it. For root the copy lies where the server's account can read it.
    binaries: installBinaries(account ? SERVER_READABLE_FOLDER : folder, account !== null),
    settings: { ...DEFAULT_SETTINGS, ...options.settings },
    log: options.log ?? (() => {}),
  }
}

/** Folders of the embedded database: who owns them, and who can reach what lies in them. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** The account that runs the server when we are root, because PostgreSQL refuses to run as root. */
export interface ServerAccount {
  name: string
  uid: number
  gid: number
}

/** For root: a folder that the server's account can read. */
export const SERVER_READABLE_FOLDER = '/var/lib/portico'

/** Names the socket file only: every cluster has its own socket folder and no network. */
export const PORT = 5432

/** `sun_path` holds 108 bytes with the closing zero; some systems hold 104. */
const SOCKET_PATH_LIMIT = 103

const isRoot = (): boolean => process.getuid?.() === 0

/**
 * The data folder of an installation that names none. For root it lies outside the project, because the server runs as
 * another account which cannot enter a clone under root's home (0700).
 */
export function defaultDataFolder(projectRoot: string): string {
  if (!isRoot()) return path.join(projectRoot, '.portico')
  return path.join(SERVER_READABLE_FOLDER, digest(fs.realpathSync(projectRoot)))
}

/** Where a server for a moment may live: beside the data, or where root's server may go whatever the data folder's rights are. */
export const scratchFolder = (folder: string): string => (isRoot() ? SERVER_READABLE_FOLDER : folder)

/** For root: the account that owns the cluster, or an account that exists on every system. Null: the account we are. */
export function accountForServer(files: string): ServerAccount | null {
  if (!isRoot()) return null
  const owner = fs.existsSync(files) ? fs.statSync(files) : undefined
  if (owner && owner.uid !== 0) return { name: `number ${owner.uid}`, uid: owner.uid, gid: owner.gid }
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) =>
        Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
      return { name, uid: id('-u'), gid: id('-g') }
    } catch {
      continue
    }
  }
  throw new Error(
    'PostgreSQL does not run as root, and there is neither an account "postgres" nor "nobody" to run it as',
  )
}

export function createDataFolder(folder: string): void {
  // 0711 for root: the server's account passes through, and no other account can list the folder.
  const mode = isRoot() ? 0o711 : 0o700
  const firstCreated = fs.mkdirSync(path.resolve(folder), { recursive: true, mode })
  // The mask of the process may have taken the x that every folder on the way needs.
  if (!firstCreated) return
  for (let at = path.resolve(folder); at.startsWith(firstCreated); at = path.dirname(at)) fs.chmodSync(at, mode)
}

/** The server's account must be able to reach its files. We open our own folder for that, never a folder above it. */
export function ensureTraversable(folder: string, account: ServerAccount): void {
  for (let at = folder; ; at = path.dirname(at)) {
    const { uid, gid, mode } = fs.statSync(at)
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) {
      if (at !== folder) {
        const other = path.join(SERVER_READABLE_FOLDER, path.basename(folder))
        const advice = isInside(other, at)
          ? `Run this as the account that owns ${at} and with its settings, or set PORTICO_DATA to a folder outside of it`
          : `Set PORTICO_DATA to a folder outside of it, such as ${other}`
        throw new Error(
          `the database cannot live in ${folder}: ${at} is closed to the account "${account.name}", which runs PostgreSQL for root. ${advice}`,
        )
      }
      fs.chmodSync(at, (mode & 0o7777) | bit)
    }
    if (at === path.dirname(at)) return
  }
}

export function createSocketFolder(folder: string, account: ServerAccount | null): string {
  const fits = (candidate: string) => Buffer.byteLength(path.join(candidate, `.s.PGSQL.${PORT}`)) <= SOCKET_PATH_LIMIT
  const inFolder = path.join(folder, 'socket')
  const short = path.join(account ? SERVER_READABLE_FOLDER : os.tmpdir(), `portico-${digest(folder)}`)
  const socket = [inFolder, short].find(fits)
  if (!socket) throw new Error(`no place for the database's socket: ${short} is too long for a Unix socket`)
  createPrivateFolder(socket, account)
  return socket
}

/**
 * A folder of the server's account, mode 0700. One that exists must already be a real folder of that account: in a shared
 * folder such as /tmp another user could have created it (or a link) first, and would control access to the database.
 */
export function createPrivateFolder(folder: string, account: ServerAccount | null): void {
  const uid = account?.uid ?? process.getuid?.()
  try {
    fs.mkdirSync(folder, { mode: 0o700 })
    if (account) fs.chownSync(folder, account.uid, account.gid)
  } catch (error) {
    if (!hasErrorCode(error, 'EEXIST')) throw error
    const found = fs.lstatSync(folder)
    // Created by root, which was killed before it changed the owner.
    if (account && found.isDirectory() && found.uid === 0) fs.chownSync(folder, account.uid, account.gid)
    else if (!found.isDirectory() || found.uid !== uid)
      throw new Error(`${folder} belongs to another account`, { cause: error })
  }
  fs.chmodSync(folder, 0o700)
}

const isInside = (folder: string, outer: string): boolean => !path.relative(outer, folder).startsWith('..')

/** Short and the same every time, for folder names. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

export function hasErrorCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

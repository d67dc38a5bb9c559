/** An empty database to try an archive in. */
import { randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Connect } from '../database/connect.ts'
import { startEmbedded } from '../database/embedded.ts'
import { hasBinaries } from '../database/embedded/binaries.ts'
import { scratchFolder } from '../database/embedded/folders.ts'
import { startOfProcess } from '../database/embedded/processes.ts'
import { withSpaceCheck } from './disk.ts'
import { createDatabase, createRoles, dropDatabase, ensureDatabase } from '../database/migrate.ts'
import { asRole, ROLES, type RolePasswords } from '../database/roles.ts'

/** The installation's own database server, for machines without the embedded one. */
export interface Server {
  admin: Connect
  passwords: RolePasswords
}

/**
 * Runs `work` with an empty database, connected to as its owner. It is an embedded server of its own, so that neither the rights
 * nor the load of the installation's server matter. Where the embedded server is not installed, it is a new database there.
 */
export async function withScratchDatabase(
  folder: string,
  server: Server,
  work: (owner: Connect) => Promise<void>,
): Promise<void> {
  await (hasBinaries() ? withScratchServer(folder, work) : withDatabaseOf(server, work))
}

async function withScratchServer(folder: string, work: (owner: Connect) => Promise<void>): Promise<void> {
  const parent = scratchFolder(folder)
  await removeAbandoned(parent)
  const own = join(parent, `backup-check-${process.pid}`)
  const settings = { fsync: 'off', shared_buffers: '32MB', max_connections: '20', max_wal_size: '256MB' }
  const passwords = Object.fromEntries(ROLES.map((role) => [role, randomBytes(16).toString('hex')])) as RolePasswords
  let socket: string | undefined
  try {
    const embedded = await startEmbedded({ folder: own, settings })
    const { host, port, user } = embedded
    socket = host
    const admin = { host, port, user, database: 'portico' }
    const prepareAndWork = async () => {
      await ensureDatabase(admin)
      await createRoles(admin, passwords)
      await work(asRole(admin, 'portico_owner', passwords))
    }
    // Before the folder is removed, which makes room again.
    await withSpaceCheck([own], prepareAndWork).finally(() => embedded.stop())
  } finally {
    await rm(own, { recursive: true, force: true })
    // Elsewhere when the path of the folder is too long for a socket.
    if (socket) await rm(socket, { recursive: true, force: true })
  }
}

/** What killed processes left. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const pid = /^backup-check-(\d+)$/.exec(name)?.[1]
    if (pid && !startOfProcess(Number(pid))) await rm(join(folder, name), { recursive: true, force: true })
  }
}

/** A new database on the server of `server.admin`, which must be allowed to create one. */
export async function withDatabaseOf(
  { admin, passwords }: Server,
  work: (owner: Connect) => Promise<void>,
): Promise<void> {
  const scratch = { ...admin, database: `portico_check_${randomBytes(4).toString('hex')}` }
  await createDatabase(admin, scratch.database)
  try {
    await createRoles(scratch, passwords)
    await work(asRole(scratch, 'portico_owner', passwords))
  } finally {
    await dropDatabase(admin, scratch.database)
  }
}

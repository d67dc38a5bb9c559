/** Processes that share one server: one of them starts or stops it at a time, and the last one to leave stops it. */
import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from './cluster.ts'
import { startOfProcess } from './processes.ts'

const LOCK_TIMEOUT_MS = 120_000
const RETRY_MS = 25
const REPORT_WAITING_AFTER_MS = 500
const SQLITE_BUSY = 5

/**
 * Runs `work` while no other process starts or stops this server. The lock is SQLite's on an empty file, because the kernel
 * drops it with the process. A file with a process id in it can be stale, and two processes could find that at once.
 */
export async function withLock<T>(cluster: Cluster, work: () => Promise<T>): Promise<T> {
  const lock = new DatabaseSync(cluster.lockFile, { timeout: 0 })
  try {
    await acquire(lock, cluster)
    return await work()
  } finally {
    lock.close()
  }
}

async function acquire(lock: DatabaseSync, cluster: Cluster): Promise<void> {
  const began = performance.now()
  let reported = false
  while (!tryAcquire(lock)) {
    const waited = performance.now() - began
    if (waited > LOCK_TIMEOUT_MS)
      throw new Error(
        `another process has been starting or stopping the database in ${cluster.folder} for ${LOCK_TIMEOUT_MS / 1000} s`,
      )
    if (waited > REPORT_WAITING_AFTER_MS && !reported) {
      reported = true
      cluster.log('another process is starting or stopping the database; waiting for it')
    }
    await sleep(RETRY_MS)
  }
}

function tryAcquire(lock: DatabaseSync): boolean {
  try {
    lock.exec('begin exclusive')
    return true
  } catch (error) {
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return false
    throw error
  }
}

/** Records that this process uses the server. Call it while holding the lock. */
export function registerUser(cluster: Cluster): void {
  fs.writeFileSync(cluster.userFile, startOfProcess(process.pid), { mode: 0o600 })
}

export function unregisterUser(cluster: Cluster): void {
  fs.rmSync(cluster.userFile, { force: true })
}

/** The processes that still use the server; call it while holding the lock. Files of processes that died are removed. */
export function otherUsers(cluster: Cluster): number[] {
  const live: number[] = []
  for (const name of fs.readdirSync(cluster.users)) {
    const file = path.join(cluster.users, name)
    const pid = Number.parseInt(name, 10)
    const started = startOfProcess(pid)
    if (started && started === fs.readFileSync(file, 'utf8')) live.push(pid)
    else fs.rmSync(file, { force: true })
  }
  return live
}

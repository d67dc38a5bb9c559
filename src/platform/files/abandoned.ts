/**
 * Bytes that stay on disk because a process ended between writing them and committing the row that names them, or between
 * deleting the row and deleting them.
 */
import { opendir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isId } from '../ids.ts'

/** How the store names files: random, chosen by it. */
export const STORED_NAME = /^[0-9a-f]{32}$/
/** No upload takes this long: its request ends after a minute. */
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000
/** Keys that are looked up in the database at once. */
const BATCH = 500
/** Kept files that one pass deletes at most, so that a wrong database behind this folder is noticed before much is gone. */
const LIMIT = 1000

/** The keys that no row names. Those of accounts that the database does not know are not among them: they are another's. */
export type FindUnnamed = (keys: string[]) => Promise<string[]>

/**
 * Deletes files of the store in `folder` that nobody waits for and no row names.
 * @returns how many files it deleted
 */
export async function deleteAbandonedFiles(folder: string, now: Date, findUnnamed: FindUnnamed): Promise<number> {
  const before = now.getTime() - ABANDONED_AFTER_MS
  const incoming = join(folder, 'incoming')
  let deleted = 0
  for await (const name of listNames(incoming)) if (await removeOld(join(incoming, name), before)) deleted++
  let kept = 0
  for await (const keys of listKeys(folder)) {
    for (const key of await findUnnamed(keys)) {
      if (kept >= LIMIT) return deleted + kept
      if (await removeOld(join(folder, key), before)) kept++
    }
  }
  return deleted + kept
}

/** Batches of one account each. */
async function* listKeys(folder: string): AsyncGenerator<string[]> {
  for await (const account of listNames(folder)) {
    if (!isId(account)) continue
    let keys: string[] = []
    for await (const name of listNames(join(folder, account))) {
      if (!STORED_NAME.test(name)) continue
      keys.push(`${account}/${name}`)
      if (keys.length < BATCH) continue
      yield keys
      keys = []
    }
    if (keys.length > 0) yield keys
  }
}

/** Nothing when there is no such folder: it comes with the first file. */
async function* listNames(folder: string): AsyncGenerator<string> {
  const entries = await opendir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  for await (const { name } of entries) yield name
}

/** A copy of the folder keeps the times of writing, so the time of copying counts too. */
async function removeOld(path: string, before: number): Promise<boolean> {
  const stats = await stat(path).catch(() => null)
  if (!stats?.isFile() || Math.max(stats.mtimeMs, stats.ctimeMs) > before) return false
  await rm(path, { force: true })
  return true
}

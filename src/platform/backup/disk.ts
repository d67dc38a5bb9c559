/** A full disk in words: both Node and PostgreSQL only give codes, and PostgreSQL may drop the connection instead. */
import { statfs } from 'node:fs/promises'
import { isDiskFull } from '../disk.ts'
import { BackupError } from './manifest.ts'

const ALMOST_NOTHING = 32 * 1024 * 1024
/** SQLSTATEs: the disk is full, a limit of the configuration is reached. */
const DATABASE_FULL = ['53100', '53400']

/**
 * Runs `work`; an error that a full disk may have caused becomes one that says so.
 * @param folders whose disks `work` writes to; must exist
 */
export async function withSpaceCheck<T>(folders: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof BackupError) throw error
    const { code = '', message } = error as NodeJS.ErrnoException
    const full = await findFull(folders)
    const saysFull = isDiskFull(error) || DATABASE_FULL.includes(code) || /no space left/i.test(message)
    if (!saysFull && full.length === 0) throw error
    const where = full.length > 0 ? `The disk of ${full.join(' and ')} is full.` : 'The disk of the database is full.'
    throw new BackupError(`${where} Make room and try again.`, { cause: error })
  }
}

async function findFull(folders: readonly string[]): Promise<string[]> {
  const free = await Promise.all(
    folders.map(async (folder) => {
      const { bavail, bsize } = await statfs(folder)
      return bavail * bsize
    }),
  )
  return folders.filter((_folder, at) => free[at]! < ALMOST_NOTHING)
}

/** Uploaded files as they are at one moment: held by hard links, so that deleting one meanwhile does not hurt a backup. */
import { link, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export interface PinnedFiles {
  pathOf(key: string): string
  /** Keys without a file on disk. */
  missing: string[]
  release(): Promise<void>
}

const STALE_MS = 24 * 60 * 60 * 1000
const AT_ONCE = 32
/** File systems without hard links: files are then read where they are. */
const UNSUPPORTED = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']

/** @param folder of the file store; links live inside it, because they cannot cross file systems */
export async function pinFiles(folder: string, keys: readonly string[], now: Date): Promise<PinnedFiles> {
  await removeStale(folder, now)
  const links = join(folder, `backup-${process.pid}`)
  const pathOf = new Map<string, string>()
  const missing: string[] = []
  const release = () => rm(links, { recursive: true, force: true })

  async function pin(key: string): Promise<void> {
    const original = join(folder, key)
    try {
      await link(original, join(links, key))
      pathOf.set(key, join(links, key))
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') missing.push(key)
      else if (UNSUPPORTED.includes(code)) pathOf.set(key, original)
      else throw error
    }
  }

  try {
    for (const account of new Set(keys.map(dirname)))
      await mkdir(join(links, account), { recursive: true, mode: 0o700 })
    for (let at = 0; at < keys.length; at += AT_ONCE) await Promise.all(keys.slice(at, at + AT_ONCE).map(pin))
  } catch (error) {
    await release()
    throw error
  }
  return { pathOf: (key) => pathOf.get(key)!, missing, release }
}

/** Links of a backup that was killed would keep deleted files on the disk. */
async function removeStale(folder: string, now: Date): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!/^backup-\d+$/.test(name)) continue
    const stats = await stat(join(folder, name)).catch(() => null)
    if (stats && now.getTime() - stats.mtimeMs > STALE_MS)
      await rm(join(folder, name), { recursive: true, force: true })
  }
}

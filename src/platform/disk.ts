/**
 * Writing to disk so that what is acknowledged is there. A full disk may take a part of a write without an error, so every
 * byte is compared with what arrived, and a file gets its name only when it is on disk as a whole.
 */
import { createHash, randomBytes } from 'node:crypto'
import { link, open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The disk did not keep what it was given. `code` is the system's: ENOSPC for no room, EIO for other bytes. */
class DiskError extends Error {
  readonly code: 'ENOSPC' | 'EIO'
  constructor(code: 'ENOSPC' | 'EIO', message: string) {
    super(message)
    this.name = 'DiskError'
    this.code = code
  }
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | null)?.code

/** No room: the disk, a quota of the file system or the largest file it may hold. */
export const isDiskFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(codeOf(error) as string)

/** The disk cannot be written for another reason: read-only, or broken. */
export const isDiskFault = (error: unknown): boolean => ['EROFS', 'EIO'].includes(codeOf(error) as string)

export interface WrittenFile {
  /** Bytes. */
  size: number
  /** Hex. */
  sha256: string
}

/**
 * Writes a new file, synced to disk and compared with what arrived. Removes it when that fails.
 * @param check Called with the bytes so far; throws to end the writing.
 * @throws DiskError, or the system's error (see isDiskFull)
 */
export async function writeChecked(
  path: string,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  check: (size: number) => void = () => {},
): Promise<WrittenFile> {
  const handle = await open(path, 'wx+', 0o600)
  try {
    const hash = createHash('sha256')
    let size = 0
    for await (const part of source) {
      size += part.length
      check(size)
      hash.update(part)
      await writeWhole(handle, part)
    }
    await handle.sync()
    const written = { size, sha256: hash.digest('hex') }
    await compare(handle, written)
    return written
  } catch (error) {
    await rm(path, { force: true })
    throw error
  } finally {
    await handle.close()
  }
}

/** A write may take fewer bytes than it is given, without an error: then the rest is written again. */
async function writeWhole(handle: FileHandle, part: Uint8Array): Promise<void> {
  for (let at = 0; at < part.length;) {
    const { bytesWritten } = await handle.write(part, at)
    if (bytesWritten === 0) throw new DiskError('ENOSPC', 'The disk takes no more bytes')
    at += bytesWritten
  }
}

const READ_BYTES = 256 * 1024

async function compare(handle: FileHandle, { size, sha256 }: WrittenFile): Promise<void> {
  const stored = (await handle.stat()).size
  if (stored !== size) throw new DiskError('ENOSPC', `The disk kept ${stored} of ${size} bytes`)
  const hash = createHash('sha256')
  const buffer = Buffer.alloc(Math.min(READ_BYTES, Math.max(size, 1)))
  for (let at = 0; at < size;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at)
    if (bytesRead === 0) throw new DiskError('EIO', 'The disk returns fewer bytes than were written')
    hash.update(buffer.subarray(0, bytesRead))
    at += bytesRead
  }
  if (hash.digest('hex') !== sha256) throw new DiskError('EIO', 'The disk returns other bytes than were written')
}

/** Gives a written file its name. After a crash it has it or not, and is whole. */
export async function publish(path: string, finalPath: string): Promise<void> {
  await rename(path, finalPath)
  await syncFolder(dirname(finalPath))
}

/**
 * Writes a file that must not exist yet; of two writers at once one wins.
 * @returns false when there is such a file, which stays as it is
 */
export async function createFile(path: string, text: string): Promise<boolean> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.new`
  await writeChecked(draft, [Buffer.from(text)])
  try {
    await link(draft, path)
    await syncFolder(dirname(path))
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

/** A new name is on disk when its folder is. Some file systems cannot sync a folder, and say EINVAL. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } catch (error) {
    if (codeOf(error) !== 'EINVAL') throw error
  } finally {
    await handle.close()
  }
}

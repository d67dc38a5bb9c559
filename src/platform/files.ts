/** Where uploaded files are kept: checked by their bytes, cleaned, and stored under a random name. */
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Sharp } from 'sharp'
import { systemClock } from './clock.ts'
import { cleanName } from './file-names.ts'
import { detectFileType, EXTENSIONS, PICTURES, type FileType } from './file-types.ts'
import { isId } from './ids.ts'

/** Bytes; screens show this limit too. */
export const FILE_LIMIT = 10 * 1024 * 1024
/** Pixels of a picture before it is opened: a "pixel flood" of a few bytes would take gigabytes. */
const PIXEL_LIMIT = 50_000_000
const PICTURE_EDGE = 4000
/** A logo is shown 120 px wide at most, on screens of three dots a pixel; every page of a portal carries it. */
const LOGO_EDGE = 360
const STALE_MS = 60 * 60 * 1000

export interface StoredFile {
  /** Chosen here, never by the sender: `<account>/<random>`. */
  key: string
  /** The original name, cleaned, with the extension of what it really is. */
  name: string
  type: FileType
  /** Bytes as stored. */
  size: number
  /** Hex, of the bytes as stored. */
  sha256: string
  /** Pixels, of pictures. */
  width?: number
  height?: number
}

export type Refusal = 'tooLarge' | 'empty' | 'typeRefused' | 'pictureBroken' | 'pictureTooLarge'

/** The file is not kept, and nothing of it is left. */
export class FileRefused extends Error {
  readonly reason: Refusal
  constructor(reason: Refusal) {
    super(`File refused: ${reason}`)
    this.name = 'FileRefused'
    this.reason = reason
  }
}

/** There is no such file. */
export class FileMissing extends Error {
  constructor() {
    super('No such file')
    this.name = 'FileMissing'
  }
}

export interface PutOptions {
  /** Id of the account it belongs to. */
  account: string
  /** As the sender called it. */
  name: string
  /** A logo is a picture, kept as png of at most 360 px, because mail programs know no webp. */
  purpose?: 'attachment' | 'logo'
  /** Bytes; at most FILE_LIMIT. */
  limit?: number
}

export interface FileStore {
  /** Takes a stream in, looks at what it is, cleans pictures, keeps it. Throws FileRefused; then nothing is left. */
  put(source: AsyncIterable<Uint8Array>, options: PutOptions): Promise<StoredFile>
  /** Throws FileMissing. */
  get(key: string): Promise<{ stream: Readable; size: number }>
  /** Deleting a file that does not exist is no error. */
  delete(key: string): Promise<void>
}

/** Files on the local disk, below `<folder>` (PORTICO_DATA/files), readable by this process's user only. */
export function createDiskStore(folder: string): FileStore {
  const incoming = join(folder, 'incoming')
  let ready: Promise<void> | undefined

  return {
    async put(source, { account, name, purpose = 'attachment', limit = FILE_LIMIT }) {
      if (!isId(account)) throw new TypeError('Not an account')
      const key = `${account}/${randomBytes(16).toString('hex')}`
      ready ??= prepareFolder(incoming).catch((error: unknown) => {
        ready = undefined
        throw error
      })
      await ready
      const path = join(incoming, key.slice(account.length + 1))
      try {
        const received = await receive(source, path, Math.min(limit, FILE_LIMIT))
        const { bytes, ...described } = await examine(received, name, purpose)
        const finalPath = join(folder, key)
        await mkdir(join(folder, account), { recursive: true, mode: 0o700 })
        await writeWhole(path, bytes)
        await rename(path, finalPath)
        return {
          key,
          name: cleanName(name, EXTENSIONS[described.type]),
          ...described,
          size: bytes.length,
          sha256: createHash('sha256').update(bytes).digest('hex'),
        }
      } catch (error) {
        await rm(path, { force: true })
        throw error
      }
    },
    async get(key) {
      const path = pathOf(folder, key)
      const stats = path && (await stat(path).catch(() => null))
      if (!path || !stats) throw new FileMissing()
      return { stream: createReadStream(path), size: stats.size }
    },
    async delete(key) {
      const path = pathOf(folder, key)
      if (path) await rm(path, { force: true })
    },
  }
}

/** Creates the folder of incoming files and removes what killed processes have left there. */
async function prepareFolder(incoming: string): Promise<void> {
  await mkdir(incoming, { recursive: true, mode: 0o700 })
  const staleBefore = systemClock.now().getTime() - STALE_MS
  for (const name of await readdir(incoming)) {
    const path = join(incoming, name)
    const stats = await stat(path).catch(() => null)
    if (stats && stats.mtimeMs < staleBefore) await rm(path, { force: true })
  }
}

/** On disk as a whole before the file gets its name: after a crash it is there entirely or not at all. */
async function writeWhole(path: string, bytes: Buffer): Promise<void> {
  const handle = await open(path, 'w', 0o600)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

// Keys come from our own rows; checked all the same, so that no key can ever climb out of the folder.
function pathOf(folder: string, key: string): string | null {
  const [account, name, ...more] = key.split('/')
  return isId(account) && /^[0-9a-f]{32}$/.test(name ?? '') && more.length === 0 ? join(folder, account, name!) : null
}

/** Streams to disk first: many slow uploads must not fill the memory. */
async function receive(source: AsyncIterable<Uint8Array>, path: string, limit: number): Promise<Buffer> {
  const handle = await open(path, 'wx', 0o600)
  try {
    let size = 0
    for await (const part of source) {
      size += part.length
      if (size > limit) throw new FileRefused('tooLarge')
      await handle.write(part)
    }
    // Fastify's multipart ends a stream early at its own limit and only sets a flag.
    if ((source as { truncated?: boolean }).truncated) throw new FileRefused('tooLarge')
    if (size === 0) throw new FileRefused('empty')
  } finally {
    await handle.close()
  }
  return readFile(path)
}

interface ProcessedFile {
  type: FileType
  bytes: Buffer
  width?: number
  height?: number
}

async function examine(bytes: Buffer, name: string, purpose: 'attachment' | 'logo'): Promise<ProcessedFile> {
  const type = detectFileType(bytes, name)
  if (!type || (purpose === 'logo' && !PICTURES.includes(type))) throw new FileRefused('typeRefused')
  return PICTURES.includes(type) ? cleanPicture(bytes, type, purpose) : { type, bytes }
}

function encode(picture: Sharp, format: FileType, purpose: 'attachment' | 'logo'): Sharp {
  if (format === 'image/jpeg') return picture.jpeg({ quality: 85, mozjpeg: true })
  if (format === 'image/webp') return picture.webp({ quality: 85 })
  return picture.png(purpose === 'logo' ? { palette: true, quality: 80, effort: 10 } : {})
}

/** Encoded again, which removes what is not picture: GPS position, comments, a second file behind the first. */
async function cleanPicture(bytes: Buffer, type: FileType, purpose: 'attachment' | 'logo'): Promise<ProcessedFile> {
  // Loaded with the first picture: 20 MB that a process without pictures does not have.
  const { default: sharp } = await import('sharp')
  const picture = sharp(bytes, { limitInputPixels: PIXEL_LIMIT, failOn: 'error', animated: false })
  const edge = purpose === 'logo' ? LOGO_EDGE : PICTURE_EDGE
  try {
    const upright = picture.autoOrient().resize({ width: edge, height: edge, fit: 'inside', withoutEnlargement: true })
    const format = purpose === 'logo' ? 'image/png' : type
    const { data, info } = await encode(upright, format, purpose).toBuffer({ resolveWithObject: true })
    return { type: format, bytes: data, width: info.width, height: info.height }
  } catch (error) {
    throw new FileRefused(/pixel limit/i.test((error as Error).message) ? 'pictureTooLarge' : 'pictureBroken')
  }
}

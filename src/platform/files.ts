/** Where uploaded files are kept: checked by their bytes, cleaned, and stored under a random name. */
import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { publish, syncFolder, writeChecked, type WrittenFile } from './disk.ts'
import { cleanName } from './file-names.ts'
import { detectFileType, EXTENSIONS, isPicture, type FileType } from './file-types.ts'
import { deleteAbandonedFiles, STORED_NAME, type FindUnnamed } from './files/abandoned.ts'
import { drawPicture, PictureRefused, type DrawnPicture, type Purpose } from './files/pictures.ts'
import { isId } from './ids.ts'
import type { FieldError } from './problem.ts'

const MEGABYTE = 1024 * 1024
/** Bytes; screens show these limits too. */
export const FILE_LIMIT = 10 * MEGABYTE
/** Bytes of a photo as it arrives; it is kept scaled. Photos of 50 megapixels have up to 25 MB. */
const PHOTO_LIMIT = 30 * MEGABYTE

export interface StoredFile {
  /** Chosen here, never by the sender: `<account>/<random>`. */
  key: string
  /** The original name, cleaned, with the extension of what it is now. */
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

/** `uploadTooLarge`: of any kind, before it is known what it is. */
type Refusal = 'tooLarge' | 'uploadTooLarge' | 'empty' | 'typeRefused' | 'pictureBroken' | 'pictureTooLarge'

/** The file is not kept, and nothing of it is left. */
export class FileRefused extends Error {
  readonly reason: Refusal
  /** Values for the words, such as the limit. */
  readonly vars: Record<string, number>
  constructor(reason: Refusal, vars: Record<string, number> = {}) {
    super(`File refused: ${reason}`)
    this.name = 'FileRefused'
    this.reason = reason
    this.vars = vars
  }

  /** Words are under `problems.fields.file…`. */
  get fieldError(): FieldError {
    return { code: `file${this.reason[0]!.toUpperCase()}${this.reason.slice(1)}`, vars: this.vars }
  }
}

/** There is no such file. */
export class FileMissing extends Error {
  constructor() {
    super('No such file')
    this.name = 'FileMissing'
  }
}

/** A file that arrived as a whole and waits on disk for its use. Discard it when that is done, or did not happen. */
export class ReceivedFile implements WrittenFile {
  readonly path: string
  readonly size: number
  readonly sha256: string
  constructor(path: string, { size, sha256 }: WrittenFile) {
    this.path = path
    this.size = size
    this.sha256 = sha256
  }

  /** Removes it, unless it was kept. */
  async discard(): Promise<void> {
    await rm(this.path, { force: true })
  }
}

export interface PutOptions {
  /** Id of the account it belongs to. */
  account: string
  /** As the sender called it. */
  name: string
  /** A logo is a picture, kept as png of at most 360 px, because mail programs know no webp. */
  purpose?: Purpose
  /** Bytes; at most FILE_LIMIT. Attached photos may have PHOTO_LIMIT. */
  limit?: number
}

type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

export interface FileStore {
  /** Bytes that one account may store; the operator decides (ACCOUNT_STORAGE_MB). */
  readonly accountQuota: number
  /**
   * Streams an upload to disk, compared with what arrived.
   * @param limit Bytes; more throws FileRefused
   * @throws FileRefused, DiskError or the system's error; then nothing is left
   */
  receive(source: AsyncIterable<Uint8Array>, limit?: number): Promise<ReceivedFile>
  /** Looks at what a file is, cleans pictures, keeps it. Throws as `receive` does; then nothing is left. */
  put(source: AsyncIterable<Uint8Array> | ReceivedFile, options: PutOptions): Promise<StoredFile>
  /** Throws FileMissing. */
  get(key: string): Promise<{ stream: Readable; size: number }>
  /** Deleting a file that does not exist is no error. */
  delete(key: string): Promise<void>
  /** Deletes what ended processes have left, at least a day old, and returns how many files that were. */
  deleteAbandoned(now: Date, findUnnamed: FindUnnamed): Promise<number>
}

function createReceiver(incoming: string) {
  let ready: Promise<unknown> | undefined
  const prepare = () =>
    (ready ??= mkdir(incoming, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      ready = undefined
      throw error
    }))
  return async (source: ByteSource, limit = PHOTO_LIMIT): Promise<ReceivedFile> => {
    await prepare()
    const path = join(incoming, randomBytes(16).toString('hex'))
    const refuseLarger = (size: number) => {
      if (size <= limit) return
      if (limit !== PHOTO_LIMIT) throw new FileRefused('tooLarge', { max: limit / MEGABYTE })
      throw new FileRefused('uploadTooLarge', { max: FILE_LIMIT / MEGABYTE, photo: PHOTO_LIMIT / MEGABYTE })
    }
    return new ReceivedFile(path, await writeChecked(path, source, refuseLarger))
  }
}

/** Files on the local disk, below `<folder>` (PORTICO_DATA/files), readable by this process's user only. */
export function createDiskStore(folder: string, accountQuota = Infinity): FileStore {
  const receive = createReceiver(join(folder, 'incoming'))
  return {
    accountQuota,
    receive,
    async put(source, { account, name, purpose = 'attachment', limit = FILE_LIMIT }) {
      if (!isId(account)) throw new TypeError('Not an account')
      const received = source instanceof ReceivedFile ? source : await receive(source, arrivalLimit(purpose, limit))
      let file = received
      try {
        const type = await checkedType(received, name, purpose, limit)
        const { bytes, ...kept } = isPicture(type)
          ? await draw(received.path, type, purpose)
          : { type, bytes: undefined }
        if (bytes) file = await receive([bytes], Infinity)
        const key = `${account}/${randomBytes(16).toString('hex')}`
        if (await mkdir(join(folder, account), { recursive: true, mode: 0o700 })) await syncFolder(folder)
        await publish(file.path, join(folder, key))
        const { size, sha256 } = file
        return { key, name: nameAs(name, type, kept.type), ...kept, size, sha256 }
      } finally {
        await Promise.all([received.discard(), file.discard()])
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
    deleteAbandoned: (now, findUnnamed) => deleteAbandonedFiles(folder, now, findUnnamed),
  }
}

async function draw(path: string, type: FileType, purpose: Purpose): Promise<DrawnPicture> {
  try {
    return await drawPicture(path, type, purpose)
  } catch (error) {
    if (!(error instanceof PictureRefused)) throw error
    const { reason, megapixels } = error
    throw new FileRefused(reason, megapixels === undefined ? {} : { megapixels })
  }
}

async function checkedType(
  { path, size }: ReceivedFile,
  name: string,
  purpose: Purpose,
  limit: number,
): Promise<FileType> {
  if (size > arrivalLimit(purpose, limit)) throw new FileRefused('tooLarge', { max: limit / MEGABYTE })
  if (size === 0) throw new FileRefused('empty')
  const type = await detectFileType(path, name)
  if (!type || (purpose === 'logo' && !isPicture(type))) throw new FileRefused('typeRefused')
  if (size > limit && !isPicture(type)) throw new FileRefused('tooLarge', { max: limit / MEGABYTE })
  return type
}

/** Bytes that may arrive before it is known what they are. */
const arrivalLimit = (purpose: Purpose, limit: number): number =>
  purpose === 'attachment' && limit >= FILE_LIMIT ? PHOTO_LIMIT : Math.min(limit, FILE_LIMIT)

/** The cleaned name; a picture whose format changed does not keep its old ending before the new one. */
function nameAs(name: string, sentType: FileType, keptType: FileType): string {
  const last = name.trim()
  const dot = last.lastIndexOf('.')
  const stem = sentType !== keptType && dot > 0 && last.length - dot <= 5 ? last.slice(0, dot) : last
  return cleanName(stem, EXTENSIONS[keptType])
}

// Keys come from our own rows; checked all the same, so that no key can ever climb out of the folder.
function pathOf(folder: string, key: string): string | null {
  const [account, name, ...more] = key.split('/')
  return isId(account) && STORED_NAME.test(name ?? '') && more.length === 0 ? join(folder, account, name!) : null
}

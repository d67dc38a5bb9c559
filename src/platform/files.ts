import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { isId } from './ids.ts'
import { systemClock } from './clock.ts'

/** Bytes; also the limit to say on screens. */
export const FILE_LIMIT = 10 * 1024 * 1024
/** Pixels of a picture before it is opened: a "pixel flood" of a few bytes would take gigabytes. */
const PIXEL_LIMIT = 50_000_000
const PICTURE_EDGE = 4000
/** A logo is shown 120 px wide at most, on screens of three dots a pixel; every page of a portal carries it. */
const LOGO_EDGE = 360
const STALE_MS = 60 * 60 * 1000

/** What may be kept, by what it is and not by what it is called. Never SVG or HTML, no animations, no macros, no archives. */
const KINDS = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'image/heic': 'heic',
  'application/pdf': 'pdf',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'text/csv': 'csv',
  'text/plain': 'txt',
} as const
export type FileType = keyof typeof KINDS

const PICTURES: readonly string[] = ['image/jpeg', 'image/png', 'image/webp']

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
  /** A logo is a picture, kept as png of at most 512 px, because mail programs know no webp. */
  purpose?: 'attachment' | 'logo'
  /** Bytes; at most FILE_LIMIT. */
  limit?: number
}

export interface FileStore {
  /** Takes a stream in, looks at what it is, cleans pictures, keeps it. Throws FileRefused; then nothing is left. */
  put(source: AsyncIterable<Uint8Array>, options: PutOptions): Promise<StoredFile>
  /** Throws FileMissing. */
  get(key: string): Promise<{ stream: Readable; size: number }>
  /** Deleting what is gone is fine. */
  delete(key: string): Promise<void>
}

/** Files on the local disk, below `<folder>` (PORTICO_DATA/files), readable by this process's user only. */
export function createDiskStore(folder: string): FileStore {
  const incoming = join(folder, 'incoming')
  let ready: Promise<void> | undefined

  async function prepare(): Promise<void> {
    await mkdir(incoming, { recursive: true, mode: 0o700 })
    // Left by a process that was killed half-way.
    const before = systemClock.now().getTime() - STALE_MS
    for (const name of await readdir(incoming)) {
      const path = join(incoming, name)
      if (((await stat(path).catch(() => null))?.mtimeMs ?? before) < before) await rm(path, { force: true })
    }
  }

  return {
    async put(source, { account, name, purpose = 'attachment', limit = FILE_LIMIT }) {
      if (!isId(account)) throw new TypeError('Not an account')
      const key = `${account}/${randomBytes(16).toString('hex')}`
      ready ??= prepare().catch((error: unknown) => {
        ready = undefined
        throw error
      })
      await ready
      const path = join(incoming, key.slice(37))
      try {
        const taken = await receive(source, path, Math.min(limit, FILE_LIMIT))
        const kept = await examine(taken, name, purpose)
        const finalPath = join(folder, key)
        await mkdir(join(folder, account), { recursive: true, mode: 0o700 })
        // Whole on disk before it gets its name: after a crash a file is there entirely or not at all.
        const handle = await open(path, 'w', 0o600)
        try {
          await handle.writeFile(kept.bytes)
          await handle.sync()
        } finally {
          await handle.close()
        }
        await rename(path, finalPath)
        const { bytes, ...described } = kept
        return {
          key,
          name: cleanName(name, KINDS[kept.type]),
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
      const found = path && (await stat(path).catch(() => null))
      if (!path || !found) throw new FileMissing()
      return { stream: createReadStream(path), size: found.size }
    },
    async delete(key) {
      const path = pathOf(folder, key)
      if (path) await rm(path, { force: true })
    },
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

interface Kept {
  type: FileType
  bytes: Buffer
  width?: number
  height?: number
}

async function examine(bytes: Buffer, name: string, purpose: 'attachment' | 'logo'): Promise<Kept> {
  const type = detectFileType(bytes, name)
  if (!type || (purpose === 'logo' && !PICTURES.includes(type))) throw new FileRefused('typeRefused')
  return PICTURES.includes(type) ? cleanPicture(bytes, type, purpose) : { type, bytes }
}

/** Drawn anew: what is not picture (GPS position, comments, a second file behind the first) is gone. */
async function cleanPicture(bytes: Buffer, type: FileType, purpose: 'attachment' | 'logo'): Promise<Kept> {
  // Loaded with the first picture: 20 MB that a process without pictures does not have.
  const { default: sharp } = await import('sharp')
  const picture = sharp(bytes, { limitInputPixels: PIXEL_LIMIT, failOn: 'error', animated: false })
  const edge = purpose === 'logo' ? LOGO_EDGE : PICTURE_EDGE
  try {
    const upright = picture.autoOrient().resize({ width: edge, height: edge, fit: 'inside', withoutEnlargement: true })
    const format = purpose === 'logo' ? 'image/png' : type
    const drawn =
      format === 'image/jpeg'
        ? upright.jpeg({ quality: 85, mozjpeg: true })
        : format === 'image/webp'
          ? upright.webp({ quality: 85 })
          : upright.png(purpose === 'logo' ? { palette: true, quality: 80, effort: 10 } : {})
    const { data, info } = await drawn.toBuffer({ resolveWithObject: true })
    return { type: format, bytes: data, width: info.width, height: info.height }
  } catch (error) {
    throw new FileRefused(/pixel limit/i.test((error as Error).message) ? 'pictureTooLarge' : 'pictureBroken')
  }
}

/** What the bytes are, or null when we do not keep such files. The name only tells csv from plain text. */
export function detectFileType(bytes: Buffer, name = ''): FileType | null {
  const starts = (hex: string) => bytes.subarray(0, hex.length / 2).equals(Buffer.from(hex, 'hex'))
  const ascii = (from: number, to: number) => bytes.toString('latin1', from, to)
  if (starts('ffd8ff')) return 'image/jpeg'
  if (starts('89504e470d0a1a0a')) return 'image/png'
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') return 'image/webp'
  if (ascii(4, 8) === 'ftyp' && ['heic', 'heix', 'heim', 'heis', 'mif1'].includes(ascii(8, 12))) return 'image/heic'
  if (ascii(0, 5) === '%PDF-') return 'application/pdf'
  if (starts('504b0304')) return office(bytes)
  if (isText(bytes)) return /\.csv$/i.test(name.trim()) ? 'text/csv' : 'text/plain'
  return null
}

/** Word and Excel files are zip archives; their table of contents says which, and whether they hold macros. */
function office(bytes: Buffer): FileType | null {
  const end = bytes.lastIndexOf(Buffer.from('504b0506', 'hex'))
  if (end < 0 || end + 20 > bytes.length) return null
  let at = bytes.readUInt32LE(end + 16)
  const names: string[] = []
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== 0x02014b50) return null
    const length = bytes.readUInt16LE(at + 28)
    names.push(bytes.toString('latin1', at + 46, at + 46 + length))
    at += 46 + length + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32)
  }
  if (
    names.some((entry) => /vbaProject|macros?|activeX|\.(exe|js|html?)$/i.test(entry)) ||
    !names.includes('[Content_Types].xml')
  )
    return null
  if (names.includes('word/document.xml'))
    return 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
  if (names.includes('xl/workbook.xml')) return 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
  return null
}

/** Text holds no control characters but line ends and tabs, and does not begin like something a browser runs. */
function isText(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte < 9 || (byte > 13 && byte < 32) || byte === 127) return false
  const start = bytes
    .toString('utf8', 0, 1024)
    .replace(/^\uFEFF/, '')
    .trimStart()
  return !/^(<|%!|#!|\{\\rtf)/.test(start) && !/<(!doctype|html|svg|script|iframe|body)\b/i.test(start)
}

const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffd]/g

/** A file's own name as it may be shown and offered: no folders, no hidden or direction-turning characters, at most 120. */
export function cleanName(name: string, extension: string): string {
  const last = name.normalize('NFC').split(/[/\\]/).at(-1)!
  const plain = last
    .toWellFormed()
    .replace(HIDDEN, '')
    .replace(/[<>:"|?*]/g, '_')
    .replace(/\s+/g, ' ')
    .replace(/^[\s.]+|[\s.]+$/g, '')
  const same =
    extension === 'jpg' ? /\.jpe?g$/i : extension === 'heic' ? /\.hei[cf]$/i : new RegExp(`\\.${extension}$`, 'i')
  // A text called page.html stays page.html.txt: its ending says what it is.
  const stem = plain.replace(same, '') || 'file'
  const ending = same.exec(plain)?.[0] ?? `.${extension}`
  return (
    [...stem]
      .slice(0, 120 - ending.length)
      .join('')
      .trimEnd() + ending
  )
}

/** RFC 6266: a plain name for old readers, the whole one for all others. Cannot end the header. */
export function contentDisposition(name: string, how: 'attachment' | 'inline' = 'attachment'): string {
  const plain =
    name
      .normalize('NFKD')
      .replace(/[^\x20-\x7e]/g, '')
      .replace(/["\\%]/g, '_')
      .trim() || 'file'
  const whole = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase(),
  )
  return `${how}; filename="${plain}"; filename*=UTF-8''${whole}`
}

/**
 * Headers for handing a stored file out. Only pictures that we drew ourselves are shown in place; everything else is
 * saved. Whatever it is, it runs nothing and is not guessed at.
 */
export function downloadHeaders(file: { name: string; type: string; size: number }): Record<string, string> {
  const shown = PICTURES.includes(file.type)
  const known = Object.hasOwn(KINDS, file.type)
  return {
    'content-type': !known
      ? 'application/octet-stream'
      : file.type.startsWith('text/')
        ? `${file.type}; charset=utf-8`
        : file.type,
    'content-length': String(file.size),
    'content-disposition': contentDisposition(file.name, shown ? 'inline' : 'attachment'),
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'private, max-age=3600',
  }
}

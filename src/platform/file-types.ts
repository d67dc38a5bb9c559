/** Which types of files are kept, and how the bytes of a file show its type. */
import { open, type FileHandle } from 'node:fs/promises'

/** What may be kept, by its bytes and not by its name. Never SVG or HTML, no animations, no macros, no archives. */
export const EXTENSIONS = {
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
export type FileType = keyof typeof EXTENSIONS

/** Pictures that browsers show, and that we drew ourselves. */
export const PICTURES: readonly string[] = ['image/jpeg', 'image/png', 'image/webp']

/** Pictures that we draw anew; HEIC becomes a JPEG. */
export const isPicture = (type: FileType): boolean => PICTURES.includes(type) || type === 'image/heic'

const HEAD_BYTES = 1024
const READ_BYTES = 256 * 1024
/** The end of a zip archive: its record of 22 bytes and a comment of at most 65,535. */
const ZIP_END_BYTES = 22 + 65_535
/** Table of contents of a zip archive, in bytes; that of a large spreadsheet has some kilobytes. */
const ZIP_TABLE_LIMIT = 1024 * 1024

/** What the bytes of the file are, or null when we do not keep such files. The name only tells csv from plain text. */
export async function detectFileType(path: string, name = ''): Promise<FileType | null> {
  const file = await open(path, 'r')
  try {
    const head = await readAt(file, 0, HEAD_BYTES)
    const type = pictureType(head)
    if (type) return type
    if (head.toString('latin1', 0, 5) === '%PDF-') return 'application/pdf'
    if (startsWith(head, '504b0304')) return await officeType(file)
    if (await isText(file, head)) return name.trim().slice(-4).toLowerCase() === '.csv' ? 'text/csv' : 'text/plain'
    return null
  } finally {
    await file.close()
  }
}

const startsWith = (bytes: Buffer, hex: string) => bytes.subarray(0, hex.length / 2).toString('hex') === hex

async function readAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at)
  return buffer.subarray(0, bytesRead)
}

function pictureType(head: Buffer): FileType | null {
  const ascii = (from: number, to: number) => head.toString('latin1', from, to)
  if (startsWith(head, 'ffd8ff')) return 'image/jpeg'
  if (startsWith(head, '89504e470d0a1a0a')) return 'image/png'
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') return 'image/webp'
  const isHeic = ascii(4, 8) === 'ftyp' && ['heic', 'heix', 'heim', 'heis', 'mif1'].includes(ascii(8, 12))
  return isHeic ? 'image/heic' : null
}

/** Word and Excel files are zip archives; their table of contents shows the type, and whether they contain macros. */
async function officeType(file: FileHandle): Promise<FileType | null> {
  const names = await zipNames(file)
  if (!names) return null
  const runsCode = names.some((entry) => /vbaProject|macros?|activeX|\.(exe|js|html?)$/i.test(entry))
  if (runsCode || !names.includes('[Content_Types].xml')) return null
  if (names.includes('word/document.xml'))
    return 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
  if (names.includes('xl/workbook.xml')) return 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
  return null
}

/** Names in a zip archive's table of contents; null when it cannot be read. */
async function zipNames(file: FileHandle): Promise<string[] | null> {
  const { size } = await file.stat()
  const tail = await readAt(file, Math.max(size - ZIP_END_BYTES, 0), ZIP_END_BYTES)
  const end = tail.lastIndexOf(Buffer.from('504b0506', 'hex'))
  if (end < 0 || end + 20 > tail.length) return null
  const start = tail.readUInt32LE(end + 16)
  const length = size - tail.length + end - start
  if (length < 0 || length > ZIP_TABLE_LIMIT) return null
  const table = await readAt(file, start, length)
  const names: string[] = []
  for (let left = tail.readUInt16LE(end + 10), at = 0; left > 0; left--) {
    if (at + 46 > table.length || table.readUInt32LE(at) !== 0x02014b50) return null
    const nameLength = table.readUInt16LE(at + 28)
    names.push(table.toString('latin1', at + 46, at + 46 + nameLength))
    at += 46 + nameLength + table.readUInt16LE(at + 30) + table.readUInt16LE(at + 32)
  }
  return names
}

/** Text holds no control characters but line ends and tabs, and does not begin like something a browser runs. */
async function isText(file: FileHandle, head: Buffer): Promise<boolean> {
  const buffer = Buffer.alloc(READ_BYTES)
  for (let at = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, READ_BYTES, at)
    if (bytesRead === 0) break
    for (const byte of buffer.subarray(0, bytesRead)) if (isControl(byte)) return false
    at += bytesRead
  }
  const start = head
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart()
  return !/^(<|%!|#!|\{\\rtf)/.test(start) && !/<(!doctype|html|svg|script|iframe|body)\b/i.test(start)
}

const isControl = (byte: number) => byte < 9 || (byte > 13 && byte < 32) || byte === 127

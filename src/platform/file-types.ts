/** Which types of files are kept, and how the bytes of a file show its type. */

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

export const PICTURES: readonly string[] = ['image/jpeg', 'image/png', 'image/webp']

/** What the bytes are, or null when we do not keep such files. The name only tells csv from plain text. */
export function detectFileType(bytes: Buffer, name = ''): FileType | null {
  const starts = (hex: string) => bytes.subarray(0, hex.length / 2).equals(Buffer.from(hex, 'hex'))
  const ascii = (from: number, to: number) => bytes.toString('latin1', from, to)
  if (starts('ffd8ff')) return 'image/jpeg'
  if (starts('89504e470d0a1a0a')) return 'image/png'
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') return 'image/webp'
  if (ascii(4, 8) === 'ftyp' && ['heic', 'heix', 'heim', 'heis', 'mif1'].includes(ascii(8, 12))) return 'image/heic'
  if (ascii(0, 5) === '%PDF-') return 'application/pdf'
  if (starts('504b0304')) return officeType(bytes)
  if (isText(bytes)) return /\.csv$/i.test(name.trim()) ? 'text/csv' : 'text/plain'
  return null
}

/** Word and Excel files are zip archives; their table of contents shows the type, and whether they contain macros. */
function officeType(bytes: Buffer): FileType | null {
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
  const runsCode = names.some((entry) => /vbaProject|macros?|activeX|\.(exe|js|html?)$/i.test(entry))
  if (runsCode || !names.includes('[Content_Types].xml')) return null
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

/** Names and headers of files that are handed out. */
import { EXTENSIONS, PICTURES } from './file-types.ts'
import { trimCharacters, withoutInvisible } from './text.ts'

const CONTROL = /[\u0000-\u001f\u007f\ufffc\ufffd]/g
/** Longest name that is looked at; file systems allow 255 bytes. */
const MAX_GIVEN = 1_000

/** Extensions that are spelled in more than one way. */
const SPELLINGS: Record<string, RegExp> = { jpg: /\.jpe?g$/i, heic: /\.hei[cf]$/i }

/** A file's own name as it may be shown and offered: no folders, no hidden or direction-turning characters, at most 120. */
export function cleanName(name: string, extension: string): string {
  // The end of a name says what it is, and folders are in front of it.
  const last = name.slice(-MAX_GIVEN).toWellFormed().normalize('NFC').split(/[/\\]/).at(-1)!
  const line = withoutInvisible(last)
    .replace(CONTROL, '')
    .replace(/[<>:"|?*]/g, '_')
    .replace(/\s+/g, ' ')
  const plain = trimCharacters(line, (character) => character === ' ' || character === '.')
  const same = SPELLINGS[extension] ?? new RegExp(`\\.${extension}$`, 'i')
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
  const isShown = PICTURES.includes(file.type)
  const isSupported = Object.hasOwn(EXTENSIONS, file.type)
  return {
    'content-type': isSupported ? withCharset(file.type) : 'application/octet-stream',
    'content-length': String(file.size),
    'content-disposition': contentDisposition(file.name, isShown ? 'inline' : 'attachment'),
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'private, max-age=3600',
  }
}

const withCharset = (type: string) => (type.startsWith('text/') ? `${type}; charset=utf-8` : type)

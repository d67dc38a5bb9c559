/** Reads an email that arrived: who wrote it, what they wrote, and the files. */
import { createHash } from 'node:crypto'
import type { Attachment } from 'postal-mime'
import { automaticKind, type AutomaticKind } from './automatic.ts'
import { textOfHtml, visibleText } from './text.ts'

export interface IncomingFile {
  name: string
  content: Uint8Array
}

export interface IncomingMail {
  /** Recognizes a mail that is delivered twice: its Message-ID, or else its bytes. */
  key: string
  /** Lower case; '' without a readable one. */
  from: string
  /** How the sender calls themselves, and the subject: one line each, '' without one. */
  name: string
  subject: string
  /** What the writer added, without quotes and signature. */
  text: string
  files: IncomingFile[]
  /** Set when no person wrote it. */
  automatic: AutomaticKind | null
}

/** Pictures inside the text that are smaller are logos of signatures. */
const INLINE_PICTURE_BYTES = 10 * 1024
/** Cryptographic signatures say nothing to a reader. */
const SIGNATURE_TYPES = ['application/pkcs7-signature', 'application/x-pkcs7-signature', 'application/pgp-signature']
const MAX_FILES = 20

/** @throws when the mail cannot be read at all */
export async function readMail(raw: Uint8Array, envelopeFrom: string): Promise<IncomingMail> {
  const { default: PostalMime } = await import('postal-mime')
  const mail = await PostalMime.parse(raw, { maxNestingDepth: 50, maxHeadersSize: 256 * 1024 })
  const from = (mail.from && 'address' in mail.from ? (mail.from.address ?? '') : '').trim().toLowerCase()
  const written = mail.text?.trim() ? await visibleText(mail.text) : ''
  // A text part may hold nothing but a hint that the mail is HTML.
  const text = written || !mail.html ? written : await visibleText(textOfHtml(mail.html))
  return {
    key: mail.messageId?.trim() || createHash('sha256').update(raw).digest('hex'),
    from,
    name: lineOf(mail.from?.name),
    subject: lineOf(mail.subject),
    text,
    files: mail.attachments.filter(isKept).slice(0, MAX_FILES).map(toFile),
    automatic: automaticKind(mail.headers, { envelopeFrom, from }),
  }
}

const MAX_LINE = 200
const lineOf = (text = ''): string => text.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_LINE)

function isKept({ mimeType, filename, related, content }: Attachment): boolean {
  // An invitation is also a way to show the text, without a name.
  const isUnnamedInvitation = mimeType === 'text/calendar' && !filename
  if (SIGNATURE_TYPES.includes(mimeType) || isUnnamedInvitation) return false
  const isInlinePicture = Boolean(related) && mimeType.startsWith('image/')
  return !isInlinePicture || byteLength(content) >= INLINE_PICTURE_BYTES
}

const toFile = ({ filename, mimeType, content }: Attachment, index: number): IncomingFile => ({
  name: filename || `${mimeType.split('/')[0]}-${index + 1}`,
  content: typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content),
})

const byteLength = (content: Attachment['content']) =>
  typeof content === 'string' ? Buffer.byteLength(content) : content.byteLength

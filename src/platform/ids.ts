import { randomBytes, randomFillSync } from 'node:crypto'
import { systemClock } from './clock.ts'

// 26 bits count within a millisecond, 48 stay random. Real time, never a test clock: ids carry no meaning.
let lastMs = 0
let counter = 0
const pool = Buffer.alloc(4096)
let used = pool.length

function random(bytes: number): Buffer {
  if (used + bytes > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += bytes
  return pool.subarray(used - bytes, used)
}

/** A UUIDv7 as text. Ids made by one process sort in the order they were created. Not a secret. */
export function newId(): string {
  const now = systemClock.now().getTime()
  if (now > lastMs) {
    lastMs = now
    counter = random(4).readUInt32BE() & 0x1ffffff
  } else if (++counter > 0x3ffffff) {
    lastMs += 1
    counter = 0
  }
  const id = Buffer.allocUnsafe(16)
  id.writeUIntBE(lastMs, 0, 6)
  id.writeUInt16BE(0x7000 | (counter >>> 14), 6)
  id.writeUInt16BE(0x8000 | (counter & 0x3fff), 8)
  random(6).copy(id, 10)
  const hex = id.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

// No I, L, O, U: a person reads this to us over the telephone.
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** Ten characters (50 random bits) for request ids. */
export function shortCode(): string {
  return Array.from(randomBytes(10), (byte) => ALPHABET[byte & 31]).join('')
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Whether a value is a canonical (lower-case) UUID, the only form used here. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value)
}

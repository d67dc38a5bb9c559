/** Addresses that replies to our emails go to. Each is for one recipient and one record, and cannot be guessed. */
import { createHash, createHmac } from 'node:crypto'

export interface ReplyAddresses {
  /** The address for `subject`, which names the record and the recipient. */
  addressOf(subject: string): string
  /** The stored form of an address that a mail is sent to, or null for one that is not such an address. */
  hashOf(address: string): Buffer | null
  /** The slug of the account whose own address this is, or null for any other. */
  slugOf(address: string): string | null
}

/** Mail programs may change upper and lower case, so there is none: 128 bits as hexadecimal digits. */
const SLUG = /^[a-z0-9-]+$/
const LOCAL_PART = /^reply\+([\da-f]{32})$/

export function createReplyAddresses(key: Buffer, domain: string): ReplyAddresses {
  const hash = (token: string) => createHash('sha256').update(token).digest()
  return {
    addressOf(subject) {
      const token = createHmac('sha256', key).update(subject).digest('hex').slice(0, 32)
      return `reply+${token}@${domain}`
    },
    hashOf(address) {
      const at = address.lastIndexOf('@')
      if (address.slice(at + 1).toLowerCase() !== domain) return null
      const token = LOCAL_PART.exec(address.slice(0, at).toLowerCase())?.[1]
      return token ? hash(token) : null
    },
    slugOf(address) {
      const at = address.lastIndexOf('@')
      const local = address.slice(0, at).toLowerCase()
      return address.slice(at + 1).toLowerCase() === domain && SLUG.test(local) ? local : null
    },
  }
}

/** Email addresses: which are addresses, how they are read and how they are compared. Pure. */
import { domainToASCII, domainToUnicode } from 'node:url'

/** An unquoted local part. Source: RFC 5322, `dot-atom`. */
const LOCAL_PART = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/
/** At least two labels; the last one has a letter. Source of 63 characters: RFC 1035. */
const ASCII_DOMAIN = /^(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+(?=[a-z\d-]*[a-z])[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/i
/** Before an international domain is turned into ASCII: no character that such a turn would take as another. */
const DOMAIN_CHARACTERS = /^[\p{L}\p{M}\p{N}.\u3002\uff0e\uff61-]+$/u
/** Source: RFC 5321. */
const LONGEST_LOCAL_PART = 64

function split(address: string): [local: string, domain: string] {
  const at = address.lastIndexOf('@')
  return [address.slice(0, Math.max(at, 0)), address.slice(at + 1)]
}

/** The domain in ASCII (`xn--…`), as servers know it; '' when it is none. */
const asciiDomain = (domain: string): string => (DOMAIN_CHARACTERS.test(domain) ? domainToASCII(domain) : '')

/** Domains in any script and unquoted local parts are taken; a domain without a dot, an IP address or a quote is not. */
export function isEmailAddress(text: string): boolean {
  const [local, domain] = split(text)
  return local.length <= LONGEST_LOCAL_PART && LOCAL_PART.test(local) && ASCII_DOMAIN.test(asciiDomain(domain))
}

/** The address with its domain in ASCII; one that is no address stays as it is. */
export function asciiEmail(address: string): string {
  const [local, domain] = split(address)
  const ascii = asciiDomain(domain)
  return local && ascii ? `${local}@${ascii}` : address
}

/** The address with its domain as people read it: some browsers send `xn--…` for what was typed. */
export function readableEmail(address: string): string {
  const [local, domain] = split(address)
  const readable = /xn--/i.test(domain) ? domainToUnicode(domain) : ''
  return local && readable ? `${local}@${readable}` : address
}

/** The form in which email addresses are compared and stored as keys. */
export const emailNorm = (address: string): string => asciiEmail(address.trim().normalize('NFKC').toLowerCase())

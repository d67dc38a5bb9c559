/** Under which address the sender of a request sees us, and whether a form was sent from there. */
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import type { Clock } from '../clock.ts'
import { problem } from '../problem.ts'
import { bareAddress } from './addresses.ts'

/** What the configuration says about addresses and proxies. */
export interface OriginOptions {
  publicUrl: URL
  /** Whether the `X-Forwarded-…` headers of the peer at this address count. */
  isTrustedProxy(address: string): boolean
}

const WARN_EVERY_MS = 60_000
const FORWARDED_HEADERS = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'forwarded'] as const

/**
 * The protocol of the client's own connection. A chain of proxies writes a list with the client's first; any spelling counts.
 * `forwarded` is what trusted proxies say, null without one.
 */
export function protocolOf(
  request: FastifyRequest,
  { isTrustedProxy }: OriginOptions,
): { protocol: string; forwarded: string | null } {
  const header = request.headers['x-forwarded-proto']
  const first = (Array.isArray(header) ? header[0] : header)?.split(',')[0]!.trim().toLowerCase()
  const isUsable = (first === 'http' || first === 'https') && isTrustedProxy(peerOf(request))
  return isUsable ? { protocol: first, forwarded: first } : { protocol: request.protocol, forwarded: null }
}

/** Scheme, host and port as a browser writes them; null for `null` and for what is no origin. */
function parseOrigin(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null
}

/**
 * The origin under which a page of this host has been opened: the configured one for our hosts, because a proxy may have cut
 * the port from Host. Other hosts, such as localhost behind a tunnel, are taken as they came.
 * @param knownHost that the page should have been opened under instead
 */
export function expectedOrigin(request: FastifyRequest, options: OriginOptions, knownHost?: string): string {
  const { publicUrl } = options
  const hostname = knownHost ?? request.hostname.toLowerCase()
  const main = publicUrl.hostname
  const isKnown = knownHost !== undefined || !request.hostScope.isUnknown
  const isOurs = hostname === main || (isKnown && hostname.endsWith(`.${main}`))
  const url = isOurs ? new URL(publicUrl) : parseOrigin(`${protocolOf(request, options).protocol}://${request.host}`)
  if (!url) return publicUrl.origin
  url.hostname = hostname
  return url.origin
}

/**
 * Cross-site forgery: a request that changes something comes from our own page, or from a script that holds no
 * cookie. Sibling portals are same-site, so the whole origin is compared (PS-41). Answers whether it may pass.
 */
export function isOwnOrigin(request: FastifyRequest, options: OriginOptions): boolean {
  const { method, headers } = request
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return true
  const { origin, cookie } = headers
  // Browsers set this header themselves. With some privacy settings it is all they say.
  const saysSameOrigin = headers['sec-fetch-site'] === 'same-origin'
  if (origin === undefined) return cookie === undefined || saysSameOrigin
  if (origin === 'null') return saysSameOrigin
  const sent = parseOrigin(origin)
  if (!sent) return false
  const { publicUrl } = options
  const asItCame = parseOrigin(`${protocolOf(request, options).protocol}://${request.host}`)?.origin
  const isMainPage = request.hostScope.surface === 'main' && sent.origin === publicUrl.origin
  return sent.origin === asItCame || sent.origin === expectedOrigin(request, options) || isMainPage
}

/** The origin for addresses that a page computes: the one it was sent from, else the one in Host, else the configured one. */
export function externalOrigin(request: FastifyRequest, options: OriginOptions): string {
  const sent = parseOrigin(request.headers.origin ?? '')
  if (sent && request.method !== 'GET') return sent.origin
  const asItCame = parseOrigin(`${protocolOf(request, options).protocol}://${request.host}`)
  return asItCame?.port ? asItCame.origin : expectedOrigin(request, options)
}

/** Warnings for whoever runs the installation, of things that requests show about its settings. */
export interface AddressWarnings {
  /** A form was refused for its origin. At most one warning a minute. */
  refusedForm(request: FastifyRequest): never
  /** Somebody opened an address that is not ours. At most one warning a minute. */
  unknownHost(request: FastifyRequest): void
  /** Called with every request: a proxy that TRUST_PROXY does not name is said once. */
  lookForProxy(request: FastifyRequest): void
}

export function createAddressWarnings(log: FastifyBaseLogger, clock: Clock, options: OriginOptions): AddressWarnings {
  const isDueForm = onceEvery(WARN_EVERY_MS, clock)
  const isDueHost = onceEvery(WARN_EVERY_MS, clock)
  let hasSaidProxy = false
  return {
    refusedForm(request) {
      const expected = expectedOrigin(request, options)
      const origin = String(request.headers.origin ?? 'none').slice(0, 200)
      if (isDueForm())
        log.warn(
          { origin, expected },
          `A form was refused because it came from ${origin}, not from ${expected}. ${likelySetting(request, options)}`,
        )
      throw problem('crossOrigin')
    },
    unknownHost({ host }) {
      const { origin } = options.publicUrl
      const name = host.slice(0, 200)
      if (isDueHost())
        log.warn(
          { host: name, configured: origin },
          `Somebody opened ${name}, but Portico is set up for ${origin}. If people use that address, set PUBLIC_URL to it`,
        )
    },
    lookForProxy(request) {
      if (hasSaidProxy || !forwardedUnheard(request, options)) return
      hasSaidProxy = true
      const peer = peerOf(request)
      log.warn(
        { peer },
        `Requests come through a proxy at ${peer} that TRUST_PROXY does not name, so its X-Forwarded headers are ignored: ` +
          'all clients behind it share its address and its limits. If it is yours, set TRUST_PROXY to its address.',
      )
    },
  }
}

const peerOf = ({ socket }: FastifyRequest): string => bareAddress(socket.remoteAddress ?? '') ?? ''

const forwardedUnheard = (request: FastifyRequest, { isTrustedProxy }: OriginOptions): boolean =>
  FORWARDED_HEADERS.some((name) => request.headers[name] !== undefined) && !isTrustedProxy(peerOf(request))

function likelySetting(request: FastifyRequest, options: OriginOptions): string {
  if (forwardedUnheard(request, options))
    return `A proxy at ${peerOf(request)} forwarded it, which TRUST_PROXY does not name: set TRUST_PROXY to its address.`
  const sent = parseOrigin(String(request.headers.origin ?? ''))
  if (!sent) return 'The browser hid where it came from.'
  const { publicUrl } = options
  if (sent.hostname !== request.hostname.toLowerCase() && sent.hostname !== publicUrl.hostname)
    return 'If that address is not yours, another site tried to send it, and nothing is wrong here.'
  if (sent.protocol !== publicUrl.protocol)
    return `PUBLIC_URL is ${publicUrl.origin}: set it to the address that people use, with ${sent.protocol}//.`
  if (sent.port !== publicUrl.port)
    return `PUBLIC_URL is ${publicUrl.origin}: set it to the address that people use, with its port.`
  return 'The proxy must pass the Host header unchanged.'
}

/** A function that answers true at most once in each `ms`. */
function onceEvery(ms: number, clock: Clock): () => boolean {
  let last = -Infinity
  return () => {
    const now = clock.now().getTime()
    // A clock that was set back must not silence it for good.
    if (now >= last && now - last < ms) return false
    last = now
    return true
  }
}

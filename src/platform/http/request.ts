/** What a request says about itself: the host it came to, who calls, and the origin it was sent from. */
import type { FastifyRequest } from 'fastify'
import type { Caller } from '../caller.ts'
import { bareAddress } from './addresses.ts'
import { browserTokens, personToken, portalTokens, signUpToken } from './session-cookies.ts'

/** Which part of the installation a host serves. */
export interface HostScope {
  surface: 'main' | 'portal'
  /** On a portal's own host: its slug. */
  portal: string | null
  /** The host is neither ours nor one that an account brought. */
  isUnknown?: boolean
  /** Of an unknown host: the one we serve that differs from it by `www.` alone. */
  knownHost?: string
}

declare module 'fastify' {
  interface FastifyRequest {
    hostScope: HostScope
    caller: Caller
    /** The browser reaches this host over https, as PUBLIC_URL says, also when no proxy that we trust says so. */
    hasSecureCookies: boolean
    /** Scheme, host and port under which the sender sees us. */
    externalOrigin: string
  }
}

const LOCAL_HOSTS = ['localhost', '127.0.0.1', '[::1]', '::1']
const USER_AGENT_LIMIT = 300
const SLUG = /^[a-z0-9-]+$/

/** `slugOfHost` knows the hosts that accounts brought themselves. */
export async function hostScopeOf(
  request: FastifyRequest,
  publicUrl: URL,
  slugOfHost: (host: string) => Promise<string | null>,
): Promise<HostScope> {
  const host = request.hostname.toLowerCase().replace(/\.$/, '')
  const main = publicUrl.hostname.toLowerCase()
  if (host === main || LOCAL_HOSTS.includes(host)) return { surface: 'main', portal: null }
  const bare = host.startsWith('www.') ? host.slice(4) : null
  const unknown = { surface: 'portal', portal: host, isUnknown: true } as const
  // No portal is called www: that slug is reserved.
  if (bare && (bare === main || portalSlugOf(bare, main))) return { ...unknown, knownHost: bare }
  const slug = portalSlugOf(host, main) ?? (await slugOfHost(host))
  if (slug !== null) return { surface: 'portal', portal: slug }
  if (main === `www.${host}`) return { ...unknown, knownHost: main }
  return bare && (await slugOfHost(bare)) !== null ? { ...unknown, knownHost: bare } : unknown
}

/** Anything but a slug before our name, such as `evil.example/`, is another host to whoever reads it as an address. */
function portalSlugOf(host: string, main: string): string | null {
  const slug = host.endsWith(`.${main}`) ? host.slice(0, -main.length - 1) : ''
  return SLUG.test(slug) ? slug : null
}

export function callerOf(request: FastifyRequest): Caller {
  const { hostScope, headers } = request
  const isMain = hostScope.surface === 'main'
  const [, first, second] = request.url.split('?')[0]!.split('/')
  const slug = second ? decode(second) : undefined
  const portalView = portalViewOf(request.originalUrl)
  const key = headers['idempotency-key']
  return {
    addresses: {
      portal: hostScope.portal ?? (first === 'p' || portalView ? slug : undefined),
      office: isMain && first === 'office' ? slug : undefined,
    },
    portalView,
    usesMainHost: isMain,
    portalTokens: portalTokens(request),
    personToken: isMain ? personToken(request) : null,
    signUpToken: signUpToken(request),
    browserTokens: browserTokens(request),
    clientAddress: clientAddressOf(request),
    userAgent: (headers['user-agent'] ?? '').slice(0, USER_AGENT_LIMIT),
    requestId: request.id,
    acceptLanguage: headers['accept-language'],
    idempotencyKey: typeof key === 'string' ? key : undefined,
    isGone: () => request.raw.socket.destroyed,
  }
}

/** Paths of a portal view: its pages, and the operations of the portal as they are called from them. */
const PORTAL_VIEW = /^(\/api\/v1)?\/office\/([^/?]+)\/as\/([0-9a-f-]{36})(?=[/?]|$)/i

/** The portal view that a path names. */
const portalViewOf = (url: string): string | undefined => PORTAL_VIEW.exec(url)?.[3]?.toLowerCase()

/** The operation of the portal that is called within a portal view, by the path of the portal. */
export const withoutPortalView = (url: string): string =>
  url.replace(PORTAL_VIEW, (path, api: string | undefined, slug: string) => (api ? `${api}/portal/${slug}` : path))

/** The bare address of the client; the peer's when a proxy forwarded something that is no address. */
export const clientAddressOf = ({ ip, socket }: FastifyRequest): string =>
  bareAddress(ip) ?? bareAddress(socket.remoteAddress ?? '') ?? 'unknown'

/** Segments `.` and `..`, empty segments, what some servers take for a slash or cut off, and any of it encoded twice. */
const AMBIGUOUS = /(?:^|\/)\.{1,2}(?:\/|$)|\/\/|[\\;]|%(?:2e|2f|5c|3b)/i
const ENCODED_SLASH = /%(?:2f|5c)/i
const NEVER_SENT_BARE = /[\x00-\x20\x7f#]/

/**
 * Whether every server reads this path alike. Otherwise `/x/../office` could pass the rules of a proxy for `/office`, or be
 * limited as one page and answered as another.
 */
export function isPlainPath(url: string): boolean {
  const path = url.split('?')[0]!
  if (!path.startsWith('/') || NEVER_SENT_BARE.test(path) || ENCODED_SLASH.test(path)) return false
  try {
    return !AMBIGUOUS.test(decodeURIComponent(path))
  } catch {
    return false
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

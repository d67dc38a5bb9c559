/** What happens to every request before and after its route: host, caller, origin, headers and the line in the log. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { HttpOptions } from '../http.ts'
import { Problem, problem } from '../problem.ts'
import { createProxyTrust } from './addresses.ts'
import {
  createAddressWarnings,
  expectedOrigin,
  externalOrigin,
  isOwnOrigin,
  protocolOf,
  type OriginOptions,
} from './origin.ts'
import { loggableUrl } from '../masking.ts'
import { callerOf, hostScopeOf } from './request.ts'

/** What monitoring asks: answered whatever the load, and over plain http too. */
export const MONITORING_PATH = /^\/api\/v1\/(health|ready)$/

const isRead = ({ method }: FastifyRequest): boolean => method === 'GET' || method === 'HEAD'

/** What was typed into a form over plain http has been readable on its way already: it is refused, not sent again. */
function leavePlainHttp(request: FastifyRequest, reply: FastifyReply, origins: OriginOptions): FastifyReply {
  if (!isRead(request) || request.url.startsWith('/api/')) throw problem('httpsRequired')
  const { isUnknown, knownHost } = request.hostScope
  const origin =
    isUnknown && !knownHost
      ? origins.publicUrl.origin
      : expectedOrigin(request, origins, knownHost).replace(/^http:/, 'https:')
  return reply.redirect(`${origin}${request.originalUrl}`, 308)
}

export function addHooks(app: FastifyInstance, options: HttpOptions): void {
  const { publicUrl, slugOfHost, staticPaths } = options
  const trusts = createProxyTrust(options.trustProxy)
  const origins: OriginOptions = { publicUrl, isTrustedProxy: (address) => trusts(address, 0) }
  const warnings = createAddressWarnings(options.log, options.server.clock, origins)
  app.decorateRequest('hostScope')
  app.decorateRequest('caller')
  app.decorateRequest('hasSecureCookies', false)
  app.decorateRequest('externalOrigin', '')
  app.addHook('onRequest', async (request, reply) => {
    warnings.lookForProxy(request)
    request.hostScope = await hostScopeOf(request, publicUrl, slugOfHost)
    request.hasSecureCookies = expectedOrigin(request, origins).startsWith('https:')
    request.caller = callerOf(request)
    const isForMonitoring = MONITORING_PATH.test(request.url)
    if (publicUrl.protocol === 'https:' && protocolOf(request, origins).forwarded === 'http' && !isForMonitoring)
      return leavePlainHttp(request, reply, origins)
    if (request.hostScope.isUnknown && !request.url.startsWith('/api/')) {
      const { knownHost } = request.hostScope
      // Not for good: browsers would keep that also when PUBLIC_URL has changed.
      if (knownHost && isRead(request))
        return reply.redirect(`${expectedOrigin(request, origins, knownHost)}${request.originalUrl}`, 302)
      warnings.unknownHost(request)
      throw new Problem('wrongAddress', 404, { vars: { configured: publicUrl.origin, host: request.host } })
    }
    if (!isOwnOrigin(request, origins)) warnings.refusedForm(request)
    request.externalOrigin = externalOrigin(request, origins)
  })
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id)
    if (request.url.startsWith('/api/') && !reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
    // Search engines show only what says so itself.
    if (!reply.hasHeader('x-robots-tag')) reply.header('x-robots-tag', 'noindex, nofollow')
    // Pages bring their own; all else (JSON, redirects, pictures opened by themselves) loads and runs nothing.
    if (!reply.hasHeader('content-security-policy'))
      reply.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
  })
  // One line per request; the log masks tokens in addresses.
  app.addHook('onResponse', async (request, reply) => {
    const { method, originalUrl: url, host, log } = request
    if (staticPaths.has(url.split('?')[0]!)) return
    const ms = Math.round(reply.elapsedTime)
    log.info({ method, url: loggableUrl(url), host, status: reply.statusCode, ms }, 'request')
  })
}

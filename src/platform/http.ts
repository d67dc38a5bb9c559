/**
 * Operations over HTTP: hosts, headers, cookies, origin, files, problems. No rule about records lives here;
 * everything that decides is in execute.ts and the features.
 */
import compress from '@fastify/compress'
import cookie from '@fastify/cookie'
import helmet from '@fastify/helmet'
import multipart from '@fastify/multipart'
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import underPressure from '@fastify/under-pressure'
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import { contentDisposition } from './files.ts'
import type { Translations } from './i18n.ts'
import { shortCode } from './ids.ts'
import { surfaceOf, type Caller } from './caller.ts'
import { createExecute } from './execute.ts'
import type { OperationResponse } from './output.ts'
import type { ServerContext } from './server-context.ts'
import { split } from './input.ts'
import { openApi, problemSchema } from './openapi.ts'
import type { Effect, Implemented, Upload } from './operation.ts'
import { isProblem, problem, type Problem } from './problem.ts'

export interface HttpOptions {
  server: ServerContext
  translations: Translations
  log: FastifyBaseLogger
  /** Where people reach this installation, e.g. https://portal.example; its host is the main host. */
  publicUrl: URL
  trustProxy: boolean | string | string[]
  /** Requests a minute from one client address, static files apart. */
  requestsPerMinute: number
  /** Event loop delay in milliseconds above which new requests are turned away for a moment. */
  busyAfter: number
  /** Slug of the account whose own host this is, if any. */
  slugOfHost(host: string): Promise<string | null>
  /** Database, migrations and mail are well. */
  ready(): Promise<boolean>
  version: string
}

/** Which door a request came to. */
export interface Place {
  surface: 'main' | 'portal'
  /** On a portal's own host: its slug. */
  portal: string | null
}

declare module 'fastify' {
  interface FastifyRequest {
    place: Place
    caller: Caller
  }
}

export interface HttpServer {
  app: FastifyInstance
  /** Every operation bound to one request's caller, for the pages; refusals are thrown with their words. */
  apiFor(request: FastifyRequest): { api: Record<string, (input?: unknown) => Promise<unknown>>; effects: Effected[] }
  applyEffects(request: FastifyRequest, reply: FastifyReply, effects: Effected[]): void
}

interface Effected {
  effect: Effect
  accountId: string | null
}

/** JSON bodies: the largest is a template with many fields. */
const JSON_LIMIT = 256 * 1024

export async function createHttp(options: HttpOptions): Promise<HttpServer> {
  const { server, translations, publicUrl } = options
  const execute = createExecute(server)
  const app = Fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: options.trustProxy,
    bodyLimit: JSON_LIMIT,
    genReqId: () => shortCode(),
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: 200 },
    requestTimeout: 60_000,
    connectionTimeout: 65_000,
    forceCloseConnections: 'idle',
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    // The router answers an address it cannot read by itself, before any hook: without our headers, words or log line.
    rewriteUrl: ({ url = '/' }) => (readable(url) ? url : url.startsWith('/api/') ? '/api/unreadable' : '/unreadable'),
  }) as unknown as FastifyInstance
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => (value) => JSON.stringify(value))

  await app.register(helmet, {
    global: true,
    contentSecurityPolicy: false,
    // `no-referrer` would make browsers send `Origin: null` with every plain form.
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: publicUrl.protocol === 'https:' ? { maxAge: 31_536_000 } : false,
    crossOriginEmbedderPolicy: false,
    xFrameOptions: { action: 'deny' },
  })
  // Bodies are JSON or multipart; plain text would arrive as a body without fields.
  app.removeContentTypeParser('text/plain')
  await app.register(cookie)
  await app.register(compress, { global: true, threshold: 1024, encodings: ['br', 'gzip'] })
  await app.register(multipart, {
    limits: { files: 1, fields: 20, fieldSize: 10_000, parts: 25, headerPairs: 100 },
    throwFileSizeLimit: true,
  })
  await app.register(underPressure, {
    maxEventLoopDelay: options.busyAfter,
    retryAfter: 5,
    // No measurement at all counts as infinite there: a machine that paused for a moment would turn everybody away for a second.
    pressureHandler: async (_request: unknown, _reply: unknown, _type: string, value: number | undefined) => {
      if (value !== Infinity) throw problem('busy', { retryAfter: 5 })
    },
  })
  await app.register(rateLimit, {
    global: true,
    max: options.requestsPerMinute,
    timeWindow: 60_000,
    // Whoever watches us may share an address with a busy proxy, and must not take us for dead.
    allowList: (request) => /^\/(_app\/|api\/v1\/(health|ready)$)/.test(request.url),
    errorResponseBuilder: (_request, context) =>
      problem('tooMany', { retryAfter: Math.ceil(context.ttl / 1000), vars: { minutes: 1 } }),
  })
  app.addSchema(problemSchema)
  await app.register(swagger, {
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) =>
        typeof json.$id === 'string' ? json.$id : `def-${index}`,
    },
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Portico',
        version: options.version,
        description: 'Every screen runs through these operations; what a screen can do, a script can do.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      components: {
        securitySchemes: {
          peopleSession: { type: 'apiKey', in: 'cookie', name: 'portico_people' },
          portalSession: { type: 'apiKey', in: 'cookie', name: 'portico_portal_{id}' },
        },
      },
      tags: [...new Set(server.operations.map((each) => each.feature))].map((name) => ({ name })),
    },
  })

  app.decorateRequest('place')
  app.decorateRequest('caller')
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    request.place = await placeOf(request)
    request.caller = callerOf(request)
    checkOrigin(request)
  })
  app.addHook('onSend', async (request, reply) => {
    if (request.url.startsWith('/api/') && !reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
    // Pages bring their own; all else (answers, redirects, pictures opened by themselves) loads and runs nothing.
    if (!reply.hasHeader('content-security-policy'))
      reply.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
  })
  // One line per request; the log masks tokens in addresses.
  app.addHook('onResponse', async (request, reply) => {
    request.log.info(
      {
        method: request.method,
        url: unsearched(request.url),
        host: request.host,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
      },
      'request',
    )
  })
  app.setErrorHandler((error: FastifyError, request, reply) => answerProblem(asProblem(error, request), request, reply))
  app.setNotFoundHandler((request, reply) => answerProblem(problem('notFound'), request, reply))

  app.get('/api/v1/health', { schema: { hide: true } as never }, async () => ({
    status: 'ok',
    version: options.version,
  }))
  app.get('/api/v1/ready', { schema: { hide: true } as never }, async () => {
    if (!(await options.ready())) throw problem('databaseAway', { retryAfter: 2 })
    return { status: 'ready' }
  })
  app.get('/api/v1/openapi.json', { schema: { hide: true } as never }, async (_request, reply) =>
    reply.type('application/json').send(app.swagger()),
  )
  for (const operation of server.operations) addRoute(operation)
  // Else the pages would answer a script with a page.
  app.all('/api/*', { schema: { hide: true } as never }, async () => {
    throw problem('notFound')
  })

  return { app, apiFor, applyEffects }

  // ---- hosts ----

  async function placeOf(request: FastifyRequest): Promise<Place> {
    const host = request.hostname.toLowerCase().replace(/\.$/, '')
    const main = publicUrl.hostname.toLowerCase()
    if (host === main || ['localhost', '127.0.0.1', '[::1]', '::1'].includes(host))
      return { surface: 'main', portal: null }
    if (host.endsWith(`.${main}`)) return { surface: 'portal', portal: host.slice(0, -main.length - 1) }
    return { surface: 'portal', portal: (await options.slugOfHost(host)) ?? host }
  }

  function callerOf(request: FastifyRequest): Caller {
    const [, first, second] = request.url.split('?')[0]!.split('/')
    const prefix = cookiePrefix(request)
    const portalTokens: Record<string, string> = {}
    for (const [name, value] of Object.entries(request.cookies)) {
      if (name.startsWith(`${prefix}portico_portal_`) && value)
        portalTokens[name.slice(prefix.length + 'portico_portal_'.length)] = value
    }
    const key = request.headers['idempotency-key']
    return {
      addresses: {
        portal: request.place.portal ?? (first === 'p' && second ? decode(second) : undefined),
        office: request.place.surface === 'main' && first === 'office' && second ? decode(second) : undefined,
      },
      portalTokens,
      personToken: request.place.surface === 'main' ? (request.cookies[`${prefix}portico_people`] ?? null) : null,
      clientAddress: request.ip,
      userAgent: (request.headers['user-agent'] ?? '').slice(0, 300),
      requestId: request.id,
      acceptLanguage: request.headers['accept-language'],
      idempotencyKey: typeof key === 'string' ? key : undefined,
    }
  }

  /**
   * Cross-site forgery: a request that changes something comes from our own page, or from a script that holds no
   * cookie. Sibling portals are same-site, so the whole origin is compared (PS-41).
   */
  function checkOrigin(request: FastifyRequest): void {
    if (request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS') return
    const { origin } = request.headers
    if (
      origin === undefined ? request.headers.cookie !== undefined : origin !== `${request.protocol}://${request.host}`
    )
      throw problem('crossOrigin')
  }

  // ---- routes ----

  function addRoute(operation: Implemented): void {
    const { definition, name, feature } = operation
    const surface = surfaceOf(definition.path)
    app.route({
      method: definition.method,
      url: `/api/v1${definition.path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      ...(definition.method === 'GET' && { exposeHeadRoute: true }),
      // Described when somebody asks for the document: 100 ms and some megabytes that few processes ever need.
      config: { operation: name, feature, swaggerTransform: () => ({ schema: openApi(operation) }) } as never,
      handler: async (request, reply) => {
        const params = { ...(request.params as Record<string, string>) }
        const slug = params.account ?? params.portal
        delete params.account
        delete params.portal
        // On a portal's host only its own operations answer; the office lives on the main host.
        const { place } = request
        if (place.surface === 'portal' && (surface !== 'portal' || slug !== place.portal)) throw problem('notFound')
        const caller: Caller = { ...request.caller, addresses: { [surface]: slug } }
        const parts = { params, query: request.query, body: request.body }
        if (definition.upload) return receive(operation, parts, caller, request, reply)
        const answer = await execute(operation, parts, caller)
        return send(answer, caller, request, reply)
      },
    })
  }

  async function send(
    answer: OperationResponse,
    caller: Caller,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<unknown> {
    if (answer.effect && 'file' in answer.effect) {
      const { file } = answer.effect
      return reply
        .code(200)
        .headers({
          'content-type': file.type,
          'content-length': file.size,
          'content-disposition': contentDisposition(file.name, file.inline ? 'inline' : 'attachment'),
          'cache-control': 'private, no-store',
          ...(file.frame && { 'x-frame-options': 'SAMEORIGIN' }),
          // A logo is shown inside mails, wherever they are read.
          ...(file.anywhere && { 'cross-origin-resource-policy': 'cross-origin' }),
          // Whatever the bytes turn out to be, they run nothing in our origin (PS-27).
          'content-security-policy': file.frame
            ? `default-src 'none'; style-src 'unsafe-inline'; img-src 'self' ${file.frame.pictures.join(' ')}; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox`
            : "default-src 'none'; style-src 'unsafe-inline'; sandbox",
          'x-content-type-options': 'nosniff',
        })
        .send(file.stream)
    }
    if (answer.effect) applyEffects(request, reply, [{ effect: answer.effect, accountId: answer.account ?? null }])
    return reply
      .code(answer.status)
      .type('application/json; charset=utf-8')
      .serializer((json: unknown) => json as string)
      .send(answer.json)
  }

  /** Uploads: one file part, streamed; plain forms are led back to where they came from. */
  async function receive(
    operation: Implemented,
    parts: { params: unknown; query: unknown; body: unknown },
    caller: Caller,
    request: FastifyRequest,
    reply: FastifyReply,
  ) {
    const plainForm = (request.headers.accept ?? '').includes('text/html')
    let back: string | undefined
    try {
      if (!request.isMultipart()) throw problem('unsupportedType')
      const part = await request.file({ limits: { fileSize: operation.definition.upload! } })
      if (!part) throw problem('input', { fields: { file: 'required' } })
      const body = Object.fromEntries(
        Object.entries(part.fields).flatMap(([name, field]) =>
          field && !Array.isArray(field) && field.type === 'field' ? [[name, field.value]] : [],
        ),
      )
      back =
        typeof body.return === 'string' && /^\/(?![/\\])[^\\\u0000-\u001f]*$/.test(body.return)
          ? body.return
          : undefined
      delete body.return
      const file: Upload = { name: part.filename, type: part.mimetype, stream: part.file }
      const answer = await execute(operation, { ...parts, body, file }, caller)
      if (plainForm && back) return reply.redirect(back, 303)
      return await send(answer, caller, request, reply)
    } catch (error) {
      request.raw.resume()
      const refusal = asProblem(error as FastifyError, request)
      if (!plainForm || !back) throw refusal
      return reply.redirect(
        `${back}${back.includes('?') ? '&' : '?'}problem=${refusal.fields?.file?.code ?? refusal.code}`,
        303,
      )
    }
  }

  // ---- pages ----

  function apiFor(request: FastifyRequest) {
    const effects: Effected[] = []
    const api: Record<string, (input?: unknown) => Promise<unknown>> = {}
    for (const operation of server.operations) {
      api[operation.name] = async (input) => {
        try {
          const answer = await execute(
            operation,
            split(operation.definition, input as Record<string, unknown>),
            request.caller,
          )
          if (answer.effect) effects.push({ effect: answer.effect, accountId: answer.account ?? null })
          return JSON.parse(answer.json) as unknown
        } catch (error) {
          throw worded(asProblem(error as FastifyError, request), request)
        }
      }
    }
    return { api, effects }
  }

  function applyEffects(request: FastifyRequest, reply: FastifyReply, effects: Effected[]): void {
    for (const { effect, accountId } of effects) {
      if (!('session' in effect)) continue
      const name =
        cookiePrefix(request) +
        (effect.audience === 'people' ? 'portico_people' : `portico_portal_${(accountId ?? '').slice(-12)}`)
      const attributes = { path: '/', httpOnly: true, sameSite: 'lax' as const, secure: request.protocol === 'https' }
      if (effect.session === 'start') reply.setCookie(name, effect.token, { ...attributes, expires: effect.ends })
      else reply.clearCookie(name, attributes)
    }
  }

  /** Host-only and bound to https where there is https; browsers refuse `__Host-` over plain http. */
  function cookiePrefix(request: FastifyRequest): string {
    return request.protocol === 'https' ? '__Host-' : ''
  }

  // ---- refusals ----

  function asProblem(error: FastifyError, request: FastifyRequest): Problem {
    if (isProblem(error)) return error
    if (typeof (error as { retryAfter?: unknown }).retryAfter === 'number')
      return problem('busy', { retryAfter: Number((error as { retryAfter?: unknown }).retryAfter) })
    switch (error.code) {
      case 'FST_ERR_CTP_BODY_TOO_LARGE':
      case 'FST_REQ_FILE_TOO_LARGE':
        return problem('tooLarge')
      case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
        return problem('unsupportedType')
      case 'FST_FILES_LIMIT':
      case 'FST_PARTS_LIMIT':
      case 'FST_FIELDS_LIMIT':
        return problem('input', { fields: { file: 'tooMany' } })
    }
    if (typeof error.statusCode === 'number' && error.statusCode >= 400 && error.statusCode < 500)
      return problem('malformed')
    server.reportError(error, {
      operation:
        (request.routeOptions?.config as { operation?: string } | undefined)?.operation ?? request.url.split('?')[0]!,
      requestId: request.id,
    })
    return problem('internal')
  }

  function worded(refusal: Problem, request: FastifyRequest) {
    const locale = translations.choose(request.headers['accept-language'])
    const has = (key: string) => translations.has(locale, key)
    const fields =
      refusal.fields &&
      Object.fromEntries(
        Object.entries(refusal.fields).map(([path, { code, vars }]) => [
          path,
          {
            code,
            text: has(`problems.fields.${code}`) ? translations.t(locale, `problems.fields.${code}`, vars) : code,
          },
        ]),
      )
    return Object.assign(refusal, {
      title: has(`problems.${refusal.code}`)
        ? translations.t(locale, `problems.${refusal.code}`, refusal.vars)
        : refusal.code,
      ...(has(`problems.${refusal.code}Detail`) && {
        detail: translations.t(locale, `problems.${refusal.code}Detail`, refusal.vars),
      }),
      ...(fields && { fields }),
      requestId: request.id,
    })
  }

  function answerProblem(refusal: Problem, request: FastifyRequest, reply: FastifyReply) {
    const said = worded(refusal, request) as Problem & { title: string; detail?: string }
    if (refusal.retryAfter !== undefined) reply.header('retry-after', refusal.retryAfter)
    if (refusal.code === 'moved') {
      // A portal's own host answers only for itself, so its new address is on its new host.
      const host =
        request.place.surface === 'portal' ? `${request.protocol}://${refusal.vars?.slug}.${publicUrl.host}` : ''
      reply.header(
        'location',
        host +
          request.url.replace(/^(\/api\/v1\/(?:portal|office)\/|\/p\/|\/office\/)[^/?]+/, `$1${refusal.vars?.slug}`),
      )
    }
    return reply
      .code(refusal.status)
      .type('application/problem+json; charset=utf-8')
      .serializer((value: unknown) => JSON.stringify(value))
      .send({
        type: 'about:blank',
        status: refusal.status,
        code: refusal.code,
        title: said.title,
        ...(said.detail && { detail: said.detail }),
        requestId: request.id,
        ...(said.fields && { fields: said.fields }),
        ...(said.vars && { vars: said.vars }),
      })
  }
}

/** What people search for are names: the log keeps that they searched, not for whom. */
const unsearched = (url: string): string => url.replace(/([?&](?:search|q)=)[^&]+/g, '$1…')

const decode = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** Whether the path of an address can be decoded. */
function readable(url: string): boolean {
  try {
    return decodeURIComponent(url.split('?')[0]!) !== ''
  } catch {
    return false
  }
}

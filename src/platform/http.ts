/**
 * Operations over HTTP: routes, limits, headers and the OpenAPI document. No rule about records lives here; everything
 * that decides is in execute.ts and the features.
 */
import compress from '@fastify/compress'
import cookie from '@fastify/cookie'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import underPressure from '@fastify/under-pressure'
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import { surfaceOf, type Caller } from './caller.ts'
import { asBusy } from './database/errors.ts'
import { createExecute, type Execute } from './execute.ts'
import { createFaults, type Faults } from './faults.ts'
import type { FileStore } from './files.ts'
import { createAdmission, type Admission } from './http/admission.ts'
import { createConnections } from './http/connections.ts'
import { isMultipart, type ReceivedForm } from './http/forms.ts'
import { receivePageForm } from './http/page-forms.ts'
import { createProblemResponder, type ProblemResponder } from './http/problems.ts'
import { addressBlock, createProxyTrust } from './http/addresses.ts'
import { RequestCounts } from './http/request-counts.ts'
import { addHooks, MONITORING_PATH } from './http/hooks.ts'
import { clientAddressOf, isPlainPath, withoutPortalView } from './http/request.ts'
import type { Brand } from './http/problem-page.ts'
import { sendResponse } from './http/responses.ts'
import { applyEffects, type PendingEffect } from './http/session-cookies.ts'
import { receiveUpload } from './http/uploads.ts'
import type { Translations } from './i18n.ts'
import { shortCode } from './ids.ts'
import { split } from './input.ts'
import { openApiDocument } from './openapi/document.ts'
import type { Implemented } from './operation.ts'
import { PageReads } from './page-reads.ts'
import { problem } from './problem.ts'
import type { ServerContext } from './server-context.ts'

export interface HttpOptions {
  server: ServerContext
  translations: Translations
  log: FastifyBaseLogger
  /** Where people reach this installation, e.g. https://portal.example; its host is the main host. */
  publicUrl: URL
  trustProxy: boolean | number | readonly string[]
  /** Requests a minute from one client address, static files apart. */
  requestsPerMinute: number
  /** Paths of the files that the web build wrote. */
  staticPaths: ReadonlySet<string>
  /** Event loop delay in milliseconds above which new requests are turned away for a moment. */
  busyAfter: number
  /** Milliseconds that running requests have when the server stops. */
  stopTimeout: number
  /** Slug of the account whose own host this is, if any. */
  slugOfHost(host: string): Promise<string | null>
  /** Database, migrations and the work on mail run. */
  ready(): Promise<boolean>
  /** Whether mail is sent: an SMTP server is configured. */
  sendsMail: boolean
  /** New requests would wait too long for the database. */
  isBusy(): boolean
  /** No request could be served for so long that a restart is worth a try. */
  cannotServe(): boolean
  version: string
}

export interface HttpServer {
  app: FastifyInstance
  /** Every operation bound to one request's caller, for the pages; refusals are thrown with their texts. */
  apiFor(request: FastifyRequest): RequestApi
  applyEffects(request: FastifyRequest, reply: FastifyReply, effects: readonly PendingEffect[]): void
  /** Reads a page's form with files; refusals are thrown with their texts. */
  receivePageForm(request: FastifyRequest): Promise<ReceivedForm>
}

interface RequestApi {
  api: Record<string, (input?: unknown) => Promise<unknown>>
  effects: PendingEffect[]
}

/** JSON bodies: the largest is a template with many fields. */
const JSON_LIMIT = 256 * 1024

export async function createHttp(options: HttpOptions): Promise<HttpServer> {
  const { server, translations, publicUrl } = options
  const execute = createExecute(server)
  const faults = createFaults(server.clock)
  const brandOf = (request: FastifyRequest) =>
    loadBrand(createRequestApi(server.operations, execute, problems, request), request)
  const problems: ProblemResponder = createProblemResponder(
    translations,
    publicUrl,
    server.reportError,
    faults,
    brandOf,
  )
  const admission = createAdmission({ ...options, isExempt: isAlwaysAnswered(options.staticPaths) })
  const app = createFastify(options, admission)
  await registerSecurity(app, publicUrl)
  await registerBodies(app)
  await registerLoadLimits(app, options, admission)
  addHooks(app, options)
  app.setErrorHandler((error, request, reply) => problems.send(problems.toProblem(error, request), request, reply))
  app.setNotFoundHandler((request, reply) => problems.send(problem('notFound'), request, reply))
  addServiceRoutes(app, options, faults)
  for (const operation of server.operations) addOperation(app, operation, execute, problems, server.files)
  // Otherwise the pages would answer a script with a page.
  app.all('/api/*', async () => {
    throw problem('notFound')
  })
  return {
    app,
    apiFor: (request) => createRequestApi(server.operations, execute, problems, request),
    applyEffects,
    receivePageForm: (request) => receivePageForm(request, server.files, problems),
  }
}

/** Answered whatever the load: static files and what monitoring asks. */
const isAlwaysAnswered = (staticPaths: ReadonlySet<string>) => (url: string) =>
  staticPaths.has(url.split('?')[0]!) || MONITORING_PATH.test(url)

function createFastify({ log, trustProxy, stopTimeout }: HttpOptions, { refuse }: Admission): FastifyInstance {
  const connections = createConnections(refuse)
  const app = Fastify({
    serverFactory: connections.serverFactory,
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: createProxyTrust(trustProxy),
    bodyLimit: JSON_LIMIT,
    genReqId: () => shortCode(),
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: 200 },
    connectionTimeout: 65_000,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    // Such a path is unknown to every page and operation. The router would answer one that it cannot decode by itself,
    // before any hook: without our headers, texts or log line.
    rewriteUrl: ({ url = '/' }) => {
      if (isPlainPath(url)) return withoutPortalView(url)
      return url.startsWith('/api/') ? '/api/unreadable' : '/unreadable'
    },
  }) as unknown as FastifyInstance
  // Contracts validate input and serialize output.
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => (value) => JSON.stringify(value))
  app.addHook('preClose', async () => {
    const cut = await connections.finish(stopTimeout)
    if (cut > 0) log.warn({ requests: cut }, 'Requests were cut because they did not finish before the stop timeout')
  })
  return app
}

async function registerSecurity(app: FastifyInstance, publicUrl: URL): Promise<void> {
  await app.register(helmet, {
    global: true,
    contentSecurityPolicy: false,
    // `no-referrer` would make browsers send `Origin: null` with every plain form.
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: publicUrl.protocol === 'https:' ? { maxAge: 31_536_000 } : false,
    crossOriginEmbedderPolicy: false,
    xFrameOptions: { action: 'deny' },
  })
}

async function registerBodies(app: FastifyInstance): Promise<void> {
  // Bodies are JSON or multipart; plain text would arrive as a body without fields.
  app.removeContentTypeParser('text/plain')
  await app.register(cookie)
  await app.register(compress, { global: true, threshold: 1024, encodings: ['br', 'gzip'] })
  // Read by who uses it (http/forms.ts), when the caller is known.
  app.addContentTypeParser('multipart/form-data', (_request, _payload, done) => done(null))
}

async function registerLoadLimits(app: FastifyInstance, options: HttpOptions, { check }: Admission): Promise<void> {
  const { busyAfter, requestsPerMinute, staticPaths } = options
  app.addHook('onRequest', async (request) => check(request))
  await app.register(underPressure, {
    maxEventLoopDelay: busyAfter,
    retryAfter: 5,
    // No measurement counts as infinite there: after a pause of the machine everybody would be turned away for a second.
    pressureHandler: async (_request: unknown, _reply: unknown, _type: string, value: number | undefined) => {
      if (value !== Infinity) throw asBusy()
    },
  })
  await app.register(rateLimit, {
    // Not route by route: that would come after the refusals of hooks.ts, which would then cost strangers nothing.
    global: false,
    max: requestsPerMinute,
    timeWindow: 60_000,
    store: RequestCounts,
    keyGenerator: (request) => addressBlock(clientAddressOf(request)),
    // Monitoring may share an address with a busy proxy, and must not report us as down.
    allowList: ({ url, method }) => ['GET', 'HEAD'].includes(method) && isAlwaysAnswered(staticPaths)(url),
    errorResponseBuilder: (_request, context) =>
      problem('tooMany', { retryAfter: Math.ceil(context.ttl / 1000), vars: { minutes: 1 } }),
  })
  app.addHook('onRequest', app.rateLimit())
}

function addServiceRoutes(
  app: FastifyInstance,
  { server, version, ready, sendsMail, cannotServe }: HttpOptions,
  faults: Faults,
): void {
  app.get('/api/v1/health', async () => {
    if (cannotServe()) throw problem('databaseUnavailable', { retryAfter: 2 })
    return { status: 'ok', version }
  })
  app.get('/api/v1/ready', async () => {
    if (!(await ready())) throw problem('databaseUnavailable', { retryAfter: 2 })
    const { all, blocking } = faults.current()
    if (blocking) throw problem(blocking, { retryAfter: 10 })
    return { status: 'ready', mail: sendsMail ? 'on' : 'off', faults: all }
  })
  // Made when it is first asked for, which few processes ever are.
  let document: string | undefined
  app.get('/api/v1/openapi.json', async (_request, reply) => {
    document ??= JSON.stringify(openApiDocument(server.operations, version))
    return reply.type('application/json; charset=utf-8').send(document)
  })
}

function addOperation(
  app: FastifyInstance,
  operation: Implemented,
  execute: Execute,
  problems: ProblemResponder,
  files: FileStore,
): void {
  const { definition, name, feature } = operation
  const surface = surfaceOf(definition.path)
  app.route({
    method: definition.method,
    url: `/api/v1${definition.path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
    ...(definition.method === 'GET' && { exposeHeadRoute: true }),
    config: { operation: name, feature } as never,
    handler: async (request, reply) => {
      const { account, portal, ...params } = request.params as Record<string, string>
      const slug = account ?? portal
      // On a portal's host only its own operations answer; the office lives on the main host.
      const { hostScope } = request
      const isForeign = surface !== 'portal' || slug !== hostScope.portal
      if (hostScope.surface === 'portal' && isForeign) throw problem('notFound')
      const caller: Caller = { ...request.caller, addresses: { [surface]: slug } }
      const parts = { params, query: request.query, body: request.body }
      if (!definition.upload) {
        if (isMultipart(request)) throw problem('unsupportedType')
        return sendResponse(await execute(operation, parts, caller), request, reply)
      }
      const upload = { sizeLimit: definition.upload, parts, files, problems }
      return receiveUpload({ ...upload, caller, execute: (all) => execute(operation, all, caller) }, request, reply)
    },
  })
}

/** The business of the portal that a request is for, as its pages show it; null for the office and where there is none. */
async function loadBrand({ api }: RequestApi, request: FastifyRequest): Promise<Brand | null> {
  if (!request.caller?.addresses.portal) return null
  const { name, accent, logo } = (await api['getPortal']!()) as Brand
  return { name, accent, logo }
}

/** The operations as pages call them: flat input in, what HTTP would answer out. Effects wait until the page is sent. */
function createRequestApi(
  operations: readonly Implemented[],
  execute: Execute,
  problems: ProblemResponder,
  request: FastifyRequest,
): RequestApi {
  const effects: PendingEffect[] = []
  const api: RequestApi['api'] = {}
  request.caller.pageReads ??= new PageReads()
  for (const operation of operations) {
    api[operation.name] = async (input) => {
      try {
        const parts = split(operation.definition, input as Record<string, unknown>)
        const { json, effect, account } = await execute(operation, parts, request.caller)
        if (effect) effects.push({ effect, accountId: account ?? null })
        return JSON.parse(json) as unknown
      } catch (error) {
        throw problems.withTexts(problems.toProblem(error, request), request)
      }
    }
  }
  return { api, effects }
}

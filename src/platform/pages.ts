/**
 * Pages in the one server: mounts the built web application as the last thing that Fastify knows, so that
 * compression, headers, logs and shutdown are Fastify's and every API route wins.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { createReadStream, globSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import fastifyStatic from '@fastify/static'
import { getRequest } from '@sveltejs/kit/node'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isMultipart, toFormData, type ReceivedForm } from './http/forms.ts'

/** Largest form a page takes, in bytes. Uploads go to their own routes, which stream. */
export const pageBodyLimit = 512 * 1024

/** Where the web bundle, which has its own copy of every module, finds the context of the request it renders. */
const contextKey = Symbol.for('portico.request')

export type PagesOptions<Context> = {
  /** Folder that the web build wrote (`build/`). */
  buildFolder: string
  /** Made once per request, before the page runs; what it throws goes to Fastify's error handler. */
  context: (request: FastifyRequest) => Promise<Context> | Context
  /** Scheme, host and port under which the sender sees us, once it is known that its form may come from there. */
  origin?: (request: FastifyRequest) => string
  /** Runs when the page is ready and before anything is sent: the place for cookies. */
  after?: (request: FastifyRequest, reply: FastifyReply, context: Context) => Promise<void> | void
  /** Bytes this form with files may have; called only when it is larger than `pageBodyLimit`. */
  bodyLimit?: (request: FastifyRequest) => Promise<number> | number
  /** Reads a form; its files stay on disk until it is discarded. Throws for other bodies. */
  receiveForm: (request: FastifyRequest) => Promise<ReceivedForm>
  /** HTML of the answer to a form that is too large. */
  tooLarge?: (request: FastifyRequest) => string
}

/** The part of the built server that is used here. `adapter-node.js` is no documented entry: pages.test.ts notices a change. */
type Build = {
  dir: string
  server: {
    init(options: { env: Record<string, string | undefined>; read(file: string): ReadableStream }): Promise<void>
    respond(request: Request, options: { getClientAddress(): string }): Promise<Response>
  }
}

/** The storage that holds the context of the request being rendered; one per process, created with the first use. */
function pageContexts<Context>(): AsyncLocalStorage<Context> {
  const globals = globalThis as unknown as Record<symbol, AsyncLocalStorage<Context> | undefined>
  return (globals[contextKey] ??= new AsyncLocalStorage<Context>())
}

/**
 * Serves the pages and their static files. Register it last: it answers every path that is left.
 * @throws when `buildFolder` holds no build
 */
export async function registerPages<Context>(app: FastifyInstance, options: PagesOptions<Context>): Promise<void> {
  const { server, dir } = (await import(pathToFileURL(join(options.buildFolder, 'adapter-node.js')).href)) as Build
  await server.init({
    env: {},
    read: (file) => Readable.toWeb(createReadStream(join(dir, 'client', file))) as ReadableStream,
  })
  const contexts = pageContexts<Context>()

  await app.register((files) => registerStaticFiles(files, dir))

  await app.register(async (web) => {
    web.removeAllContentTypeParsers()
    web.addContentTypeParser('*', (_request, _payload, done) => done(null))

    // A browser always says how long a form is, so a body of unknown length is refused as well. Only files may be large:
    // all else of a form is kept in memory.
    web.addHook('onRequest', async (request, reply) => {
      const length = request.headers['content-length']
      const mayBeLarger = Number(length ?? 0) > pageBodyLimit && isMultipart(request)
      const limit = mayBeLarger ? ((await options.bodyLimit?.(request)) ?? pageBodyLimit) : pageBodyLimit
      const tooLarge = Number(length ?? 0) > limit
      const hasUnknownLength = length === undefined && request.headers['transfer-encoding'] !== undefined
      if (!tooLarge && !hasUnknownLength) return
      return reply
        .code(tooLarge ? 413 : 411)
        .header('connection', 'close')
        .header('cache-control', 'no-store')
        .type('text/html; charset=utf-8')
        .send(
          options.tooLarge?.(request) ??
            `<!doctype html><title>${tooLarge ? 413 : 411}</title><p>This form is too large.</p>`,
        )
    })

    web.all('/*', async (request, reply) => {
      const isRead = request.method === 'GET' || request.method === 'HEAD'
      const form = isRead ? null : createFormReader(() => options.receiveForm(request))
      const webRequest = pageRequest(request, reply, { readForm: form?.read, origin: options.origin?.(request) })
      if (!webRequest) return reply.code(400).type('text/plain').send('Bad request')
      const context = await options.context(request)
      // A POST whose body was not read would hold up the next request on the same connection.
      reply.raw.once('finish', () => request.raw.removeAllListeners('data').resume())
      const page = await contexts
        .run(context, () => server.respond(webRequest, { getClientAddress: () => request.ip }))
        .finally(() => form?.discard())
      // What a page shows is for this person only: it is not cached, so the back button shows nothing after signing out.
      if (!page.headers.has('cache-control')) page.headers.set('cache-control', 'no-store')
      await options.after?.(request, reply, context)
      return reply.send(page)
    })
  })
}

/** Paths of the files that the web build wrote; of a file and its compressed copies, the file. */
export function listStaticPaths(buildFolder: string): ReadonlySet<string> {
  const client = join(buildFolder, 'client')
  const files = globSync('**/*', { cwd: client, withFileTypes: true, exclude: ['**/.vite/**', '**/*.br', '**/*.gz'] })
  const paths = files.filter((file) => file.isFile()).map((file) => relative(client, join(file.parentPath, file.name)))
  return new Set(paths.map((path) => `/${path.split(sep).join('/')}`))
}

/** Files that only pages use. All others, such as an SVG, can be opened as a document and keep every header of one. */
const PAGE_PARTS = /\.(js|css|woff2)$/

/** The headers of such a file. The others of every answer protect documents, and would be most of a small script. */
const PART_HEADERS = new Set([
  // How to read it: as what it says, and never as something else.
  ...['content-type', 'content-length', 'content-encoding', 'x-content-type-options'],
  // How long it may be kept, for which requests, and whether it has changed since.
  ...['cache-control', 'vary', 'etag', 'last-modified'],
  // A part of the file, for players and downloads that go on.
  ...['accept-ranges', 'content-range'],
  // Speaks about the host, whatever the answer is.
  'strict-transport-security',
])

function keepPartHeaders(request: FastifyRequest, reply: FastifyReply): void {
  // A refusal is a document, and the headers of a redirect say where to.
  const isFile = [200, 206, 304].includes(reply.statusCode)
  if (!isFile || !PAGE_PARTS.test(request.url.split('?')[0]!)) return
  // Short, and the type of the standard (RFC 9239). Modules, and the scripts of our UTF-8 pages, are UTF-8.
  if (/javascript/.test(String(reply.getHeader('content-type')))) reply.header('content-type', 'text/javascript')
  for (const name of Object.keys(reply.getHeaders())) if (!PART_HEADERS.has(name)) reply.removeHeader(name)
}

async function registerStaticFiles(app: FastifyInstance, dir: string): Promise<void> {
  const shared = { preCompressed: true, decorateReply: false, cacheControl: false }
  app.addHook('onSend', async (request, reply) => keepPartHeaders(request, reply))
  // These names contain a hash of the content: one route for all, instead of two for each.
  await app.register(fastifyStatic, {
    ...shared,
    // They never change, so nobody asks whether they have.
    etag: false,
    lastModified: false,
    acceptRanges: false,
    root: join(dir, 'client/_app/immutable'),
    prefix: '/_app/immutable/',
    setHeaders: (reply) => void reply.header('cache-control', 'public, max-age=31536000, immutable'),
  })
  await app.register(fastifyStatic, {
    ...shared,
    root: join(dir, 'client'),
    prefix: '/',
    wildcard: false,
    // Kit's manifest is for the build alone.
    globIgnore: ['**/.vite/**', '_app/immutable/**', '**/*.br', '**/*.gz'],
    setHeaders: (reply) => void reply.header('cache-control', 'public, max-age=3600'),
  })
}

/** Reads a form when the page asks for it. Kit would read it into memory, however large and however many fields it has. */
function createFormReader(receive: () => Promise<ReceivedForm>) {
  let form: Promise<ReceivedForm> | undefined
  return {
    read: async () => toFormData(await (form ??= receive())),
    discard: async () => (await form?.catch(() => undefined))?.discard(),
  }
}

/**
 * The request as the web application sees it, with protocol and host as Fastify knows them; null when the host is not valid.
 * @param readForm takes the place of the body
 * @param origin takes the place of what Host says
 */
function pageRequest(
  request: FastifyRequest,
  reply: FastifyReply,
  { readForm, origin }: { readForm: (() => Promise<FormData>) | undefined; origin: string | undefined },
): Request | null {
  const { raw, protocol, host } = request
  const base = origin ?? `${protocol}://${host}`
  // hooks.ts has checked where a form came from. Kit would do it again, and knows neither proxies nor `Origin: null`.
  if (origin && raw.method !== 'GET' && raw.method !== 'HEAD') raw.headers.origin = origin
  if (!URL.canParse(raw.url ?? '/', base)) return null
  try {
    if (!readForm) return getRequest({ request: raw, response: reply.raw, base })
    const headers = Object.entries(raw.headers) as [string, string][]
    const webRequest = new Request(base + raw.url, { method: raw.method, headers })
    // Configurable, because hooks.server.ts checks whose form it is in a reader of its own.
    return Object.defineProperty(webRequest, 'formData', { value: readForm, configurable: true })
  } catch {
    return null
  }
}

/** Creates the application from features and platform. Nothing happens on import. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Kysely } from 'kysely'
import type pg from 'pg'
import type { DB } from '../db/schema.gen.ts'
import { addPages } from './app-pages.ts'
import { createInbound } from './app-inbound.ts'
import type { Config } from './config.ts'
import { offerSetUp } from './features/accounts/handlers.ts'
import { findSlugOfHost } from './features/accounts/queries.ts'
import { readEventOf, refusalEventOf } from './features/audit/rules.ts'
import type { DemoGuide } from './features/identity/demo/rules.ts'
import { deleteExpired } from './features/identity/expired/queries.ts'
import { identify } from './features/identity/queries.ts'
import { reachOf } from './features/identity/rules.ts'
import { takeJobEmails } from './features/jobs/updates/handlers.ts'
import { messagesHandlers } from './features/messages/handlers.ts'
import { findSender } from './features/messages/queries.ts'
import { drawOldPhotos } from './features/records/files/handlers.ts'
import { findUnnamedKeys } from './features/records/files/queries.ts'
import { endLapsedPortalViews } from './features/portal-views/handlers.ts'
import { deleteStaleFiles } from './features/records/files/uploads/queries.ts'
import { collectEmails } from './features/records/updates/handlers.ts'
import { deleteOldMails } from './features/tickets/held/queries.ts'
import { takeTicketEmails } from './features/tickets/updates/handlers.ts'
import { handlers, mailKinds, STORAGE_KEY_COLUMNS } from './operations.ts'
import { writeAudit } from './platform/audit.ts'
import type { Clock } from './platform/clock.ts'
import type { Connect } from './platform/database/connect.ts'
import { openPools, type Pools } from './platform/database/pools.ts'
import { inTransaction } from './platform/database/transaction.ts'
import { createDeliverer, type Deliverer } from './platform/delivery/deliverer.ts'
import type { ReplyAddresses } from './platform/delivery/incoming/addresses.ts'
import type { MailListener } from './platform/delivery/incoming/listener.ts'
import { emitMessages } from './platform/delivery/outbox.ts'
import { createSmtp } from './platform/delivery/smtp.ts'
import { createDiskStore, type FileStore } from './platform/files.ts'
import { createHttp, type HttpServer } from './platform/http.ts'
import { createListener } from './platform/http/listen.ts'
import type { Translations } from './platform/i18n.ts'
import type { Log } from './platform/log.ts'
import { listStaticPaths } from './platform/pages.ts'
import { createSealer, deriveKey } from './platform/secrets.ts'
import type { ServerContext } from './platform/server-context.ts'
import { createUrls, type UrlsOf } from './platform/urls.ts'

const CLEAN_UP_INTERVAL_MS = 3_600_000
/** Without its database for this long, the process reports itself unhealthy, so that its manager starts it anew. */
const GIVE_UP_AFTER_MS = 60_000

/** Of the stop timeout, kept for emails and the database after the last request. */
const STOP_RESERVE_MS = 500

export interface AppOptions {
  config: Config
  /** The database as seen by each role. */
  connect: { app: Connect; system: Connect }
  clock: Clock
  translations: Translations
  log: Log
  /** Where attachments are kept. */
  folder: string
  /** The secret of the installation. */
  secret: string
  version: string
  /** Test and development: undeclared refusals and handlers that skip their policy are errors. */
  strict: boolean
  /** Only the demo has an open mailbox page, and shows its sign-ins; null elsewhere. */
  demo: DemoGuide | null
  /** Folder of the built pages; null serves the API alone. */
  pages: string | null
  /** Background only (`portico work`) or requests only. */
  serve?: boolean
}

export interface App {
  http: FastifyInstance
  deliverer: Deliverer
  pools: Pools
  files: FileStore
  /** Where replies by email arrive; null where none are taken in. */
  inbound: MailListener | null
  /** Starts the background work, then listens. */
  listen(port?: number): Promise<number>
  /** Address of the one-time set-up link of an empty installation; null when there is an account. */
  offerSetUp(): Promise<string | null>
  /** Deletes ended sessions, expired links, and files that were never attached or that ended processes left. Runs every hour by itself. */
  cleanUp(): Promise<void>
  stop(): Promise<void>
}

export async function createApp(options: AppOptions): Promise<App> {
  const { config, clock, log } = options
  const pools = openPools({ connect: options.connect, clock, log, batchWrites: config.batchDatabaseWrites })
  const files = createDiskStore(options.folder, config.accountStorage)
  const urls = createUrls(config)
  const inbound = createInbound(options, { pool: pools.system, files })
  const deliverer = createMailDeliverer(options, pools.system, { urls, inbound })
  const server = createServerContext(options, { pools, files, urls, deliverer })
  const httpServer = await openHttp(options, server, { deliverer, pools })
  const http = httpServer.app
  await inbound?.addHook(http)
  const listener = createListener(http)
  if (options.pages) await addPages(options, options.pages, httpServer)
  const cleanUp = () => deleteExpiredData(pools.system, files, options)
  let cleanUpTimer: NodeJS.Timeout | undefined
  return {
    http,
    deliverer,
    pools,
    files,
    inbound: inbound?.listener ?? null,
    cleanUp,
    async listen(port = config.port) {
      // The passwords of the demo are public, so that it is for this machine alone.
      if (options.serve !== false) await listener.listen(port, config.host ?? (options.demo ? 'localhost' : null))
      if (options.serve !== false) await inbound?.listener?.listen()
      void pools.app.warmUp()
      deliverer.start()
      const cleanUpAndLog = () =>
        cleanUp().catch((error: unknown) => log.warn({ err: error }, 'Clean-up failed; it is tried again in an hour'))
      cleanUpTimer = setInterval(() => void cleanUpAndLog(), CLEAN_UP_INTERVAL_MS).unref()
      return (http.server.address() as { port: number } | null)?.port ?? 0
    },
    offerSetUp: () => offerSetUp((text, values) => queryRows(pools.app, text, values), clock, urls(null)),
    async stop() {
      clearInterval(cleanUpTimer)
      const deadline = performance.now() + config.stopTimeout
      const remaining = () => Math.max(deadline - performance.now(), 0)
      await Promise.all([http.close(), inbound?.listener?.close()])
      await deliverer.stop(remaining())
      // A connection whose request was cut may still wait for the database.
      await Promise.race([pools.close(), sleep(Math.max(remaining(), STOP_RESERVE_MS), undefined, { ref: false })])
    },
  }
}

function createMailDeliverer(
  options: AppOptions,
  systemPool: pg.Pool,
  { urls, inbound }: { urls: UrlsOf; inbound: ReturnType<typeof createInbound> },
): Deliverer {
  const { config, clock, log } = options
  return createDeliverer({
    systemPool,
    messages: mailKinds,
    translations: options.translations,
    clock,
    log,
    transport: config.smtpUrl ? createSmtp({ url: config.smtpUrl, from: config.mailFrom }) : null,
    senderOf: (db, account) => findSender(db, account, urls, inbound !== null),
    replyAddressOf: inbound?.addresses.addressOf ?? null,
    collect: () => collectUpdates(options, systemPool, inbound?.addresses ?? null),
  })
}

function openHttp(
  { config, clock, translations, log, version, pages }: AppOptions,
  server: ServerContext,
  { deliverer, pools }: Pick<App, 'deliverer' | 'pools'>,
): Promise<HttpServer> {
  return createHttp({
    server,
    translations,
    log,
    publicUrl: config.publicUrl,
    trustProxy: config.trustProxy,
    requestsPerMinute: config.requestsPerMinute,
    staticPaths: pages ? listStaticPaths(pages) : new Set(),
    busyAfter: config.busyAfter,
    stopTimeout: Math.max(config.stopTimeout - STOP_RESERVE_MS, 0),
    version,
    slugOfHost: (host) => findSlugOfHost((text, values) => queryRows(server.pool, text, values), host, clock.now()),
    sendsMail: config.smtpUrl !== null,
    ready: async () => (await pools.isMigrated()) && deliverer.running(),
    isBusy: () => config.busyAfter > 0 && pools.app.isBusy(config.busyAfter),
    cannotServe: () => pools.availability.failingFor() >= GIVE_UP_AFTER_MS,
  })
}

function createServerContext(
  { config, clock, translations, log, strict, demo, secret }: AppOptions,
  { pools, files, urls, deliverer }: Pick<App, 'pools' | 'files' | 'deliverer'> & { urls: UrlsOf },
): ServerContext {
  const mail = messagesHandlers({
    translations,
    messages: mailKinds,
    senderOf: (db, account) => findSender(db, account, urls, config.mailIn !== null),
    sending: config.smtpUrl !== null,
    from: config.mailFrom,
    demo: demo !== null,
    wake: () => deliverer.wake(),
    openMailbox: (work) => asSystem(pools.system, 'the demo shows its mail', work),
  })
  return {
    pool: pools.app,
    clock,
    operations: [...handlers, ...mail],
    identify,
    files,
    sealer: linkSealer(secret),
    strict,
    contextSettings,
    urlsOf: urls,
    emit: async (db, emissions, { account, now }) => {
      await emitMessages(db, account.id, emissions, { now, host: config.publicUrl.hostname })
    },
    notifyOutbox: () => deliverer.wake(),
    audit: writeAudit,
    refusalEventOf,
    readEventOf,
    warn: (message, about) => log.warn(about, message),
    reportError: (error, where) => log.error({ err: error, ...where }, 'A request failed'),
  }
}

/** The reach of an actor, with what a handler added to it. */
const contextSettings: ServerContext['contextSettings'] = (actor, account, added) => {
  const { customers, jobs_of, contacts, ...reach } = reachOf(actor, account)
  const more = added.map((each) => each.customer)
  return {
    ...reach,
    customers: [...customers, ...more],
    jobs_of: [...jobs_of, ...more],
    contacts: [...contacts, ...added.flatMap((each) => each.contact ?? [])],
  }
}

const queryRows = async <T>(pool: pg.Pool, text: string, values: unknown[]): Promise<T[]> =>
  (await pool.query(text, values)).rows as T[]

const linkSealer = (secret: string) => createSealer(deriveKey(secret, 'tokens of secure links'))

function collectUpdates(
  { clock, config, log, secret }: AppOptions,
  pool: pg.Pool,
  replyAddresses: ReplyAddresses | null,
): Promise<void> {
  const now = clock.now()
  const sealer = linkSealer(secret)
  return collectEmails({
    now,
    host: config.publicUrl.hostname,
    takeEmails: { job: takeJobEmails, ticket: (db, due) => takeTicketEmails(db, due, { now, replyAddresses, sealer }) },
    run: (work) => asSystem(pool, 'emails about a record go to people of both sides', work),
    onError: (error, due) => log.error({ err: error, ...due }, 'Emails about a record could not be written'),
  })
}

async function deleteExpiredData(
  pool: pg.Pool,
  files: FileStore,
  { clock, log }: Pick<AppOptions, 'clock' | 'log'>,
): Promise<void> {
  const keys = await asSystem(pool, 'what has ended goes away', async (db) => {
    await deleteExpired(db, clock.now())
    await endLapsedPortalViews(db, clock.now())
    await deleteOldMails(db, clock.now())
    return deleteStaleFiles(db, clock.now())
  })
  for (const key of keys) await files.delete(key)
  await drawOldPhotos(files, (work) => asSystem(pool, 'photos of earlier versions hold positions', work))
  const abandoned = await files.deleteAbandoned(clock.now(), (keys) =>
    asSystem(pool, 'bytes that no row names go away', (db) => findUnnamedKeys(db, STORAGE_KEY_COLUMNS, keys)),
  )
  if (abandoned > 0) log.info({ files: abandoned }, 'Deleted stored files that nothing refers to')
}

/**
 * The only way past account isolation: work that belongs to no request (demo data, imports, clean-up).
 * architecture.test.ts keeps the list of callers with their reasons.
 */
export function asSystem<T>(pool: pg.Pool, reason: string, work: (db: Kysely<DB>) => Promise<T>): Promise<T> {
  if (!reason) throw new Error('asSystem needs a reason')
  return inTransaction(pool, { settings: null, write: true }, ({ db }) => work(db))
}

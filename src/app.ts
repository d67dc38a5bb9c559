/** Puts the house together: features + platform → server. Nothing happens on import. */
import type { FastifyInstance } from 'fastify'
import type { Kysely } from 'kysely'
import type pg from 'pg'
import { sql } from 'kysely'
import type { DB } from '../db/schema.gen.ts'
import type { Config } from './config.ts'
import { accounts } from './features/accounts/contract.ts'
import { accountsHandlers, offerSetUp } from './features/accounts/handlers.ts'
import { customers } from './features/customers/contract.ts'
import { customersHandlers } from './features/customers/handlers.ts'
import { identity } from './features/identity/contract.ts'
import { identityHandlers } from './features/identity/handlers.ts'
import { localeFor } from './features/accounts/regions/rules.ts'
import { messages } from './features/messages/contract.ts'
import { messagesHandlers } from './features/messages/handlers.ts'
import { people } from './features/identity/people/contract.ts'
import { peopleHandlers } from './features/identity/people/handlers.ts'
import { staffPasswordReset } from './features/identity/people/messages.ts'
import { portalIdentity } from './features/identity/portal/contract.ts'
import { portalIdentityHandlers } from './features/identity/portal/handlers.ts'
import { deleteExpired, identify } from './features/identity/queries.ts'
import { deleteStaleFiles } from './features/records/files/queries.ts'
import { reachOf, type AccountOf, type Actor, type AuditOf } from './features/identity/rules.ts'
import { portal } from './features/portal/contract.ts'
import { portalHandlers } from './features/portal/handlers.ts'
import { activation } from './features/portal-users/activation/contract.ts'
import { activationHandlers } from './features/portal-users/activation/handlers.ts'
import { activationMessages } from './features/portal-users/messages.ts'
import { portalProfile } from './features/portal-users/profile/contract.ts'
import { portalProfileHandlers } from './features/portal-users/profile/handlers.ts'
import { templates } from './features/templates/contract.ts'
import { templatesHandlers } from './features/templates/handlers.ts'
import { portalUsers } from './features/portal-users/contract.ts'
import { portalUsersHandlers } from './features/portal-users/handlers.ts'
import { staff } from './features/staff/contract.ts'
import { staffHandlers } from './features/staff/handlers.ts'
import { staffInvitation } from './features/staff/messages.ts'
import { booking } from './features/jobs/booking/contract.ts'
import { bookingHandlers } from './features/jobs/booking/handlers.ts'
import { jobs } from './features/jobs/contract.ts'
import { jobsMessages } from './features/jobs/messages.ts'
import { jobEditingHandlers } from './features/jobs/office/editing/handlers.ts'
import { jobReadingHandlers } from './features/jobs/office/handlers.ts'
import { jobStatusHandlers } from './features/jobs/office/status/handlers.ts'
import { portalJobs } from './features/jobs/portal/contract.ts'
import { portalJobEditingHandlers } from './features/jobs/portal/editing/handlers.ts'
import { portalJobReadingHandlers } from './features/jobs/portal/handlers.ts'
import { jobFiles } from './features/records/files/contract.ts'
import { jobFilesHandlers } from './features/records/files/handlers.ts'
import { recordsHandlers } from './features/records/handlers.ts'
import type { Clock } from './platform/clock.ts'
import { openPool, type Connect } from './platform/database/pool.ts'
import { insertRows } from './platform/database/statements.ts'
import { inTransaction } from './platform/database/transaction.ts'
import { createDeliverer, type Deliverer } from './platform/delivery/deliverer.ts'
import { emitMessages, type Emission, type Message, type Sender } from './platform/delivery/outbox.ts'
import { createSmtp } from './platform/delivery/smtp.ts'
import type { ServerContext } from './platform/server-context.ts'
import { createDiskStore, type FileStore } from './platform/files.ts'
import { createHttp } from './platform/http.ts'
import type { Translations } from './platform/i18n.ts'
import { newId } from './platform/ids.ts'
import type { Log } from './platform/log.ts'
import type { Output, RawInput, Urls, Wire } from './platform/operation.ts'
import { pageBodyLimit, registerPages } from './platform/pages.ts'

declare module './platform/operation.ts' {
  interface Registered {
    actor: Actor
    account: AccountOf
    reachAddition: { customer: string; contact?: string }
    audit: AuditOf
    message: Emission
  }
}

/** Every operation there is, by name. */
export const contracts = {
  ...accounts,
  ...activation,
  ...booking,
  ...customers,
  ...identity,
  ...jobFiles,
  ...jobs,
  ...people,
  ...portal,
  ...portalIdentity,
  ...portalJobs,
  ...portalProfile,
  ...templates,
  ...portalUsers,
  ...staff,
  ...messages,
}
const handlers = [
  ...accountsHandlers,
  ...activationHandlers,
  ...bookingHandlers,
  ...customersHandlers,
  ...identityHandlers,
  ...jobFilesHandlers,
  ...jobReadingHandlers,
  ...jobEditingHandlers,
  ...jobStatusHandlers,
  ...peopleHandlers,
  ...portalHandlers,
  ...portalIdentityHandlers,
  ...portalJobReadingHandlers,
  ...portalJobEditingHandlers,
  ...portalProfileHandlers,
  ...recordsHandlers,
  ...templatesHandlers,
  ...portalUsersHandlers,
  ...staffHandlers,
]
const outgoing: Message[] = [...jobsMessages, staffInvitation, ...activationMessages, staffPasswordReset]

/** Portal pages whose forms carry files: booking a job and editing one. */
const FILE_FORMS = /^(?:\/p\/[^/]+)?\/jobs\/(?:new\/[^/]+|[^/]+\/edit)$/
const FILE_FORM_LIMIT = 52 * 1024 * 1024

/** Operations as pages call them: raw input in, what HTTP would answer out. */
export type Api = {
  [K in keyof typeof contracts]: (
    input?: RawInput<(typeof contracts)[K]>,
  ) => Promise<Wire<Output<(typeof contracts)[K]>>>
}

export interface AppOptions {
  config: Config
  /** The database as seen by each role. */
  connect: { app: Connect; system: Connect }
  clock: Clock
  translations: Translations
  log: Log
  /** Where attachments are kept. */
  folder: string
  version: string
  /** Test and development: undeclared refusals and unasked policies are faults. */
  strict: boolean
  /** Only the demo has an open mailbox page. */
  demo: boolean
  /** Folder of the built pages; null serves the API alone. */
  pages: string | null
  /** Background only (`portico work`) or requests only. */
  serve?: boolean
}

export interface App {
  http: FastifyInstance
  deliverer: Deliverer
  pools: { app: pg.Pool; system: pg.Pool }
  files: FileStore
  /** Starts the background work, then listens. */
  listen(port?: number): Promise<number>
  /** Address of the one-time set-up link of an empty installation; null when there is an account. */
  offerSetUp(): Promise<string | null>
  /** Removes what has ended: sessions, dead links, files nobody attached. Runs every hour by itself. */
  cleanUp(): Promise<void>
  stop(): Promise<void>
}

export async function createApp(options: AppOptions): Promise<App> {
  const { config, connect, clock, translations, log } = options
  let ending = false
  // While we end, the database may be quicker in closing a connection than we are: no news.
  const onError = (error: Error) => {
    if (!ending) log.warn({ err: error }, 'A database connection was lost')
  }
  const batchWrites = config.batchDatabaseWrites
  const pools = {
    app: openPool(connect.app, { max: 12, name: 'portico', batchWrites, onError }),
    system: openPool(connect.system, { max: 4, name: 'portico system', batchWrites, onError }),
  }
  const files = createDiskStore(options.folder)
  const urls = urlsBy(config)
  const mail = messagesHandlers({
    translations,
    messages: outgoing,
    senderOf: (db, account) => senderOf(db, account, urls),
    sending: config.smtpUrl !== null,
    from: config.mailFrom,
    demo: options.demo,
    wake: () => deliverer.wake(),
    openMailbox: (work) => asSystem(pools.system, 'the demo shows its mail', work),
  })
  const server: ServerContext = {
    pool: pools.app,
    clock,
    operations: [...handlers, ...mail],
    identify,
    files,
    strict: options.strict,
    contextSettings: (actor, account, added) => {
      const { customers, jobs_of, contacts, ...reach } = reachOf(actor, account)
      const more = added.map((each) => each.customer)
      return {
        ...reach,
        customers: [...customers, ...more],
        jobs_of: [...jobs_of, ...more],
        contacts: [...contacts, ...added.flatMap((each) => each.contact ?? [])],
      }
    },
    urlsOf: urls,
    emit: async (db, emissions, { account, now }) => {
      await emitMessages(db, account.id, emissions, { now, host: config.publicUrl.hostname })
    },
    emitted: () => deliverer.wake(),
    audit: (db, entry, about) => writeAudit(db, entry, about),
    reportError: (error, where) => log.error({ err: error, ...where }, 'A request failed'),
  }
  const deliverer = createDeliverer({
    systemPool: pools.system,
    messages: outgoing,
    translations,
    clock,
    log,
    transport: config.smtpUrl ? createSmtp({ url: config.smtpUrl, from: config.mailFrom }) : null,
    senderOf: (db, account) => senderOf(db, account, urls),
  })
  const {
    app: http,
    apiFor,
    applyEffects,
  } = await createHttp({
    server,
    translations,
    log,
    publicUrl: config.publicUrl,
    trustProxy: config.trustProxy,
    requestsPerMinute: config.requestsPerMinute,
    busyAfter: config.busyAfter,
    version: options.version,
    slugOfHost: async (host) => {
      const {
        rows: [row],
      } = await pools.app.query<{ slug: string | null }>(
        "select load_account((find_account_slug($1, $2) ->> 'account')::uuid) ->> 'slug' as slug",
        [host, clock.now()],
      )
      return row?.slug ?? null
    },
    ready: async () => {
      try {
        await pools.app.query('select name from schema_migrations limit 1')
        return deliverer.running()
      } catch {
        return false
      }
    },
  })
  if (options.pages) {
    const contexts = new WeakMap<object, ReturnType<typeof apiFor>>()
    await registerPages(http, {
      buildFolder: options.pages,
      // Forms that carry files, for who is signed in: five files of 10 MB. Everything else stays small.
      bodyLimit: (request) =>
        FILE_FORMS.test(request.url.split('?')[0]!)
          ? apiFor(request).api.getPortalProfile!().then(
              () => FILE_FORM_LIMIT,
              () => pageBodyLimit,
            )
          : pageBodyLimit,
      context: (request) => {
        const bound = apiFor(request)
        const { hostScope } = request
        const byPath =
          hostScope.surface === 'main' && request.url.startsWith('/p/') ? request.caller.addresses.portal : undefined
        const locale = translations.choose(request.headers['accept-language'])
        const context = {
          api: bound.api as unknown as Api,
          surface: byPath ? ('portal' as const) : hostScope.surface,
          portal: hostScope.portal ?? byPath ?? null,
          base: byPath ? `/p/${byPath}` : '',
          locale,
          regionalLocale: localeFor(request.headers['accept-language']),
          requestId: request.id,
          demo: options.demo,
          words: (branches: readonly string[]) => translations.branch(locale, branches),
          t: (key: string, vars?: Record<string, unknown>) => translations.t(locale, key, vars),
        }
        contexts.set(context, bound)
        return context
      },
      after: (request, reply, context) => applyEffects(request, reply, contexts.get(context)?.effects ?? []),
    })
  }
  const cleanUp = async () => {
    const keys = await asSystem(pools.system, 'what has ended goes away', async (db) => {
      await deleteExpired(db, clock.now())
      return deleteStaleFiles(db, clock.now())
    })
    for (const key of keys) await files.delete(key)
  }
  let cleanUpTimer: NodeJS.Timeout | undefined
  return {
    http,
    deliverer,
    pools,
    files,
    cleanUp,
    async listen(port = config.port) {
      if (options.serve !== false) await http.listen({ port, host: '0.0.0.0' })
      deliverer.start()
      cleanUpTimer = setInterval(
        () =>
          void cleanUp().catch((error: unknown) =>
            log.warn({ err: error }, 'Tidying up failed; it is tried again in an hour'),
          ),
        3_600_000,
      ).unref()
      return (http.server.address() as { port: number } | null)?.port ?? 0
    },
    offerSetUp: () =>
      offerSetUp(
        async <T>(text: string, values: unknown[]) => (await pools.app.query(text, values)).rows as T[],
        clock,
        urls(null),
      ),
    async stop() {
      clearInterval(cleanUpTimer)
      await http.close()
      await deliverer.stop()
      ending = true
      await Promise.all(Object.values(pools).map((pool) => pool.end().catch(() => {})))
    },
  }
}

const urlsBy =
  (config: Config) =>
  (account: { slug: string } | null): Urls => {
    const main = (path: string) => new URL(path, config.publicUrl).href
    return {
      main,
      portal(path) {
        if (!account) throw new Error('A portal address needs its account')
        if (config.portalAddresses === 'path') return main(`/p/${account.slug}${path === '/' ? '' : path}`)
        const host = new URL(path, config.publicUrl)
        host.hostname = `${account.slug}.${config.publicUrl.hostname}`
        return host.href
      },
    }
  }

/** The account as its mails show it. */
async function senderOf(db: Kysely<DB>, account: string, urls: ReturnType<typeof urlsBy>): Promise<Sender | null> {
  const {
    rows: [row],
  } = await sql<{ found: AccountOf | null }>`select load_account(${account}) as found`.execute(db)
  const found = row?.found
  if (!found) return null
  const { portal, main } = urls(found)
  return {
    id: found.id,
    slug: found.slug,
    name: found.portal.name,
    accent: found.accent,
    logoUrl: found.logoKey ? main(`/api/v1/portal/${found.slug}/logo`) : null,
    address: found.postalAddress,
    phone: found.supportPhone,
    supportEmail: found.supportEmail,
    timeZone: found.timeZone,
    locale: found.locale,
    portalUrl: portal,
    mainUrl: main,
    officeUrl: (path) => main(`/office/${found.slug}${path}`),
  }
}

async function writeAudit(
  db: Kysely<DB>,
  { event, subjectKind, subjectId, details }: AuditOf,
  { account, actor, now, requestId, clientAddress }: Parameters<ServerContext['audit']>[2],
): Promise<void> {
  await insertRows(db, 'audit', [
    {
      account_id: account.id,
      id: newId(),
      event,
      actor_kind: actor.kind,
      actor_id: 'id' in actor ? actor.id : null,
      actor_name: 'name' in actor ? actor.name : null,
      subject_kind: subjectKind ?? null,
      subject_id: subjectId ?? null,
      details: details ?? {},
      request_id: requestId,
      client_address: clientAddress,
      created_at: now,
    },
  ])
}

/**
 * The one door past account isolation: work that belongs to no request (demo data, imports, clean-up).
 * architecture.test.ts keeps the list of callers with their reasons.
 */
export function asSystem<T>(pool: pg.Pool, reason: string, work: (db: Kysely<DB>) => Promise<T>): Promise<T> {
  if (!reason) throw new Error('asSystem needs a reason')
  return inTransaction(pool, { settings: null, write: true }, ({ db }) => work(db))
}

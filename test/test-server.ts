/**
 * The test server: the real application on a real PostgreSQL with a real SMTP server and a clock that tests control. People
 * call operations over HTTP by name.
 */
import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Kysely } from 'kysely'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import { inject } from 'vitest'
import type { DB } from '../db/schema.gen.ts'
import { asSystem, createApp, type App } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { createTestClock, type TestClock } from '../src/platform/clock.ts'
import { asRole } from '../src/platform/database/roles.ts'
import { createTranslations } from '../src/platform/i18n.ts'
import { createLog } from '../src/platform/log.ts'
import { createBusiness, type Business, type BusinessOptions } from './business.ts'
import { withAdmin, type World } from './database.ts'
import { freePort } from './free-port.ts'
import { createPerson, type Person } from './person.ts'

export type { Business, BusinessOptions } from './business.ts'
export { PASSWORD, type CallOptions, type OperationName, type Person } from './person.ts'
export { fill, send, type Reply } from './request.ts'

export interface TestServer {
  app: App
  url: URL
  port: number
  database: string
  clock: TestClock
  /** Mails that the SMTP server received, oldest first. */
  mails: Email[]
  log: string[]
  /** Sends due mails and returns those received for `address`, or all of them. */
  mailTo(address?: string): Promise<Email[]>
  /** Creates a business with an owner that shares nothing with other tests. */
  business(options?: BusinessOptions): Promise<Business>
  /** A person without a session. */
  anyone(options?: { slug?: string; place?: 'host' | 'path' }): Person
  /** Queries the database as portico_system, which bypasses row-level security. */
  stored<T>(work: (db: Kysely<DB>) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface TestServerOptions {
  /** Folder of the built pages; none are served without it. */
  pages?: string | null
  /** Starts a second node on the database of this server. */
  twinOf?: TestServer
  clock?: TestClock
  env?: Record<string, string>
  demo?: boolean
  /** Where the server finds the database: a proxy before the real one. */
  databaseAddress?: { host: string; port: number }
}

const root = join(import.meta.dirname, '..')
let workerServer: Promise<TestServer> | undefined

/** The server that all test files of this worker share. */
export const startTestServer = (): Promise<TestServer> => (workerServer ??= startSeparateServer(inject('world')))

/** Before each test file: resets the clock and the rate limits that the previous file may have changed. */
export async function startFile(): Promise<void> {
  const server = await workerServer
  if (!server) return
  server.clock.set(new Date())
  await forgetLimits(server)
}

/** Forgets what limits have counted, so that a test can go on from the same address. */
export const forgetLimits = (server: Pick<TestServer, 'stored'>): Promise<void> =>
  server.stored(async (db) => {
    await db.deleteFrom('rate_limits').execute()
    await db.deleteFrom('guesses').execute()
  })

/** Starts a server with a database of its own, or a second node with `twinOf`. */
export async function startSeparateServer(world: World, options: TestServerOptions = {}): Promise<TestServer> {
  const { twinOf } = options
  const clock = options.clock ?? twinOf?.clock ?? createTestClock(new Date())
  const database = twinOf?.database ?? (await copyTemplateDatabase(world))
  const smtp = await startSmtpServer()
  const port = await freePort()
  const log: string[] = []
  const app = await startApp(world, { ...options, clock }, { database, port, smtpPort: smtp.port, log })
  const stored = <T>(work: (db: Kysely<DB>) => Promise<T>) =>
    asSystem(app.pools.system, 'tests look at what is stored', work)
  return {
    app,
    url: new URL(`http://localhost:${port}`),
    port,
    database,
    clock,
    mails: smtp.mails,
    log,
    stored,
    anyone: (person = {}) => createPerson(port, { kind: 'anonymous', ...person }),
    async mailTo(address) {
      for (const { account_id, id } of await stored((db) => selectDueMails(db, clock.now())))
        await app.deliverer.deliver(account_id, id)
      const isForAddress = ({ to = [] }: Email) => to.some((each) => 'address' in each && each.address === address)
      return address ? smtp.mails.filter(isForAddress) : smtp.mails
    },
    business: (business = {}) => createBusiness({ port, clock, stored }, business),
    async close() {
      await app.stop()
      await smtp.close()
    },
  }
}

async function copyTemplateDatabase(world: World): Promise<string> {
  const database = `${world.template}_${randomBytes(4).toString('hex')}`
  await withAdmin(world.admin, (client) => client.query(`create database ${database} template ${world.template}`))
  return database
}

/** An SMTP server that accepts every mail. */
async function startSmtpServer(): Promise<{ port: number; mails: Email[]; close(): Promise<void> }> {
  const mails: Email[] = []
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    logger: false,
    onData(stream, _session, done) {
      const parts: Buffer[] = []
      const receive = (mail: Email) => {
        mails.push(mail)
        done()
      }
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => void PostalMime.parse(Buffer.concat(parts)).then(receive, done))
    },
  })
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve))
  return {
    port: (smtp.server.address() as AddressInfo).port,
    mails,
    close: () => new Promise((resolve) => smtp.close(() => resolve())),
  }
}

async function startApp(
  world: World,
  { clock, env = {}, demo = false, pages = null, databaseAddress }: TestServerOptions & { clock: TestClock },
  { database, port, smtpPort, log }: { database: string; port: number; smtpPort: number; log: string[] },
): Promise<App> {
  const { host, port: databasePort } = databaseAddress ?? world.admin
  const admin = { ...world.admin, host, port: databasePort, database }
  const app = await createApp({
    config: readConfig({
      PORT: String(port),
      SMTP_URL: `smtp://127.0.0.1:${smtpPort}`,
      REQUESTS_PER_MINUTE: '1000000',
      BUSY_AFTER: '60000',
      MAIL_FROM: 'portal@portico.example',
      ...env,
    }),
    connect: {
      app: asRole(admin, 'portico_app', world.passwords),
      system: asRole(admin, 'portico_system', world.passwords),
    },
    clock,
    translations: createTranslations(join(root, 'locales'), { strict: true }),
    log: createLog({ level: 'info', to: { write: (line: string) => void log.push(line) } }),
    folder: join(world.folder, database, 'files'),
    version: '0.0.0-test',
    strict: true,
    demo,
    pages,
  })
  await app.http.listen({ port, host: '127.0.0.1' })
  return app
}

const selectDueMails = (db: Kysely<DB>, now: Date) =>
  db
    .selectFrom('outbox')
    .select(['account_id', 'id'])
    .where('status', 'in', ['waiting'])
    .where('next_at', '<=', now)
    .orderBy('created_at')
    .execute()

/** The first link in a mail's text that matches. */
export function linkIn(mail: Email | undefined, pattern = /https?:\/\/\S+/): string {
  const link = pattern.exec(mail?.text ?? '')?.[0]
  if (!link) throw new Error(`No link in the mail: ${mail?.text ?? 'no mail'}`)
  return link
}

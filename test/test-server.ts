/**
 * The test server: the real application on a real PostgreSQL with a real SMTP server and a clock that tests control. People
 * call operations over HTTP by name.
 */
import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import type { Kysely } from 'kysely'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import { inject } from 'vitest'
import type { DB } from '../db/schema.gen.ts'
import { asSystem, type App } from '../src/app.ts'
import { createTestClock, type TestClock } from '../src/platform/clock.ts'
import { createBusiness, type Business, type BusinessOptions } from './business.ts'
import { withAdmin, type World } from './database.ts'
import { freePort } from './free-port.ts'
import { createPerson, type Person } from './person.ts'
import { shareClock, startSecondNode } from './second-node.ts'
import { startTestApp } from './test-app.ts'

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
  /** Collects and sends due mails, and returns those received for `address`, or all of them. */
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
  /** No second node, where tests otherwise run with two: for tests that look into this process. */
  singleNode?: boolean
  clock?: TestClock
  env?: Record<string, string>
  demo?: boolean
  /** Where the server finds the database: a proxy before the real one. */
  databaseAddress?: { host: string; port: number }
}

let workerServer: Promise<TestServer> | undefined

/** The server that all test files of this worker share. */
export const startTestServer = (): Promise<TestServer> => (workerServer ??= startSeparateServer(inject('world')))

/** Before each test file: resets the clock and the rate limits, and drops emails that the previous file did not send. */
export async function startFile(): Promise<void> {
  const server = await workerServer
  if (!server) return
  server.clock.set(new Date())
  await forgetLimits(server)
  await forgetUnsent(server)
}

/** A file that sets the clock ahead would otherwise send in its first test what all files before it left. */
const forgetUnsent = ({ stored }: Pick<TestServer, 'stored'>): Promise<void> =>
  stored(async (db) => {
    await db.deleteFrom('record_updates').execute()
    await db.deleteFrom('outbox').where('status', '=', 'waiting').execute()
  })

/** Forgets what limits have counted, so that a test can go on from the same address. */
export const forgetLimits = (server: Pick<TestServer, 'stored'>): Promise<void> =>
  server.stored(async (db) => {
    await db.deleteFrom('rate_limits').execute()
    await db.deleteFrom('guesses').execute()
  })

/** Starts a server with a database of its own, or a second node with `twinOf`. */
export async function startSeparateServer(world: World, options: TestServerOptions = {}): Promise<TestServer> {
  const { twinOf } = options
  const hasSecondNode = process.env.TEST_NODES === '2' && !twinOf && !options.singleNode
  const ownClock = options.clock ?? twinOf?.clock ?? createTestClock(new Date())
  const clock = hasSecondNode ? shareClock(world, ownClock) : ownClock
  const database = twinOf?.database ?? (await copyTemplateDatabase(world))
  const smtp = await startSmtpServer()
  const port = await freePort()
  const log: string[] = []
  const { env = {}, demo = false, pages = null, databaseAddress } = options
  const node = { world, env, demo, pages, databaseAddress, database, port, smtpPort: smtp.port }
  const app = await startTestApp(node, { clock, log: (line) => void log.push(line) })
  const secondNode = hasSecondNode ? await startSecondNode(node, clock) : undefined
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
      await app.deliverer.collect()
      for (const { account_id, id } of await stored((db) => selectDueMails(db, clock.now())))
        await app.deliverer.deliver(account_id, id)
      const isForAddress = ({ to = [] }: Email) => to.some((each) => 'address' in each && each.address === address)
      return address ? smtp.mails.filter(isForAddress) : smtp.mails
    },
    business: (business = {}) => createBusiness({ port, clock, stored }, business),
    async close() {
      await secondNode?.close()
      await app.stop()
      await smtp.close()
    },
  }
}

async function copyTemplateDatabase(world: World): Promise<string> {
  const database = `${world.template}_${randomBytes(4).toString('hex')}`
  await withAdmin(world.admin, async (client) => {
    for (let attempts = 1; ; attempts++)
      try {
        return await client.query(`create database ${database} template ${world.template}`)
      } catch (error) {
        // A busy machine: autovacuum looks at the template, or another test copies it.
        const isInUse = (error as { code?: string }).code === '55006'
        if (!isInUse || attempts === 5) throw error
      }
  })
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

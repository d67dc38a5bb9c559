/**
 * The one kit of all tests: a real server on a real PostgreSQL with a real SMTP peer, a clock you turn, and people
 * who call operations over HTTP by name. Nothing clever.
 */
import { randomBytes } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Kysely } from 'kysely'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import { inject } from 'vitest'
import type { DB } from '../db/schema.gen.ts'
import { asSystem, createApp, type App } from '../src/app.ts'
import { contracts } from '../src/operations.ts'
import { readConfig } from '../src/config.ts'
import type { Actor, StaffRole } from '../src/features/identity/rules.ts'
import { createTestClock, type TestClock } from '../src/platform/clock.ts'
import { asRole } from '../src/platform/database/migrate.ts'
import { surfaceOf } from '../src/platform/caller.ts'
import { createTranslations } from '../src/platform/i18n.ts'
import { newId } from '../src/platform/ids.ts'
import { createLog } from '../src/platform/log.ts'
import type { Definition, Output, RawInput, Wire } from '../src/platform/operation.ts'
import { hashPassword, newToken } from '../src/platform/secrets.ts'
import { withAdmin, type World } from './database.ts'

export type OperationName = keyof typeof contracts
type Contracts = typeof contracts

/** What every test person signs in with. */
export const PASSWORD = 'correct horse battery'

export interface Reply<T = unknown> {
  status: number
  /** Parsed JSON, or the text. */
  body: T
  headers: http.IncomingHttpHeaders
  text: string
}

export interface TestServer {
  app: App
  url: URL
  port: number
  database: string
  clock: TestClock
  /** Mails the SMTP peer took, oldest first. */
  mails: Email[]
  log: string[]
  /** Sends what is due and answers the mails that arrived for `address` (all, without one). */
  mailTo(address?: string): Promise<Email[]>
  /** A fresh business with an owner. Nothing of it is shared with other tests. */
  business(options?: BusinessOptions): Promise<Business>
  /** Somebody without a session. */
  anyone(options?: { slug?: string; place?: 'host' | 'path' }): Person
  /** Past isolation, as portico_system: to look at what is really stored. */
  stored<T>(work: (db: Kysely<DB>) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface BusinessOptions {
  public?: boolean
  enabled?: boolean
  name?: string
  slug?: string
  timeZone?: string
  /** BCP 47: decides how dates, times and money are written. */
  locale?: string
}

export interface Business {
  id: string
  slug: string
  owner: Person
  /** A signed-in member of staff of that role. */
  staff(role: StaffRole, name?: string): Promise<Person>
  /** An active, signed-in portal user linked to these customers; straight into the database. */
  portalUser(options?: {
    email?: string
    name?: string
    customers?: string[]
    permissions?: object | null
    templates?: string[]
    templatesMode?: string
    status?: string
    signedIn?: boolean
  }): Promise<Person>
  customer(name?: string): Promise<string>
  site(customer: string, address?: string): Promise<string>
  /** A template with these fields (`[]` unless given), offered in the portal unless `offered: false`. */
  template(options?: { name?: string; fields?: unknown[]; offered?: boolean }): Promise<string>
  /** Somebody without a session, at this portal. */
  visitor(place?: 'host' | 'path'): Person
}

export interface Person {
  id: string
  email: string
  kind: Actor['kind']
  cookies: Map<string, string>
  /** Calls an operation over HTTP by its name. */
  call<N extends OperationName>(
    name: N,
    input?: Record<string, unknown>,
    options?: CallOptions,
  ): Promise<
    Reply<
      Wire<Output<Contracts[N]>> & {
        code?: string
        title?: string
        fields?: Record<string, { code: string; text: string }>
      }
    >
  >
  /** The same, and throws when it is refused. */
  ok<N extends OperationName>(
    name: N,
    input?: RawInput<Contracts[N]>,
    options?: CallOptions,
  ): Promise<Wire<Output<Contracts[N]>>>
  /** A bare request, as this person's browser. */
  request(method: string, path: string, options?: { body?: unknown; headers?: Record<string, string> }): Promise<Reply>
}

export interface CallOptions {
  headers?: Record<string, string>
  /** Slug to ask at, instead of the person's own. */
  slug?: string
  /** Dial the main host and not the portal's own. */
  place?: 'host' | 'path'
}

const root = join(import.meta.dirname, '..')
let shared: Promise<TestServer> | undefined

/** The house of this worker; made once. */
export const startTestServer = (): Promise<TestServer> => (shared ??= startSeparateServer(inject('world')))

/**
 * Before each test file: the worker's house has today's date again, and nobody has tried anything yet. Files share one house,
 * and one that turned the clock by years would age the next one's dates.
 */
export async function startFile(): Promise<void> {
  const at = await shared
  if (!at) return
  at.clock.set(new Date())
  await at.stored((db) => db.deleteFrom('rate_limits').execute())
}

/** A house of its own; `twinOf` makes a second node on the same database. */
export async function startSeparateServer(
  world: World,
  {
    pages = null,
    twinOf,
    clock = twinOf?.clock ?? createTestClock(new Date()),
    env = {},
    demo = false,
  }: {
    pages?: string | null
    twinOf?: TestServer
    clock?: TestClock
    env?: Record<string, string>
    demo?: boolean
  } = {},
): Promise<TestServer> {
  const database = twinOf?.database ?? `${world.template}_${randomBytes(4).toString('hex')}`
  if (!twinOf)
    await withAdmin(world.admin, (client) => client.query(`create database ${database} template ${world.template}`))
  const admin = { ...world.admin, database }
  const mails: Email[] = []
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    logger: false,
    onData(stream, _session, done) {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on(
        'end',
        () =>
          void PostalMime.parse(Buffer.concat(parts)).then((mail) => {
            mails.push(mail)
            done()
          }, done),
      )
    },
  })
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve))
  const port = await freePort()
  const log: string[] = []
  const app = await createApp({
    config: readConfig({
      PORT: String(port),
      SMTP_URL: `smtp://127.0.0.1:${(smtp.server.address() as AddressInfo).port}`,
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
    log: createLog({
      level: 'info',
      to: {
        write: (line: string) => {
          log.push(line)
        },
      },
    }),
    folder: join(world.folder, database, 'files'),
    version: '0.0.0-test',
    strict: true,
    demo,
    pages,
  })
  await app.http.listen({ port, host: '127.0.0.1' })
  const url = new URL(`http://localhost:${port}`)
  const stored = <T>(work: (db: Kysely<DB>) => Promise<T>) =>
    asSystem(app.pools.system, 'tests look at what is stored', work)

  const person = (given: {
    id?: string
    email?: string
    kind: Actor['kind']
    slug?: string
    place?: 'host' | 'path'
  }): Person => {
    const cookies = new Map<string, string>()
    const own: Person = {
      id: given.id ?? '',
      email: given.email ?? '',
      kind: given.kind,
      cookies,
      request: (method, path, { body, headers = {} } = {}) =>
        send({ port, host: `localhost:${port}`, method, path, body, headers, cookies }),
      async call(name, input = {}, { headers = {}, slug = given.slug, place = given.place ?? 'host' } = {}) {
        const definition = (contracts as Record<string, Definition>)[name]!
        const { path, query, body } = fill(definition, input, slug)
        const portal = surfaceOf(definition.path) === 'portal' && place === 'host'
        const host = portal ? `${slug}.localhost:${port}` : `localhost:${port}`
        return (await send({
          port,
          host,
          method: definition.method,
          path: `/api/v1${path}${query}`,
          body,
          headers,
          cookies,
        })) as never
      },
      async ok(name, input, options) {
        const reply = await own.call(name, input as never, options)
        if (reply.status >= 400) throw new Error(`${name} was refused: ${reply.status} ${reply.text}`)
        return reply.body as never
      },
    }
    return own
  }

  const signedIn = async (
    who: Person,
    accountId: string | null,
    cookie: string,
    insert: (db: Kysely<DB>, hash: Buffer) => Promise<unknown>,
  ) => {
    const { token, hash } = newToken()
    await stored((db) => insert(db, hash))
    who.cookies.set(cookie, token)
    void accountId
    return who
  }

  const made: TestServer = {
    app,
    url,
    port,
    database,
    clock,
    mails,
    log,
    stored,
    anyone: (options = {}) => person({ kind: 'anonymous', ...options }),
    async mailTo(address) {
      const due = await stored((db) =>
        db
          .selectFrom('outbox')
          .select(['account_id', 'id'])
          .where('status', 'in', ['waiting'])
          .where('next_at', '<=', clock.now())
          .orderBy('created_at')
          .execute(),
      )
      for (const { account_id, id } of due) await app.deliverer.deliver(account_id, id)
      return address ? mails.filter((mail) => mail.to?.some((to) => 'address' in to && to.address === address)) : mails
    },
    async business({
      public: isPublic = true,
      enabled = true,
      name = 'Harbour Appliance Repair',
      slug = `b${randomBytes(5).toString('hex')}`,
      timeZone = 'Europe/London',
      locale = 'en-GB',
    } = {}) {
      const id = newId(),
        now = clock.now()
      const passwordHash = await testPasswordHash()
      const addPerson = async (db: Kysely<DB>, role: StaffRole, staffName: string) => {
        const personId = newId(),
          memberId = newId(),
          email = `${role}.${randomBytes(4).toString('hex')}@${slug}.example`
        await db
          .insertInto('people')
          .values({
            id: personId,
            email,
            email_norm: email,
            name: staffName,
            password_hash: passwordHash,
            created_at: now,
            updated_at: now,
          })
          .execute()
        return { personId, memberId, email }
      }
      const signInStaff = (who: Person, personId: string) =>
        signedIn(who, null, 'portico_people', (db, hash) =>
          db
            .insertInto('people_sessions')
            .values({
              hash,
              id: newId(),
              person_id: personId,
              created_at: clock.now(),
              seen_at: clock.now(),
              ends_at: new Date(clock.now().getTime() + 24 * 3600_000),
              user_agent: 'test',
              client_address: '127.0.0.1',
            })
            .execute(),
        )
      const ownerRow = await stored(async (db) => {
        const owner = await addPerson(db, 'owner', 'Ruth Calloway')
        await db.insertInto('accounts').values({ id, kind: 'business', status: 'active', created_at: now }).execute()
        await db
          .insertInto('account_slugs')
          .values({ slug, account_id: id, is_current: true, created_at: now })
          .execute()
        await db
          .insertInto('account_settings')
          .values({
            account_id: id,
            name,
            time_zone: timeZone,
            locale,
            currency: 'GBP',
            support_email: `help@${slug}.example`,
            updated_at: now,
          })
          .execute()
        await db
          .insertInto('portal_settings')
          .values({ account_id: id, enabled, public: isPublic, updated_at: now })
          .execute()
        await db
          .insertInto('staff_members')
          .values({
            account_id: id,
            id: owner.memberId,
            person_id: owner.personId,
            email: owner.email,
            name: 'Ruth Calloway',
            role: 'owner',
            status: 'active',
            created_at: now,
            updated_at: now,
          })
          .execute()
        return owner
      })
      const owner = await signInStaff(
        person({ id: ownerRow.memberId, email: ownerRow.email, kind: 'staff', slug }),
        ownerRow.personId,
      )
      return {
        id,
        slug,
        owner,
        async staff(role, staffName = `A ${role}`) {
          const row = await stored(async (db) => {
            const added = await addPerson(db, role, staffName)
            await db
              .insertInto('staff_members')
              .values({
                account_id: id,
                id: added.memberId,
                person_id: added.personId,
                email: added.email,
                name: staffName,
                role,
                status: 'active',
                created_at: clock.now(),
                updated_at: clock.now(),
              })
              .execute()
            return added
          })
          return signInStaff(person({ id: row.memberId, email: row.email, kind: 'staff', slug }), row.personId)
        },
        async portalUser({
          email = `user.${randomBytes(4).toString('hex')}@post.example`,
          name: userName = 'Eleanor Finch',
          customers = [],
          permissions = null,
          templates = [],
          templatesMode = 'default',
          status = 'active',
          signedIn: session = true,
        } = {}) {
          const userId = newId(),
            at = clock.now()
          await stored(async (db) => {
            await db
              .insertInto('portal_users')
              .values({
                account_id: id,
                id: userId,
                email,
                email_norm: email.toLowerCase(),
                password_hash: passwordHash,
                name: userName,
                status,
                search_text: `${userName} ${email}`.toLowerCase(),
                permissions: permissions === null ? null : JSON.stringify(permissions),
                templates_mode: templatesMode,
                templates,
                activated_at: status === 'active' ? at : null,
                created_at: at,
                updated_at: at,
              })
              .execute()
            for (const customer of customers)
              await db
                .insertInto('portal_links')
                .values({
                  account_id: id,
                  id: newId(),
                  portal_user_id: userId,
                  customer_id: customer,
                  created_at: at,
                  updated_at: at,
                })
                .execute()
          })
          const who = person({ id: userId, email, kind: 'portalUser', slug })
          return session
            ? signedIn(who, id, `portico_portal_${id.slice(-12)}`, (db, hash) =>
                db
                  .insertInto('portal_sessions')
                  .values({
                    account_id: id,
                    hash,
                    id: newId(),
                    subject_kind: 'portalUser',
                    subject_id: userId,
                    created_at: at,
                    seen_at: at,
                    ends_at: new Date(at.getTime() + 30 * 24 * 3600_000),
                    user_agent: 'test',
                    client_address: '127.0.0.1',
                  })
                  .execute(),
              )
            : who
        },
        async customer(customerName = 'Eleanor Finch') {
          const customerId = newId()
          await stored((db) =>
            db
              .insertInto('customers')
              .values({
                account_id: id,
                id: customerId,
                name: customerName,
                search_text: customerName.toLowerCase(),
                created_at: clock.now(),
                updated_at: clock.now(),
              })
              .execute(),
          )
          return customerId
        },
        async site(customer, address = '14 Pelican Quay, Bristol BS1 6UH') {
          const siteId = newId()
          await stored((db) =>
            db
              .insertInto('sites')
              .values({
                account_id: id,
                id: siteId,
                customer_id: customer,
                address,
                created_at: clock.now(),
                updated_at: clock.now(),
              })
              .execute(),
          )
          return siteId
        },
        async template({ name: templateName = 'Dishwasher repair', fields = [], offered = true } = {}) {
          const templateId = newId(),
            at = clock.now()
          await stored(async (db) => {
            await db
              .insertInto('templates')
              .values({ account_id: id, id: templateId, name: templateName, created_at: at, updated_at: at })
              .execute()
            await db
              .insertInto('template_versions')
              .values({
                account_id: id,
                template_id: templateId,
                version: 1,
                fields: JSON.stringify(fields),
                created_at: at,
              })
              .execute()
            if (offered)
              await db
                .updateTable('portal_settings')
                .set((set) => ({ templates: set.fn('array_append', ['templates', set.val(templateId)]) as never }))
                .where('account_id', '=', id)
                .execute()
          })
          return templateId
        },
        visitor: (place = 'host') => person({ kind: 'anonymous', slug, place }),
      }
    },
    async close() {
      await app.stop()
      await new Promise<void>((resolve) => smtp.close(() => resolve()))
    },
  }
  return made
}

let hashed: Promise<string> | undefined
const testPasswordHash = () => (hashed ??= hashPassword(PASSWORD))

/** Puts flat input into path, query and body, as the contract says. */
export function fill(definition: Definition, input: Record<string, unknown>, slug: string | undefined) {
  const rest = { ...input }
  const path = definition.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    if (name === 'account' || name === 'portal') return encodeURIComponent(slug ?? 'nowhere')
    const value = rest[name]
    delete rest[name]
    return encodeURIComponent(String(value))
  })
  const search = new URLSearchParams()
  for (const key of Object.keys(definition.query?.shape ?? {})) {
    if (rest[key] !== undefined) for (const each of [rest[key]].flat()) search.append(key, String(each))
    delete rest[key]
  }
  if (definition.method === 'GET') for (const [key, value] of Object.entries(rest)) search.append(key, String(value))
  return {
    path,
    query: search.size > 0 ? `?${search}` : '',
    body: definition.method === 'GET' ? undefined : definition.body || Object.keys(rest).length > 0 ? rest : undefined,
  }
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 })

/** Dials 127.0.0.1 and sends the Host it means: *.localhost resolves in browsers only. */
export function send({
  port,
  host,
  method,
  path,
  body,
  headers = {},
  cookies = new Map(),
}: {
  port: number
  host: string
  method: string
  path: string
  body?: unknown
  headers?: Record<string, string>
  cookies?: Map<string, string>
}): Promise<Reply> {
  const raw =
    body === undefined ? undefined : Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        agent,
        headers: {
          host,
          ...(method !== 'GET' && method !== 'HEAD' && { origin: `http://${host}` }),
          ...(raw !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(raw) }),
          ...(cookies.size > 0 && { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }),
          ...headers,
        },
      },
      (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('end', () => {
          for (const set of response.headers['set-cookie'] ?? []) {
            const [pair = '', ...attributes] = set.split(';')
            const [name = '', value = ''] = pair.split('=')
            if (
              value === '' ||
              attributes.some(
                (each) =>
                  /^\s*max-age=0/i.test(each) ||
                  (/^\s*expires=/i.test(each) && new Date(each.split('=')[1]!) < new Date(1000)),
              )
            )
              cookies.delete(name)
            else cookies.set(name, value)
          }
          const text = Buffer.concat(parts).toString()
          let parsed: unknown = text
          if (/json/.test(response.headers['content-type'] ?? '')) parsed = JSON.parse(text || 'null')
          resolve({ status: response.statusCode ?? 0, body: parsed, headers: response.headers, text })
        })
        response.on('error', reject)
      },
    )
    // A kept connection may have been closed by the other side just now; as browsers do, ask once more on a new one.
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (request.reusedSocket && error.code === 'ECONNRESET' && method === 'GET')
        resolve(send({ port, host, method, path, headers, cookies }))
      else reject(error)
    })
    request.end(raw)
  })
}

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const probe = http
      .createServer()
      .listen(0, '127.0.0.1', () => {
        const { port } = probe.address() as AddressInfo
        probe.close(() => resolve(port))
      })
      .on('error', reject)
  })

/** The first link in a mail's text whose path matches. */
export const linkIn = (mail: Email | undefined, pattern = /https?:\/\/\S+/): string => {
  const found = pattern.exec(mail?.text ?? '')?.[0]
  if (!found) throw new Error(`No link in the mail: ${mail?.text ?? 'no mail'}`)
  return found
}

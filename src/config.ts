/** Settings from the environment, typed and checked. Only this file and main.ts read process.env. */
import { connectFromUrl, type Connect } from './platform/database/connect.ts'

export interface Config {
  port: number
  /** Where people reach this installation; links in mails begin with it. */
  publicUrl: URL
  /** Which of a portal's two addresses is used in links; both answer. */
  portalAddresses: 'host' | 'path'
  /** A server's database; null: the embedded one. */
  database: Connect | null
  /** Statements that are sent together are written to the database's socket together (platform/database/batching.ts). */
  batchDatabaseWrites: boolean
  /** At least 32 characters; null: made and kept on the first embedded start. */
  secret: string | null
  /** Folder for the embedded database, files and the secret; null: the project's default. */
  folder: string | null
  smtpUrl: string | null
  mailFrom: string
  trustProxy: boolean | string[]
  requestsPerMinute: number
  /** Milliseconds the event loop may lag before requests are turned away with 503; 0: however long. */
  busyAfter: number
  /** Milliseconds that open requests and emails have to finish when the process is asked to stop. */
  stopTimeout: number
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
}

/** @throws Error naming the variable and what is wrong with it */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const port = readPort(env)
  const publicUrl = readPublicUrl(env, port)
  checkSecret(env)
  if (env.SMTP_URL) readUrl('SMTP_URL', env.SMTP_URL)
  return {
    port,
    publicUrl,
    portalAddresses: readChoice('PORTAL_ADDRESSES', env.PORTAL_ADDRESSES ?? 'host', ['host', 'path']),
    database: env.DATABASE_URL ? connectFromUrl(env.DATABASE_URL) : null,
    batchDatabaseWrites: readChoice('BATCH_DATABASE_WRITES', env.BATCH_DATABASE_WRITES ?? 'on', ['on', 'off']) === 'on',
    secret: env.PORTICO_SECRET ?? null,
    folder: env.PORTICO_DATA ?? null,
    smtpUrl: env.SMTP_URL || null,
    mailFrom: env.MAIL_FROM ?? `portico@${publicUrl.hostname}`,
    trustProxy: readProxies(env),
    requestsPerMinute: readInteger('REQUESTS_PER_MINUTE', env.REQUESTS_PER_MINUTE ?? '1200', 1),
    busyAfter: readInteger('BUSY_AFTER', env.BUSY_AFTER ?? '2000', 0),
    stopTimeout: readInteger('STOP_TIMEOUT', env.STOP_TIMEOUT ?? '10', 1) * 1000,
    logLevel: readChoice('LOG_LEVEL', env.LOG_LEVEL || 'info', ['debug', 'info', 'warn', 'error', 'silent']),
  }
}

function readPort(env: NodeJS.ProcessEnv): number {
  const port = Number(env.PORT ?? 4000)
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error('PORT must be a number from 0 to 65535')
  return port
}

function readPublicUrl(env: NodeJS.ProcessEnv, port: number): URL {
  const publicUrl = readUrl('PUBLIC_URL', env.PUBLIC_URL ?? `http://localhost:${port}`)
  if (!['http:', 'https:'].includes(publicUrl.protocol))
    throw new Error('PUBLIC_URL must begin with http:// or https://')
  if (publicUrl.pathname !== '/') throw new Error('PUBLIC_URL must have no path')
  return publicUrl
}

function checkSecret(env: NodeJS.ProcessEnv): void {
  if (env.PORTICO_SECRET !== undefined && env.PORTICO_SECRET.length < 32)
    throw new Error('PORTICO_SECRET must have at least 32 characters')
  if (env.DATABASE_URL && !env.PORTICO_SECRET)
    throw new Error('With DATABASE_URL, PORTICO_SECRET must be set too: it protects sessions and the database roles')
}

/** Checked here, so that a typing error never makes every client look like the proxy, or the proxy like a client. */
function readProxies(env: NodeJS.ProcessEnv): boolean | string[] {
  if (!env.TRUST_PROXY) return false
  if (env.TRUST_PROXY === 'true') return true
  const proxies = env.TRUST_PROXY.split(',').map((each) => each.trim())
  if (!proxies.every(isProxy))
    throw new Error(
      'TRUST_PROXY must be true, or addresses and networks of proxies, such as 10.0.0.0/8, with commas between',
    )
  return proxies
}

/** What Fastify's proxy-addr takes: an address, a network, or one of its three names. */
const isProxy = (given: string): boolean =>
  ['loopback', 'linklocal', 'uniquelocal'].includes(given) ||
  /^(\d{1,3}(\.\d{1,3}){3}|[\da-f.]*:[\da-f:.]+)(\/[\d.]+)?$/i.test(given)

function readChoice<const T extends string>(name: string, value: string, choices: readonly T[]): T {
  const choice = choices.find((each) => each === value)
  if (choice === undefined) throw new Error(`${name} must be one of ${choices.join(', ')}`)
  return choice
}

function readInteger(name: string, value: string, minimum: number): number {
  const number = Number(value)
  if (!Number.isInteger(number) || number < minimum)
    throw new Error(`${name} must be a whole number, at least ${minimum}`)
  return number
}

const EXAMPLES: Record<string, string> = {
  PUBLIC_URL: 'https://portal.example',
  SMTP_URL: 'smtp://user:password@host:587',
}

/** The value itself is not repeated: it may hold a password. */
function readUrl(name: string, value: string): URL {
  try {
    return new URL(value)
  } catch {
    throw new Error(`${name} cannot be read: it must look like ${EXAMPLES[name]}`)
  }
}

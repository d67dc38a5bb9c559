/** Environment → typed settings. The only reader of process.env. */
import { connectFromUrl, type Connect } from './platform/database/pool.ts'

export interface Config {
  port: number
  /** Where people reach this installation; links in mails begin with it. */
  publicUrl: URL
  /** Which of a portal's two addresses is used in links; both answer. */
  portalAddresses: 'host' | 'path'
  /** A server's database; null: the embedded one. */
  database: Connect | null
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
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
}

/** @throws Error naming the variable and what is wrong with it */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const port = Number(env.PORT ?? 4000)
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error('PORT must be a number from 0 to 65535')
  const publicUrl = url('PUBLIC_URL', env.PUBLIC_URL ?? `http://localhost:${port}`)
  if (!['http:', 'https:'].includes(publicUrl.protocol))
    throw new Error('PUBLIC_URL must begin with http:// or https://')
  if (publicUrl.pathname !== '/') throw new Error('PUBLIC_URL must have no path')
  const addresses = env.PORTAL_ADDRESSES ?? 'host'
  if (addresses !== 'host' && addresses !== 'path') throw new Error('PORTAL_ADDRESSES must be host or path')
  if (env.PORTICO_SECRET !== undefined && env.PORTICO_SECRET.length < 32)
    throw new Error('PORTICO_SECRET must have at least 32 characters')
  if (env.DATABASE_URL && !env.PORTICO_SECRET)
    throw new Error('With DATABASE_URL, PORTICO_SECRET must be set too: it protects sessions and the database roles')
  const levels = ['debug', 'info', 'warn', 'error', 'silent'] as const
  const logLevel = levels.find((level) => level === (env.LOG_LEVEL || 'info'))
  if (!logLevel) throw new Error(`LOG_LEVEL must be one of ${levels.join(', ')}`)
  if (env.SMTP_URL) url('SMTP_URL', env.SMTP_URL)
  const proxies =
    env.TRUST_PROXY === 'true' ? true : env.TRUST_PROXY ? env.TRUST_PROXY.split(',').map((each) => each.trim()) : false
  // Checked here, so that a typing error never leaves every client with the address of the proxy, or the other way round.
  if (Array.isArray(proxies) && !proxies.every(isProxy))
    throw new Error(
      'TRUST_PROXY must be true, or addresses and networks of proxies, such as 10.0.0.0/8, with commas between',
    )
  return {
    port,
    publicUrl,
    portalAddresses: addresses,
    database: env.DATABASE_URL ? connectFromUrl(url('DATABASE_URL', env.DATABASE_URL).href) : null,
    secret: env.PORTICO_SECRET ?? null,
    folder: env.PORTICO_DATA ?? null,
    smtpUrl: env.SMTP_URL || null,
    mailFrom: env.MAIL_FROM ?? `portico@${publicUrl.hostname}`,
    trustProxy: proxies,
    requestsPerMinute: whole('REQUESTS_PER_MINUTE', env.REQUESTS_PER_MINUTE ?? '1200', 1),
    busyAfter: whole('BUSY_AFTER', env.BUSY_AFTER ?? '2000', 0),
    logLevel,
  }
}

function whole(name: string, value: string, least: number): number {
  const number = Number(value)
  if (!Number.isInteger(number) || number < least) throw new Error(`${name} must be a whole number, at least ${least}`)
  return number
}

/** What Fastify's proxy-addr takes: an address, a network, or one of its three names. */
const isProxy = (given: string): boolean =>
  ['loopback', 'linklocal', 'uniquelocal'].includes(given) ||
  /^(\d{1,3}(\.\d{1,3}){3}|[\da-f.]*:[\da-f:.]+)(\/[\d.]+)?$/i.test(given)

const EXAMPLES: Record<string, string> = {
  PUBLIC_URL: 'https://portal.example',
  SMTP_URL: 'smtp://user:password@host:587',
  DATABASE_URL: 'postgres://user:password@host:5432/portico',
}

/** The value itself is not repeated: it may hold a password. */
function url(name: string, value: string): URL {
  try {
    return new URL(value)
  } catch {
    throw new Error(`${name} cannot be read: it must look like ${EXAMPLES[name]}`)
  }
}

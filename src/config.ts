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
  /** Milliseconds the event loop may lag before requests are turned away with 503. */
  busyAfter: number
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
}

/** @throws Error naming the variable and what is wrong with it */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const port = Number(env.PORT ?? 4000)
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error('PORT must be a number from 0 to 65535')
  const publicUrl = url('PUBLIC_URL', env.PUBLIC_URL ?? `http://localhost:${port}`)
  if (publicUrl.pathname !== '/') throw new Error('PUBLIC_URL must have no path')
  const addresses = env.PORTAL_ADDRESSES ?? 'host'
  if (addresses !== 'host' && addresses !== 'path') throw new Error('PORTAL_ADDRESSES must be host or path')
  if (env.PORTICO_SECRET !== undefined && env.PORTICO_SECRET.length < 32) throw new Error('PORTICO_SECRET must have at least 32 characters')
  if (env.DATABASE_URL && !env.PORTICO_SECRET) throw new Error('With DATABASE_URL, PORTICO_SECRET must be set too: it protects sessions and the database roles')
  return {
    port,
    publicUrl,
    portalAddresses: addresses,
    database: env.DATABASE_URL ? connectFromUrl(env.DATABASE_URL) : null,
    secret: env.PORTICO_SECRET ?? null,
    folder: env.PORTICO_DATA ?? null,
    smtpUrl: env.SMTP_URL || null,
    mailFrom: env.MAIL_FROM ?? `portico@${publicUrl.hostname}`,
    trustProxy: env.TRUST_PROXY === 'true' ? true : env.TRUST_PROXY ? env.TRUST_PROXY.split(',').map((each) => each.trim()) : false,
    requestsPerMinute: Number(env.REQUESTS_PER_MINUTE ?? 1_200),
    busyAfter: Number(env.BUSY_AFTER ?? 2_000),
    logLevel: (['debug', 'info', 'warn', 'error', 'silent'] as const).find((level) => level === env.LOG_LEVEL) ?? 'info',
  }
}

function url(name: string, value: string): URL {
  try {
    return new URL(value)
  } catch {
    throw new Error(`${name} is not a web address: ${value}`)
  }
}

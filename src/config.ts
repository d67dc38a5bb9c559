/** Settings from the environment, typed and checked. Only this file and main.ts read process.env. */
import { connectFromUrl, type Connect } from './platform/database/connect.ts'

export interface Config {
  port: number
  /** The address to listen on; null: every address, or with the demo only this machine's. */
  host: string | null
  /** Where people reach this installation; links in mails begin with it. */
  publicUrl: URL
  /** Which of a portal's two addresses is used in links; both answer. */
  portalAddresses: 'host' | 'path'
  /** A server's database; null: the embedded one. */
  database: Connect | null
  /** The same database without a pooler in between, for migrations and backups; null: as `database`. */
  directDatabase: Connect | null
  /** Statements that are sent together are written to the database's socket together (platform/database/batching.ts). */
  batchDatabaseWrites: boolean
  /** At least 32 characters; null: made and kept on the first embedded start. */
  secret: string | null
  /** Folder for the embedded database, files and the secret; null: the project's default. */
  folder: string | null
  /** Bytes of files that one account may store. */
  accountStorage: number
  smtpUrl: string | null
  mailFrom: string
  /** Where replies to emails arrive; null: they are not taken in. */
  mailIn: { domain: string; host: string | null; port: number | null; hookSecret: string | null } | null
  /** Whose X-Forwarded-… headers count: everybody's, those of the last so many hops, or of these addresses and networks. */
  trustProxy: boolean | number | string[]
  requestsPerMinute: number
  /** Milliseconds that requests may wait for the event loop or the database before new ones get 503; 0: however long. */
  busyAfter: number
  /** Milliseconds that open requests and emails have to finish when the process is asked to stop. */
  stopTimeout: number
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** `json` for programs, `pretty` for people; null: pretty where standard output is a terminal. */
  logFormat: 'pretty' | 'json' | null
  /** Settings that work but are probably not meant, a sentence each. */
  warnings: string[]
}

/** @throws Error naming the variable and what is wrong with it */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const port = readPort(env)
  const publicUrl = readPublicUrl(env, port)
  // Before the secret that it needs: an address that cannot be used makes the secret pointless.
  const database = env.DATABASE_URL ? connectFromUrl(env.DATABASE_URL) : null
  checkSecret(env)
  if (env.SMTP_URL) readUrl('SMTP_URL', env.SMTP_URL)
  const host = env.HOST || null
  const trustProxy = readProxies(env, host)
  const directDatabase = readDirectDatabase(env)
  return {
    port,
    host,
    publicUrl,
    portalAddresses: readPortalAddresses(env, publicUrl),
    database,
    directDatabase,
    batchDatabaseWrites: readChoice('BATCH_DATABASE_WRITES', env.BATCH_DATABASE_WRITES ?? 'on', ['on', 'off']) === 'on',
    secret: env.PORTICO_SECRET ?? null,
    folder: env.PORTICO_DATA ?? null,
    accountStorage: readInteger('ACCOUNT_STORAGE_MB', env.ACCOUNT_STORAGE_MB ?? '20480', 1) * 1024 * 1024,
    smtpUrl: env.SMTP_URL || null,
    mailFrom: env.MAIL_FROM ?? `portico@${mailDomain(publicUrl)}`,
    mailIn: readMailIn(env),
    trustProxy,
    requestsPerMinute: readInteger('REQUESTS_PER_MINUTE', env.REQUESTS_PER_MINUTE ?? '1200', 1),
    busyAfter: readInteger('BUSY_AFTER', env.BUSY_AFTER ?? '300', 0),
    stopTimeout: readInteger('STOP_TIMEOUT', env.STOP_TIMEOUT ?? '10', 1) * 1000,
    logLevel: readChoice('LOG_LEVEL', env.LOG_LEVEL || 'info', ['debug', 'info', 'warn', 'error', 'silent']),
    logFormat: env.LOG_FORMAT ? readChoice('LOG_FORMAT', env.LOG_FORMAT, ['pretty', 'json']) : null,
    warnings: [
      ...findWarnings({ publicUrl, secret: env.PORTICO_SECRET }),
      ...findDatabaseWarnings('DATABASE_URL', database),
      ...findDatabaseWarnings('DATABASE_DIRECT_URL', directDatabase),
    ],
  }
}

/** By SMTP, by HTTP with a secret, or both. The listener has no TLS of its own: it is for a mail server in front. */
function readMailIn(env: NodeJS.ProcessEnv): Config['mailIn'] {
  const domain = env.MAIL_IN_DOMAIN?.trim().toLowerCase()
  if (!domain) {
    for (const name of ['MAIL_IN_PORT', 'MAIL_IN_SECRET'])
      if (env[name]) throw new Error(`${name} needs MAIL_IN_DOMAIN, the domain of reply addresses`)
    return null
  }
  if (domain.length > 200 || !/^(?:[a-z\d-]+\.)+[a-z\d-]{2,}$/.test(domain))
    throw new Error('MAIL_IN_DOMAIN must be a domain, such as in.portal.example')
  const hookSecret = env.MAIL_IN_SECRET || null
  if (hookSecret && (hookSecret.length < 32 || estimateBits(hookSecret) < LEAST_SECRET_BITS))
    throw new Error('MAIL_IN_SECRET can be guessed. Make a random one: openssl rand -base64 32')
  const givenPort = env.MAIL_IN_PORT ?? (hookSecret ? null : '2525')
  const port = givenPort === null ? null : Number(givenPort)
  const isPort = port === null || (Number.isInteger(port) && port >= 0 && port <= 65535)
  if (!isPort) throw new Error('MAIL_IN_PORT must be a number from 0 to 65535')
  return { domain, host: env.MAIL_IN_HOST || null, port, hookSecret }
}

function readDirectDatabase(env: NodeJS.ProcessEnv): Connect | null {
  if (!env.DATABASE_DIRECT_URL) return null
  if (!env.DATABASE_URL) throw new Error('DATABASE_DIRECT_URL needs DATABASE_URL, the address that requests use')
  return connectFromUrl(env.DATABASE_DIRECT_URL, 'DATABASE_DIRECT_URL')
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

/** An IP address has no subdomains: there, portals have paths. */
function readPortalAddresses(env: NodeJS.ProcessEnv, { hostname }: URL): 'host' | 'path' {
  const needsPaths = isIpAddress(hostname)
  const choice = readChoice('PORTAL_ADDRESSES', env.PORTAL_ADDRESSES ?? (needsPaths ? 'path' : 'host'), [
    'host',
    'path',
  ])
  if (needsPaths && choice === 'host')
    throw new Error('PORTAL_ADDRESSES must be path, because PUBLIC_URL is an IP address: it has no subdomains')
  return choice
}

function checkSecret(env: NodeJS.ProcessEnv): void {
  const secret = env.PORTICO_SECRET
  if (secret !== undefined && secret.length < 32) throw new Error('PORTICO_SECRET must have at least 32 characters')
  if (secret !== undefined && estimateBits(secret) < LEAST_SECRET_BITS)
    throw new Error('PORTICO_SECRET can be guessed. Make a random one: openssl rand -base64 32')
  if (env.DATABASE_URL && !secret)
    throw new Error('With DATABASE_URL, PORTICO_SECRET must be set too: it protects sessions and the database roles')
}

/** 32 random hexadecimal digits have 128; repeated words, rows of the keyboard and single characters have far fewer. */
const LEAST_SECRET_BITS = 80

/** Bits of a secret, each character counted as one of those that occur, and not counted when it continues a pattern. */
function estimateBits(secret: string): number {
  const alphabet = new Set(secret).size
  let unpredictable = 0
  for (let at = 0; at < secret.length; at++) {
    const [before, last, here] = [at - 2, at - 1, at].map((index) => secret.charCodeAt(index)) as [
      number,
      number,
      number,
    ]
    const isSequence = here - last === last - before && Math.abs(here - last) <= 1
    const isRepetition = at >= 2 && secret.indexOf(secret.slice(at - 2, at + 1)) < at - 2
    if (!isSequence && !isRepetition) unpredictable++
  }
  return unpredictable * Math.log2(alphabet)
}

function findWarnings({ publicUrl, secret }: { publicUrl: URL; secret: string | undefined }): string[] {
  const warnings: string[] = []
  if (publicUrl.protocol === 'http:' && !isThisMachine(publicUrl.hostname))
    warnings.push(
      `PUBLIC_URL is ${publicUrl.origin}: passwords and sessions cross the network unencrypted. ` +
        'Put a proxy with TLS in front and set PUBLIC_URL to its https address.',
    )
  if (secret !== undefined && /^[a-z .,_-]+$/i.test(secret))
    warnings.push('PORTICO_SECRET looks like words. Make a random one: openssl rand -base64 32')
  return warnings
}

/** Of a connection that leaves this machine, and that somebody on the way could read or answer. */
function findDatabaseWarnings(name: string, connect: Connect | null): string[] {
  if (!connect || connect.host.startsWith('/') || isThisMachine(connect.host)) return []
  const advice = `Set sslmode=verify-full in ${name}.`
  if (!connect.tls) return [`The connection to the database at ${connect.host} is not encrypted. ${advice}`]
  if (connect.tls.rejectUnauthorized !== false) return []
  return [
    `The connection to the database at ${connect.host} is encrypted, but its certificate is not verified. ${advice}`,
  ]
}

/** Whether a host name or address leads to this machine alone. */
const isThisMachine = (host: string): boolean => /^(localhost|.+\.localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(host)

/** Checked here, so that a typing error never makes every client look like the proxy, or the proxy like a client. */
function readProxies(env: NodeJS.ProcessEnv, host: string | null): boolean | number | string[] {
  const given = env.TRUST_PROXY
  if (!given) return false
  const proxies = given.split(',').map((each) => each.trim())
  const trustsEverybody = given === 'true' || proxies.some(isWideNetwork)
  if (trustsEverybody && !(host && isThisMachine(host)))
    throw new Error(
      `TRUST_PROXY=${given} would let every client choose its address. Set it to the addresses of your proxies or to the ` +
        'number of proxies in a row, or set HOST=127.0.0.1',
    )
  if (given === 'true') return true
  if (/^[1-9]$/.test(given)) return Number(given)
  if (!proxies.every(isProxy))
    throw new Error(
      'TRUST_PROXY must be addresses and networks of proxies, such as 10.0.0.0/8, with commas between, or the number of ' +
        'proxies in a row',
    )
  return proxies
}

/** A network such as 0.0.0.0/0 or 2000::/3, in which clients are. Nobody's proxies fill a quarter of the Internet. */
function isWideNetwork(given: string): boolean {
  const [address = '', mask] = given.split('/')
  if (mask === undefined) return false
  if (mask.includes('.')) return !mask.startsWith('255.')
  return Number(mask) < (address.includes(':') ? 16 : 8)
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

/** Of a URL, which writes IPv4 addresses with digits and dots only, and IPv6 addresses in brackets. */
const isIpAddress = (hostname: string): boolean => hostname.startsWith('[') || /^[\d.]+$/.test(hostname)

/** The host of an address behind an @; an IP address is written as RFC 5321, 4.1.3 has it. */
function mailDomain({ hostname }: URL): string {
  if (!isIpAddress(hostname)) return hostname
  return hostname.startsWith('[') ? hostname.replace('[', '[IPv6:') : `[${hostname}]`
}

/** Where a database is and how a connection to it is protected. Everything that connects does it with `clientConfig`. */
import { getCACertificates, type ConnectionOptions } from 'node:tls'
import pg from 'pg'
import { parse } from 'pg-connection-string'

export interface Connect {
  host: string
  port: number
  database: string
  user: string
  password?: string
  /** How TLS verifies the server; undefined: no TLS. */
  tls?: ConnectionOptions
}

const SSL_MODES = ['disable', 'no-verify', 'prefer', 'require', 'verify-ca', 'verify-full']
const EXAMPLE = 'postgres://user:password@host:5432/portico'

/**
 * Settings of one connection, as the driver takes them. Timeouts are settings of the roles (roles.ts), because poolers
 * refuse them at the start of a connection. Keep-alive ends idle connections whose server is gone, within half a minute.
 */
export const clientConfig = ({ tls, ...connect }: Connect): pg.ClientConfig => ({
  ...connect,
  keepAlive: true,
  keepAliveInitialDelayMillis: 20_000,
  // A copy: the driver hides the key of the object that it is given.
  ssl: tls ? { ...tls } : false,
})

/**
 * Reads a postgres:// address with the meanings of pg-connection-string: `prefer`, `require`, `verify-ca` and `verify-full`
 * all verify certificate and host name, `no-verify` only encrypts; with `uselibpqcompat=true` they mean what they mean to
 * psql. `sslrootcert`, `sslcert` and `sslkey` name files; `sslrootcert=system` is the certificates of the machine.
 * @param name of the setting, for errors
 * @throws Error with one sentence that names the setting and not its value, which may hold a password
 */
export function connectFromUrl(url: string, name = 'DATABASE_URL'): Connect {
  if (!/^postgres(ql)?:\/\//i.test(url)) {
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]
    const wrong = scheme ? `begins with ${scheme}://, but Portico needs PostgreSQL` : 'cannot be read'
    throw new Error(`${name} ${wrong}: it must look like ${EXAMPLE}`)
  }
  const mode = tlsMode(url, name)
  const parsed = parseUrl(mode.url, name)
  const host = parsed.host || 'localhost'
  const port = Number(parsed.port || 5432)
  if (!(port > 0 && port < 65_536)) throw new Error(`${name} names no valid port`)
  const tls = host.startsWith('/') ? undefined : tlsOptions(parsed.ssl, mode.systemRoots)
  return {
    host,
    port,
    database: parsed.database || 'portico',
    user: parsed.user ?? '',
    ...(parsed.password && { password: parsed.password }),
    ...(tls && { tls }),
  }
}

/** The address with what the library does not know or warns about replaced by the same in its words. */
function tlsMode(url: string, name: string): { url: string; systemRoots: boolean } {
  const [address, query = ''] = url.split('?', 2) as [string, string?]
  const parameters = new URLSearchParams(query)
  const mode = parameters.get('sslmode')
  if (mode !== null && !SSL_MODES.includes(mode))
    throw new Error(`sslmode in ${name} must be one of ${SSL_MODES.join(', ')}`)
  const compatible = parameters.get('uselibpqcompat') === 'true'
  if (mode === 'no-verify') parameters.delete('uselibpqcompat')
  const isFull = mode !== null && ['prefer', 'require', 'verify-ca'].includes(mode)
  if (isFull && !compatible) parameters.set('sslmode', 'verify-full')
  const systemRoots = parameters.get('sslrootcert') === 'system'
  if (systemRoots) {
    parameters.delete('sslrootcert')
    parameters.set('sslmode', 'verify-full')
  }
  return { url: parameters.size > 0 ? `${address}?${parameters}` : address, systemRoots }
}

function parseUrl(url: string, name: string) {
  try {
    return parse(url)
  } catch (error) {
    const { code, path, message } = error as NodeJS.ErrnoException
    if (path)
      throw new Error(`${name} names a certificate file that cannot be read: ${path} (${code})`, { cause: error })
    if (message.includes('sslmode=verify-ca'))
      throw new Error(`sslmode=verify-ca in ${name} needs sslrootcert, a file with the certificate to trust`, {
        cause: error,
      })
    throw new Error(`${name} cannot be read: it must look like ${EXAMPLE}`, { cause: error })
  }
}

function tlsOptions(ssl: ReturnType<typeof parse>['ssl'], systemRoots: boolean): ConnectionOptions | undefined {
  if (ssl === undefined || ssl === false || ssl === 'false') return undefined
  const named = ssl === 'no-verify' ? { rejectUnauthorized: false } : ssl
  const options = (typeof named === 'object' ? { ...named } : {}) as ConnectionOptions
  return systemRoots ? { ...options, ca: getCACertificates('system') } : options
}

/** Connects once, so that a wrong address is reported in one sentence that names the setting. */
export async function checkConnection(connect: Connect, name = 'DATABASE_URL'): Promise<void> {
  const client = new pg.Client({ ...clientConfig(connect), connectionTimeoutMillis: CHECK_TIMEOUT_MS })
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (error) {
    throw new Error(explainFailure(error as NodeJS.ErrnoException, connect, name), { cause: error })
  } finally {
    await client.end().catch(() => {})
  }
}

const CHECK_TIMEOUT_MS = 10_000
const UNTRUSTED = /SELF_SIGNED|UNABLE_TO|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE/

function explainFailure({ code = '', message }: NodeJS.ErrnoException, connect: Connect, name: string): string {
  const { host, port, user, database, tls } = connect
  const server = host.startsWith('/') ? host : `${host}:${port}`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `The host name ${host} in ${name} cannot be found`
  if (code === '28P01' || code === '28000')
    return `The database at ${server} refuses the user ${user}: check user name and password in ${name} (${message})`
  // PgBouncer has one answer for an unknown user, a wrong password and an unknown database, with SQLSTATE 08P01.
  if (message.includes('authentication failed'))
    return `The server at ${server} refuses the user ${user}: check user name, password and database in ${name} (${message})`
  if (code === '3D000')
    return `There is no database ${database} at ${server}: create it, or name another one at the end of ${name}`
  if (message.includes('does not support SSL'))
    return `The database at ${server} does not offer TLS: turn it on there, or set sslmode=disable in ${name}`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `The certificate of the database at ${server} is for another host name: correct the host in ${name} (${message})`
  if (UNTRUSTED.test(code))
    return `The certificate of the database at ${server} is not signed by a trusted authority: name the file with your authority's certificate as sslrootcert in ${name} (${message})`
  if (tls && /CERT|SSL|TLS/.test(code)) return `The database at ${server} cannot be reached over TLS: ${message}`
  return `The database at ${server} does not answer: check ${name} and whether PostgreSQL runs there (${message || code})`
}

/** A PostgreSQL that offers TLS: the embedded binaries on a TCP port, with certificates made by openssl. */
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installBinaries } from '../src/platform/database/embedded/binaries.ts'
import { accountForServer, SERVER_READABLE_FOLDER } from '../src/platform/database/embedded/folders.ts'
import { waitUntil } from './faults.fixtures.ts'
import { freePort } from './free-port.ts'
import pg from 'pg'

export interface TlsDatabase {
  port: number
  /** Certificate of the authority that signed the server's. */
  authority: string
  /** An authority that signed nothing here. */
  otherAuthority: string
  /** A certificate for the role `certified`, and its key. */
  clientCertificate: string
  clientKey: string
  close(): Promise<void>
}

/** `superuser` and `certified` are its roles; its certificate is for the name localhost alone. */
export async function startTlsDatabase(): Promise<TlsDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'portico-tls-'))
  chmodSync(folder, 0o755)
  const account = accountForServer(join(folder, 'none'))
  const identity = account ? { uid: account.uid, gid: account.gid } : {}
  const binaries = installBinaries(account ? SERVER_READABLE_FOLDER : folder, account !== null)
  const inFolder = (name: string) => join(folder, name)

  createAuthority(folder, 'authority')
  createAuthority(folder, 'other')
  createCertificate(folder, 'server', { name: 'localhost', extension: 'subjectAltName=DNS:localhost' })
  createCertificate(folder, 'client', { name: 'certified', extension: 'extendedKeyUsage=clientAuth' })
  if (account) for (const name of ['', 'server.key']) chownSync(inFolder(name), account.uid, account.gid)

  const cluster = inFolder('cluster')
  const init = ['--pgdata', cluster, '--username', 'superuser', '--auth', 'trust', '--no-sync', '--encoding', 'UTF8']
  execFileSync(join(binaries, 'bin/initdb'), init, { ...identity, cwd: '/', env: {} })
  const rules = 'hostssl all certified all cert\nhostssl all all all trust\nlocal all all trust\n'
  writeFileSync(join(cluster, 'pg_hba.conf'), rules)
  const port = await freePort()
  const settings = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: folder,
    fsync: 'off',
    ssl: 'on',
    ssl_ca_file: inFolder('authority.crt'),
    ssl_cert_file: inFolder('server.crt'),
    ssl_key_file: inFolder('server.key'),
  }
  const args = ['-D', cluster, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])]
  const server = spawn(join(binaries, 'bin/postgres'), args, { ...identity, cwd: '/', env: {}, stdio: 'ignore' })
  await waitUntil(async () => {
    const client = new pg.Client({ host: folder, port, user: 'superuser', database: 'postgres' })
    client.on('error', () => {})
    return client.connect().then(
      () =>
        client
          .query('create role certified login')
          .then(() => client.end())
          .then(() => true),
      () => false,
    )
  })
  return {
    port,
    authority: inFolder('authority.crt'),
    otherAuthority: inFolder('other.crt'),
    clientCertificate: inFolder('client.crt'),
    clientKey: inFolder('client.key'),
    async close() {
      const ended = new Promise((resolve) => server.once('exit', resolve))
      server.kill('SIGINT')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const openssl = (folder: string, command: string) =>
  execFileSync('openssl', command.split(' '), { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })

const NEW_KEY = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'

function createAuthority(folder: string, name: string): void {
  openssl(folder, `req -x509 -days 2 ${NEW_KEY} -keyout ${name}.key -out ${name}.crt -subj /CN=${name}`)
}

function createCertificate(
  folder: string,
  file: string,
  { name, extension }: { name: string; extension: string },
): void {
  writeFileSync(join(folder, `${file}.ext`), extension)
  openssl(folder, `req ${NEW_KEY} -keyout ${file}.key -out ${file}.csr -subj /CN=${name}`)
  const signed = `-CA authority.crt -CAkey authority.key -CAcreateserial -extfile ${file}.ext`
  openssl(folder, `x509 -req -days 2 -in ${file}.csr -out ${file}.crt ${signed}`)
  chmodSync(join(folder, `${file}.key`), 0o600)
}

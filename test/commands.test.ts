/** Commands as people type them: what they print, what they refuse, and where they listen. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { explainError, readCommandLine } from '../src/cli.ts'
import { freePort } from './free-port.ts'

const root = join(import.meta.dirname, '..')
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portico-commands-'))
  chmodSync(folder, 0o755)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let children: ChildProcess[] = []
afterEach(async () => {
  for (const child of children) await end(child)
  children = []
})

interface Run {
  child: ChildProcess
  output(): string
}

/** Starts `portico` with these arguments; settings on top of an empty environment. */
function start(args: string[], env: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, ['src/main.ts', ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, PORTICO_DATA: folder, LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (output += part.toString()))
  return { child, output: () => output }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

/** The exit code and everything printed. */
async function run(args: string[], env?: Record<string, string>): Promise<[number | null, string]> {
  const { child, output } = start(args, env)
  await once(child, 'close')
  return [child.exitCode, output()]
}

async function serve(args: string[], env: Record<string, string> = {}): Promise<Run & { port: number }> {
  const port = await freePort()
  const running = start(['serve', ...args], { PORT: String(port), ...env })
  while (!/Password for everyone|is running at/.test(running.output())) {
    if (running.child.exitCode !== null) throw new Error(`It does not serve:\n${running.output()}`)
    await sleep(50)
  }
  return { ...running, port }
}

const isOpen = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect({ host, port }, () => resolve(socket.destroy() !== undefined))
    socket.on('error', () => resolve(false))
  })

describe('the command line', () => {
  it('lists the commands and prints the version', async () => {
    const [code, output] = await run(['--help'])
    expect(code).toBe(0)
    for (const command of ['serve [--demo]', 'migrate [--accept-wider]', 'import ', 'release '])
      expect(output).toContain(`\n  ${command}`)
    expect(await run(['--version'])).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)])
  })

  it('refuses an option that does not exist in one line, and starts nothing', async () => {
    expect(await run(['serve', '--dmeo'])).toEqual([
      2,
      'portico: Unknown option "--dmeo". Usage: serve [--demo]. See also: help\n',
    ])
  })

  it.each([
    [[], 'serve'],
    [['help'], 'help'],
    [['-h'], 'help'],
    [['serve', '--help'], 'help'],
    [['migrate', '-h'], 'help'],
    [['backup', '--help'], 'help'],
    [['restore', 'a.tar.gz', '-h'], 'help'],
    [['import', '--help'], 'help'],
    [['-v'], 'version'],
    [['version'], 'version'],
  ])('takes %s', (args, command) => {
    expect(readCommandLine(args)).toMatchObject({ command, flags: new Set() })
  })

  it.each([
    [['frobnicate'], 'Unknown command "frobnicate". Commands: serve, work, '],
    [['constructor'], 'Unknown command "constructor"'],
    [['--demo'], 'Unknown command "--demo"'],
    [['serve', '--demo=yes'], 'Unknown option "--demo=yes"'],
    [['serve', '--demo', 'now'], 'Unknown option "now"'],
    [['work', '--demo'], 'Unknown option "--demo". Usage: work'],
    [['migrate', 'now'], 'Unknown option "now". Usage: migrate [--accept-wider]'],
  ])('refuses %s', (args, sentence) => {
    expect(() => readCommandLine(args)).toThrow(sentence)
  })
})

describe('a start that cannot work', () => {
  it('names PORT when another program has the port', async () => {
    const other = net.createServer().listen(0, '::')
    await once(other, 'listening')
    const { port } = other.address() as net.AddressInfo
    expect(await run(['serve'], { PORT: String(port) })).toEqual([
      1,
      `portico serve: Port ${port} is already in use: stop the program that uses it, or set PORT to another number\n`,
    ])
    other.close()
  })

  it('names HOST when this machine has no such address', async () => {
    const [code, output] = await run(['serve'], { HOST: '192.0.2.1', PORT: String(await freePort()) })
    expect([code, output]).toEqual([
      1,
      expect.stringMatching(/^portico serve: HOST is 192\.0\.2\.1, which is no address/),
    ])
  })

  it('says what is wrong with a file or folder, and not which call of the system failed', async () => {
    expect(await run(['serve'], { PORTICO_DATA: '/dev/null/data', PORT: '0' })).toEqual([
      1,
      'portico serve: /dev/null/data: a part of this path is a file, not a folder (ENOTDIR)\n',
    ])
    const closed = Object.assign(new Error("EACCES: permission denied, open '/a.tar.gz'"), { code: 'EACCES' })
    expect(explainError(Object.assign(closed, { path: '/a.tar.gz' }))).toMatch(/^\/a.tar.gz: this account may not open/)
    expect(explainError(new Error('The archive is cut'))).toBe('The archive is cut')
  })

  it('asks to check the password, not the server, when a pooler refuses it', async () => {
    // As PgBouncer 1.18 answers: SQLSTATE 08P01 for user, password and database alike.
    const fields = 'SFATAL\0C08P01\0MSASL authentication failed\0\0'
    const length = Buffer.alloc(4)
    length.writeInt32BE(fields.length + 4)
    const pooler = net
      .createServer((socket) =>
        socket.once('data', () => socket.end(Buffer.concat([Buffer.from('E'), length, Buffer.from(fields)]))),
      )
      .listen(0, '127.0.0.1')
    await once(pooler, 'listening')
    const { port } = pooler.address() as net.AddressInfo
    const [code, output] = await run(['serve'], {
      DATABASE_URL: `postgres://portico:hunter2@127.0.0.1:${port}/portico`,
      PORTICO_SECRET: 'q3JrZ0pLk2vXcT7yHn9dWb5sMfUe8AaG',
    })
    pooler.close()
    expect([code, output]).toEqual([
      1,
      expect.stringContaining('refuses the user portico: check user name, password and database in DATABASE_URL'),
    ])
  })

  it.each([
    ['mysql://root:hunter2@localhost/portico', 'DATABASE_URL begins with mysql://, but Portico needs PostgreSQL'],
    ['localhost:5432/portico', 'DATABASE_URL cannot be read: it must look like postgres://'],
    [
      'postgres://u:hunter2@127.0.0.1:1/portico',
      'does not answer: check DATABASE_URL and whether PostgreSQL runs there',
    ],
    [
      'postgres://u:hunter2@nowhere.invalid/portico?sslmode=verify-full',
      'The host name nowhere.invalid in DATABASE_URL cannot be found',
    ],
  ])('names DATABASE_URL: %s', async (url, sentence) => {
    const [code, output] = await run(['serve'], {
      DATABASE_URL: url,
      PORTICO_SECRET: 'q3JrZ0pLk2vXcT7yHn9dWb5sMfUe8AaG',
    })
    expect([code, output.trim().split('\n')]).toEqual([1, [expect.stringContaining(sentence)]])
    expect(output).not.toContain('hunter2')
  })
})

describe('a start', () => {
  it('of two first starts on one folder one loads the demo and the other waits', async () => {
    const env = { PORTICO_DATA: join(folder, 'two') }
    const both = await Promise.all([serve(['--demo'], env), serve(['--demo'], env)])
    expect(both.map(({ output }) => output().includes('(loaded now)')).sort()).toEqual([false, true])
    for (const { output } of both) expect(output()).not.toMatch(/"level":"(warn|error)"/)
  }, 120_000)

  it('with the demo listens on this machine only, unless HOST says otherwise', async () => {
    const local = await serve(['--demo'])
    expect([await isOpen('127.0.0.1', local.port), await isOpen('127.0.0.2', local.port)]).toEqual([true, false])
    expect(await isOpen('::1', local.port)).toBe(await canListenOn('::1'))
    const named = await serve(['--demo'], { HOST: '0.0.0.0' })
    expect([await isOpen('127.0.0.1', named.port), await isOpen('127.0.0.2', named.port)]).toEqual([true, true])
  }, 120_000)

  it('listens on IPv4 and IPv6', async () => {
    const { port } = await serve([])
    const hasIpv6 = await canListenOn('::1')
    expect([await isOpen('127.0.0.1', port), await isOpen('127.0.0.2', port), await isOpen('::1', port)]).toEqual([
      true,
      true,
      hasIpv6,
    ])
  }, 60_000)
})

describe('the log', () => {
  /** The lines that are JSON objects. */
  const jsonLines = (output: string) => output.split('\n').filter((line) => line.startsWith('{'))
  const get = (port: number, path: string) => fetch(`http://localhost:${port}${path}`).then((reply) => reply.status)

  it('is JSON for programs, without static files; LOG_FORMAT makes it readable, and the sign-ins come last', async () => {
    const { port, output } = await serve([], { LOG_LEVEL: 'info' })
    expect([await get(port, '/favicon.svg'), await get(port, '/office/sign-in')]).toEqual([200, 200])
    await expect.poll(() => output()).toContain('"url":"/office/sign-in"')
    expect(output()).not.toContain('favicon')
    expect(jsonLines(output()).length).toBeGreaterThan(1)

    const pretty = await serve(['--demo'], {
      LOG_LEVEL: 'info',
      LOG_FORMAT: 'pretty',
      PORTICO_DATA: join(folder, 'pretty'),
    })
    expect(jsonLines(pretty.output())).toEqual([])
    expect(pretty.output()).toMatch(/INFO.*Server listening at/)
    expect(pretty.output().trimEnd().split('\n').at(-1)).toMatch(/^ {4}Password for everyone/)
  }, 120_000)
})

const canListenOn = (host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const server = net.createServer()
    server.once('error', () => resolve(false))
    server.listen(0, host, () => server.close(() => resolve(true)))
  })

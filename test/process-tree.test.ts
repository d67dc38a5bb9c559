/** Whichever process of an installation ends, and however: nothing of it keeps running. */
import { spawn, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from './free-port.ts'
import { waitUntil } from './faults.fixtures.ts'
import { send } from './request.ts'

const root = resolve(import.meta.dirname, '..')
const machinePath = (process.env.PATH ?? '').split(delimiter).filter((part) => !part.includes('node_modules'))
const machineNode =
  machinePath.map((part) => join(part, 'node')).find((file) => fs.existsSync(file)) ?? process.execPath
type Target = 'launcher' | 'server' | 'database'

let base: string, folder: string, releaseFolder: string
const started: ChildProcess[] = []

beforeAll(() => {
  base = fs.mkdtempSync(join(tmpdir(), 'portico-tree-'))
  fs.chmodSync(base, 0o755)
  folder = join(base, 'data')
  // The launcher of a release, in front of the server's source.
  releaseFolder = join(base, 'release')
  fs.mkdirSync(join(releaseFolder, 'server'), { recursive: true })
  fs.cpSync(join(root, 'tools/launcher.mjs'), join(releaseFolder, 'portico.mjs'))
  fs.symlinkSync(join(root, 'node_modules'), join(releaseFolder, 'node_modules'))
  fs.writeFileSync(
    join(releaseFolder, 'server/main.js'),
    `await import(${JSON.stringify(join(root, 'src/main.ts'))})\n`,
  )
})
afterAll(() => {
  for (const child of started) child.kill('SIGKILL')
  fs.rmSync(base, { recursive: true, force: true })
})

const LAUNCHERS = {
  'bootstrap.mjs': { program: machineNode, args: [join(root, 'bootstrap.mjs'), 'serve'], cwd: root },
  'npm run serve': { program: 'npm', args: ['run', 'serve'], cwd: root },
  'the launcher of a release under an old Node': { program: machineNode, args: ['portico.mjs', 'serve'] },
  'the launcher of a release under Node 24': { program: process.execPath, args: ['portico.mjs', 'serve'] },
} as const

const CASES: [keyof typeof LAUNCHERS, Target, NodeJS.Signals[]][] = [
  ['bootstrap.mjs', 'launcher', ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL']],
  ['bootstrap.mjs', 'server', ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL']],
  ['bootstrap.mjs', 'database', ['SIGTERM', 'SIGKILL']],
  ['npm run serve', 'launcher', ['SIGTERM', 'SIGINT', 'SIGKILL']],
  ['the launcher of a release under an old Node', 'launcher', ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL']],
  ['the launcher of a release under an old Node', 'server', ['SIGTERM', 'SIGKILL']],
  ['the launcher of a release under Node 24', 'launcher', ['SIGTERM', 'SIGKILL']],
]

describe.runIf(process.platform === 'linux')('no process is left behind', () => {
  for (const [name, target, signals] of CASES)
    for (const signal of signals)
      it(`after ${signal} to the ${target} of ${name}`, async () => {
        const child = await start(LAUNCHERS[name])
        const database = Number(fs.readFileSync(join(folder, 'database/postmaster.pid'), 'utf8').split('\n')[0])
        const tree = descendantsOf(child.pid!)
        expect(tree).toContain(database)
        const pids = { launcher: child.pid!, server: serverOf(tree) ?? child.pid!, database }
        process.kill(pids[target], signal)
        // The application outlives its database, starts it again, and is then stopped.
        if (target === 'database') child.kill('SIGTERM')
        await expect.poll(() => tree.filter(isAlive), { timeout: 25_000, interval: 50 }).toEqual([])
        await expect.poll(() => processesNaming(folder), { timeout: 25_000, interval: 50 }).toEqual([])
      })
})

async function start({
  program,
  args,
  cwd = releaseFolder,
}: (typeof LAUNCHERS)[keyof typeof LAUNCHERS] & { cwd?: string }) {
  const port = await freePort()
  const env = { PATH: process.env.PATH, PORT: String(port), PORTICO_DATA: folder, LOG_LEVEL: 'error', HOME: base }
  const child = spawn(program, args, { cwd, env, stdio: 'ignore' })
  started.push(child)
  const request = { port, host: `localhost:${port}`, method: 'GET', path: '/api/v1/ready' } as const
  // Without mail the answer is 503: any answer will do.
  await waitUntil(async () => (await send(request)).status > 0)
  return child
}

interface Stat {
  pid: number
  parent: number
  state: string
}

function allProcesses(): Stat[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = readProc(name, 'stat')
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return state ? [{ pid: Number(name), parent: Number(parent), state }] : []
    })
}

function readProc(pid: string | number, file: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

/** A process and everything below it. */
function descendantsOf(pid: number): number[] {
  const all = allProcesses()
  const found = [pid]
  for (const each of found) found.push(...all.filter(({ parent }) => parent === each).map((child) => child.pid))
  return found
}

/** The Node process below the launcher that runs the application. */
const serverOf = (tree: number[]) => tree.slice(1).find((pid) => /main\.ts|portico\.mjs/.test(readProc(pid, 'cmdline')))

const isAlive = (pid: number) => allProcesses().some((each) => each.pid === pid && each.state !== 'Z')

/** Live processes with this text in their command line: the database and its guard name the data folder. */
const processesNaming = (text: string) =>
  allProcesses()
    .filter(({ pid, state }) => state !== 'Z' && readProc(pid, 'cmdline').includes(text))
    .map(({ pid }) => readProc(pid, 'cmdline').replaceAll('\0', ' '))

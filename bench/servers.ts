/** Starts and stops the processes that a run measures. */
import { spawn, type ChildProcess } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EmbeddedServer } from '../src/platform/database/embedded.ts'
import { freePort } from '../test/free-port.ts'
import { passwords, SECRET, type BenchWorld } from './dataset.ts'
import type { MeasuredServer } from './load.ts'

const root = join(import.meta.dirname, '..')

export interface RunningServer extends MeasuredServer {
  child: ChildProcess
}

export interface ServersOptions {
  embedded: EmbeddedServer
  /** Folder of logs, uploads and profiles. */
  scratch: string
  /** The script that starts our server. */
  program: string
}

export class Servers {
  readonly #options: ServersOptions
  readonly #children: ChildProcess[] = []

  constructor(options: ServersOptions) {
    this.#options = options
  }

  /** Starts our server on this database. */
  async startOurs(
    world: BenchWorld,
    nodeFlags: string[] = [],
    env: Record<string, string> = {},
  ): Promise<RunningServer> {
    const { embedded, scratch, program } = this.#options
    const { database } = world.connect
    const port = await freePort()
    return this.#start({
      name: `ours-${world.size}`,
      args: [...nodeFlags, program, 'serve'],
      env: {
        PORT: String(port),
        PUBLIC_URL: `http://localhost:${port}`,
        DATABASE_URL: `postgres://${embedded.user}@localhost/${database}?host=${encodeURIComponent(embedded.host)}`,
        PORTICO_SECRET: SECRET,
        PORTICO_DATA: join(scratch, `files-${world.size}`),
        REQUESTS_PER_MINUTE: '100000000',
        TRUST_PROXY: 'loopback',
        ...env,
      },
      readyLine: /running at/,
      database,
      port,
    })
  }

  /** Starts a baseline server on this database, with the role and the rights of ours. */
  async startBaseline(name: 'ceiling' | 'lean', world: BenchWorld, settings: object = {}): Promise<RunningServer> {
    const port = await freePort()
    const { connect } = world
    const all = { ...connect, user: 'portico_app', password: passwords.portico_app, listen: port, ...settings }
    return this.#start({
      name,
      args: [join(import.meta.dirname, `${name}.ts`), JSON.stringify(all)],
      env: {},
      readyLine: /listening/,
      database: connect.database,
      port,
    })
  }

  /** Milliseconds from process start to the first response; the median of five with an existing, stopped database. */
  async measureStartTime(): Promise<number> {
    const folder = join(this.#options.scratch, 'start')
    const times: number[] = []
    for (let round = 0; round <= 5; round++) times.push(await this.#measureOneStart(folder))
    // The first start creates the database and is not counted.
    return Math.round(times.slice(1).sort((a, b) => a - b)[2]!)
  }

  async #measureOneStart(folder: string): Promise<number> {
    const port = await freePort()
    const startedAt = performance.now()
    const env = { PORT: String(port), PORTICO_DATA: folder }
    const child = this.#launch([this.#options.program, 'serve'], env, 'start')
    while (!(await isReady(port))) await new Promise((resolve) => setTimeout(resolve, 20))
    const duration = performance.now() - startedAt
    await stopChild(child, 'SIGINT')
    return duration
  }

  /** Stops every server that still runs. */
  async stopAll(): Promise<void> {
    const running = this.#children.filter((child) => child.exitCode === null)
    await Promise.all(running.map((child) => stopChild(child, 'SIGTERM')))
  }

  async #start(server: {
    name: string
    args: string[]
    env: Record<string, string>
    readyLine: RegExp
    database: string
    port: number
  }): Promise<RunningServer> {
    const { name, args, env, readyLine, database, port } = server
    const child = this.#launch(args, env, name)
    this.#children.push(child)
    await new Promise<void>((resolve, reject) => {
      let output = ''
      child.stdout!.on('data', (part: Buffer) => {
        if (output.length > 1e5) return
        output += String(part)
        if (readyLine.test(output)) resolve()
      })
      child.once('exit', (code) => {
        const log = readFileSync(join(this.#options.scratch, `${name}.log`), 'utf8').slice(-2000)
        reject(new Error(`${name} ended with ${code}: ${log} ${output.slice(-2000)}`))
      })
    })
    return { port, pid: child.pid!, postmaster: this.#options.embedded.pid, database, child }
  }

  #launch(args: string[], env: Record<string, string>, name: string): ChildProcess {
    const log = openSync(join(this.#options.scratch, `${name}.log`), 'w')
    return spawn(process.execPath, args, {
      cwd: root,
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: ['ignore', 'pipe', log],
    })
  }
}

/** Sends the signal and waits until the process has ended. */
export async function stopChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await ended
}

const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/api/v1/ready`).then(
    (response) => response.ok,
    () => false,
  )

/** One worker: a copy of the tree and a PostgreSQL of its own, in which edits are made and tests run one after the other. */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dropDatabase, ensureDatabase, migrate } from '../../src/platform/database/migrate.ts'
import { openWorld, type World } from '../database.ts'
import { applyEdit, readText, type Mutation } from './mutation.ts'
import { copyTree } from './tree.ts'

/** Longest run of the tests of one row, in ms. */
const TIME_LIMIT = 10 * 60_000
/** Longer than in an ordinary run, in ms, because several workers share the processors. */
const TEST_TIMEOUT = 180_000

export interface TestResult {
  file: string
  title: string
  /** `skipped` also when the set-up of its file failed, because the test itself did not run. */
  status: 'passed' | 'failed' | 'skipped'
  message: string
}

export interface TestRun {
  results: TestResult[]
  /** What vitest wrote, for a run without results. */
  output: string
}

type TestsByFile = Record<string, string[]>

export interface Worker {
  /** Runs tests on the tree as it is. */
  run(tests: TestsByFile): Promise<TestRun>
  /** Runs the tests of a row on the tree with its edit, and takes the edit back. */
  runEdited(row: Mutation): Promise<TestRun>
  close(): Promise<void>
}

/** @param pages folder of the built pages, null when no test is served any */
export async function startWorker(pages: string | null): Promise<Worker> {
  const folder = mkdtempSync(join(tmpdir(), 'portico-mutations-'))
  copyTree(folder)
  const { close, ...world } = await openWorld()
  const run = (tests: TestsByFile, usedWorld: World, mutant?: string) =>
    runTests(folder, tests, {
      TEST_WORLD: JSON.stringify(usedWorld),
      ...(pages !== null && { PORTICO_PAGES: pages }),
      ...(mutant !== undefined && { PORTICO_MUTANT: mutant }),
    })
  return {
    run: (tests) => run(tests, world),
    async runEdited(row) {
      const path = join(folder, row.file)
      const text = readText(folder, row.file)
      writeFileSync(path, applyEdit(row, text))
      try {
        return row.file.startsWith('db/migrations/')
          ? await withMigratedWorld(world, folder, (edited) => run(row.tests, edited, row.name))
          : await run(row.tests, world, row.name)
      } catch (error) {
        return { results: [], output: String(error) }
      } finally {
        writeFileSync(path, text)
      }
    },
    async close() {
      await close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A template database made by the edited migrations. */
async function withMigratedWorld<T>(world: World, folder: string, work: (world: World) => Promise<T>): Promise<T> {
  const template = `${world.template}e`
  const admin = { ...world.admin, database: template }
  await ensureDatabase(admin)
  try {
    await migrate({ admin, passwords: world.passwords, folder: join(folder, 'db/migrations') })
    return await work({ ...world, template })
  } finally {
    await dropDatabase(world.admin, template)
  }
}

async function runTests(folder: string, tests: TestsByFile, env: Record<string, string>): Promise<TestRun> {
  const all = Object.keys(tests)
  const journeys = all.filter((file) => file.endsWith('.e2e.ts'))
  const others = all.filter((file) => !file.endsWith('.e2e.ts'))
  const runs = [
    ...(others.length > 0 ? [await runVitest(folder, others, tests, env)] : []),
    ...(journeys.length > 0
      ? [await runVitest(folder, journeys, tests, env, ['--config', 'vitest.e2e.config.ts'])]
      : []),
  ]
  return { results: runs.flatMap(({ results }) => results), output: runs.map(({ output }) => output).join('\n') }
}

async function runVitest(
  folder: string,
  files: string[],
  tests: TestsByFile,
  env: Record<string, string>,
  options: string[] = [],
): Promise<TestRun> {
  const report = join(folder, 'out-report.json')
  rmSync(report, { force: true })
  const titles = files.flatMap((file) => tests[file]!)
  const pattern = [...new Set(titles)].map((title) => RegExp.escape(title)).join('|')
  const args = ['node_modules/vitest/vitest.mjs', 'run', ...files, ...options, '--testNamePattern', pattern]
  args.push('--maxWorkers=1', `--testTimeout=${TEST_TIMEOUT}`, '--reporter=json', `--outputFile=${report}`)
  const output = await runNode(folder, args, env)
  if (!existsSync(report)) return { results: [], output }
  return readReport(folder, report, output)
}

interface VitestReport {
  testResults: {
    name: string
    message: string
    assertionResults: { fullName: string; status: string; failureMessages: string[] | null }[]
  }[]
}

function readReport(folder: string, report: string, output: string): TestRun {
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as VitestReport
  const results = testResults.flatMap(({ name, message, assertionResults }) =>
    assertionResults.map(({ fullName, status, failureMessages }): TestResult => ({
      file: name.slice(folder.length + 1),
      title: fullName,
      status: status === 'passed' || status === 'failed' ? status : 'skipped',
      message: failureMessages?.join('\n') || message,
    })),
  )
  return { results, output: [output, ...testResults.map(({ message }) => message)].join('\n') }
}

const running = new Set<ChildProcess>()

/** Ends the tests that are running, with all their processes. */
export function stopTests(): void {
  for (const { pid } of running) if (pid !== undefined) process.kill(-pid, 'SIGKILL')
}

/** Runs Node in the folder. Its process group is ended after the time limit. */
function runNode(folder: string, args: string[], env: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: folder,
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'portico-mutations-cache'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    running.add(child)
    const timer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), TIME_LIMIT)
    child.once('error', reject)
    child.once('close', () => {
      clearTimeout(timer)
      running.delete(child)
      resolve(output)
    })
  })
}

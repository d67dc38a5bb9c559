/**
 * Makes every edit of the tables in a copy of the tree and runs the tests that must notice it.
 *
 *   npm run mutations                            all rows
 *   npm run mutations -- --only NAME,portal      rows by name, or by table
 *   npm run mutations -- --changed               rows whose file or tests differ from main; --changed REF from REF
 *   npm run mutations -- --workers 1             two by default
 *   npm run mutations -- --types                 checks only that every edit compiles; all rows are checked first anyway
 *
 * Ends with 1 when an edit survives, a row is wrong or a named test does not pass without any edit.
 */
import { parseArgs } from 'node:util'
import { findTypeErrors } from './compile.ts'
import { findFaults, isPageFile, servesPages, type Mutation } from './mutation.ts'
import { buildPages } from './pages.ts'
import { tables } from './tables.ts'
import { listChangedFiles } from './tree.ts'
import { findRedTests, judge, type RedTest, type Verdict } from './verdict.ts'
import { startWorker, stopTests, type Worker } from './worker.ts'

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    changed: { type: 'boolean' },
    workers: { type: 'string', default: '2' },
    types: { type: 'boolean' },
  },
  allowPositionals: true,
})
const reference = process.argv[process.argv.indexOf('--changed') + 1] ?? 'main'
const startedAt = performance.now()
const allRows = Object.values(tables).flat()

process.exitCode = (await main()) ? 0 : 1

async function main(): Promise<boolean> {
  const faults = findFaults(tables)
  if (faults.length > 0) return report(false, faults)
  const rows = selectRows()
  if (rows.length === 0) return report(options.changed === true, ['No row matches.'])
  if (options.types || rows.length === allRows.length) {
    const typeErrors = timed('types of all edits checked', () => findTypeErrors(rows))
    if (options.types || typeErrors.length > 0) return report(typeErrors.length === 0, typeErrors)
  }
  const needsPages = rows.some((row) => isPageFile(row.file) || servesPages(row))
  const pages = needsPages ? timed('pages with all edits built', () => buildPages(allRows)) : null
  const started: Promise<Worker>[] = []
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop(started))
  try {
    const count = Math.max(1, Math.min(Number(options.workers), rows.length))
    const workers: Worker[] = []
    for (let index = 0; index < count; index++) {
      started.push(startWorker(pages))
      workers.push(await started.at(-1)!)
    }
    const red = await runBaseline(workers, rows)
    if (red.length > 0)
      report(false, ['These tests do not pass without any edit:', ...red.map(({ message }) => message)])
    const unproven = rows.filter((row) => red.some(({ file, title }) => row.tests[file]?.includes(title)))
    const proven = rows.filter((row) => !unproven.includes(row))
    const isKilled = proven.length > 0 && (await runRows(workers, proven))
    return (
      isKilled &&
      report(
        unproven.length === 0,
        unproven.map(({ name }) => `${name}: not run`),
      )
    )
  } finally {
    await closeAll(started)
  }
}

async function closeAll(started: Promise<Worker>[]): Promise<void> {
  await Promise.allSettled(started.map(async (worker) => (await worker).close()))
}

function selectRows(): Mutation[] {
  const names = options.only?.split(',')
  const unknown = names?.filter((name) => !(name in tables) && !allRows.some((row) => row.name === name)) ?? []
  if (unknown.length > 0)
    throw new Error(`no row or table "${unknown.join(', ')}"; tables: ${Object.keys(tables).join(', ')}`)
  const changed = options.changed ? listChangedFiles(reference.startsWith('-') ? 'main' : reference) : null
  return Object.entries(tables).flatMap(([table, rows]) =>
    rows.filter((row) => {
      const isNamed = !names || names.includes(table) || names.includes(row.name)
      const isChanged = !changed || [row.file, ...Object.keys(row.tests)].some((file) => changed.has(file))
      return isNamed && isChanged
    }),
  )
}

/** All named tests once, on the tree without edits, shared out by file. */
async function runBaseline(workers: Worker[], rows: Mutation[]): Promise<RedTest[]> {
  const tests = new Map<string, Set<string>>()
  for (const row of rows)
    for (const [file, titles] of Object.entries(row.tests))
      tests.set(file, new Set([...(tests.get(file) ?? []), ...titles]))
  const shares = workers.map((_, turn) =>
    Object.fromEntries(
      [...tests].filter((_, index) => index % workers.length === turn).map(([file, titles]) => [file, [...titles]]),
    ),
  )
  const began = performance.now()
  const runs = await Promise.all(workers.map((worker, turn) => worker.run(shares[turn]!)))
  console.log(`${tests.size} test files without edits: ${seconds(began)}`)
  return findRedTests(rows, {
    results: runs.flatMap(({ results }) => results),
    output: runs.map(({ output }) => output).join('\n'),
  })
}

async function runRows(workers: Worker[], rows: Mutation[]): Promise<boolean> {
  const waiting = [...rows]
  const times: number[] = []
  const verdicts: Verdict[] = []
  const began = performance.now()
  await Promise.all(
    workers.map(async (worker) => {
      for (let row = waiting.shift(); row; row = waiting.shift()) {
        const rowBegan = performance.now()
        const verdict = judge(row, await worker.runEdited(row))
        times.push(performance.now() - rowBegan)
        verdicts.push(verdict)
        console.log(`${verdict.kind === 'killed' ? '✓' : '✗'} ${row.name} ${verdict.kind} (${seconds(rowBegan)})`)
        if (verdict.kind !== 'killed') console.log([`  ${row.file}`, ...verdict.details].join('\n  '))
      }
    }),
  )
  const sorted = times.sort((a, b) => a - b).map((time) => time / 1000)
  const mean = sorted.reduce((sum, time) => sum + time, 0) / sorted.length
  console.log(
    `a row: mean ${mean.toFixed(1)} s, median ${sorted[sorted.length >> 1]!.toFixed(1)} s, longest ${sorted.at(-1)!.toFixed(1)} s; all rows ${seconds(began)}; in all ${seconds(startedAt)}`,
  )
  const count = (kind: Verdict['kind']) => verdicts.filter((verdict) => verdict.kind === kind).length
  console.log(`${count('killed')} killed, ${count('survived')} survived, ${count('broken')} proved nothing`)
  return count('killed') === rows.length
}

/** A run that is interrupted leaves no process, database or folder behind. */
async function stop(started: Promise<Worker>[]): Promise<never> {
  stopTests()
  await closeAll(started)
  process.exit(130)
}

function report(isWell: boolean, lines: string[]): boolean {
  if (lines.length > 0) console.log(lines.join('\n'))
  return isWell
}

function timed<T>(what: string, work: () => T): T {
  const began = performance.now()
  const result = work()
  console.log(`${what}: ${seconds(began)}`)
  return result
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}

/** Tells an edit that was noticed from one that was not, and both from a run that proves nothing. */
import type { Mutation } from './mutation.ts'
import type { TestResult, TestRun } from './worker.ts'

export type Verdict =
  | { kind: 'killed' }
  /** The tests that passed although they name this edit. */
  | { kind: 'survived'; details: string[] }
  /** A named test did not run, or failed for a reason that any edit has. */
  | { kind: 'broken'; details: string[] }

export interface RedTest {
  file: string
  title: string
  message: string
}

/** The code does not load, the server does not start, the machine is too busy: that would fail whatever the edit means. */
const NOT_STARTED =
  /\b(SyntaxError|ReferenceError|EADDRINUSE|ECONNREFUSED)\b|Cannot find module|Transform failed|does not provide an export|(Hook|Test) timed out/

/** An edit is killed when each named test ran and failed. A generated test has failed when one of its cases has. */
export function judge(row: Mutation, run: TestRun): Verdict {
  const named = Object.entries(row.tests).flatMap(([file, titles]) =>
    titles.map((title) => ({ title, results: resultsOf(run, file, title) })),
  )
  const broken = named.flatMap(({ title, results }) => {
    if (results.length === 0) return [`"${title}" did not run: ${lastLines(run.output)}`]
    const failed = results.filter(({ status }) => status === 'failed')
    const isStartFailure = failed.length > 0 && failed.every(({ message }) => NOT_STARTED.test(message))
    return isStartFailure ? [`"${title}" failed without telling anything: ${failed[0]!.message.slice(0, 300)}`] : []
  })
  if (broken.length > 0) return { kind: 'broken', details: broken }
  const passed = named.filter(({ results }) => results.every(({ status }) => status === 'passed'))
  if (passed.length > 0) return { kind: 'survived', details: passed.map(({ title }) => `"${title}" passed`) }
  return { kind: 'killed' }
}

/** Named tests that do not pass on the tree without any edit. */
export function findRedTests(rows: Mutation[], run: TestRun): RedTest[] {
  const named = new Map(
    rows.flatMap(({ tests }) =>
      Object.entries(tests).flatMap(([file, titles]) =>
        titles.map((title) => [`${file} > ${title}`, { file, title }] as const),
      ),
    ),
  )
  return [...named].flatMap(([name, { file, title }]) => {
    const results = resultsOf(run, file, title)
    if (results.length === 0) return [{ file, title, message: `${name}: did not run: ${lastLines(run.output)}` }]
    return results
      .filter(({ status }) => status === 'failed')
      .slice(0, 1)
      .map(({ message }) => ({ file, title, message: `${name}: ${message.slice(0, 300)}` }))
  })
}

/** Results of the tests that ran. */
const resultsOf = (run: TestRun, file: string, title: string): TestResult[] =>
  run.results.filter((each) => each.file === file && each.title.includes(title) && each.status !== 'skipped')

const lastLines = (output: string) => output.trim().split('\n').slice(-6).join('\n').slice(-600)

/**
 * Runs all checks in order and ends with one line: `N passed, N failed`.
 *
 *   npm test                          all of it
 *   npm test -- --only types,unit     some steps, by name
 *
 * A check (types, lint …) counts as one test; a suite counts by its tests.
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { installPrograms, type Program } from './debian.ts'

interface Step {
  name: string
  /** Run by this Node: a script and its arguments. `{report}` becomes the file for the suite's JSON report. */
  command: string[]
  /** `one`: one check, silent when it passes. `vitest`: counted from the report. */
  count: 'one' | 'vitest'
  needs?: Program[]
  env?: Record<string, string>
}

const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=dot', '--reporter=json', '--outputFile={report}']

const steps: Step[] = [
  { name: 'build', command: ['bootstrap.mjs', 'build'], count: 'one' },
  { name: 'types', command: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.server.json'], count: 'one' },
  {
    name: 'page-types',
    command: [
      'node_modules/svelte-check/bin/svelte-check',
      '--tsconfig',
      'tsconfig.json',
      '--output',
      'human',
      '--fail-on-warnings',
    ],
    count: 'one',
  },
  { name: 'format', command: ['node_modules/prettier/bin/prettier.cjs', '--check', '.'], count: 'one' },
  { name: 'lint', command: ['node_modules/eslint/bin/eslint.js', '.', '--max-warnings', '0'], count: 'one' },
  { name: 'unused', command: ['node_modules/knip/bin/knip.js'], count: 'one' },
  { name: 'unit', command: vitest, count: 'vitest' },
  {
    name: 'journeys',
    command: [...vitest, '--config', 'vitest.e2e.config.ts'],
    count: 'vitest',
    needs: ['chromium'],
  },
  // Isolation on PostgreSQL 15 without a superuser, as on hosted PostgreSQL, behind PgBouncer and with two nodes.
  {
    name: 'postgresql-15',
    command: [
      'test/on-server.ts',
      ...['isolation', 'access', 'races', 'revocation', 'pooler', 'managed-database', 'backup', 'restore'].map(
        (name) => `test/${name}`,
      ),
      ...vitest.slice(2),
    ],
    count: 'vitest',
    needs: ['postgresql', 'pgbouncer'],
  },
]

interface Score {
  passed: number
  failed: number
}

const root = path.resolve(import.meta.dirname, '..')
const reports = path.join(root, 'out', 'test')
const selectedSteps = selectSteps(process.argv.slice(2))
const total: Score = { passed: 0, failed: 0 }

for (const step of selectedSteps) {
  const startedAt = performance.now()
  const score = await runStep(step)
  total.passed += score.passed
  total.failed += score.failed
  const counts = step.count === 'one' ? '' : `, ${score.passed} passed, ${score.failed} failed`
  console.log(
    `${score.failed === 0 ? '✓' : '✗'} ${step.name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s${counts})`,
  )
}
console.log(`${total.passed} passed, ${total.failed} failed`)
// A run without tests has not passed.
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0

function selectSteps(args: string[]): Step[] {
  const only = args[args.indexOf('--only') + 1]
  if (!args.includes('--only')) return steps
  const names = (only ?? '').split(',')
  const unknown = names.filter((name) => !steps.some((step) => step.name === name))
  if (unknown.length > 0) {
    console.error(`no step "${unknown.join(', ')}"; there are: ${steps.map((step) => step.name).join(', ')}`)
    process.exit(2)
  }
  return steps.filter((step) => names.includes(step.name))
}

async function runStep(step: Step): Promise<Score> {
  const missing = installPrograms(step.needs ?? [])
  if (missing.length > 0) {
    console.log(missing.join('\n'))
    return { passed: 0, failed: 1 }
  }
  const report = path.join(reports, `${step.name}.json`)
  fs.mkdirSync(reports, { recursive: true })
  fs.rmSync(report, { force: true })
  const args = step.command.map((part) => part.replace('{report}', report))
  const { code, output } = await execute(args, step)
  if (step.count === 'one') {
    if (code !== 0) console.log(output)
    return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
  }
  return countVitest(report, code)
}

function execute(args: string[], step: Step): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const silent = step.count === 'one'
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...step.env },
      stdio: ['ignore', silent ? 'pipe' : 'inherit', silent ? 'pipe' : 'inherit'],
    })
    let output = ''
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output: output.trimEnd() }))
  })
}

interface VitestReport {
  numPassedTests: number
  numFailedTests: number
  testResults: { status: string; assertionResults: unknown[] }[]
}

/** A file that cannot be loaded and an error outside tests count as one failure each. */
function countVitest(file: string, code: number | null): Score {
  if (!fs.existsSync(file)) return { passed: 0, failed: 1 }
  const report = JSON.parse(fs.readFileSync(file, 'utf8')) as VitestReport
  const broken = report.testResults.filter((one) => one.status === 'failed' && one.assertionResults.length === 0).length
  const failed = report.numFailedTests + broken
  return { passed: report.numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed }
}

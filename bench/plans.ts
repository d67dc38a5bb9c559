/**
 * `npm run bench -- --plans`: the query plans of every read operation of the portal (small, large and 200-customer user)
 * and of the office's lists and counts. Writes bench/plans.md; test/plans.test.ts enforces the limits.
 */
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Connect } from '../src/platform/database/connect.ts'
import { openPlanReader, type Explained } from './explain.ts'
import { listReadCalls } from './read-calls.ts'
import { rowsReadBy } from './shape.ts'
import { openWorld, SIZES, type Size } from './dataset.ts'

export async function reportPlans(admin: Connect, size: Size, log: (line: string) => void): Promise<void> {
  const world = await openWorld(admin, size, log)
  const folder = join(tmpdir(), `portico-plans-${process.pid}`)
  const reader = await openPlanReader(world, { folder })
  const lines: string[] = []
  try {
    for (const { operation, userKind: who, description: what, token, input } of await listReadCalls(world)) {
      const { statements } = await reader.explainCall(operation, token, input)
      for (const statement of statements.filter((each) => each.scans.length > 0 && !isCallerLookUp(each))) {
        lines.push(
          `| ${operation} | ${who} | ${what} | ${formatStatement(statement)} | ${statement.returned} | ${rowsReadBy(statement)} | ${statement.buffers} | ${formatIndexes(statement)} | ${statement.ms.toFixed(1)} |`,
        )
      }
      // The caller lookup is the same for every operation of a user, so it is reported once.
      if (operation === 'listPortalJobs' && what === 'all') {
        for (const statement of statements.filter((each) => each.scans.length > 0 && isCallerLookUp(each))) {
          lines.push(
            `| *who calls* | ${who} | | ${formatStatement(statement)} | ${statement.returned} | ${rowsReadBy(statement)} | ${statement.buffers} | ${formatIndexes(statement)} | ${statement.ms.toFixed(1)} |`,
          )
        }
      }
    }
  } finally {
    await reader.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  const head =
    '| operation | user | asked for | statement | returned | read | buffers | indexes | ms |\n| --- | --- | --- | --- | ---: | ---: | ---: | --- | ---: |'
  const text = `# Plans at ${SIZES[size].jobs} jobs

${new Date().toISOString().slice(0, 10)} · \`npm run bench -- --plans --size ${size}\`: the app as it runs, each statement explained in its own session by its second call. *Read* are rows of growing tables, filtered
and rechecked ones included. Statements in *italics* ran inside a function. Milliseconds are with the cost of explaining.

${head}
${lines.join('\n')}
`
  writeFileSync(join(import.meta.dirname, 'plans.md'), text)
  log(text)
}

/** Whether the statement resolves the caller: account, session and links. */
const isCallerLookUp = ({ nested, text }: Explained) => nested && /jsonb?_build_object|_sessions s where/.test(text)

/** The first 60 characters; nested statements in italics. */
const formatStatement = ({ nested, text }: Explained) => {
  const name = `\`${text.replaceAll('|', '¦').slice(0, 60)}\``
  return nested ? `*${name}*` : name
}

function formatIndexes({ scans }: Explained): string {
  const seen = new Map<string, number>()
  for (const { table, index, node, rowsRead: read } of scans) {
    const name = index || (node === 'Seq Scan' ? `all of ${table}` : table)
    seen.set(name, (seen.get(name) ?? 0) + read)
  }
  return [...seen].map(([name, read]) => `${name} ${read}`).join(', ')
}

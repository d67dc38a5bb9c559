/**
 * npm run bench -- --plans: what the database does at a million rows for every reading operation of the portal, as a small, a large and
 * a 200-customer user, and for what the office lists and counts. Writes bench/plans.md; test/plans.test.ts holds the shape of it.
 */
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Connect } from '../src/platform/database/pool.ts'
import { openReader, type Explained } from './explain.ts'
import { readings } from './readings.ts'
import { readOf } from './shape.ts'
import { openWorld, SIZES, type Size } from './dataset.ts'

export async function reportPlans(admin: Connect, size: Size, say: (line: string) => void): Promise<void> {
  const world = await openWorld(admin, size, say)
  const folder = join(tmpdir(), `portico-plans-${process.pid}`)
  const reader = await openReader(world, { folder })
  const lines: string[] = []
  try {
    for (const { operation, who, what, token, input } of await readings(world)) {
      const { statements } = await reader.ask(operation, token, input)
      for (const statement of statements.filter((each) => each.scans.length > 0 && !isLookUp(each))) {
        lines.push(
          `| ${operation} | ${who} | ${what} | ${nameOf(statement)} | ${statement.returned} | ${readOf(statement)} | ${statement.buffers} | ${indexesOf(statement)} | ${statement.ms.toFixed(1)} |`,
        )
      }
      // Who calls is the same for every operation of one user: once each.
      if (operation === 'listPortalJobs' && what === 'all') {
        for (const statement of statements.filter((each) => each.scans.length > 0 && isLookUp(each))) {
          lines.push(
            `| *who calls* | ${who} | | ${nameOf(statement)} | ${statement.returned} | ${readOf(statement)} | ${statement.buffers} | ${indexesOf(statement)} | ${statement.ms.toFixed(1)} |`,
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
  say(text)
}

/** The caller's look-up: account, session, links. */
const isLookUp = ({ nested, text }: Explained) => nested && /jsonb?_build_object|_sessions s where/.test(text)

/** Enough of it to find it by. */
const nameOf = ({ nested, text }: Explained) => {
  const name = `\`${text.replaceAll('|', '¦').slice(0, 60)}\``
  return nested ? `*${name}*` : name
}

function indexesOf({ scans }: Explained): string {
  const seen = new Map<string, number>()
  for (const { table, index, node, read } of scans) {
    const name = index || (node === 'Seq Scan' ? `all of ${table}` : table)
    seen.set(name, (seen.get(name) ?? 0) + read)
  }
  return [...seen].map(([name, read]) => `${name} ${read}`).join(', ')
}

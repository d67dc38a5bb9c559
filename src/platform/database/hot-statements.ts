/**
 * The statements that requests use most. A new connection plans them before its first use, so that the requests after a start
 * or a quiet night do not each wait for plans: the look-up of the caller and a list take 20 ms planned anew, and 1 ms after.
 */
import pg from 'pg'

/** Each takes one or two milliseconds of the server on every new connection. */
const MAX_PREPARED = 16

export interface NamedStatement {
  name: string
  text: string
}

const declared: NamedStatement[] = []

/** For statements.ts: a process that has just started begins with these. */
export const addHot = (statement: NamedStatement): void => void declared.push(statement)

/** Which statements the requests of one pool use, and how often. */
export class HotStatements {
  private readonly uses = new Map<string, NamedStatement & { count: number }>()

  constructor() {
    for (const statement of declared) this.note(statement)
  }

  note({ name, text }: NamedStatement): void {
    const known = this.uses.get(name)
    if (known) known.count++
    else if (this.uses.size < 2_000) this.uses.set(name, { name, text, count: 1 })
  }

  /** The most used first. */
  list(): NamedStatement[] {
    return [...this.uses.values()].sort((left, right) => right.count - left.count).slice(0, MAX_PREPARED)
  }
}

/** The driver's list of what a connection has parsed, by name. */
interface Driver {
  connection: { parsedStatements: Record<string, string> }
}

/**
 * Parses and plans statements without running them. One that cannot be planned, such as one of a table that is gone, is left
 * out: it says itself what is wrong when it is used.
 */
export async function prepareStatements(client: pg.Client, statements: readonly NamedStatement[]): Promise<void> {
  const { parsedStatements } = (client as unknown as Driver).connection
  await Promise.all(
    statements.map(async ({ name, text }) => {
      const quoted = pg.escapeIdentifier(name)
      try {
        await client.query(`prepare ${quoted} as ${text}`)
        parsedStatements[name] = text
        // A generic plan (roles.ts) does not depend on values and is kept.
        await client.query(`explain execute ${quoted}${nullFor(text)}`)
      } catch {
        // Not prepared, or prepared without a plan: both are what a connection is without this.
      }
    }),
  )
}

/** A value for each parameter of the statement, in parentheses. */
function nullFor(text: string): string {
  const count = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)))
  return count === 0 ? '' : `(${Array(count).fill('null').join()})`
}

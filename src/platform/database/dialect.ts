/** Kysely over one client that is already in a transaction. It never begins, commits or releases: transaction.ts does. */
import {
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely'
import type pg from 'pg'
import type { Query } from './batching.ts'
import { statementName } from './statements.ts'

/** Longer statements are built from many values and are hardly repeated, so they get no name. */
const NAMED_UP_TO = 4_000

export function createDialect(send: (query: Query) => Promise<pg.QueryResult>): Dialect {
  const connection: DatabaseConnection = {
    async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      const text = query.sql
      const result = await send({
        ...(text.length < NAMED_UP_TO && { name: statementName(text) }),
        text,
        values: query.parameters as unknown[],
      })
      return { rows: result.rows as R[], numAffectedRows: BigInt(result.rowCount ?? 0) }
    },
    // eslint-disable-next-line require-yield -- refused on purpose
    async *streamQuery() {
      throw new Error('Pipelined connections cannot stream')
    },
  }
  const driver = driverOf(connection)
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => driver,
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }
}

function driverOf(connection: DatabaseConnection): Driver {
  return {
    init: async () => {},
    acquireConnection: async () => connection,
    releaseConnection: async () => {},
    destroy: async () => {},
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
  }
}

async function refuse(): Promise<never> {
  throw new Error('The transaction belongs to inTransaction')
}

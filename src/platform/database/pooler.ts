/** Finds out whether a pooler stands before the server, and whether it can keep prepared statements. */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { Connection } from './connections.ts'

/**
 * Whether a statement that was prepared under a name is found again in a later transaction of this connection. A pooler in
 * transaction mode gives each transaction another session of the server. Those that can keep statements (PgBouncer 1.21 with
 * max_prepared_statements) rename them; the others pass the names on, which then exist twice or not at all.
 */
export async function keepsStatements(connection: Connection): Promise<boolean> {
  const query = <Row>(config: unknown) =>
    (connection.query as unknown as (config: unknown) => Promise<pg.QueryResult>)(config).then(
      ({ rows }) => rows as Row[],
    )
  const [session] = await query<{ pid: number }>('select pg_backend_pid() as pid')
  // A pooler makes up the number that identifies a connection.
  connection.isDirect = session!.pid === connection.processID
  if (connection.isDirect) return true
  const name = `portico_check_${randomBytes(8).toString('hex')}`
  await query('begin')
  await query({ name, text: 'select 1' })
  const [found] = await query<{ passed_on: boolean }>({
    text: 'select exists (select from pg_prepared_statements where name = $1) as passed_on',
    values: [name],
  })
  if (found!.passed_on) await query(`deallocate ${pg.escapeIdentifier(name)}`)
  await query('commit')
  return !found!.passed_on
}

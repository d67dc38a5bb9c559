/** What both baseline servers are made of: Fastify, `pg`, and a transaction with its context sent as one batch. */
import { createHash } from 'node:crypto'
import Fastify, { type FastifyRequest } from 'fastify'
import pg from 'pg'

export interface BaselineSettings {
  host: string
  port: number
  database: string
  user: string
  password: string
  listen: number
}

/** Settings of a baseline server, as run.ts gives them. */
export const readSettings = <Settings extends BaselineSettings>() => JSON.parse(process.argv[2]!) as Settings

const { host, port, database, user, password, listen } = readSettings()
export const pool = new pg.Pool({ host, port, database, user, password, max: 12, pipeline: true } as pg.PoolConfig)
export const app = Fastify()

/** The hash of the session's token in a request. */
export const tokenOf = (request: FastifyRequest) =>
  createHash('sha256')
    .update(/=([^;]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '')
    .digest()

/** Account, staff, kind and id of the actor, customers, templates; of a reader of tickets also the whole customers and the contacts. */
export type Context = (string | null)[]

/** Sends begin, context, query and commit as one batch. */
export async function runInTransaction<Row extends pg.QueryResultRow>(
  context: Context,
  query: { name: string; text: string; values: unknown[] },
  begin = 'begin read only',
): Promise<Row[]> {
  const client = await pool.connect()
  try {
    const [, , result] = await Promise.all([
      client.query(begin),
      client.query({
        name: 'context',
        values: [...context, '{}', '{}'].slice(0, 8),
        text: `select set_config('app.account', $1, true), set_config('app.staff', $2, true), set_config('app.actor_kind', $3, true), set_config('app.actor_id', $4, true),
          set_config('app.customers', $5, true), set_config('app.jobs_of', $5, true), set_config('app.templates', $6, true),
          set_config('app.tickets_of', $7, true), set_config('app.ticket_contacts', $8, true)`,
      }),
      client.query<Row>(query),
      client.query('commit'),
    ])
    return result.rows
  } finally {
    client.release()
  }
}
export const nullableDate = { type: ['string', 'null'], format: 'date-time' }
export const nullableText = { type: ['string', 'null'] }
/** The schema of an answer with rows. */
export const rowsOf = (properties: object) => ({
  response: { 200: { type: 'object', properties: { rows: { type: 'array', items: { type: 'object', properties } } } } },
})

export const start = () =>
  app.listen({ port: listen, host: '127.0.0.1' }).then(() => process.stdout.write('listening\n'))

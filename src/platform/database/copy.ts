/** The tables of a database as text: read in one snapshot, written back, and compared. Used by backup and restore only. */
import { hash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { withClient } from './migrate.ts'
import type { Connect } from './connect.ts'

export interface Table {
  name: string
  /** In the order in which they were created; without generated ones. */
  columns: string[]
}

/** What a table holds. Equal for equal rows in any order. */
export interface Contents {
  rows: number
  checksum: string
}

const PART_BYTES = 4 * 1024 * 1024

// Both sides write values in the same way, whatever the server's defaults are. No time limit: tables may be large.
const SETTINGS = [
  "datestyle = 'ISO, YMD'",
  'intervalstyle = iso_8601',
  "timezone = 'UTC'",
  'bytea_output = hex',
  'extra_float_digits = 1',
  'statement_timeout = 0',
  'lock_timeout = 0',
  'idle_in_transaction_session_timeout = 0',
]

export async function setCopySettings(client: pg.Client): Promise<void> {
  await client.query(SETTINGS.map((setting) => `set local ${setting}`).join(';'))
}

/**
 * Runs `work` with two connections that see the database at one same moment: `reader` as portico_backup, and `owner`, to compare
 * with. Both are read-only.
 */
export function withSnapshot<T>(
  connect: { reader: Connect; owner: Connect },
  work: (clients: { reader: pg.Client; owner: pg.Client }) => Promise<T>,
): Promise<T> {
  return withClient(connect.owner, (owner) =>
    withClient(connect.reader, async (reader) => {
      await owner.query('begin isolation level repeatable read read only')
      const { rows } = await owner.query<{ id: string }>('select pg_export_snapshot() as id')
      await reader.query('begin isolation level repeatable read read only')
      await reader.query(`set transaction snapshot ${pg.escapeLiteral(rows[0]!.id)}`)
      for (const client of [owner, reader]) await setCopySettings(client)
      return work({ reader, owner })
    }),
  )
}

/** The tables of Portico. Unlogged ones are left out: what they hold may be lost at any crash. */
export async function listTables(client: pg.Client): Promise<Table[]> {
  const { rows } = await client.query<Table>(`
    select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relpersistence = 'p'
      and c.relowner = 'portico_owner'::regrole
    group by c.relname order by c.relname`)
  return rows
}

const quote = pg.escapeIdentifier
const columnList = (columns: readonly string[]) => columns.map(quote).join(', ')

/** Reads a table in parts of whole rows, about 4 MB each. */
export async function readTable(
  client: pg.Client,
  { name, columns }: Table,
  takePart: (part: Buffer) => Promise<void> = async () => {},
): Promise<Contents> {
  // As a query: row-level security refuses `copy table` for everybody but the owner.
  const stream = client.query(copyTo(`copy (select ${columnList(columns)} from public.${quote(name)}) to stdout`))
  const digest = createDigest()
  let pending: Buffer[] = []
  let size = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const end = chunk.lastIndexOf(0x0a) + 1
    pending.push(chunk.subarray(0, end))
    size += chunk.length
    if (end > 0 && size >= PART_BYTES) {
      await flush()
      size = chunk.length - end
    }
    pending.push(chunk.subarray(end))
  }
  await flush()

  async function flush(): Promise<void> {
    const part = Buffer.concat(pending)
    pending = []
    if (part.length === 0) return
    digest.add(part)
    await takePart(part)
  }
  return digest.contents()
}

/** Writes rows that `readTable` read. */
export async function writeRows(client: pg.Client, { name, columns }: Table, rows: Iterable<Buffer>): Promise<void> {
  await pipeline(rows, client.query(copyFrom(`copy public.${quote(name)} (${columnList(columns)}) from stdin`)))
}

export async function countRows(client: pg.Client, { name }: Table): Promise<number> {
  const { rows } = await client.query<{ count: string }>(`select count(*) from public.${quote(name)}`)
  return Number(rows[0]!.count)
}

/** Adds up the hashes of rows: two tables with the same rows in another order are equal. */
function createDigest() {
  let rows = 0
  const sums: [bigint, bigint] = [0n, 0n]
  return {
    /** Whole rows; a line feed inside a value is written as \n. */
    add(part: Buffer): void {
      for (let from = 0; from < part.length; rows++) {
        const end = part.indexOf(0x0a, from) + 1 || part.length
        const digest = hash('sha256', part.subarray(from, end), 'buffer')
        sums[0] += digest.readBigUInt64LE(0)
        sums[1] += digest.readBigUInt64LE(8)
        from = end
      }
    },
    contents: (): Contents => ({
      rows,
      checksum: sums.map((sum) => BigInt.asUintN(64, sum).toString(16).padStart(16, '0')).join(''),
    }),
  }
}

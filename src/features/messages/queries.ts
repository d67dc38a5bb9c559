import { sql } from 'kysely'
import type { Read, Write } from '../../platform/operation.ts'

/** Messages that were given up and wait for somebody; counted to 100 and no further. */
export async function failedCount(db: Read, account: string): Promise<number> {
  const { rows: [row] } = await sql<{ failed: number }>`select count(*)::int as failed
    from (select 1 from outbox where account_id = ${account} and state = 'failed' limit 100) few`.execute(db as Write)
  return row!.failed
}

import { sql } from 'kysely'
import type { Write } from '../../../../platform/operation.ts'

/** Runs the work so that nothing of it stays when it throws; what was written before stays. */
export async function inSavepoint<T>(db: Write, work: () => Promise<T>): Promise<T> {
  await sql`savepoint bulk_row`.execute(db)
  try {
    const result = await work()
    await sql`release savepoint bulk_row`.execute(db)
    return result
  } catch (error) {
    await sql`rollback to savepoint bulk_row`.execute(db)
    throw error
  }
}

/** Locks that processes take in turn, also behind a pooler. */
import type pg from 'pg'

export interface LockOptions {
  key: number
  /** What the lock is for, as in "Another process is …". */
  purpose: string
  waitMs: number
  log(line: string): void
}

const RETRY_MS = 500

/**
 * Runs `work` in a transaction that holds an advisory lock. A lock of the session would protect nothing behind a pooler in
 * transaction mode, where processes share sessions, and it could outlive its process.
 * @throws Error that names the session which holds the lock, after `waitMs`
 */
export async function inLockedTransaction<T>(
  client: pg.Client,
  options: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const { key, purpose, waitMs, log } = options
  const deadline = performance.now() + waitMs
  for (let attempt = 0; ; attempt++) {
    await client.query('begin')
    try {
      const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_xact_lock($1) as taken', [key])
      if (rows[0]!.taken) {
        const result = await work()
        await client.query('commit')
        return result
      }
      if (attempt === 0) log(`Another process is ${purpose}. Waiting for it`)
      if (performance.now() > deadline) throw new Error(await describeHolder(client, options))
      await client.query('rollback')
    } catch (error) {
      await client.query('rollback').catch(() => {})
      throw error
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
}

async function describeHolder(client: pg.Client, { key, purpose, waitMs }: LockOptions): Promise<string> {
  const { rows } = await client.query<{ pid: number }>(
    "select pid from pg_locks where locktype = 'advisory' and classid = 0 and objid = $1 and granted",
    [key],
  )
  const sessions = rows.map(({ pid }) => pid).join(', ') || 'unknown'
  return (
    `Another process has been ${purpose} for ${Math.round(waitMs / 1000)} seconds (database session ${sessions}). Wait for it and try again. ` +
    `If no such process runs, a pooler has kept the lock: end it with "select pg_terminate_backend(${rows[0]?.pid ?? 'PID'})".`
  )
}

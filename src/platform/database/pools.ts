/** The two pools of a process: requests as portico_app, background work as portico_system. */
import { Availability, type AvailabilityOptions } from './availability.ts'
import type { Connect } from './connect.ts'
import type { ConnectionPool } from './connections.ts'
import { openPool } from './pool.ts'

export interface Pools {
  app: ConnectionPool
  system: ConnectionPool
  availability: Availability
  /** False too when the database cannot be reached. Asked in the background, so that many requests do not look like that. */
  isMigrated(): Promise<boolean>
  close(): Promise<void>
}

interface PoolsOptions extends Pick<AvailabilityOptions, 'clock' | 'log'> {
  connect: { app: Connect; system: Connect }
  batchWrites: boolean
}

export function openPools({ connect, clock, log, batchWrites }: PoolsOptions): Pools {
  const availability = new Availability({ connect: connect.app, clock, log })
  let isClosing = false
  /** Monitoring is not limited, so that all who ask at once share one question. */
  let asking: Promise<boolean> | undefined
  const shared = {
    batchWrites,
    availability,
    onError: (error: Error) => {
      // While we stop, the database may close connections before we do.
      if (!isClosing) log.warn({ err: error }, 'A database connection was lost')
    },
    onNamelessStatements: () =>
      log.warn(
        {},
        'The pooler before the database keeps no prepared statements, so each statement is planned anew. PgBouncer 1.21 and later keep them with max_prepared_statements',
      ),
  }
  const app = openPool(connect.app, { ...shared, max: 12, min: 4, name: 'portico', silenceLimitMs: 8_000 })
  const system = openPool(connect.system, { ...shared, max: 4, name: 'portico system', silenceLimitMs: 35_000 })
  return {
    app,
    system,
    availability,
    isMigrated: () =>
      (asking ??= system
        .query('select name from schema_migrations limit 1')
        .then(
          () => true,
          () => false,
        )
        .finally(() => (asking = undefined))),
    async close() {
      isClosing = true
      await Promise.all([app, system].map((pool) => pool.end().catch(() => {})))
    },
  }
}

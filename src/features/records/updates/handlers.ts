/** Turns waiting changes of records into emails. The deliverer calls it, as portico_system. */
import { emitMessages, type Emission } from '../../../platform/delivery/outbox.ts'
import type { Write } from '../../../platform/operation.ts'
import type { ParentKey } from '../queries.ts'
import type { ParentKind } from '../rules.ts'
import { listDueRecords } from './queries.ts'

/** Records that one look takes. */
const DUE_RECORDS = 500

interface Collecting {
  now: Date
  /** Ends each Message-ID. */
  host: string
  /** For each kind of record: takes its waiting changes and answers the emails that tell them. */
  takeEmails: Record<ParentKind, (db: Write, due: ParentKey) => Promise<Emission[]>>
  /** Runs work in a transaction of its own, as portico_system. */
  run<T>(work: (db: Write) => Promise<T>): Promise<T>
  onError(error: unknown, due: ParentKey): void
}

/**
 * Turns changes that have waited long enough into emails. Taking them and writing the emails is one transaction per record, so a
 * process that dies here loses nothing and tells nothing twice.
 */
export async function collectEmails({ now, host, takeEmails, run, onError }: Collecting): Promise<void> {
  for (const due of await run((db) => listDueRecords(db, now, DUE_RECORDS))) {
    // The others are still told; a record that failed is tried again by the next look.
    await run(async (db) => emitMessages(db, due.account, await takeEmails[due.kind](db, due), { now, host })).catch(
      (error: unknown) => onError(error, due),
    )
  }
}

/**
 * Faults that an operator must mend: a full or read-only disk, a database that takes no more connections. They are told apart
 * from a database that is away, reported once and then at intervals (every request meets them, and the log may be on the same
 * disk), and named by /ready until none was met for a minute.
 */
import type { Clock } from './clock.ts'
import type { Problem } from './problem.ts'

const REPORT_EVERY_MS = 60_000
const OVER_AFTER_MS = 60_000

/** Problem codes with the sentence for the log. */
const FAULTS = {
  storageFull: 'The disk for files is full',
  storageUnavailable: 'The disk for files cannot be written',
  databaseFull: 'The disk of the database is full',
  databaseReadOnly: 'The database is read-only: it may be a standby server',
  databaseConnections: 'The database takes no more connections: raise max_connections there, or run fewer processes',
} as const

export type Fault = keyof typeof FAULTS

/** Faults with which nothing can be saved. With the others, all but uploads works. */
const isOfDatabase = (fault: Fault): boolean => fault.startsWith('database')

export interface Faults {
  /** Notes a refusal that one of these faults has caused; others are ignored. */
  note(refusal: Problem, report: (error: Error) => void): void
  /** Those met within the last minute. `blocking`: nothing can be saved. */
  current(): { all: Fault[]; blocking: Fault | undefined }
}

export function createFaults(clock: Clock): Faults {
  const met = new Map<Fault, { last: number; reported: number }>()
  const now = () => clock.now().getTime()
  return {
    note({ code, cause }, report) {
      if (!Object.hasOwn(FAULTS, code)) return
      const fault = code as Fault
      const entry = met.get(fault) ?? { last: 0, reported: -Infinity }
      met.set(fault, entry)
      entry.last = now()
      if (Math.abs(entry.last - entry.reported) < REPORT_EVERY_MS) return
      entry.reported = entry.last
      report(new Error(FAULTS[fault], { cause }))
    },
    current() {
      const all = [...met].flatMap(([fault, { last }]) => (Math.abs(now() - last) < OVER_AFTER_MS ? fault : []))
      return { all, blocking: all.find(isOfDatabase) }
    },
  }
}

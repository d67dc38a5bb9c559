/** What a database error means: an outage, which may be retried, or a constraint that refused a row. */
import type { Fault } from '../faults.ts'
import { isProblem, jitteredSeconds, problem } from '../problem.ts'

/** Connection exceptions (08), shutdown (57P0), too few resources (53) and writing to a read-only server (25006). */
const OUTAGE_SQLSTATE = /^(08|57P0|53|25006$)/
/** Outages that somebody must mend (faults.ts). */
const FAULT_OF_SQLSTATE: Record<string, Fault> = {
  '53100': 'databaseFull',
  '53300': 'databaseConnections',
  '25006': 'databaseReadOnly',
}
/** The stream's own codes are those of a statement that was written after the server had ended the connection. */
const OUTAGE_ERRNO = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
])
/** Errors that the driver reports without a code. */
const OUTAGE_MESSAGE =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable|client was closed/i

/** Connection lost, server starting, stopping or full: the work may be tried again, and nothing else may be concluded. */
export function isOutage(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: string; message?: string }
  if (code && (OUTAGE_SQLSTATE.test(code) || OUTAGE_ERRNO.has(code))) return true
  return OUTAGE_MESSAGE.test(message ?? '')
}

/** What a statement gets whose connection was cut because the server went silent. */
export const timeoutError = (): Error => Object.assign(new Error('The database did not answer'), { code: 'ETIMEDOUT' })

export function asOutage(error: unknown) {
  const { code = '' } = (error ?? {}) as { code?: string }
  return problem(FAULT_OF_SQLSTATE[code] ?? 'databaseUnavailable', { retryAfter: jitteredSeconds(), cause: error })
}

/** More work than can be done in time. */
export const asBusy = (error?: unknown) => problem('busy', { retryAfter: jitteredSeconds(), cause: error })

/** Canceled by statement_timeout or lock_timeout, or the one of a deadlock that was chosen to try again. */
const OVERDUE_SQLSTATE = new Set(['57014', '55P03', '40P01'])
/** Foreign keys that refuse what was checked before another transaction and written after it. It may be tried again. */
const OVERTAKEN = /_current_fk$/

/** What the caller of an operation gets for an error of the database: its own problem, or the error itself. */
export function toProblem(error: unknown): unknown {
  if (isProblem(error)) return error
  if (isOutage(error)) return asOutage(error)
  const { code = '' } = (error ?? {}) as { code?: string }
  return OVERDUE_SQLSTATE.has(code) || OVERTAKEN.test(constraintOf(error) ?? '') ? asBusy(error) : error
}

/** The constraint that a database error names, by which features map it to a problem. */
export function constraintOf(error: unknown): string | undefined {
  const { code, constraint } = (error ?? {}) as { code?: string; constraint?: string }
  return code && /^23/.test(code) ? constraint : undefined
}

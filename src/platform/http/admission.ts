/** Lets a request in, or refuses it at once when it would wait too long for the database. */
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import { asBusy } from '../database/errors.ts'

export interface AdmissionOptions {
  isBusy(): boolean
  /** Let in whatever the load. */
  isExempt(request: FastifyRequest): boolean
  log: FastifyBaseLogger
}

const LOG_EVERY_MS = 10_000

/** @throws from the returned function: problem busy, with a Retry-After that differs from client to client */
export function createAdmission({ isBusy, isExempt, log }: AdmissionOptions): (request: FastifyRequest) => void {
  let refused = 0
  let loggedAt = -Infinity
  return (request) => {
    if (!isBusy() || isExempt(request)) return
    refused++
    const now = performance.now()
    if (now - loggedAt >= LOG_EVERY_MS) {
      log.warn({ refused }, 'More requests arrive than can be served; some are refused')
      loggedAt = now
      refused = 0
    }
    throw asBusy()
  }
}

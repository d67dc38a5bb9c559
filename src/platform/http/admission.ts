/** Lets a request in, or refuses it at once when it would wait too long for the database. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import { asBusy } from '../database/errors.ts'
import type { Translations } from '../i18n.ts'
import { shortCode } from '../ids.ts'
import { problemBody } from './problems.ts'

export interface AdmissionOptions {
  isBusy(): boolean
  /** Let in whatever the load. */
  isExempt(url: string): boolean
  translations: Translations
  log: FastifyBaseLogger
}

export interface Admission {
  /**
   * Refuses a request of a script while the server is busy, before anything else is done for it: the way through all hooks
   * costs six times as much, and under four times the load three of four requests end here.
   *
   * @returns whether it was refused and answered
   */
  refuse(request: IncomingMessage, response: ServerResponse): boolean
  /** The same for pages, which show a refusal in words. @throws problem busy */
  check(request: FastifyRequest): void
}

const LOG_EVERY_MS = 10_000

export function createAdmission({ isBusy, isExempt, translations, log }: AdmissionOptions): Admission {
  let refused = 0
  let loggedAt = -Infinity

  function isRefused(url: string): boolean {
    if (!isBusy() || isExempt(url)) return false
    refused++
    const now = performance.now()
    if (now - loggedAt >= LOG_EVERY_MS) {
      log.warn({ refused }, 'More requests arrive than can be served; some are refused')
      loggedAt = now
      refused = 0
    }
    return true
  }

  return {
    refuse({ url = '/', headers }, response) {
      if (!url.startsWith('/api/') || headers['sec-fetch-mode'] === 'navigate' || !isRefused(url)) return false
      const { status, code, retryAfter } = asBusy()
      const title = translations.t(translations.choose(headers['accept-language']), `problems.${code}`)
      const body = JSON.stringify(problemBody({ status, code, title, requestId: shortCode() }))
      response.writeHead(status, {
        'content-type': 'application/problem+json; charset=utf-8',
        'content-length': Buffer.byteLength(body),
        'cache-control': 'no-store',
        'retry-after': String(retryAfter),
        'x-content-type-options': 'nosniff',
      })
      response.end(body)
      return true
    },
    check(request) {
      if (isRefused(request.url)) throw asBusy()
    },
  }
}

/** One attempt at one mail: prepared, sent, and its outcome recorded. */
import type { Kysely } from 'kysely'
import type pg from 'pg'
import type { DB } from '../../../db/schema.gen.ts'
import type { Clock } from '../clock.ts'
import { inTransaction } from '../database/transaction.ts'
import type { Translations } from '../i18n.ts'
import type { Log } from '../log.ts'
import { composeMail, indexByKind } from './outbox.ts'
import type { Message, Sender } from './outbox.ts'
import { MAX_ATTEMPTS, recordOutcome, type Claim, type Ending } from './queue.ts'
import type { SendResult, Transport } from './smtp.ts'

export interface AttemptOptions {
  /** Reads and writes the outbox: portico_system. */
  systemPool: pg.Pool
  messages: readonly Message[]
  /** The account as its mails show it, or null when it is gone. */
  senderOf(db: Kysely<DB>, account: string): Promise<Sender | null>
  /** The address that a reply goes to; null while replies are not taken in. */
  replyAddressOf?: ((subject: string) => string) | null
  translations: Translations
  clock: Clock
  log: Log
}

/** Attempts one claimed row; `signal` cuts it off. */
export type Attempt = (row: Claim, transport: Transport, signal: AbortSignal) => Promise<void>

type AttemptResult = SendResult | { outcome: 'canceled' | 'broken'; detail: string }

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
/** Waits after the first, second … attempt: two short ones for readers who wait for their mail, about two days in all. */
export const BACKOFF = [
  30 * SECOND,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  24 * HOUR,
]
const RECORD_TRIES = 5

export function createAttempt(options: AttemptOptions): Attempt {
  const { systemPool, translations, clock, log } = options
  const kinds = indexByKind(options.messages)

  return async function attempt(row, transport, signal) {
    await record(row, await prepareAndSend(row, transport, signal))
  }

  async function prepareAndSend(row: Claim, transport: Transport, signal: AbortSignal): Promise<AttemptResult> {
    try {
      const kind = kinds.get(row.kind)
      if (!kind) return { outcome: 'broken', detail: 'This version does not support this type of message' }
      const sender = await findSender(options, kind, row)
      if (!sender) return { outcome: 'canceled', detail: 'No longer needed' }
      if (row.secret && typeof row.payload?.token !== 'string')
        return { outcome: 'canceled', detail: 'The link was deleted' }
      const { subject, html, text } = await composeMail(translations, kind, row, sender, { masked: false })
      const to = { address: row.to_address, name: row.to_name }
      const from = { fromName: sender.name, replyTo: replyToOf(options, kind, row) ?? sender.supportEmail ?? null }
      const thread = row.payload && kind.thread ? threadId(kind.thread(row.payload), row) : null
      return await transport.send(
        { to, ...from, messageId: row.message_id, thread, date: clock.now(), subject, html, text },
        signal,
      )
    } catch (error) {
      // A mail that cannot be composed is an attempt like any other: it backs off and fails, without delaying the rest.
      const about = { account: row.account_id, message: row.id, kind: row.kind }
      log.error({ err: error, ...about }, 'A message could not be prepared')
      return { outcome: 'broken', detail: 'The message could not be prepared' }
    }
  }

  async function record(row: Claim, result: AttemptResult): Promise<void> {
    const now = clock.now()
    const ending = endingOf(row, result, now)
    await writeEnding(row, now, ending)
    const about = { account: row.account_id, message: row.id, kind: row.kind, attempt: row.attempts }
    log.info({ ...about, outcome: result.outcome, detail: ending.detail }, 'message')
  }

  /** The mail is out: its outcome must be recorded, or it is sent again. So a short database outage is waited for. */
  async function writeEnding(row: Claim, now: Date, ending: Ending): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await inTransaction(systemPool, { settings: null, write: true }, ({ db }) =>
          recordOutcome(db, row, now, ending),
        )
      } catch (error) {
        log.warn({ err: error, message: row.id, tries }, 'The end of an attempt could not be written')
        if (tries >= RECORD_TRIES) throw error
        await new Promise((resolve) => setTimeout(resolve, 200 * 2 ** tries))
      }
    }
  }
}

function replyToOf({ replyAddressOf }: AttemptOptions, kind: Message, row: Claim): string | null {
  const subject = row.payload && kind.replySubject?.(row.payload, row)
  return subject && replyAddressOf ? replyAddressOf(subject) : null
}

/** Ends like the Message-ID of the mail itself. */
const threadId = (thread: string, row: Claim) => `<${thread}${row.message_id.slice(row.message_id.lastIndexOf('@'))}`

/** The sender, if the mail is still wanted. Checked right before sending, because rights may have ended since (D5). */
function findSender(
  { systemPool, senderOf, clock }: AttemptOptions,
  kind: Message,
  row: Claim,
): Promise<Sender | null> {
  return inTransaction(systemPool, { settings: null, write: false }, async ({ db }) => {
    const sender = await senderOf(db, row.account_id)
    return sender && (await kind.stillWanted(db, row, clock.now())) ? sender : null
  })
}

function endingOf(row: Claim, { outcome, detail }: AttemptResult, now: Date): Ending {
  const status = statusAfter(outcome, row.attempts >= MAX_ATTEMPTS)
  const isGivenUp = status === 'failed' && outcome !== 'refused'
  return {
    status,
    next: new Date(now.getTime() + jittered(BACKOFF[Math.min(row.attempts, BACKOFF.length) - 1]!)),
    outcome: recordedOutcome(outcome),
    detail: isGivenUp ? `Given up after ${row.attempts} attempts. ${detail}` : detail,
  }
}

function statusAfter(outcome: AttemptResult['outcome'], isLastAttempt: boolean): Ending['status'] {
  if (outcome === 'sent' || outcome === 'canceled') return outcome
  if (outcome === 'refused') return 'failed'
  return isLastAttempt ? 'failed' : 'waiting'
}

function recordedOutcome(outcome: AttemptResult['outcome']): Ending['outcome'] {
  if (outcome === 'canceled') return 'skipped'
  return outcome === 'broken' ? 'deferred' : outcome
}

/** ±20 %, so that a thousand mails that failed together are not retried together. */
export const jittered = (ms: number) => Math.round(ms * (0.8 + Math.random() * 0.4))

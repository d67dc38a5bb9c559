import type { Kysely } from 'kysely'
import type pg from 'pg'
import type { DB } from '../../../db/schema.gen.ts'
import type { Clock } from '../clock.ts'
import { inTransaction } from '../database/transaction.ts'
import type { Translations } from '../i18n.ts'
import type { Log } from '../log.ts'
import { claim, MAX_ATTEMPTS, recordOutcome, wipeOldTokens } from './queue.ts'
import type { Claim, Ending, Which } from './queue.ts'
import { composeMail, messageBook } from './outbox.ts'
import type { Message, Sender } from './outbox.ts'
import type { SendResult, Transport } from './smtp.ts'

export interface DelivererOptions {
  /** Reads and writes the outbox: portico_system. */
  systemPool: pg.Pool
  /** Null: nothing is configured, so everything waits and nothing is counted as an attempt. */
  transport: Transport | null
  messages: readonly Message[]
  /** The account as its mails show it, or null when it is gone. */
  senderOf(db: Kysely<DB>, account: string): Promise<Sender | null>
  translations: Translations
  clock: Clock
  log: Log
  /** Mails that are sent at the same time. */
  concurrency?: number
  /** Milliseconds of real time between sweeps. */
  sweepEvery?: number
}

export interface Deliverer {
  /** From now on it works by itself. Before, only what it is told to deliver. */
  start(): void
  /** Takes nothing new, lets running attempts end, cuts them after `patience` ms. What waits stays as it is. */
  stop(patience?: number): Promise<void>
  /** Something was committed to the outbox. Returns at once, never throws; a thousand calls at once are one look. */
  wake(): void
  /** Attempts everything whose time has come or whose lease ran out, until nothing is due. Runs by itself. */
  sweep(): Promise<void>
  /** One attempt at one row, if it is due; for tests. */
  deliver(account: string, id: string): Promise<void>
  /** Whether mail goes out, as far as it is ours, for /ready. */
  running(): boolean
}

const SECOND = 1000,
  MINUTE = 60 * SECOND,
  HOUR = 60 * MINUTE
/** Waits after the first, second … attempt: two quick ones for whoever sits and waits, about two days in all. */
const BACKOFF = [30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR]
/** No link of ours lives longer than this; a token that waited so long is of no use to anybody but a thief. */
const TOKEN_KEPT_MS = 8 * 24 * HOUR
/** Looks that may fail in a row before we say that we are not ready. */
const FAILURES_BORNE = 3

export function createDeliverer(options: DelivererOptions): Deliverer {
  const { systemPool, transport, senderOf, translations, clock, log, concurrency = 5, sweepEvery = 30_000 } = options
  const book = messageBook(options.messages)
  const cut = new AbortController()
  const underway = new Set<Promise<void>>()
  let sweeping: NodeJS.Timeout | undefined
  let started = false
  let stopping = false
  let wipedAt = 0

  const write = <T>(work: (db: Kysely<DB>) => Promise<T>) =>
    inTransaction(systemPool, { settings: null, write: true }, ({ db }) => work(db))
  const read = <T>(work: (db: Kysely<DB>) => Promise<T>) =>
    inTransaction(systemPool, { settings: null, write: false }, ({ db }) => work(db))

  /** At most `concurrency` are open: each takes one due row after the other, and ends when nothing is due. */
  const lanes = new Set<Promise<void>>()
  let open = 0
  /** How often something was said to be due, and how often that had been when a look last found nothing. */
  let calls = 0
  let seenDry = 0
  let looking = 0
  let failures = 0
  let healing: NodeJS.Timeout | undefined

  function wake(): void {
    if (started) call()
  }

  function call(): void {
    if (!transport || stopping) return
    calls++
    // Who is looking now looks once more when it finds nothing, and brings the next lane when it finds something.
    if (looking === 0) openLane()
  }

  function openLane(): void {
    if (open >= concurrency || stopping) return
    open++
    const lane = walk()
      .catch(backOff)
      .finally(() => lanes.delete(lane))
    lanes.add(lane)
  }

  async function walk(): Promise<void> {
    try {
      while (!stopping && seenDry < calls) {
        const asked = calls
        looking++
        const row = await take().finally(() => looking--)
        failures = 0
        if (row) {
          openLane()
          await attempt(row)
        } else seenDry = Math.max(seenDry, asked)
      }
    } finally {
      // In the same breath as the last look at `calls`: who calls next finds either this lane going on or room for another.
      open--
    }
  }

  /** The database is away, or was: the rows are still there, and their leases end. Nobody else need notice. */
  function backOff(error: unknown): void {
    failures++
    log.warn({ err: error, failures }, 'Mail is delayed')
    if (stopping) return
    healing ??= setTimeout(
      () => {
        healing = undefined
        call()
      },
      Math.min(sweepEvery, jittered(250 * 2 ** Math.min(failures, 10))),
    )
  }

  const take = (only?: Which) => write((db) => claim(db, clock.now(), only))

  async function attempt(row: Claim): Promise<void> {
    await record(row, await prepareAndSend(row))
  }

  type Verdict = SendResult | { outcome: 'canceled' | 'broken'; detail: string }

  async function prepareAndSend(row: Claim): Promise<Verdict> {
    try {
      const declared = book.get(row.kind)
      if (!declared) return { outcome: 'broken', detail: 'This version does not support this type of message' }
      // Asked at the last moment: rights may have ended while the mail waited (D5).
      const sender = await read(async (db) => {
        const found = await senderOf(db, row.account_id)
        return found && (await declared.stillWanted(db, row, clock.now())) ? found : null
      })
      if (!sender) return { outcome: 'canceled', detail: 'No longer needed' }
      if (row.secret && typeof row.payload?.token !== 'string')
        return { outcome: 'canceled', detail: 'The link was deleted' }
      const mail = await composeMail(translations, declared, row, sender, { masked: false })
      return await transport!.send(
        {
          to: { address: row.to_address, name: row.to_name },
          fromName: sender.name,
          replyTo: sender.supportEmail ?? null,
          messageId: row.message_id,
          date: clock.now(),
          subject: mail.subject,
          html: mail.html,
          text: mail.text,
        },
        cut.signal,
      )
    } catch (error) {
      // A mail that cannot be made (a poison one) is an attempt like any other: it backs off and ends, alone.
      log.error(
        { err: error, account: row.account_id, message: row.id, kind: row.kind },
        'A message could not be prepared',
      )
      return { outcome: 'broken', detail: 'The message could not be prepared' }
    }
  }

  async function record(row: Claim, result: Verdict): Promise<void> {
    const now = clock.now()
    const last = row.attempts >= MAX_ATTEMPTS
    const ends: Partial<Record<Verdict['outcome'], Ending['status']>> = {
      sent: 'sent',
      canceled: 'canceled',
      refused: 'failed',
    }
    const status = ends[result.outcome] ?? (last ? 'failed' : 'waiting')
    const next = new Date(now.getTime() + jittered(BACKOFF[Math.min(row.attempts, BACKOFF.length) - 1]!))
    const detail =
      status === 'failed' && result.outcome !== 'refused'
        ? `Given up after ${row.attempts} attempts. ${result.detail}`
        : result.detail
    const outcome =
      result.outcome === 'canceled' ? 'skipped' : result.outcome === 'broken' ? 'deferred' : result.outcome
    // The mail is out: what happened must be written down, or it goes out again. So a short database fault is waited out.
    for (let tries = 1; ; tries++) {
      try {
        await write((db) => recordOutcome(db, row, now, { status, next, outcome, detail }))
        break
      } catch (error) {
        log.warn({ err: error, message: row.id, tries }, 'The end of an attempt could not be written')
        if (tries >= 5) throw error
        await new Promise((go) => setTimeout(go, 200 * 2 ** tries))
      }
    }
    log.info(
      {
        account: row.account_id,
        message: row.id,
        kind: row.kind,
        attempt: row.attempts,
        outcome: result.outcome,
        detail,
      },
      'message',
    )
  }

  async function sweep(): Promise<void> {
    if (stopping) return
    await wipe()
    call()
    while (lanes.size > 0) await Promise.all(lanes)
  }

  async function wipe(): Promise<void> {
    const now = clock.now().getTime()
    if (now - wipedAt <= HOUR) return
    wipedAt = now
    await write((db) => wipeOldTokens(db, new Date(now - TOKEN_KEPT_MS)))
  }

  return {
    start() {
      started = true
      const tick = () => {
        wipe().catch((error: unknown) => log.warn({ err: error }, 'Old tokens could not be wiped'))
        call()
        sweeping = setTimeout(tick, sweepEvery)
      }
      tick()
    },
    async stop(patience = 5000) {
      stopping = true
      clearTimeout(sweeping)
      clearTimeout(healing)
      const impatience = setTimeout(() => cut.abort(), patience)
      await Promise.allSettled([...lanes, ...underway])
      clearTimeout(impatience)
    },
    wake,
    sweep,
    async deliver(account, id) {
      if (!transport || stopping) return
      const doing = take({ account, id })
        .then((row) => (row ? attempt(row) : undefined))
        .finally(() => underway.delete(doing))
      underway.add(doing)
      await doing
    },
    running: () => started && !stopping && failures < FAILURES_BORNE,
  }
}

/** ±20 %, so that a thousand mails that failed together do not come back together. */
const jittered = (ms: number) => Math.round(ms * (0.8 + Math.random() * 0.4))

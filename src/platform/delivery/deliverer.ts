import { EventEmitter } from 'node:events'
import { run, Logger } from 'graphile-worker'
import type { Runner, WorkerEvents } from 'graphile-worker'
import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import type pg from 'pg'
import type { DB } from '../../../db/schema.gen.ts'
import type { Clock } from '../clock.ts'
import { inTransaction } from '../database/transaction.ts'
import type { Words } from '../i18n.ts'
import { newId } from '../ids.ts'
import type { Log } from '../log.ts'
import { composeMail, messageBook } from './outbox.ts'
import type { Message, OutboxRow, Sender } from './outbox.ts'
import type { SendResult, Transport } from './smtp.ts'

export interface DelivererOptions {
  /** Runs the job queue: portico_owner, who owns its tables. Not pipelined (it listens). */
  runnerPool: pg.Pool
  /** Reads and writes the outbox: portico_system. */
  systemPool: pg.Pool
  /** Null: nothing is configured, so everything waits and nothing is counted as an attempt. */
  transport: Transport | null
  messages: readonly Message[]
  /** The account as its mails show it, or null when it is gone. */
  senderOf(db: Kysely<DB>, account: string): Promise<Sender | null>
  words: Words
  clock: Clock
  log: Log
  concurrency?: number
  /** Milliseconds of real time between sweeps. */
  sweepEvery?: number
}

export interface Deliverer {
  start(): Promise<void>
  /** Takes nothing new, lets running attempts end, cuts them after `patience` ms. The queue stays as it is. */
  stop(patience?: number): Promise<void>
  /** Finds rows whose time has come or whose lease ran out, and attempts them. Returns how many. Runs by itself. */
  sweep(): Promise<number>
  /** One attempt at one row, if it is due; for the job and for tests. */
  deliver(account: string, id: string): Promise<void>
  /** Whether the queue's runner is up, for /ready. */
  running(): boolean
}

const LEASE_MS = 90_000
export const MAX_ATTEMPTS = 10
const SECOND = 1000,
  MINUTE = 60 * SECOND,
  HOUR = 60 * MINUTE
/** Waits after the first, second … attempt: two quick ones for whoever sits and waits, about two days in all. */
const BACKOFF = [30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR]
/** No link of ours lives longer than this; a token that waited so long is of no use to anybody but a thief. */
const TOKEN_KEPT_MS = 8 * 24 * HOUR
const DUE_AT_ONCE = 500
const RESTART_MS = 1000
const FAILURES_BORNE = 10

type Claim = OutboxRow & { lease_number: number }

export function createDeliverer(options: DelivererOptions): Deliverer {
  const {
    runnerPool,
    systemPool,
    transport,
    senderOf,
    words,
    clock,
    log,
    concurrency = 5,
    sweepEvery = 30_000,
  } = options
  const book = messageBook(options.messages)
  const cut = new AbortController()
  const underway = new Set<Promise<void>>()
  let runner: Runner | undefined
  let timer: NodeJS.Timeout | undefined
  let stopping = false
  let wipedAt = 0

  const write = <T>(work: (db: Kysely<DB>) => Promise<T>) =>
    inTransaction(systemPool, { settings: null, write: true }, ({ db }) => work(db))
  const read = <T>(work: (db: Kysely<DB>) => Promise<T>) =>
    inTransaction(systemPool, { settings: null, write: false }, ({ db }) => work(db))

  async function attempt(account: string, id: string): Promise<void> {
    if (!transport || stopping) return
    const row = await write((db) => claim(db, account, id, clock.now()))
    if (!row) return
    const result = await prepareAndSend(row)
    await record(row, result)
  }

  type Verdict = SendResult | { outcome: 'canceled' | 'broken'; detail: string }

  async function prepareAndSend(row: Claim): Promise<Verdict> {
    try {
      const declared = book.get(row.kind)
      if (!declared) return { outcome: 'broken', detail: 'This version does not know this kind of message' }
      // Asked at the last moment: rights may have ended while the mail waited (D5).
      const sender = await read(async (db) => {
        const found = await senderOf(db, row.account_id)
        return found && (await declared.stillWanted(db, row, clock.now())) ? found : null
      })
      if (!sender) return { outcome: 'canceled', detail: 'No longer wanted when its turn came' }
      if (row.secret && typeof row.payload?.token !== 'string')
        return { outcome: 'canceled', detail: 'Its link is gone' }
      const mail = await composeMail(words, declared, row, sender, { masked: false })
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
    const state =
      { sent: 'sent', canceled: 'canceled', refused: 'failed' }[result.outcome as string] ??
      (last ? 'failed' : 'waiting')
    const next = new Date(now.getTime() + jittered(BACKOFF[Math.min(row.attempts, BACKOFF.length) - 1]!))
    const detail =
      state === 'failed' && result.outcome !== 'refused'
        ? `Given up after ${row.attempts} attempts. ${result.detail}`
        : result.detail
    const outcome =
      result.outcome === 'canceled' ? 'skipped' : result.outcome === 'broken' ? 'deferred' : result.outcome
    const done = state === 'sent' || state === 'canceled'
    // The mail is out: what happened must be written down, or it goes out again. So a short database fault is waited out.
    for (let tries = 1; ; tries++) {
      try {
        await write(async (db) => {
          // A late worker, whose lease another one took, changes nothing any more (fencing); its attempt is still noted.
          const { numAffectedRows } =
            await sql`update outbox set state = ${state}, next_at = ${next}, lease_until = null, last_result = ${detail},
              sent_at = ${state === 'sent' ? now : null}, payload = case when secret and ${done} then payload - 'token' else payload end
            where account_id = ${row.account_id} and id = ${row.id} and state = 'sending' and lease_number = ${row.lease_number}`.execute(
              db,
            )
          const late = numAffectedRows === 0n
          await noteAttempt(db, row, row.attempts, now, outcome, late ? `${detail} (noted late)` : detail)
        })
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

  async function sweep(): Promise<number> {
    if (stopping) return 0
    const now = clock.now()
    if (now.getTime() - wipedAt > HOUR) {
      wipedAt = now.getTime()
      await write((db) => wipeOldTokens(db, new Date(now.getTime() - TOKEN_KEPT_MS)))
    }
    if (!transport) return 0
    // Attempted here and not put back into the queue: whatever became of the runner, mails go out.
    const due = (await read((db) => dueRows(db, now))).sort((a, b) => urgency(b.kind) - urgency(a.kind))
    const found = due.length
    const lane = async () => {
      for (let next = due.shift(); next && !stopping; next = due.shift()) {
        await deliver(next.account_id, next.id).catch((error: unknown) =>
          log.warn({ err: error, message: next!.id }, 'An attempt was lost'),
        )
      }
    }
    await Promise.all(Array.from({ length: concurrency }, lane))
    return found
  }

  const urgency = (kind: string) => Number(book.get(kind)?.urgent ?? false)

  async function deliver(account: string, id: string): Promise<void> {
    const doing = attempt(account, id).finally(() => underway.delete(doing))
    underway.add(doing)
    await doing
  }

  async function startRunner(): Promise<void> {
    // The runner keeps a failed look-up of its task names for ever: cut off at that moment it would fail every poll and
    // never send again. So after some failures in a row a new one takes its place.
    const events: WorkerEvents = new EventEmitter()
    let failures = 0
    // eslint-disable-next-line prefer-const -- set below, read by the callbacks before
    let mine: Runner | undefined
    let replaced = false
    const replace = () => {
      if (replaced || stopping) return
      replaced = true
      if (runner === mine) runner = undefined
      void mine?.stop().catch(() => {})
      restartRunner()
    }
    events.on('worker:getJob:error', () => {
      if (++failures >= FAILURES_BORNE && mine) replace()
    })
    events.on('worker:getJob:empty', () => (failures = 0))
    events.on('job:start', () => (failures = 0))
    mine = await run({
      events,
      pgPool: runnerPool,
      concurrency,
      noHandleSignals: true,
      pollInterval: 2000,
      logger: quietLogger(log),
      // Unbatched, the runner leaves the promise that completes a job alone: one cut connection there would be an
      // unhandled rejection, and the end of this process.
      preset: { worker: { completeJobBatchDelay: 2, failJobBatchDelay: 2 } },
      taskList: {
        async deliver(payload) {
          const { account, message } = payload as { account: string; message: string }
          // The row is the truth: when this fails, the sweep comes back to it.
          await deliver(account, message).catch((error: unknown) =>
            log.warn({ err: error, message }, 'An attempt was lost'),
          )
        },
      },
    })
    runner = mine
    // It gives up after some failures of its own, such as a job it could not sign off. We don't.
    mine.promise
      .catch((error: unknown) => stopping || log.warn({ err: error }, 'The job runner ended and starts again'))
      .finally(replace)
  }

  function restartRunner(): void {
    setTimeout(() => {
      if (!stopping) startRunner().catch(() => restartRunner())
    }, RESTART_MS).unref()
  }

  return {
    async start() {
      await startRunner()
      const tick = () => {
        void sweep()
          .catch((error: unknown) => log.warn({ err: error }, 'A sweep failed'))
          .finally(() => {
            if (!stopping) timer = setTimeout(tick, sweepEvery)
          })
      }
      tick()
    },
    async stop(patience = 5000) {
      stopping = true
      clearTimeout(timer)
      const ended = (async () => {
        await Promise.allSettled([...underway])
        await runner?.stop()
      })()
      const impatience = setTimeout(() => cut.abort(), patience)
      await ended.catch(() => {})
      clearTimeout(impatience)
      runner = undefined
    },
    sweep,
    deliver,
    running: () => runner !== undefined && !stopping,
  }
}

/** ±20 %, so that a thousand mails that failed together do not come back together. */
const jittered = (ms: number) => Math.round(ms * (0.8 + Math.random() * 0.4))

/** Takes the row for one attempt, or null when it is not due or somebody else has it. */
async function claim(db: Kysely<DB>, account: string, id: string, now: Date): Promise<Claim | null> {
  const { rows } = await sql<Claim>`select * from outbox where account_id = ${account} and id = ${id}
      and (state = 'waiting' and next_at <= ${now} or state = 'sending' and lease_until <= ${now}) for update skip locked`.execute(
    db,
  )
  const row = rows[0]
  if (!row) return null
  if (row.state === 'sending') {
    // Its worker died between taking and recording. The mail may be out.
    await noteAttempt(db, row, row.attempts, now, 'ambiguous', 'The attempt was interrupted')
    if (row.attempts >= MAX_ATTEMPTS) {
      await sql`update outbox set state = 'failed', lease_until = null, last_result = ${`Given up after ${row.attempts} attempts. The last one was interrupted`}
        where account_id = ${account} and id = ${id}`.execute(db)
      return null
    }
  }
  const lease = new Date(now.getTime() + LEASE_MS)
  await sql`update outbox set state = 'sending', attempts = attempts + 1, lease_until = ${lease}, lease_number = lease_number + 1
    where account_id = ${account} and id = ${id}`.execute(db)
  return { ...row, attempts: row.attempts + 1, lease_number: row.lease_number + 1 }
}

async function noteAttempt(
  db: Kysely<DB>,
  row: OutboxRow,
  number: number,
  at: Date,
  outcome: string,
  detail: string,
): Promise<void> {
  await sql`insert into deliveries (account_id, id, outbox_id, attempt, at, outcome, detail)
    values (${row.account_id}, ${newId()}, ${row.id}, ${number}, ${at}, ${outcome}, ${detail})`.execute(db)
}

async function dueRows(db: Kysely<DB>, now: Date) {
  const { rows } = await sql<{ account_id: string; id: string; kind: string }>`select account_id, id, kind from outbox
    where state in ('waiting', 'sending') and next_at <= ${now} and (state = 'waiting' or lease_until <= ${now})
    order by next_at limit ${DUE_AT_ONCE}`.execute(db)
  return rows
}

/** Secrets do not lie around: what was never sent by now never will be. */
async function wipeOldTokens(db: Kysely<DB>, before: Date): Promise<void> {
  await sql`update outbox set payload = null, state = case when state = 'waiting' then 'canceled' else state end,
      last_result = case when state = 'waiting' then 'Its link ended before it could be sent' else last_result end
    where secret and payload ? 'token' and state in ('waiting', 'failed') and created_at < ${before}`.execute(db)
}

function quietLogger(log: Log): Logger {
  return new Logger(() => (level, text) => {
    if (level === 'error') log.error(text)
    else if (level === 'warning') log.warn(text)
    else log.debug(text)
  })
}

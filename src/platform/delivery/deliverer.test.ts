import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql as query } from 'kysely'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { mailServer } from '../../../test/mail-server.ts'
import type { Fault, MailServer } from '../../../test/mail-server.ts'
import { withAdmin } from '../../../test/database.ts'
import { createTestClock } from '../clock.ts'
import type { TestClock } from '../clock.ts'
import { asRole } from '../database/roles.ts'
import { openPool } from '../database/pool.ts'
import { inTransaction } from '../database/transaction.ts'
import { translationsFrom } from '../i18n.ts'
import { newId } from '../ids.ts'
import { createLog } from '../log.ts'
import { newToken } from '../secrets.ts'
import { createDeliverer } from './deliverer.ts'
import type { Deliverer } from './deliverer.ts'
import { MAX_ATTEMPTS, claimNext } from './queue.ts'
import { composeMail, emitMessages, message } from './outbox.ts'
import type { Emission, Message, OutboxRow, Sender } from './outbox.ts'
import { createSmtp } from './smtp.ts'
import type { Transport } from './smtp.ts'
import { greeting, invitation, poison, reset, sender, translationTree } from './deliverer.fixtures.ts'

const translations = translationsFrom(translationTree)
const { admin, passwords, template } = inject('world')
const account = newId()
const host = 'portico.example'

let pools: { app: pg.Pool; system: pg.Pool; owner: pg.Pool }
const connect = { ...admin, database: `${template}_delivery_${newId().slice(-6)}` }
let server: MailServer
let faults: Map<string, Fault[]>
let clock: TestClock
let wanted: Set<string>
let running: Deliverer[]

beforeAll(async () => {
  await withAdmin(admin, (client) => client.query(`create database ${connect.database} template ${template}`))
  pools = {
    app: openPool(asRole(connect, 'portico_app', passwords)),
    system: openPool(asRole(connect, 'portico_system', passwords)),
    owner: openPool(asRole(connect, 'portico_owner', passwords)),
  }
}, 60_000)

afterAll(async () => {
  await Promise.all(Object.values(pools).map((pool) => pool.end()))
  await withAdmin(admin, (client) => client.query(`drop database ${connect.database} with (force)`))
})

beforeEach(async () => {
  await sql('delete from deliveries')
  await sql('delete from outbox')
  clock = createTestClock('2026-03-02T09:00:00Z')
  faults = new Map()
  wanted = new Set()
  running = []
  server = await mailServer((to) => faults.get(to)?.shift())
})

afterEach(async () => {
  await Promise.all(running.map((each) => each.stop(200)))
  await server.close()
})

const sql = async (text: string, values: unknown[] = []) => (await pools.system.query(text, values)).rows
const row = async (id: string) =>
  (await sql('select * from outbox where id = $1', [id]))[0] as OutboxRow & Record<string, unknown>
const attempts = (id: string) =>
  sql('select attempt, outcome, detail from deliveries where outbox_id = $1 order by id', [id])
const smtp = () =>
  createSmtp({ url: server.url, from: 'portal@portico.example', timeouts: { connect: 500, silence: 300, whole: 900 } })

function deliverer(
  change: {
    transport?: Transport | null
    concurrency?: number
    sweepEvery?: number
    messages?: Message[]
    systemPool?: pg.Pool
  } = {},
) {
  const made = createDeliverer({
    systemPool: pools.system,
    transport: change.transport === undefined ? smtp() : change.transport,
    messages: change.messages ?? [greeting, invitation, reset, poison, picky],
    senderOf: async (_db, id) => (id === account ? ({ ...sender, id } satisfies Sender) : null),
    translations,
    clock,
    log: createLog({ level: 'silent' }),
    sweepEvery: 50,
    ...change,
  })
  running.push(made)
  return made
}

/** Takes everything, at once. */
function counting() {
  const sent: string[] = []
  const transport: Transport = {
    send: async ({ messageId }) => {
      sent.push(messageId)
      return { outcome: 'sent', detail: 'Accepted' }
    },
  }
  return { sent, transport }
}

const picky = message({ ...greeting, kind: 'picky', stillWanted: async (_db, { id }) => wanted.has(id) })

/** As a handler does: the app role, the account's context, one transaction. */
const emit = (emission: Partial<Emission> & { message?: Message }, to = 'martha@post.example') =>
  inTransaction(pools.app, { settings: { account, staff: 'all' }, write: true }, async ({ db }) => {
    const [id] = await emitMessages(
      db,
      account,
      [{ message: greeting, to: { address: to, name: 'Martha' }, locale: 'en', vars: {}, ...emission }],
      { now: clock.now(), host },
    )
    return id!
  })

async function until<T>(ask: () => Promise<T | false | undefined | null>, what: string, ms = 8000): Promise<T> {
  const start = performance.now()
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (performance.now() - start > ms) throw new Error(`Not within ${ms} ms: ${what}`)
    await sleep(20)
  }
}

const inStatus = (id: string, status: string) => until(async () => (await row(id)).status === status, `${id} ${status}`)

describe('emitting', () => {
  test('what is rolled back is never sent: no row stays', async () => {
    await expect(
      inTransaction(pools.app, { settings: { account }, write: true }, async ({ db }) => {
        await emitMessages(
          db,
          account,
          [{ message: greeting, to: { address: 'a@post.example' }, locale: 'en', vars: {} }],
          { now: clock.now(), host },
        )
        throw new Error('changed my mind')
      }),
    ).rejects.toThrow('changed my mind')
    expect(await sql('select 1 from outbox')).toEqual([])
  })

  test('one reader, a plain address, and a token only where it is declared secret', async () => {
    for (const address of ['a@x.example,b@x.example', 'a@x.example\nBcc: b@x.example', '', 'a', '<a@x.example>']) {
      await expect(emit({}, address)).rejects.toThrow('mail address')
    }
    await expect(emit({ vars: { token: 'x' } })).rejects.toThrow('token')
    await expect(emit({ message: invitation })).rejects.toThrow('token')
    expect(await sql('select 1 from outbox')).toEqual([])
  })
})

describe('delivering', () => {
  test('a mail leaves within seconds of the commit, once, and is recorded', async () => {
    const worker = deliverer({ sweepEvery: 60_000 })
    worker.start()
    await worker.sweep()
    const id = await emit({ vars: { job: 'JOB-1042' } })
    worker.wake()
    // A sweep would come too late for this.
    await inStatus(id, 'sent')
    expect(server.arrived).toHaveLength(1)
    expect(server.arrived[0]).toMatchObject({
      messageId: `<${id}@${host}>`,
      to: ['martha@post.example'],
      from: 'portal@portico.example',
    })
    expect(await attempts(id)).toEqual([{ attempt: 1, outcome: 'sent', detail: 'Accepted by the mail server' }])
    const [mail] = await server.to('martha@post.example')
    expect(mail).toMatchObject({
      subject: 'Hello from Harbour Appliance Repair',
      from: { name: 'Harbour Appliance Repair' },
      replyTo: [{ address: 'help@harbour-repair.example' }],
    })
    expect(mail!.text).toContain('JOB-1042')
  })

  test('what nobody woke us for is found by the sweep: a crash after the commit, an import, a retry', async () => {
    const before = await emit({})
    const worker = deliverer()
    worker.start()
    await inStatus(before, 'sent')
    const after = await emit({})
    await inStatus(after, 'sent')
    expect(server.arrived).toHaveLength(2)
  })

  test('a wake without a row ends quietly, and a thousand at once are one or two looks', async () => {
    const worker = deliverer({ sweepEvery: 60_000 })
    worker.wake() // before the start: nothing
    await worker.sweep()
    worker.start()
    await worker.sweep()
    let uses = 0
    const count = () => uses++
    pools.system.on('acquire', count)
    for (let n = 0; n < 1000; n++) worker.wake()
    await worker.sweep()
    pools.system.off('acquire', count)
    // Each look and each sweep's search for moved clocks uses a connection once; the sweep of the start may still run.
    expect(uses).toBeGreaterThanOrEqual(2)
    expect(uses).toBeLessThanOrEqual(4)
  })

  test('a wake that comes while the last look is under way is not lost', async () => {
    const worker = deliverer({ sweepEvery: 60_000, concurrency: 1, transport: counting().transport })
    worker.start()
    for (let n = 0; n < 100; n++) {
      worker.wake() // this look may come too early
      const id = await emit({})
      worker.wake()
      await inStatus(id, 'sent')
    }
  })

  test('before it is started nothing goes out by itself', async () => {
    const worker = deliverer()
    const id = await emit({})
    worker.wake()
    await sleep(200)
    expect((await row(id)).status).toBe('waiting')
    expect(worker.running()).toBe(false)
    await worker.sweep()
    expect((await row(id)).status).toBe('sent')
  })

  test('without mail settings everything waits uncounted, and goes out once there are some', async () => {
    const quiet = deliverer({ transport: null })
    quiet.start()
    const id = await emit({})
    quiet.wake()
    expect(quiet.running()).toBe(true)
    await quiet.deliver(account, id)
    await sleep(200)
    expect(await row(id)).toMatchObject({ status: 'waiting', attempts: 0 })
    expect(await attempts(id)).toEqual([])
    await quiet.stop()
    deliverer().start()
    await inStatus(id, 'sent')
  })

  test('a token is masked on screen, complete in the mail and wiped once delivered', async () => {
    const { token } = newToken()
    const id = await emit({ message: invitation, vars: { token, job: 'kept' } })
    const before = await row(id)
    expect(before).toMatchObject({ secret: true, link_kind: 'invitation' })
    const shown = await composeMail(translations, invitation, before, { ...sender, id: account })
    expect(shown.html + shown.text + shown.link).not.toContain(token)
    expect(shown.link).toBe('https://harbour.portico.example/activate/••••••••')
    expect(
      (await composeMail(translations, invitation, before, { ...sender, id: account }, { masked: false })).link,
    ).toContain(token)
    await deliverer().deliver(account, id)
    expect(server.arrived[0]!.raw.replace(/=\r\n/g, '')).toContain(token)
    expect(await row(id)).toMatchObject({ status: 'sent', payload: { job: 'kept' } })
    expect(
      JSON.stringify(await sql('select * from outbox')) + JSON.stringify(await sql('select * from deliveries')),
    ).not.toContain(token)
  })

  test('D5: who lost the right while the mail waited does not get it', async () => {
    const { token } = newToken()
    const secretPicky = message({ ...invitation, kind: 'picky', stillWanted: picky.stillWanted })
    const worker = deliverer({ messages: [secretPicky] })
    const ids = [
      await emit({ message: secretPicky, vars: { token } }),
      await emit({ message: secretPicky, vars: { token } }),
    ]
    wanted.add(ids[1]!)
    for (const id of ids) await worker.deliver(account, id)
    expect(await row(ids[0]!)).toMatchObject({ status: 'canceled', payload: {} })
    expect(await row(ids[1]!)).toMatchObject({ status: 'sent' })
    expect(await attempts(ids[0]!)).toMatchObject([{ outcome: 'skipped' }])
    expect(server.arrived.map(({ messageId }) => messageId)).toEqual([`<${ids[1]}@${host}>`])
  })

  test('an address that does not exist fails at once, with a sentence', async () => {
    faults.set('gone@post.example', ['rcpt550'])
    const id = await emit({}, 'gone@post.example')
    await deliverer().deliver(account, id)
    expect(await row(id)).toMatchObject({
      status: 'failed',
      attempts: 1,
      last_result: 'No such mailbox (550 5.1.1)',
    })
    expect(JSON.stringify(await attempts(id))).not.toContain('secret-words')
  })

  test('a server that says later is asked later, ever more rarely, and after two days we give up visibly', async () => {
    faults.set(
      'later@post.example',
      Array.from({ length: 50 }, () => 'rcpt451'),
    )
    const id = await emit({}, 'later@post.example')
    const worker = deliverer()
    const waits: number[] = []
    const start = clock.now().getTime()
    for (let n = 1; n <= MAX_ATTEMPTS; n++) {
      await worker.deliver(account, id)
      const now = await row(id)
      expect(now.attempts).toBe(n)
      if (n === MAX_ATTEMPTS) break
      expect(now.status).toBe('waiting')
      waits.push((now.next_at as Date).getTime() - clock.now().getTime())
      await worker.deliver(account, id) // not yet
      clock.set(now.next_at as Date)
    }
    expect(await row(id)).toMatchObject({
      status: 'failed',
      last_result: 'Given up after 10 attempts. The mail server asked to try again later (451 4.7.1)',
    })
    expect(waits[0]).toBeGreaterThanOrEqual(24_000)
    expect(waits[0]).toBeLessThanOrEqual(36_000)
    for (let n = 1; n < waits.length; n++) expect(waits[n]!).toBeGreaterThan(waits[n - 1]!)
    const days = (clock.now().getTime() - start) / 86_400_000
    expect(days).toBeGreaterThan(1.4)
    expect(days).toBeLessThan(2.5)
    clock.advance(9 * 86_400_000)
    await worker.deliver(account, id)
    expect((await attempts(id)).length).toBe(MAX_ATTEMPTS)
  })

  test('an unclear ending is repeated under the same Message-ID', async () => {
    for (const [n, fault] of (['late421', 'dropAfter', 'hangAfter'] as const).entries()) {
      const to = `unclear${n}@post.example`
      faults.set(to, [fault])
      const id = await emit({}, to)
      const worker = deliverer()
      await worker.deliver(account, id)
      expect(await row(id)).toMatchObject({ status: 'waiting', attempts: 1 })
      clock.advance(40_000)
      await worker.deliver(account, id)
      expect(await row(id)).toMatchObject({ status: 'sent', attempts: 2 })
      expect((await attempts(id)).map(({ outcome }) => outcome)).toEqual(['ambiguous', 'sent'])
      expect(server.arrived.filter((mail) => mail.to[0] === to).map(({ messageId }) => messageId)).toEqual(
        Array(2).fill(`<${id}@${host}>`),
      )
    }
  })

  test('a late worker is fenced: what another one did meanwhile stands', async () => {
    let release!: () => void
    const held = new Promise<void>((go) => (release = go))
    const slow: Transport = { send: () => held.then(() => ({ outcome: 'refused', detail: 'Refused: late' })) }
    const id = await emit({})
    const late = deliverer({ transport: slow }).deliver(account, id)
    await inStatus(id, 'sending')
    const other = deliverer()
    await other.deliver(account, id) // still leased
    expect(server.arrived).toHaveLength(0)
    clock.advance(91_000)
    await other.deliver(account, id)
    expect(await row(id)).toMatchObject({ status: 'sent', attempts: 2 })
    release()
    await late
    expect(await row(id)).toMatchObject({ status: 'sent', attempts: 2, last_result: 'Accepted by the mail server' })
    expect((await attempts(id)).map(({ outcome, detail }) => `${outcome}: ${detail}`)).toEqual([
      'ambiguous: The attempt was interrupted',
      'sent: Accepted by the mail server',
      'refused: Refused: late (noted late)',
    ])
  })

  test('a late worker is fenced while another one is still sending', async () => {
    const held: ((outcome: 'sent' | 'refused') => void)[] = []
    const slow: Transport = {
      send: () => new Promise((go) => held.push((outcome) => go({ outcome, detail: outcome }))),
    }
    const id = await emit({})
    const workers = [deliverer({ transport: slow }), deliverer({ transport: slow })]
    const late = workers[0]!.deliver(account, id)
    await until(async () => held.length === 1, 'the first is sending')
    clock.advance(91_000)
    const second = workers[1]!.deliver(account, id)
    await until(async () => held.length === 2, 'the second is sending')
    held[0]!('refused')
    await late
    expect(await row(id)).toMatchObject({ status: 'sending', attempts: 2 })
    held[1]!('sent')
    await second
    expect(await row(id)).toMatchObject({ status: 'sent' })
  })

  test('a mail whose tenth attempt was interrupted is given up in view, and the next one goes out', async () => {
    const { sent, transport } = counting()
    const [cut, next] = [await emit({}), await emit({})]
    await sql(`update outbox set status = 'sending', attempts = $2, lease_until = $3, urgent = true where id = $1`, [
      cut,
      MAX_ATTEMPTS,
      clock.now(),
    ])
    await deliverer({ transport, concurrency: 1 }).sweep()
    expect(await row(cut)).toMatchObject({
      status: 'failed',
      attempts: MAX_ATTEMPTS,
      lease_until: null,
      last_result: 'Given up after 10 attempts. The last one was interrupted',
    })
    expect(await attempts(cut)).toMatchObject([{ attempt: MAX_ATTEMPTS, outcome: 'ambiguous' }])
    expect(sent).toEqual([`<${next}@${host}>`])
  })

  test('twenty workers at one mail: one of them sends it', async () => {
    const { sent, transport } = counting()
    const workers = Array.from({ length: 4 }, () => deliverer({ transport }))
    for (let round = 0; round < 15; round++) {
      const id = await emit({})
      await Promise.all(Array.from({ length: 20 }, (_, n) => workers[n % 4]!.deliver(account, id)))
      expect(await attempts(id)).toHaveLength(1)
    }
    expect(new Set(sent).size).toBe(15)
    expect(sent).toHaveLength(15)
  })

  test('four nodes that are woken again and again for two hundred mails send each of them once', async () => {
    const { sent, transport } = counting()
    const nodes = Array.from({ length: 4 }, () => deliverer({ transport, sweepEvery: 60_000 }))
    for (const node of nodes) node.start()
    const ids: string[] = []
    for (let n = 0; n < 200; n++) {
      ids.push(await emit({}))
      for (const node of nodes) node.wake()
    }
    await Promise.all(nodes.map((node) => node.sweep()))
    expect(sent.toSorted()).toEqual(ids.map((id) => `<${id}@${host}>`).toSorted())
    expect(await sql('select count(*)::int as n from deliveries')).toEqual([{ n: 200 }])
  })

  test('as many mails as we say are under way at once, and no more', async () => {
    let [now, most] = [0, 0]
    const full = Promise.withResolvers<void>()
    const transport: Transport = {
      send: async () => {
        most = Math.max(most, ++now)
        if (now === 3) full.resolve()
        await full.promise
        await sleep(5)
        now--
        return { outcome: 'sent', detail: 'Accepted' }
      },
    }
    const ids = await Promise.all(Array.from({ length: 12 }, () => emit({})))
    const worker = deliverer({ transport, concurrency: 3, sweepEvery: 60_000 })
    worker.start()
    for (const id of ids) await inStatus(id, 'sent')
    expect(most).toBe(3)
  })

  test('poison mails and hanging servers never delay the others', async () => {
    const bad: string[] = []
    for (let n = 0; n < 10; n++) {
      bad.push(await emit({ message: poison }, `poison${n}@post.example`))
      faults.set(`hang${n}@post.example`, ['hangAfter'])
      await emit({}, `hang${n}@post.example`)
    }
    const good = await Promise.all(Array.from({ length: 10 }, (_, n) => emit({}, `good${n}@post.example`)))
    deliverer({ concurrency: 3 }).start()
    for (const id of good) await inStatus(id, 'sent')
    for (const id of bad)
      expect(await row(id)).toMatchObject({
        status: 'waiting',
        attempts: 1,
        last_result: 'The message could not be prepared',
      })
  })

  test('a password reset overtakes everything that waits', async () => {
    const { sent, transport } = counting()
    for (let n = 0; n < 60; n++) await emit({}, `crowd${n}@post.example`)
    const id = await emit({ message: reset, vars: { token: newToken().token } }, 'waiting-person@post.example')
    await deliverer({ concurrency: 1, transport }).sweep()
    expect(sent).toHaveLength(61)
    expect(sent[0]).toBe(`<${id}@${host}>`)
  })

  test('a password reset overtakes what is being sent right now, one mail at a time', async () => {
    const sent: string[] = []
    const between: Transport = {
      send: async ({ to }) => {
        if (sent.push(to.address) === 10)
          await emit({ message: reset, vars: { token: newToken().token } }, 'waiting-person@post.example')
        return { outcome: 'sent', detail: 'Accepted' }
      },
    }
    for (let n = 0; n < 60; n++) {
      await emit({}, `crowd${n}@post.example`)
      clock.advance(1000)
    }
    await deliverer({ concurrency: 1, transport: between }).sweep()
    expect(sent[10]).toBe('waiting-person@post.example')
    // All others in the order in which they were written.
    expect(sent.filter((to) => to.startsWith('crowd'))).toEqual(
      Array.from({ length: 60 }, (_, n) => `crowd${n}@post.example`),
    )
  })

  test('the next of 100,000 is the first entry of an index, and what was taken does not stand in its way', async () => {
    await sql(
      `insert into outbox (account_id, id, kind, to_address, locale, payload, status, lease_until, next_at, message_id, created_at)
      select $1, gen_random_uuid(), 'greeting', 'crowd@post.example', 'en', '{}', case when n <= 20 then 'sending' else 'waiting' end,
        case when n <= 20 then $2::timestamptz + interval '1 minute' end, $2::timestamptz - n * interval '1 second', '<x@y>', $2 from generate_series(1, 100000) n`,
      [account, clock.now()],
    )
    await pools.owner.query('analyze outbox')
    const plan = await inTransaction(pools.system, { settings: null, write: true }, async ({ db }) => {
      const { rows } = await query<{
        'QUERY PLAN': { Plan: object }[]
      }>`explain (analyze, buffers, format json) ${claimNext(clock.now())}`.execute(db)
      return rows[0]!['QUERY PLAN'][0]!.Plan as { 'Shared Hit Blocks': number; 'Shared Read Blocks': number }
    })
    expect(JSON.stringify(plan)).toContain('"outbox_due"')
    expect(JSON.stringify(plan)).not.toContain('"Sort"')
    expect(plan['Shared Hit Blocks'] + plan['Shared Read Blocks']).toBeLessThan(60)
  })

  test('stopping lets a running attempt end, cuts a hanging one, and loses neither', async () => {
    faults.set('slow@post.example', ['slow'])
    const slow = await emit({}, 'slow@post.example')
    const patient = createSmtp({
      url: server.url,
      from: 'portal@portico.example',
      timeouts: { silence: 20_000, whole: 30_000 },
    })
    const first = deliverer({ transport: patient })
    first.start()
    await inStatus(slow, 'sending')
    await first.stop()
    expect(await row(slow)).toMatchObject({ status: 'sent' })
    faults.set('hang@post.example', ['hangAfter'])
    const hang = await emit({}, 'hang@post.example')
    const second = deliverer({ transport: patient })
    second.start()
    await until(async () => server.arrived.some((mail) => mail.to[0] === 'hang@post.example'), 'taken in')
    const start = performance.now()
    await second.stop(300)
    expect(performance.now() - start).toBeLessThan(3000)
    expect(await row(hang)).toMatchObject({ status: 'waiting', attempts: 1, last_result: 'The attempt was stopped' })
  })

  test('F3: a database that cuts every connection for a while only delays', { timeout: 30_000 }, async () => {
    const worker = deliverer({ sweepEvery: 300 })
    worker.start()
    const axe = openPool(connect, { max: 1 })
    const ids: string[] = []
    for (let n = 0; n < 15; n++) {
      await axe.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'portico_system'`,
      )
      ids.push(await emit({}, `cut${n}@post.example`))
      worker.wake()
      await sleep(200)
    }
    await axe.end()
    clock.advance(100_000)
    for (const id of ids) {
      await until(async () => {
        clock.advance(1000)
        return (await row(id)).status === 'sent'
      }, 'sent after the cuts')
    }
    await until(async () => worker.running(), 'ready again')
    expect(new Set(server.arrived.map(({ messageId }) => messageId)).size).toBe(15)
  })

  test('F3: while the database is away it asks ever more rarely and is not ready, then goes on by itself', async () => {
    let away = true
    const asked: number[] = []
    const systemPool = new Proxy(pools.system, {
      get(pool, name) {
        if (name !== 'connect' || !away) return Reflect.get(pool, name)
        asked.push(performance.now())
        return () => Promise.reject(Object.assign(new Error('nobody there'), { code: 'ECONNREFUSED' }))
      },
    })
    const id = await emit({})
    const worker = deliverer({ systemPool, sweepEvery: 60_000, transport: counting().transport })
    worker.start()
    expect(worker.running()).toBe(true)
    await until(async () => !worker.running(), 'not ready')
    // The first sweep asks twice, then for a row. Then come the retries.
    await until(async () => asked.length >= 3 + 3, 'a third retry')
    const waits = asked.slice(3).map((at, index) => at - asked[2 + index]!)
    expect(waits[2]! / waits[0]!).toBeGreaterThan(1.5)
    away = false
    await inStatus(id, 'sent')
    expect(worker.running()).toBe(true)
  })

  test('a token that nobody sent in eight days is wiped, and its mail never goes', async () => {
    const id = await emit({ message: invitation, vars: { token: newToken().token } })
    const worker = deliverer({ transport: null })
    await worker.sweep()
    expect((await row(id)).payload).not.toBeNull()
    clock.advance(8 * 86_400_000 + 1)
    await worker.sweep()
    expect(await row(id)).toMatchObject({ status: 'canceled', payload: null })
    await deliverer().deliver(account, id)
    expect(server.arrived).toEqual([])
  })

  test('a mail of an account that is gone is not sent', async () => {
    const id = newId()
    await sql(
      `insert into outbox (account_id, id, kind, to_address, locale, payload, status, next_at, message_id, created_at)
      values ($1, $2, 'greeting', 'a@post.example', 'en', '{}', 'waiting', $3, '<x@y>', $3)`,
      [newId(), id, clock.now()],
    )
    await deliverer().deliver((await row(id)).account_id, id)
    expect(await row(id)).toMatchObject({ status: 'canceled' })
  })
})

describe('D1, the small run', () => {
  test(
    '200 mails, nine faults, killed workers: none lost, one Message-ID each, repeats only after unclear endings',
    { timeout: 120_000 },
    async () => {
      const kinds: (Fault | 'down' | undefined)[] = [
        undefined,
        'rcpt451',
        'rcpt550',
        'data452',
        'late421',
        'hangAfter',
        'dropBefore',
        'dropAfter',
        'slow',
        'rcpt421',
      ]
      const begin = Date.now()
      clock.set(new Date(begin))
      const emitted: { id: string; to: string; fault: Fault | undefined }[] = []
      let busy = true
      await server.close()
      // The tenth fault: for a while the server answers nobody (421 at the door), and before that it is not even there.
      server = await mailServer((to) => faults.get(to)?.shift(), {
        slowMs: 200,
        greeting: () => (busy ? 421 : undefined),
      })
      for (let n = 0; n < 200; n++) {
        const fault = kinds[n % kinds.length] as Fault | undefined
        const to = `m${n}@post.example`
        if (fault) faults.set(to, fault === 'rcpt550' ? Array(20).fill(fault) : [fault])
        emitted.push({ id: await emit({ vars: { job: `JOB-${n}` } }, to), to, fault })
      }
      const env = { ...process.env, WORLD: JSON.stringify({ connect, passwords, account, url: server.url, begin }) }
      const start = () =>
        spawn(process.execPath, ['src/platform/delivery/deliverer.fixtures.ts'], {
          env,
          stdio: ['ignore', 'ignore', 'inherit'],
        })
      let child = start()
      let kills = 0
      try {
        const open = async () =>
          Number((await sql(`select count(*) from outbox where status in ('waiting', 'sending')`))[0].count)
        for (let round = 0; (await open()) > 0; round++) {
          if (round > 400) throw new Error(`${await open()} mails still open`)
          await sleep(250)
          if (round === 3) busy = false
          if (kills < 6 && round % 6 === 5) {
            const gone = new Promise((end) => child.once('exit', end))
            child.kill('SIGKILL')
            await gone
            kills++
            child = start()
          }
        }
      } finally {
        const gone = new Promise((end) => child.once('exit', end))
        child.kill('SIGKILL')
        await gone
      }
      expect(kills).toBeGreaterThanOrEqual(4)
      const copies = new Map<string, number>()
      for (const { messageId } of server.arrived) copies.set(messageId, (copies.get(messageId) ?? 0) + 1)
      for (const { id, to, fault } of emitted) {
        const messageId = `<${id}@${host}>`
        const final = await row(id)
        if (fault === 'rcpt550') {
          expect([to, final.status, copies.get(messageId)]).toEqual([to, 'failed', undefined])
          continue
        }
        expect([to, final.status, final.message_id]).toEqual([to, 'sent', messageId])
        const unclear = (await attempts(id)).filter(({ outcome }) => outcome === 'ambiguous').length
        expect(copies.get(messageId)).toBeGreaterThanOrEqual(1)
        expect([to, fault, copies.get(messageId)! - 1 <= unclear]).toEqual([to, fault, true])
        expect(new Set(server.arrived.filter((mail) => mail.to[0] === to).map((mail) => mail.messageId))).toEqual(
          new Set([messageId]),
        )
      }
      expect(copies.size).toBe(180)
    },
  )
})

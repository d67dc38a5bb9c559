/**
 * The audit: each event is caused over HTTP, once for each operation that writes it, and leaves exactly one entry with its
 * actor and subject (RELIABILITY F10).
 */
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { forgetLimits, startSeparateServer, type TestServer } from '../../../test/test-server.ts'
import { contracts } from '../../operations.ts'
import type { Definition } from '../../platform/operation.ts'
import { peopleScenarios } from './people-events.fixtures.ts'
import { portalScenarios } from './portal-events.fixtures.ts'
import { recordScenarios } from './record-events.fixtures.ts'
import { AUDIT_EVENTS, readEventOf, refusalEventOf, type AuditEvent, type AuditEventName } from './rules.ts'
import type { Cause, Scenario, Scenarios } from './scene.fixtures.ts'

const scenarios: Scenarios = { ...peopleScenarios, ...portalScenarios, ...recordScenarios }
const events = Object.entries(AUDIT_EVENTS) as [AuditEventName, AuditEvent][]
const cases = events.flatMap(([event, rule]) =>
  rule.operations.map((operation) => ({
    event,
    operation,
    rule,
    scenario: (scenarios[event] as Record<string, Scenario>)[operation]!,
  })),
)

let server: TestServer
/** Transactions that may write, as they ended, each with whether it wrote an entry. */
let transactions: { end: 'commit' | 'rollback'; entries: number }[] = []

beforeAll(async () => {
  server = await startSeparateServer(inject('world'))
  server.app.pools.app.on('connect', (client) => recordTransactions(client))
}, 60_000)
afterAll(() => server.close())
beforeEach(() => forgetLimits(server))

function recordTransactions(client: pg.PoolClient): void {
  const query = client.query.bind(client) as (...args: unknown[]) => unknown
  let entries: number | undefined
  client.query = ((...args: unknown[]) => {
    const text = typeof args[0] === 'string' ? args[0] : (args[0] as { text: string }).text
    if (text === 'begin') entries = 0
    if (entries !== undefined && /into "?audit"?\b|write_person_audit/.test(text)) entries++
    if (entries !== undefined && (text === 'commit' || text === 'rollback')) {
      transactions.push({ end: text, entries })
      entries = undefined
    }
    return query(...args)
  }) as never
}

const entries = () => server.stored((db) => db.selectFrom('audit').selectAll().orderBy('id').execute())

/** An installation opens its first account only while it has none. */
async function withoutAccounts<T>(work: () => Promise<T>): Promise<T> {
  const fresh = await startSeparateServer(inject('world'))
  const shared = server
  server = fresh
  try {
    return await work()
  } finally {
    server = shared
    await fresh.close()
  }
}

describe('the audit', () => {
  it.each(cases.filter(({ event }) => event !== 'accountOpened'))(
    'F10 $event: $operation leaves exactly one entry, with actor and subject',
    async ({ event, rule, scenario }) => {
      const shop = await server.business()
      const cause = await scenario({ server, shop })
      await expectOneEntry(event, rule, cause, shop.id)
    },
  )

  it(
    'F10 accountOpened: setUp leaves exactly one entry, in the account that it opened',
    () =>
      withoutAccounts(async () => {
        const cause = await scenarios.accountOpened.setUp({ server, shop: undefined as never })
        const reply = await cause.call()
        expect(reply.status).toBe(200)
        const [entry, ...more] = await entries()
        expect(more).toEqual([])
        expect(entry).toMatchObject({ event: 'accountOpened', actor_kind: 'anonymous', subject_kind: 'account' })
        expect(entry!.subject_id).toBe(entry!.account_id)
      }),
    60_000,
  )

  async function expectOneEntry(event: AuditEventName, rule: AuditEvent, cause: Cause, shop: string) {
    const before = new Set((await entries()).map(({ id }) => id))
    transactions = []
    const reply = await cause.call()
    const ended = [...transactions]
    expect(reply.status, reply.text).toSatisfy((status: number) => (rule.refusals ? status >= 400 : status < 300))
    const added = (await entries()).filter(({ id }) => !before.has(id))
    const subject = typeof cause.subject === 'function' ? await cause.subject() : cause.subject
    expect(
      added.map(({ account_id, event: name, actor_id, subject_id }) => ({ account_id, name, actor_id, subject_id })),
    ).toEqual([{ account_id: cause.accounts?.[0] ?? shop, name: event, actor_id: cause.actor, subject_id: subject }])
    const [entry] = added
    expect(rule.actors).toContain(entry!.actor_kind)
    expect(entry!.actor_kind === 'anonymous' || entry!.actor_name).toBeTruthy()
    expect(entry!.subject_kind).toBe(subject === null ? null : rule.subject)
    expect(entry!.created_at).toEqual(server.clock.now())
    expect([entry!.client_address, entry!.request_id]).toEqual(['127.0.0.1', expect.any(String)])
    // What was done and its entry are one transaction; a refusal is written after its own was rolled back or never begun.
    const writing = ended.filter(({ end }) => end === 'commit')
    expect(writing).toEqual([{ end: 'commit', entries: 1 }])
  }

  it('an entry of a person is written to each account that the person is active staff of, and to no other', async () => {
    const [one, two, other] = [await server.business(), await server.business(), await server.business()]
    const { id: member } = await two.owner.ok('inviteStaff', { email: one.owner.email, role: 'worker' })
    await server.stored((db) =>
      db.updateTable('staff_members').set({ status: 'active' }).where('id', '=', member).execute(),
    )
    await server.anyone().call('signIn', { email: one.owner.email, password: 'wrong' })
    const refused = (await entries()).filter(
      ({ event, account_id }) => event === 'personSignInRefused' && [one.id, two.id, other.id].includes(account_id),
    )
    expect(refused.map((each) => each.account_id).sort()).toEqual([one.id, two.id].sort())
  })

  it('PS-46 a refused sign-in does the same work for an unknown address', async () => {
    const { owner } = await server.business()
    const statementsOf = async (email: string) => {
      transactions = []
      await server.anyone().call('signIn', { email, password: 'wrong' })
      return transactions
    }
    expect(await statementsOf('nobody@post.example')).toEqual(await statementsOf(owner.email))
  })

  it('F10 the app role can neither change nor delete an entry, nor write one of a person from inside an account', async () => {
    const { admin, passwords } = inject('world')
    const shop = await server.business()
    await shop.owner.ok('createTemplate', { name: 'Repair' } as never)
    const app = new pg.Client({
      ...admin,
      database: server.database,
      user: 'portico_app',
      password: passwords.portico_app,
    })
    await app.connect()
    try {
      const inAccount = async (text: string) => {
        await app.query('begin')
        await app.query('select app_begin($1)', [
          JSON.stringify({ account: shop.id, actor_kind: 'staff', actor_id: shop.owner.id, staff: 'all' }),
        ])
        const result = await app.query(text).then(
          ({ rows }) => String(rows.length),
          (error: Error) => error.message,
        )
        await app.query('rollback')
        return result
      }
      expect(await inAccount('select id from audit')).toBe('1')
      expect(await inAccount(`update audit set event = 'x'`)).toMatch(/permission denied/)
      expect(await inAccount('delete from audit')).toMatch(/permission denied/)
      expect(await inAccount(`select write_person_audit(null, '{}')`)).toMatch(/outside accounts/)
    } finally {
      await app.end()
    }
  })

  it('refusals are deleted after 90 days, and what was done is kept', async () => {
    const shop = await server.business()
    await server.anyone().call('signIn', { email: shop.owner.email, password: 'wrong' })
    await server.anyone().call('signIn', { email: shop.owner.email, password: 'correct horse battery' })
    const eventsOfShop = async () =>
      (await entries()).filter(({ account_id }) => account_id === shop.id).map(({ event }) => event)
    expect(await eventsOfShop()).toEqual(['personSignInRefused', 'personSignedIn'])
    server.clock.advance(90 * 24 * 3600_000)
    await server.app.cleanUp()
    expect(await eventsOfShop()).toEqual(['personSignedIn'])
  })

  /** What changes no rights, sessions, passwords or settings, and is traced elsewhere. */
  const TRACED_ELSEWHERE: Record<string, string> = {
    requestSecureLink: 'the email, and the link in the list of the customer',
    uploadPortalFile: 'the history of its job',
    uploadPortalJobFile: 'the history of the job',
    removePortalFile: 'the history of the job',
    uploadFile: 'the history of its job',
    removeFile: 'waits for its form, seen by nobody else',
    uploadJobFile: 'the history of the job',
    removeJobFile: 'the history of the job',
    createJob: 'the history of the job',
    createPortalTicket: 'the history of the ticket',
    addPortalTicketComment: 'the comment itself',
    updatePortalTicket: 'the history of the ticket',
    closePortalTicket: 'the history of the ticket',
    reopenPortalTicket: 'the history of the ticket',
    createTicket: 'the history of the ticket',
    updateTicket: 'the history of the ticket',
    changeTicketStatus: 'the history of the ticket',
    assignTicket: 'the history of the ticket',
    openHeldMail: 'the history of the ticket',
    discardHeldMail: 'the row of the mail, with who did it',
    addTicketComment: 'the comment itself',
    updateJob: 'the history of the job',
    changeJobStatus: 'the history of the job',
    changeJobs: 'the history of each job',
    assignJob: 'the history of the job',
    scheduleJob: 'the history of the job',
    undoJobChange: 'the history of the job',
    cancelJob: 'the history of the job',
    reinstateJob: 'the history of the job',
    addJobComment: 'the comment itself',
    updatePortalJob: 'the history of the job',
    cancelPortalJob: 'the history of the job',
    addPortalComment: 'the comment itself',
    reorderTemplates: 'only the order on a screen',
    markCommentsRead: 'only a mark on a screen',
    updatePortalEmailChoices: 'what a person reads, no right',
    updateEmailChoices: 'what a person reads, no right',
  }

  it('every operation that writes is in the audit, or traced elsewhere for a reason', () => {
    const audited = new Set(events.flatMap(([, { operations, refusals }]) => (refusals ? [] : operations)))
    const writing = Object.entries(contracts as Record<string, Definition>)
      .filter(([, { writes }]) => writes)
      .map(([name]) => name)
    expect(writing.filter((name) => !audited.has(name) && !(name in TRACED_ELSEWHERE))).toEqual([])
    expect(Object.keys(TRACED_ELSEWHERE).filter((name) => audited.has(name) || !writing.includes(name))).toEqual([])
    expect(events.flatMap(([, { operations }]) => operations).filter((name) => !(name in contracts))).toEqual([])
  })

  it('every table that leaves as a file is in the audit, handed out or refused', () => {
    const exports = Object.entries(contracts as Record<string, Definition>)
      .filter(([, { path }]) => path.endsWith('.csv'))
      .map(([name]) => name)
    expect(exports).toEqual(expect.arrayContaining(['exportCustomers', 'exportJobs']))
    // Everybody may export what they see in these lists, so there is no refusal to record.
    const neverRefused = ['exportJobs', 'exportPortalTickets']
    for (const name of exports) {
      expect([name, readEventOf(name)]).toEqual([name, expect.anything()])
      if (!neverRefused.includes(name)) expect([name, refusalEventOf(name)]).toEqual([name, expect.anything()])
    }
  })

  it('at least 60 events are covered', () => {
    expect(events.length).toBeGreaterThanOrEqual(60)
  })
})

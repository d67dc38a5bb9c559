/**
 * Security definer functions run past row-level security, so each compares for itself: the account it is given with the
 * transaction's, and its caller with those its comment names. Each comparison, weakened in turn, is noticed.
 */
import { createHash } from 'node:crypto'
import pg from 'pg'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { createDefinerWorld, type Call, type DefinerWorld } from './definer-calls.fixtures.ts'
import { startSeparateServer } from './test-server.ts'

let client: pg.Client
let calls: DefinerWorld['calls']
let here: string, there: string, user: string, stranger: string
let rows: DefinerWorld['rows']

beforeAll(async () => {
  const server = await startSeparateServer(inject('world'))
  ;({ here, there, user, stranger, calls, rows } = await createDefinerWorld(server))
  client = new pg.Client({ ...inject('world').admin, database: server.database })
  await client.connect()
  return async () => {
    await client.end()
    await server.close()
  }
}, 60_000)

/** A hash of every row of `there`. */
async function fingerprint(): Promise<string> {
  const { rows: tables } = await client.query<{ name: string }>(
    "select relname as name from pg_class where relkind = 'r' and (obj_description(oid) like 'class: tenant%' or relname = 'account_slugs') order by 1",
  )
  const hash = createHash('sha256')
  for (const { name } of tables) {
    const { rows: found } = await client.query<{ all: string | null }>(
      `select string_agg(t::text, '|' order by t::text) as all from ${name} t where account_id = $1`,
      [there],
    )
    hash.update(found[0]?.all ?? '')
  }
  return hash.digest('hex')
}

const isNothing = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === false ||
  value === 0 ||
  value === '' ||
  (Array.isArray(value) && value.length === 0)

/** What a call read or changed in `there`, in a transaction with these settings that is rolled back; undefined when nothing. */
async function effectOf(
  { sql, values }: Call,
  settings: Record<string, string>,
  weakened?: string,
): Promise<string | undefined> {
  await client.query('begin')
  try {
    if (weakened) await client.query(weakened)
    await client.query("set local session_replication_role = 'replica'")
    for (const [table, row] of rows) {
      const columns = Object.keys(row).join(', ')
      await client.query(
        `insert into ${table} (${columns}) select ${columns} from jsonb_populate_record(null::${table}, $1)`,
        [JSON.stringify(row)],
      )
    }
    await client.query("update portal_users set password_hash = 'the hash' where account_id = $1 and id = $2", [
      there,
      user,
    ])
    const before = await fingerprint()
    await client.query('set local role portico_app')
    await client.query('select app_begin($1)', [JSON.stringify(settings)])
    let refused = false
    let answer: unknown
    try {
      const { rows: answers } = await client.query<{ answer: unknown }>(`select ${sql} as answer`, values)
      answer = answers[0]?.answer
    } catch (error) {
      if ((error as { code?: string }).code !== '42501') throw error
      refused = true
    }
    if (refused) return undefined
    await client.query('reset role')
    if (!isNothing(answer)) return `answers ${JSON.stringify(answer)}`
    return (await fingerprint()) === before ? undefined : 'changes rows'
  } finally {
    await client.query('rollback')
  }
}

/** Everything is permitted but the account. */
const elsewhere = () => ({ account: here, staff: 'all', actor_kind: 'portalUser', actor_id: user, portal_user: user })
/** The account is right, and the caller is a portal user whom nothing here is about. */
const asStranger = () => ({ account: there, actor_kind: 'portalUser', actor_id: stranger, portal_user: stranger })
/** The same of the user: the calls have an effect, or the tests here would prove nothing. */
const asItself = () => ({ account: there, staff: 'all', actor_kind: 'portalUser', actor_id: user, portal_user: user })

const alwaysTrue = (name: string, type = 'uuid') =>
  `create or replace function ${name}(${type ? `${name === 'is_own_login' ? 'p_portal_user_id' : 'p_account_id'} ${type}` : ''}) returns boolean language sql stable as 'select true'`

describe('definer functions', () => {
  it('A6 every one that is given an account is tried here, and has an effect in its own account', async () => {
    const { rows: functions } = await client.query<{ name: string }>(
      "select proname as name from pg_proc where prosecdef and 'p_account_id' = any (proargnames) order by 1",
    )
    expect(Object.keys(calls).sort()).toEqual(functions.map(({ name }) => name))
    const idle = []
    for (const [name, call] of Object.entries(calls))
      if (!(await effectOf(call, call.beforeAccount ? {} : asItself()))) idle.push(name)
    expect(idle).toEqual([])
  })

  it('PS-02 none reads or changes another account than the transaction, whatever else the caller may do', async () => {
    const wrong = []
    for (const [name, call] of Object.entries(calls)) {
      const effect = await effectOf(call, elsewhere())
      if (effect) wrong.push(`${name} ${effect}`)
    }
    expect(wrong).toEqual([])
  })

  it('PS-07 those for office staff or for a user themselves do nothing for another portal user', async () => {
    const wrong = []
    for (const [name, call] of Object.entries(calls).filter(([, each]) => each.closedToStrangers)) {
      const effect = await effectOf(call, asStranger())
      if (effect) wrong.push(`${name} ${effect}`)
    }
    expect(wrong).toEqual([])
  })

  it('A7 each comparison that is weakened is noticed by every function that makes it', async () => {
    const { rows: sources } = await client.query<{ name: string; source: string }>(
      'select proname as name, prosrc as source from pg_proc where proname = any ($1)',
      [Object.keys(calls)],
    )
    const unnoticed = []
    for (const [comparison, settings, weakened] of [
      ['is_context_account(', elsewhere(), alwaysTrue('is_context_account')],
      ['is_context_account_if_any(', elsewhere(), alwaysTrue('is_context_account_if_any')],
      ['is_outside_accounts(', elsewhere(), alwaysTrue('is_outside_accounts', '')],
      ['is_office_staff(', asStranger(), alwaysTrue('is_office_staff', '')],
      ['is_own_login(', asStranger(), alwaysTrue('is_own_login')],
    ] as const) {
      const concerned = sources.filter(({ source }) => source.includes(comparison)).map(({ name }) => name)
      expect(concerned.length).toBeGreaterThan(0)
      for (const name of concerned) {
        const call = calls[name]!
        const isTried = settings.account === here || call.closedToStrangers
        if (isTried && !(await effectOf(call, settings, weakened))) unnoticed.push(`${name} without ${comparison})`)
      }
    }
    expect(unnoticed).toEqual([])
  })

  it('a transaction keeps its account: a second one is refused, also after none', async () => {
    const begin = (settings: object) => client.query('select app_begin($1)', [JSON.stringify(settings)])
    for (const second of [{ account: there }, {}]) {
      await client.query('begin')
      await client.query('set local role portico_app')
      await begin({ account: here, staff: 'all' })
      await begin({ account: here, staff: '' })
      await expect(begin(second)).rejects.toMatchObject({ code: '42501' })
      await client.query('rollback')
    }
  })
})

/**
 * Definer functions about people: none does anything in the transaction of a portal user, a worker or another person. A
 * handler of theirs that was given a person's id could otherwise take that person's login over.
 */
import { createHash } from 'node:crypto'
import pg from 'pg'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { newId } from '../src/platform/ids.ts'
import { startSeparateServer } from './test-server.ts'

const NOW = new Date('2026-11-26T10:00:00Z')
const LATER = new Date('2026-12-26T10:00:00Z')
const TOKEN = Buffer.alloc(32, 7)
const HASH = 'the hash'

/** What needs no permission but the token that it is given, or tells nothing of a login. */
const OPEN: Record<string, string> = {
  find_person_session: 'the token is the permission',
  find_office_caller: 'the token is the permission',
  find_person_caller: 'the token is the permission',
  find_portal_view: 'the token of the session that the view lies over is the permission; portal-view-times.test.ts',
  find_staff_invitation: 'compares the account',
  create_account: 'only while there is no account; accounts.test.ts',
  create_set_up_token: 'does nothing once there is an account',
  write_person_audit: 'refuses inside accounts; audit.test.ts',
  count_failed_sign_in: 'counts, and reads no login',
}

type Settings = Record<string, string>
interface Call {
  sql: string
  values: unknown[]
  /** Settings with which it has an effect, and with which it must have none. */
  works: Settings
  refuses: Settings[]
}

let client: pg.Client
let calls: Record<string, Call>
let atOwnOffice: Settings
let person: string, newcomer: string

beforeAll(async () => {
  const server = await startSeparateServer(inject('world'))
  const shop = await server.business()
  const worker = await shop.staff('worker')
  const portalUser = await shop.portalUser({ customers: [] })
  client = new pg.Client({ ...inject('world').admin, database: server.database })
  await client.connect()
  const personOf = async (email: string) =>
    (await client.query<{ id: string }>('select id from people where email_norm = $1', [email])).rows[0]!.id
  person = await personOf(shop.owner.email)
  newcomer = newId()
  const nobody: Settings = {}
  const itself = { actor_kind: 'person', actor_id: person }
  const inPortal = {
    account: shop.id,
    actor_kind: 'portalUser',
    actor_id: portalUser.id,
    portal_user: portalUser.id,
  }
  const asWorker = { account: shop.id, actor_kind: 'staff', actor_id: worker.id, staff: 'assigned' }
  const atOffice = { account: shop.id, actor_kind: 'staff', actor_id: worker.id, staff: 'all' }
  const another = { actor_kind: 'person', actor_id: await personOf(worker.email) }
  const inAccounts = [inPortal, asWorker, atOffice]
  /** For anybody who is not signed in yet. */
  const open = (sql: string, ...values: unknown[]): Call => ({ sql, values, works: nobody, refuses: inAccounts })
  const own = (sql: string, ...values: unknown[]): Call => ({
    ...{ sql, values, works: itself },
    refuses: [nobody, another, ...inAccounts],
  })
  const session = { hash: 'ab', id: newId(), person, at: NOW, ends: LATER, userAgent: '', clientAddress: '' }
  const token = { hash: 'cd', id: newId(), kind: 'passwordReset', person, at: NOW, expires: LATER }
  const invited = { id: newId(), email: 'i@b.example', emailNorm: 'i@b.example', name: '', at: NOW }
  calls = {
    record_person_sign_in: open('record_person_sign_in($1, $2)', person, HASH),
    find_person_login: open('to_json(find_person_login($1))', shop.owner.email),
    find_person_password: open('find_person_password($1)', person),
    find_first_account: open('find_first_account($1)', person),
    create_person_token: open('create_person_token($1)', JSON.stringify(token)),
    find_person_token: open("to_json(find_person_token($1, 'passwordReset'))", TOKEN),
    consume_person_token: open("consume_person_token($1, 'passwordReset', $2)", TOKEN, NOW),
    complete_sign_in: open('complete_sign_in($1, $2, $3)', ['probe'], person, NOW),
    'begin_sign_in of staff': open('begin_sign_in(null, $1, $2, $3, null, $4)', shop.owner.email, 'l', 'a', NOW),
    set_person_password: own('set_person_password($1, $2, $3, $4)', person, 'another hash', HASH, NOW),
    set_person_name: own('set_person_name($1, $2, $3)', person, 'Taken', NOW),
    start_person_session: own('start_person_session($1)', JSON.stringify(session)),
    list_person_sessions: own('to_json(list_person_sessions($1, $2))', person, NOW),
    end_person_sessions: own('end_person_sessions($1, null, null)', person),
    list_person_accounts: open('to_json(list_person_accounts($1))', person),
    remember_browser: own('remember_browser($1, null, $2, $3, $4, $5)', person, TOKEN, newId(), HASH, NOW),
    forget_guesses: own('forget_guesses($1)', person),
    set_first_password: open('set_first_password($1, $2, $3, $4)', newcomer, 'N', 'first hash', NOW),
    find_or_create_person: { ...open('find_or_create_person($1)', invited), refuses: [inPortal, asWorker] },
    'find_or_create_person with a password': open('find_or_create_person($1)', { ...invited, passwordHash: HASH }),
  }
  atOwnOffice = { ...atOffice, actor_id: shop.owner.id }
  return async () => {
    await client.end()
    await server.close()
  }
}, 60_000)

const TABLES = ['people', 'people_sessions', 'people_tokens', 'known_browsers', 'guesses', 'accounts', 'staff_members']

async function fingerprint(): Promise<string> {
  const hash = createHash('sha256')
  for (const table of TABLES) {
    const { rows } = await client.query<{ all: string | null }>(
      `select string_agg(t::text, '|' order by t::text) as all from ${table} t`,
    )
    hash.update(`${table} ${rows[0]?.all}`)
  }
  return hash.digest('hex')
}

const isNothing = (answer: unknown) => answer === null || answer === undefined || answer === false || answer === 0

/** What a call answered or changed, in a transaction with these settings that is rolled back. */
async function effectOf({ sql, values }: Call, settings: Settings, before: string[] = []): Promise<string | undefined> {
  await client.query('begin')
  try {
    await client.query("set local session_replication_role = 'replica'")
    await client.query('update people set password_hash = $2 where id = $1', [person, HASH])
    await client.query(
      "insert into people (id, email, email_norm, name, created_at, updated_at) values ($1, 'n@b', 'n@b', '', $2, $2)",
      [newcomer, NOW],
    )
    await client.query(
      `insert into people_sessions (hash, id, person_id, created_at, seen_at, ends_at, user_agent, client_address)
      values ('\\x01', $1, $2, $3, $3, $4, '', '')`,
      [newId(), person, NOW, LATER],
    )
    await client.query(
      `insert into people_tokens (hash, id, kind, person_id, created_at, expires_at)
      values ($1, $2, 'passwordReset', $3, $4, $5)`,
      [TOKEN, newId(), person, NOW, LATER],
    )
    await client.query("insert into guesses values ('probe', 3, 3, $1, $2)", [NOW, person])
    for (const statement of before) await client.query(statement)
    const rows = await fingerprint()
    await client.query('set local role portico_app')
    await client.query('select app_begin($1)', [JSON.stringify(settings)])
    const answer = await client
      .query<{ answer: unknown }>(`select ${sql} as answer`, values)
      .catch((error: unknown) => {
        if ((error as { code?: string }).code === '42501') return null
        throw error
      })
    if (!answer) return undefined
    await client.query('reset role')
    if (!isNothing(answer.rows[0]?.answer) && answer.rows[0]?.answer !== '') return 'answers'
    return (await fingerprint()) === rows ? undefined : 'changes rows'
  } finally {
    await client.query('rollback')
  }
}

describe('functions about people', () => {
  it('every one that reaches a login is tried here', async () => {
    const { rows } = await client.query<{ name: string }>(
      `select proname as name from pg_proc
       where prosecdef and has_function_privilege('portico_app', oid, 'execute')
         and (prosrc ~ '\\m(people|people_sessions|people_tokens)\\M' or proname ~ '_person_|_first_account$')`,
    )
    const names = Object.keys(calls).map((name) => name.split(' ')[0])
    expect(rows.map(({ name }) => name).filter((name) => !(name in OPEN) && !names.includes(name))).toEqual([])
  })

  it('each has an effect for those whom its comment names', async () => {
    const idle = []
    for (const [name, call] of Object.entries(calls)) {
      if (!(await effectOf(call, call.works))) idle.push(name)
    }
    expect(idle).toEqual([])
  })

  it('PS-02 none has one for a portal user, a worker, the office or another person', async () => {
    const wrong = []
    for (const [name, call] of Object.entries(calls))
      for (const settings of call.refuses) {
        const effect = await effectOf(call, settings)
        if (effect) wrong.push(`${name} ${effect} as ${settings.actor_kind ?? 'nobody'} ${settings.staff ?? ''}`)
      }
    expect(wrong).toEqual([])
  })

  it('each comparison that is weakened is noticed by every function that makes it', async () => {
    const { rows: sources } = await client.query<{ name: string; source: string }>(
      'select proname as name, prosrc as source from pg_proc where prosecdef',
    )
    const weakened = (name: string, argument: string) =>
      `create or replace function ${name}(${argument}) returns boolean language sql stable as 'select true'`
    const unnoticed = []
    for (const [comparison, argument] of [
      ['is_outside_accounts', ''],
      ['is_own_person', 'p_person_id uuid'],
    ] as const)
      for (const [name, call] of Object.entries(calls)) {
        const source = sources.find((each) => each.name === name.split(' ')[0])!.source
        if (!source.includes(`${comparison}(`)) continue
        const effect = await effectOf(call, call.refuses.at(-1)!, [weakened(comparison, argument)])
        if (!effect) unnoticed.push(`${name} without ${comparison}()`)
      }
    expect(unnoticed).toEqual([])
  })

  it('in an office, only the accounts of the acting member are listed', async () => {
    expect(await effectOf(calls.list_person_accounts!, atOwnOffice)).toBe('answers')
  })

  it('a password or a mailed link proves one person for the rest of the transaction', async () => {
    const answer = async (sql: string, values: unknown[]) =>
      (await client.query<{ answer: unknown }>(`select ${sql} as answer`, values)).rows[0]!.answer
    await client.query('begin')
    await client.query('update people set password_hash = $2 where id = $1', [person, HASH])
    await client.query('set local role portico_app')
    await client.query("select app_begin('{}')")
    const session = calls.start_person_session!
    expect(await answer('record_person_sign_in($1, $2)', [person, 'an earlier hash'])).toBe(false)
    expect(await answer(session.sql, session.values)).toBe(false)
    expect(await answer('record_person_sign_in($1, $2)', [person, HASH])).toBe(true)
    expect(await answer(session.sql, session.values)).toBe(true)
    expect(await answer('end_person_sessions($1, null, null)', [newcomer])).toBe(0)
    await client.query('rollback')
  })
})

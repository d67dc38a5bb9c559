/**
 * Logins of people belong to no account. Inside an account, as in the request of a portal user, no function reaches them:
 * one injected query must not be a way to the password or the sessions of staff.
 */
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { startSeparateServer } from './test-server.ts'

type Settings = Record<string, string>
interface Call {
  sql: string
  values: unknown[]
}

let client: pg.Client
let calls: Record<string, Call>
let insideAccount: Settings[], asOffice: Settings
const NOW = new Date('2026-11-30T10:00:00Z')

/** What needs no permission but the token that it is given, or tells nothing of a login. */
const OPEN: Record<string, string> = {
  find_person_token: 'the token is the permission',
  consume_person_token: 'the token is the permission',
  find_person_session: 'the token is the permission',
  find_office_caller: 'the token is the permission',
  find_person_caller: 'the token is the permission',
  find_staff_invitation: 'compares the account',
  create_account: 'adds an account of its own, and reads none',
  create_set_up_token: 'does nothing once there is an account',
  write_person_audit: 'refuses inside accounts; audit.test.ts',
  count_failed_sign_in: 'counts, and reads no login',
}

beforeAll(async () => {
  const server = await startSeparateServer(inject('world'))
  const shop = await server.business()
  const visitor = await shop.portalUser()
  client = new pg.Client({ ...inject('world').admin, database: server.database })
  await client.connect()
  const { rows } = await client.query<{ person: string; member: string; email: string }>(
    `select m.person_id as person, m.id as member, p.email_norm as email
     from staff_members m join people p on p.id = m.person_id where m.account_id = $1`,
    [shop.id],
  )
  const { person, member, email } = rows[0]!
  const hash = randomUUID().replaceAll('-', '')
  const of = (sql: string, ...values: unknown[]): Call => ({ sql, values })
  const ends = new Date(NOW.getTime() + 3600_000)
  const session = { hash, id: randomUUID(), person, at: NOW, ends, userAgent: 'x', clientAddress: 'x' }
  const token = { hash, id: randomUUID(), kind: 'passwordReset', person, at: NOW, expires: ends }
  const added = { id: randomUUID(), email: 'new@post.example', emailNorm: 'new@post.example', name: '', at: NOW }
  calls = {
    begin_sign_in: of('begin_sign_in(null, $1, $2, $3, null, $4)', email, 'probe:l', 'probe:a', NOW),
    create_person_token: of('create_person_token($1)', JSON.stringify(token)),
    end_person_sessions: of('end_person_sessions($1, null, null)', person),
    find_first_account: of('find_first_account($1)', person),
    find_or_create_person: of('find_or_create_person($1)', JSON.stringify(added)),
    find_person_login: of('to_json(find_person_login($1))', email),
    find_person_password: of('find_person_password($1)', person),
    list_person_accounts: of('(select json_agg(l) from list_person_accounts($1) l)', person),
    list_person_sessions: of('(select json_agg(l) from list_person_sessions($1, $2) l)', person, server.clock.now()),
    set_first_password: of("set_first_password($1, 'N', 'x', $2)", person, NOW),
    set_person_name: of("set_person_name($1, 'N', $2)", person, NOW),
    set_person_password: of("set_person_password($1, 'x', $2)", person, NOW),
    start_person_session: of('start_person_session($1)', JSON.stringify(session)),
  }
  insideAccount = [
    { account: shop.id, actor_kind: 'portalUser', actor_id: visitor.id, portal_user: visitor.id },
    { account: shop.id, actor_kind: 'anonymous' },
    // A colleague's id, to whom the call is about somebody else.
    { account: shop.id, actor_kind: 'staff', actor_id: randomUUID(), staff: 'assigned' },
  ]
  asOffice = { account: shop.id, actor_kind: 'staff', actor_id: member, staff: 'all' }
  return async () => {
    await client.end()
    await server.close()
  }
}, 60_000)

const readLogins = async () => {
  const { rows } = await client.query<{ all: string }>(
    `select concat((select json_agg(p order by id) from people p), (select json_agg(s order by id) from people_sessions s),
       (select json_agg(t order by id) from people_tokens t), (select json_agg(name order by id) from staff_members)) as all`,
  )
  return rows[0]!.all
}

/** Whether a call reads or changes a login, in a transaction with these settings that is rolled back. */
async function hasEffect(name: string, settings: Settings, weakened?: string): Promise<boolean> {
  const { sql, values } = calls[name]!
  await client.query('begin')
  try {
    if (weakened) await client.query(weakened)
    // Only a person without a password gets a first one.
    if (name === 'set_first_password') await client.query('update people set password_hash = null')
    const before = await readLogins()
    await client.query('set local role portico_app')
    await client.query('select app_begin($1)', [JSON.stringify(settings)])
    const { rows } = await client.query<{ answer: unknown }>(`select ${sql} as answer`, values)
    await client.query('reset role')
    const answers = ![null, undefined, false, 0, ''].includes(rows[0]?.answer as null)
    return answers || (await readLogins()) !== before
  } catch (error) {
    if ((error as { code?: string }).code === '42501') return false
    throw error
  } finally {
    await client.query('rollback')
  }
}

const named = async (settings: Settings, weakened?: string) => {
  const effects: string[] = []
  for (const name of Object.keys(calls)) if (await hasEffect(name, settings, weakened)) effects.push(name)
  return effects
}

describe('functions that reach logins of people', () => {
  it('are all tried here, and have an effect outside of accounts', async () => {
    const { rows } = await client.query<{ name: string }>(
      `select proname as name from pg_proc
       where prosecdef and has_function_privilege('portico_app', oid, 'execute')
         and (prosrc ~ '\\m(people|people_sessions|people_tokens)\\M' or proname ~ '_person_|_first_account$')
       order by 1`,
    )
    expect(rows.map(({ name }) => name).filter((name) => !(name in OPEN))).toEqual(Object.keys(calls).sort())
    expect(await named({ actor_kind: 'anonymous' })).toEqual(Object.keys(calls))
  })

  it('PS-02 none reads or changes one inside an account, for portal users, visitors and workers', async () => {
    for (const settings of insideAccount)
      expect([settings.actor_kind, await named(settings)]).toEqual([settings.actor_kind, []])
  })

  it('A7 each notices when its comparison is weakened', async () => {
    const always = (head: string) =>
      `create or replace function ${head} returns boolean language sql stable as 'select true'`
    const noticing = [
      ...(await named(insideAccount[0]!, always('is_outside_accounts()'))),
      ...(await named(insideAccount[0]!, always('is_context_account_if_any(p_account_id uuid)'))),
    ]
    expect(noticing.sort()).toEqual(Object.keys(calls).sort())
  })

  it('office staff find the person they invite, and their own accounts', async () => {
    expect(await named(asOffice)).toEqual(['find_or_create_person', 'list_person_accounts'])
  })
})

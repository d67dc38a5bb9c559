/** Upgrades of the database that would let people see more need consent. */
import { randomBytes } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { migrate, widening } from '../src/platform/database/migrate.ts'
import { openPool } from '../src/platform/database/pool.ts'
import { asRole } from '../src/platform/database/roles.ts'
import { withAdmin } from './database.ts'

/** What the database says of a portal user, before permission groups and with them. */
interface UpgradedCaller {
  account: { portal: { switches: Record<string, boolean>; permissions: Record<string, boolean> } }
  portalUser: {
    permissions: Record<string, boolean> | null
    links: {
      permissions: Record<string, boolean> | null
      group?: { kind: string; permissions: Record<string, boolean> }
    }[]
  }
}

const NO_TICKETS = {
  viewTickets: false,
  createTickets: false,
  replyTickets: false,
  closeTickets: false,
  setTicketPriority: false,
}

const root = resolve(import.meta.dirname, '..')

describe('upgrades', () => {
  const withDatabase = async (
    work: (
      upgrade: (files: Record<string, string>, acceptWider?: boolean, upTo?: string) => Promise<string[]>,
      query: (sql: string) => Promise<Record<string, unknown>[]>,
      log: string[],
    ) => Promise<void>,
  ) => {
    const { admin, passwords } = inject('world')
    const database = `portico_upgrade_${randomBytes(4).toString('hex')}`
    const folder = await mkdtemp(join(tmpdir(), 'portico-upgrade-'))
    const connection = { ...admin, database }
    const log: string[] = []
    await withAdmin(admin, (client) => client.query(`create database ${database}`))
    const pool = openPool(asRole(connection, 'portico_owner', passwords), { max: 1, pipeline: false })
    try {
      await work(
        async (files, acceptWider, upTo = '9') => {
          await rm(folder, { recursive: true, force: true })
          await mkdir(folder)
          for (const name of (await readdir(join(root, 'db/migrations'))).filter((each) => each < upTo))
            await cp(join(root, 'db/migrations', name), join(folder, name))
          for (const [name, sql] of Object.entries(files)) await writeFile(join(folder, name), sql)
          return migrate({ admin: connection, passwords, folder, log: (line) => log.push(line), acceptWider })
        },
        async (sql) => (await pool.query(sql)).rows as Record<string, unknown>[],
        log,
      )
    } finally {
      await pool.end()
      await rm(folder, { recursive: true, force: true })
      await withAdmin(admin, (client) => client.query(`drop database if exists ${database} with (force)`))
    }
  }
  const NARROW = {
    '9001_narrow.sql': '-- One more column.\n-- widens: nothing\nalter table templates add column hint text;\n',
  }
  const WIDE = {
    ...NARROW,
    '9002_wide.sql':
      '-- Tells more.\n-- widens: portal users see who planned their job\nalter table jobs add column planned_by text;\n',
    '9003_wider.sql': '-- widens: workers see billing addresses\nalter table jobs add column billing text;\n',
  }

  it('the log says what is upgraded, and of a new database only that it was made', async () => {
    await withDatabase(async (upgrade, _query, log) => {
      const applied = await upgrade({})
      expect(log).toEqual([`made the tables of a new database (${applied.length} migrations)`])
      await upgrade(NARROW)
      expect(log.slice(1)).toEqual(['migrated 9001_narrow.sql'])
    })
  })

  it('PS-60 an upgrade that lets people see more names it and changes nothing without consent', async () => {
    await withDatabase(async (upgrade, query) => {
      const applied = await upgrade({})
      expect(applied.length).toBeGreaterThan(6)
      // A migration that widens nothing needs no consent, also with accounts.
      await query(
        "insert into accounts (id, kind, status, created_at) values ('019ac000-0000-7000-8000-000000000001', 'business', 'active', now())",
      )
      expect(await upgrade(NARROW)).toEqual(['9001_narrow.sql'])
      const refusal = await upgrade({ ...WIDE, '9000_first.sql': 'create table never (id int);\n' }).catch(
        (error: Error) => error.message,
      )
      expect(refusal).toContain('9002_wide.sql: portal users see who planned their job')
      expect(refusal).toContain('9003_wider.sql: workers see billing addresses')
      expect(refusal).toContain('--accept-wider')
      expect(refusal).not.toContain('nothing\n  ')
      expect(
        await query(
          "select to_regclass('never') as never, (select count(*)::int from schema_migrations where name >= '9') as done",
        ),
      ).toEqual([{ never: null, done: 1 }])
      expect(await upgrade(WIDE, true)).toEqual(['9002_wide.sql', '9003_wider.sql'])
      expect(await upgrade(WIDE)).toEqual([])
    })
  })

  it('a database of another version is refused and left unchanged', async () => {
    await withDatabase(async (upgrade, query) => {
      await upgrade(NARROW)
      const refusal = await upgrade({ '9002_next.sql': 'create table never (id int);\n' }).catch(
        (error: Error) => error.message,
      )
      expect(refusal).toContain(
        'This database was upgraded by a newer version of Portico, whose migration 9001_narrow.sql',
      )
      expect(await query("select to_regclass('never') as never")).toEqual([{ never: null }])
    })
  })

  it('PS-60 an upgrade of a database without accounts needs no consent', async () => {
    await withDatabase(async (upgrade) => {
      expect((await upgrade(WIDE)).slice(-3)).toEqual(['9001_narrow.sql', '9002_wide.sql', '9003_wider.sql'])
    })
  })

  it('PS-60 with permission groups, everybody keeps what they could see and do before', async () => {
    await withDatabase(async (upgrade, query) => {
      await upgrade({}, false, '0038')
      const id = (n: number) => `'019ac000-0000-7000-8000-${String(n).padStart(12, '0')}'`
      const [account, customer, contact, template] = [id(1), id(2), id(3), id(4)]
      await query(`
        insert into accounts (id, kind, status, created_at) values (${account}, 'business', 'active', now());
        insert into account_slugs (slug, account_id, is_current, created_at) values ('harbour', ${account}, true, now());
        insert into account_settings (account_id, name, time_zone, locale, currency, support_email, updated_at)
        values (${account}, 'Harbour', 'Europe/London', 'en-GB', 'GBP', null, now());
        insert into portal_settings (account_id, enabled, switches, permissions, templates, updated_at) values (
          ${account}, true,
          '{"createJobs": true, "chooseTemplates": true, "editJobs": true, "cancelJobs": false, "deleteJobs": true}',
          '{"createJobs": false, "chooseTemplates": true, "editJobs": false, "cancelJobs": true, "deleteJobs": true}',
          array[${template}]::uuid[], now());
        insert into customers (account_id, id, name, search_text, created_at, updated_at)
        values (${account}, ${customer}, 'Finch', 'finch', now(), now());
        insert into contacts (account_id, id, customer_id, name, created_at, updated_at)
        values (${account}, ${contact}, ${customer}, 'Ana', now(), now());`)
      for (const [n, scope, own] of [
        [10, 'whole', 'null'],
        [11, 'whole', `'{"editJobs": true}'`],
        [12, 'contact', 'null'],
      ] as const)
        await query(`
          insert into portal_users (account_id, id, email, email_norm, status, search_text, created_at, updated_at, permissions)
          values (${account}, ${id(n)}, 'u${n}@x.example', 'u${n}@x.example', 'active', 'u', now(), now(), ${own});
          insert into portal_links (
            account_id, id, portal_user_id, customer_id, scope, contact_id, created_at, updated_at)
          values (
            ${account}, ${id(n + 10)}, ${id(n)}, ${customer}, '${scope}',
            ${scope === 'contact' ? contact : 'null'}, now(), now());
          insert into portal_sessions (
            account_id, hash, id, subject_kind, subject_id, created_at, seen_at, ends_at, user_agent, client_address)
          values (
            ${account}, decode('${String(n).padStart(64, '0')}', 'hex'), ${id(n + 20)}, 'portalUser', ${id(n)},
            now(), now(), now() + interval '1 day', '', '');`)
      const callers = async () =>
        Promise.all(
          [10, 11, 12].map(async (n) => {
            const cookie = `{"${account.slice(-13, -1)}": "${String(n).padStart(64, '0')}"}`
            const [row] = await query(`
              select c.jobs_of, c.customers, c.contacts, c.response from resolve_portal_caller('harbour', '${cookie}', now()) c`)
            const { response, ...reach } = row as { response: UpgradedCaller }
            const { switches, permissions } = response.account.portal
            const link = response.portalUser.links[0]!
            const before = { ...permissions, ...response.portalUser.permissions, ...link.permissions }
            return { reach, before, switches, group: link.group, user: response.portalUser.permissions }
          }),
        )
      const before = await callers()
      expect(await upgrade({})).toContain('0038_permission_groups.sql')
      for (const [index, after] of (await callers()).entries()) {
        expect(after.reach).toEqual(before[index]!.reach)
        expect(after.switches).toEqual({ ...before[index]!.switches, viewJobs: true, ...NO_TICKETS })
        expect(after.before).toEqual({ ...before[index]!.before, viewJobs: true, ...NO_TICKETS })
        expect(after.group?.kind).toBe(index === 2 ? 'limited' : 'full')
        if (index < 2) expect({ ...after.group!.permissions, ...after.user }).toEqual(after.before)
      }
      // Tickets came later: nobody has them until an owner turns them on.
      const groups = await query('select distinct g.permissions from permission_groups g')
      for (const { permissions } of groups) expect(permissions).toMatchObject(NO_TICKETS)
    })
  })

  it('PS-60 what a migration widens is read from its first comment', () => {
    expect(widening('-- Title.\n\n--  widens: partners see totals \n-- more\ncreate table x ();')).toEqual([
      'partners see totals',
    ])
    expect(widening('-- widens: nothing\nselect 1')).toEqual([])
    expect(widening('-- widens: a\n-- widens: b\nselect 1')).toEqual(['a', 'b'])
    expect(widening('select 1;\n-- widens: too late\n')).toBeUndefined()
    expect(widening('')).toBeUndefined()
  })
})

/** The four roles of an installation: what they must be, and the SQL that makes them so. */
import pg from 'pg'
import type { Connect } from './connect.ts'

export const ROLES = ['portico_owner', 'portico_app', 'portico_system', 'portico_backup'] as const
export type Role = (typeof ROLES)[number]
export type RolePasswords = Record<Role, string>

/** The same database, connected to as one of the four roles. */
export const asRole = (admin: Connect, role: Role, passwords: RolePasswords): Connect => ({
  ...admin,
  user: role,
  password: passwords[role],
})

/**
 * Settings that a role's sessions begin with. They hold behind a pooler too, which refuses settings at the start of a
 * connection. Timeouts are shorter than the silence limits of the pools (app.ts), so that the server speaks first.
 */
const SETTINGS: Partial<Record<Role, Record<string, string>>> = {
  portico_app: {
    // Statements of requests are written so that one plan fits all values. Planning anew for every call took as long as
    // running: half the time of a list. Pages are read from memory or a solid state disk: at the default cost of a random
    // page the planner walks a whole table of a thousand customers for three of them.
    plan_cache_mode: 'force_generic_plan',
    random_page_cost: '1.1',
    jit: 'off',
    statement_timeout: '7s',
    idle_in_transaction_session_timeout: '10s',
  },
  portico_system: { statement_timeout: '30s', idle_in_transaction_session_timeout: '30s' },
}

/** SQL that creates the roles, for a database administrator to run where `portico migrate` may not. */
export const rolesSql = (database: string, passwords: RolePasswords): string[] => [
  ...ROLES.map(
    (role) => `do $$ begin
    if not exists (select 1 from pg_roles where rolname = '${role}') then create role ${role} login; end if;
  end $$`,
  ),
  ...ROLES.map((role) => `alter role ${role} with login password ${pg.escapeLiteral(passwords[role])}`),
  ...ROLES.flatMap((role) =>
    Object.entries(SETTINGS[role] ?? {}).map(([name, value]) => `alter role ${role} set ${name} = '${value}'`),
  ),
  `grant connect on database ${pg.escapeIdentifier(database)} to ${ROLES.join(', ')}`,
  `grant create on database ${pg.escapeIdentifier(database)} to portico_owner`,
  'grant create, usage on schema public to portico_owner',
  'grant usage on schema public to portico_app, portico_system, portico_backup',
]

interface RoleState {
  name: Role
  can_login: boolean
  settings: string[]
  may_connect: boolean
  may_create: boolean
  may_use: boolean
}

/**
 * Whether the roles are as rolesSql makes them, so that nothing has to be changed. A role that may not create roles can ask
 * this, as on managed databases.
 */
export async function areRolesReady(client: pg.Client, canLogIn: (role: Role) => Promise<boolean>): Promise<boolean> {
  const { rows } = await client.query<RoleState>(
    `select rolname as name, rolcanlogin as can_login, coalesce(rolconfig, '{}') as settings,
        has_database_privilege(rolname, current_database(), 'connect') as may_connect,
        has_database_privilege(rolname, current_database(), 'create') and has_schema_privilege(rolname, 'public', 'create')
          as may_create,
        has_schema_privilege(rolname, 'public', 'usage') as may_use
      from pg_roles where rolname = any($1)`,
    [ROLES],
  )
  const isRight = (role: Role): boolean => {
    const state = rows.find(({ name }) => name === role)
    if (!state?.can_login || !state.may_connect || !state.may_use) return false
    const wanted = Object.entries(SETTINGS[role] ?? {}).map(([name, value]) => `${name}=${value}`)
    return wanted.every((setting) => state.settings.includes(setting)) && (role !== 'portico_owner' || state.may_create)
  }
  if (!ROLES.every(isRight)) return false
  for (const role of ROLES) if (!(await canLogIn(role))) return false
  return true
}

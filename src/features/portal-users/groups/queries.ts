import { sql, type RawBuilder } from 'kysely'
import { constraintOf } from '../../../platform/database/errors.ts'
import { fold } from '../../../platform/fold.ts'
import type { Read, Write } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import type { GroupKind, PermissionGroup, Permissions } from '../../identity/rules.ts'

export interface GroupRow extends PermissionGroup {
  version: number
}

const GROUP_COLUMNS = ['id', 'kind', 'name', 'permissions', 'version'] as const

/** Groups that portal users can have, with how many do. Links without a group count for the default of their scope. */
export async function listGroups(db: Read, account: string): Promise<(GroupRow & { links: number; users: number })[]> {
  const { rows } = await sql<GroupRow & { links: number; users: number }>`
    select g.id, g.kind, g.name, g.permissions, g.version,
      coalesce(used.links, 0) as links, coalesce(used.users, 0) as users
    from permission_groups g
    left join (
      select group_of_link(u.account_id, l.group_id, coalesce(l.scope, 'whole')) as id,
        count(l.id)::int as links, count(distinct u.id)::int as users
      from portal_users u
      left join portal_links l on l.account_id = ${account} and l.portal_user_id = u.id
      where u.account_id = ${account} and u.status <> 'removed'
      group by 1
    ) used on used.id = g.id
    where g.account_id = ${account} and g.kind <> 'visitor'
    order by array_position('{full,limited,none,custom}', g.kind), g.name_norm`.execute(db as Write)
  return rows
}

const selectGroups = (db: Read, account: string) =>
  (db as Write)
    .selectFrom('permission_groups')
    .select(GROUP_COLUMNS)
    .where('account_id', '=', account)
    // Portal users sign in. The group Visitor is for those who do not.
    .where('kind', '<>', 'visitor')

export const findGroup = async (db: Read, account: string, id: string): Promise<GroupRow | undefined> =>
  (await selectGroups(db, account).where('id', '=', id).executeTakeFirst()) as GroupRow | undefined

export const findBuiltInGroup = async (db: Read, account: string, kind: GroupKind): Promise<GroupRow> =>
  (await selectGroups(db, account).where('kind', '=', kind).executeTakeFirstOrThrow()) as unknown as GroupRow

/** Locks groups that will be changed or deleted, in the order of their ids, so that two deletions cannot wait for each other. */
export const lockGroups = async (db: Write, account: string, ids: readonly string[]): Promise<GroupRow[]> =>
  (await selectGroups(db, account)
    .where('id', 'in', [...ids])
    .orderBy('id')
    .forUpdate()
    .execute()) as unknown as GroupRow[]

/**
 * A group that a link is about to follow. It cannot be deleted before this transaction ends; without the lock, a deletion and an
 * assignment could wait for each other.
 * @throws input when there is none, also when it was deleted at the same time
 */
export async function holdGroup(db: Write, account: string, id: string): Promise<void> {
  const row = await selectGroups(db, account).where('id', '=', id).forKeyShare().executeTakeFirst()
  if (!row) throw problem('input', { fields: { group: 'choice' } })
}

export async function insertGroup(
  db: Write,
  account: string,
  group: { id: string; name: string; permissions: Permissions },
  now: Date,
): Promise<void> {
  await db
    .insertInto('permission_groups')
    .values({
      account_id: account,
      id: group.id,
      kind: 'custom',
      name: group.name,
      name_norm: fold(group.name),
      permissions: JSON.stringify(group.permissions),
      created_at: now,
      updated_at: now,
    })
    .execute()
    .catch(asNameTaken)
}

/** Stores a change if the version is still the expected one; returns the new version, or null. */
export async function updateGroup(
  db: Write,
  account: string,
  id: string,
  expected: number,
  change: { name?: string | undefined; permissions: Permissions },
  now: Date,
): Promise<number | null> {
  const row = await db
    .updateTable('permission_groups')
    .set((set) => ({
      ...(change.name !== undefined && { name: change.name, name_norm: fold(change.name) }),
      permissions: JSON.stringify(change.permissions),
      version: set('version', '+', 1),
      updated_at: now,
    }))
    .where('account_id', '=', account)
    .where('id', '=', id)
    .where('version', '=', expected)
    .returning('version')
    .executeTakeFirst()
    .catch(asNameTaken)
  return row?.version ?? null
}

function asNameTaken(error: unknown): never {
  if (constraintOf(error) !== 'permission_groups_name_unique') throw error
  throw problem('input', { fields: { name: 'taken' } })
}

/** How many links name the group. */
export async function countLinksOf(db: Read, account: string, group: string): Promise<number> {
  const { links } = await db
    .selectFrom('portal_links')
    .select((select) => select.fn.countAll<string>().as('links'))
    .where('account_id', '=', account)
    .where('group_id', '=', group)
    .executeTakeFirstOrThrow()
  return Number(links)
}

/** Moves the links of a group to another, or to the default of each (null). */
export async function moveLinks(db: Write, account: string, from: string, to: string | null, now: Date): Promise<void> {
  await db
    .updateTable('portal_links')
    .set({ group_id: to, updated_at: now })
    .where('account_id', '=', account)
    .where('group_id', '=', from)
    .execute()
}

export async function deleteGroup(db: Write, account: string, id: string): Promise<void> {
  await db.deleteFrom('permission_groups').where('account_id', '=', account).where('id', '=', id).execute()
}

/** Ids of portal users whose every link is in the group No access. */
export const selectDisabledUsers = (account: string): RawBuilder<unknown> => sql`
  select l.portal_user_id
  from portal_links l
  join permission_groups g on g.account_id = ${account} and g.id = l.group_id and g.kind = 'none'
  where l.account_id = ${account}
    and not exists (
      select from portal_links o
      where o.account_id = ${account} and o.portal_user_id = l.portal_user_id
        and o.group_id is distinct from l.group_id)`

/** Whether every link of the user is in the group No access. */
export async function isDisabled(db: Read, account: string, user: string): Promise<boolean> {
  const { rows } = await sql<{ disabled: boolean }>`
    select is_portal_user_disabled(${account}, ${user}) as disabled`.execute(db as Write)
  return rows[0]!.disabled
}

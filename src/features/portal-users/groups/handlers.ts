import { fold } from '../../../platform/fold.ts'
import { implement, type Context } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import { mayManage } from '../../identity/policy.ts'
import { PERMISSIONS, type Permissions } from '../../identity/rules.ts'
import { touchPortalSettings } from '../../portal/queries.ts'
import { permissionGroups } from './contract.ts'
import {
  countLinksOf,
  deleteGroup,
  findGroup,
  insertGroup,
  listGroups,
  lockGroups,
  moveLinks,
  updateGroup,
} from './queries.ts'
import { BUILT_IN_NAMES, isEditable } from './rules.ts'

export const permissionGroupsHandlers = implement('portal-users', permissionGroups, {
  async listPermissionGroups(ctx) {
    ctx.allow(mayManage(ctx.actor))
    return { rows: await listGroups(ctx.db, ctx.account.id) }
  },

  async createPermissionGroup(ctx, { name, permissions, copyOf }) {
    ctx.allow(mayManage(ctx.actor))
    checkName(name)
    const copied = copyOf ? await findGroup(ctx.db, ctx.account.id, copyOf) : undefined
    if (copyOf && !copied) throw problem('input', { fields: { copyOf: 'choice' } })
    const group = { id: ctx.newId(), name, permissions: withPermissions(copied?.permissions, permissions) }
    await insertGroup(ctx.db, ctx.account.id, group, ctx.now)
    const { id, ...details } = group
    await ctx.audit({ event: 'permissionGroupCreated', subjectKind: 'permissionGroup', subjectId: id, details })
    return { id, version: 1 }
  },

  async updatePermissionGroup(ctx, { group: id, version, name, permissions }) {
    ctx.allow(mayManage(ctx.actor))
    const before = await findGroup(ctx.db, ctx.account.id, id)
    if (!before) throw problem('notFound')
    if (before.version !== version) throw problem('editConflict')
    const isRenamed = name !== undefined && name !== before.name
    if (!isEditable(before.kind) || (isRenamed && before.kind !== 'custom')) throw problem('permissionGroupBuiltIn')
    if (isRenamed) checkName(name)
    // First, as in the portal settings, which show Full access as the default permissions.
    if (before.kind === 'full') await touchPortalSettings(ctx.db, ctx.account.id, ctx.now)
    const change = { ...(isRenamed && { name }), permissions: withPermissions(before.permissions, permissions) }
    const next = await updateGroup(ctx.db, ctx.account.id, id, version, change, ctx.now)
    if (next === null) throw problem('editConflict')
    await ctx.audit({
      event: 'permissionGroupUpdated',
      subjectKind: 'permissionGroup',
      subjectId: id,
      details: { kind: before.kind, name: name ?? before.name, before: before.permissions, after: change.permissions },
    })
    return { version: next }
  },

  async deletePermissionGroup(ctx, { group: id, moveTo }) {
    ctx.allow(mayManage(ctx.actor))
    const target = moveTo === undefined || moveTo === 'default' ? null : moveTo
    if (target === id) throw problem('input', { fields: { moveTo: 'choice' } })
    const moved = await deleteLocked(ctx, id, { target, mayMove: moveTo !== undefined })
    return { moved }
  },
})

/** Nobody gains or loses anything by a deletion that did not say where the links go. Returns how many moved. */
async function deleteLocked(
  ctx: Context<typeof permissionGroups.deletePermissionGroup>,
  id: string,
  { target, mayMove }: { target: string | null; mayMove: boolean },
): Promise<number> {
  const account = ctx.account.id
  const locked = await lockGroups(ctx.db, account, target ? [id, target] : [id])
  const group = locked.find((each) => each.id === id)
  if (!group) throw problem('notFound')
  if (group.kind !== 'custom') throw problem('permissionGroupBuiltIn')
  if (target && locked.length < 2) throw problem('input', { fields: { moveTo: 'choice' } })
  const count = await countLinksOf(ctx.db, account, id)
  if (count > 0 && !mayMove) throw problem('permissionGroupInUse', { vars: { count } })
  await moveLinks(ctx.db, account, id, target, ctx.now)
  await deleteGroup(ctx.db, account, id)
  const { name, permissions } = group
  await ctx.audit({
    event: 'permissionGroupDeleted',
    subjectKind: 'permissionGroup',
    subjectId: id,
    details: { name, permissions, moved: count, moveTo: target ?? 'default' },
  })
  return count
}

function checkName(name: string): void {
  if (BUILT_IN_NAMES.includes(fold(name))) throw problem('input', { fields: { name: 'taken' } })
}

/** All permissions: those given, then those before, else off. */
const withPermissions = (
  before: Permissions | undefined,
  given: { [P in keyof Permissions]?: boolean | undefined } | undefined,
): Permissions =>
  Object.fromEntries(PERMISSIONS.map((name) => [name, given?.[name] ?? before?.[name] ?? false])) as Permissions

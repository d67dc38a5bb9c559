/**
 * Permission groups: named sets of permissions of one account. A link between portal user and customer follows the group it
 * names, or the default of its scope: Full access for the whole customer, Limited for a contact. Four groups are built in.
 */
import { z } from 'zod'
import { contract, operation } from '../../../platform/operation.ts'
import { declareProblems } from '../../../platform/problem.ts'
import { count, id, line, recordId, recordVersion, seenVersion } from '../../../platform/schema.ts'
import { GROUP_KINDS } from '../../identity/rules.ts'
import { permissions, portalProblems } from '../../portal/contract.ts'
import { ownPermissions } from '../access/contract.ts'

declareProblems({
  editConflict: portalProblems.editConflict,
  permissionGroupBuiltIn: [409, 'Built-in groups keep their names and stay; No access also keeps its permissions.'],
  permissionGroupInUse: [409, 'Portal users have the group; `vars.count` is the number of links. Send `moveTo`.'],
})

const group = z
  .object({
    id: recordId(),
    kind: z.enum(GROUP_KINDS).describe('Which built-in group it is, or `custom`.'),
    name: z.string().nullable().describe('Name; null for built-in groups.'),
    permissions,
    version: recordVersion(),
    links: count('Links that follow it, also by default.'),
    users: count('Portal users who have it for a customer, or without one.'),
  })
  .meta({ id: 'PermissionGroup', description: 'A named set of permissions.' })
const groupParams = z.strictObject({ group: id().describe('ID of the group.') })
const name = () => line(60).describe('Name. No two groups have the same.')

export const permissionGroups = contract(
  { name: 'Permission groups', description: 'Named sets of permissions that portal users have for a customer.' },
  {
    listPermissionGroups: operation({
      method: 'GET',
      path: '/office/{account}/permission-groups',
      audience: ['staff'],
      summary: 'List permission groups',
      description: 'Built-in groups first, then your own by name.',
      output: z.object({ rows: z.array(group).describe('The groups.') }),
      problems: ['managersOnly'],
    }),
    createPermissionGroup: operation({
      method: 'POST',
      path: '/office/{account}/permission-groups',
      audience: ['staff'],
      summary: 'Create a permission group',
      description: 'Permissions that you leave out are those of `copyOf`, or off.',
      body: z.strictObject({
        name: name(),
        permissions: ownPermissions.optional(),
        copyOf: id().optional().describe('Group whose permissions are copied.'),
      }),
      output: z.object({ id: recordId(), version: recordVersion() }),
      problems: ['managersOnly'],
      writes: true,
      creates: true,
    }),
    updatePermissionGroup: operation({
      method: 'PATCH',
      path: '/office/{account}/permission-groups/{group}',
      audience: ['staff'],
      summary: 'Update a permission group',
      description: 'Changes what you send. It applies to every link of the group at once.',
      params: groupParams,
      body: z.strictObject({ version: seenVersion(), name: name().optional(), permissions: ownPermissions.optional() }),
      output: z.object({ version: recordVersion() }),
      problems: ['managersOnly', 'editConflict', 'permissionGroupBuiltIn'],
      writes: true,
    }),
    deletePermissionGroup: operation({
      method: 'DELETE',
      path: '/office/{account}/permission-groups/{group}',
      audience: ['staff'],
      summary: 'Delete a permission group',
      description: 'Links of the group move to the one you name. Without one, a group in use stays.',
      params: groupParams,
      query: z.strictObject({
        moveTo: z
          .union([id(), z.literal('default')])
          .optional()
          .describe('Group for its links, or `default` for the default of each link.'),
      }),
      output: z.object({ moved: count('Links that moved.') }),
      problems: ['managersOnly', 'permissionGroupBuiltIn', 'permissionGroupInUse'],
      writes: true,
    }),
  },
)

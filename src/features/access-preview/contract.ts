/**
 * A preview of a change of access: who would gain and lose what, before it is saved. The change itself is carried out, with
 * its own checks, and taken back.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { count, flag, recordId } from '../../platform/schema.ts'
import { permissionName } from '../identity/contract.ts'
import { portalUsers } from '../portal-users/contract.ts'
import { permissionGroups } from '../portal-users/groups/contract.ts'
import { portal } from '../portal/contract.ts'
import { secureLinks } from '../secure-links/contract.ts'
import { PREVIEW_RECORDS } from './rules.ts'

const { updatePermissionGroup, deletePermissionGroup } = permissionGroups
const { linkCustomer, updatePortalLink, unlinkCustomer, setTemplateAccess } = portalUsers
const { customizePermissions, resetPermissions } = portalUsers
const { suspendPortalUser, reactivatePortalUser, removePortalUser } = portalUsers
const { updateLinkLock, createSecureLink, revokeSecureLink } = secureLinks
const { updatePortalSettings } = portal
/** Operations that change who sees and may do what in the portal. */
const PREVIEWED = {
  updatePermissionGroup,
  deletePermissionGroup,
  linkCustomer,
  updatePortalLink,
  unlinkCustomer,
  setTemplateAccess,
  customizePermissions,
  resetPermissions,
  suspendPortalUser,
  reactivatePortalUser,
  removePortalUser,
  updateLinkLock,
  createSecureLink,
  revokeSecureLink,
  updatePortalSettings,
}
const names = Object.keys(PREVIEWED) as (keyof typeof PREVIEWED)[]

const person = z
  .object({
    kind: z.enum(['portalUser', 'secureLink']).describe('A portal user, or whoever has a secure link.'),
    id: recordId(),
    name: z.string().describe('Name to show.'),
    isEntry: flag('Whether they can enter the portal at all is what changes.'),
    permissions: z.array(permissionName).describe('Permissions, for at least one of the customers.'),
    customers: z
      .object({ count: count('Number of customers.'), names: z.array(z.string()).describe('Three of their names.') })
      .describe('Customers that the permissions are for.'),
    services: z.array(z.string()).describe('Names of services to book.'),
    records: z
      .array(
        z.object({
          kind: z.enum(PREVIEW_RECORDS).describe('Kind of the records.'),
          before: count('How many they see now, up to 10,000.'),
          after: count('How many they would see.'),
        }),
      )
      .describe('Records, of the kinds that change.'),
  })
  .meta({ id: 'AccessChange', description: 'What one person would gain or lose.' })
const side = (what: string) =>
  z
    .object({ count: count('How many people.'), rows: z.array(person).describe('The first ten of them, by name.') })
    .describe(what)

export const accessPreview = contract(
  { name: 'Access preview', description: 'Who gains and loses what by a change, before it is saved.' },
  {
    previewAccess: operation({
      method: 'POST',
      path: '/office/{account}/access-preview',
      audience: ['staff'],
      summary: 'Preview a change of access',
      description:
        'Carries out another operation, compares what everybody sees and may do, and takes it back. Refuses what it refuses.',
      body: z.strictObject({
        operation: z.enum(names).describe('Name of the operation.'),
        input: z
          .record(z.string(), z.unknown())
          .describe('Its path parameters, query and body in one object, without the account.'),
      }),
      output: z.object({
        gains: side('Who could do or see more.'),
        loses: side('Who could do or see less.'),
        isComplete: flag('Whether everybody was compared. If not, there may be more people.'),
      }),
      problems: [...new Set(names.flatMap((name) => PREVIEWED[name].problems as readonly string[]))],
    }),
  },
)

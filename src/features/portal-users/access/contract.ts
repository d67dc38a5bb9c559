/** What one portal user may reach and do: links to customers, templates, permissions. */
import { z } from 'zod'
import { operation } from '../../../platform/operation.ts'
import {
  count,
  empty,
  flag,
  id,
  moment,
  named,
  recordId,
  recordVersion,
  seenVersion,
} from '../../../platform/schema.ts'
import { permissionName } from '../../identity/contract.ts'
import { GROUP_KINDS, PERMISSIONS, type Permission } from '../../identity/rules.ts'
import { PERMISSION_MEANINGS } from '../../portal/contract.ts'
import { TEMPLATE_MODES } from '../rules.ts'

export const ownPermissions = z
  .strictObject(
    Object.fromEntries(PERMISSIONS.map((name) => [name, flag(PERMISSION_MEANINGS[name]).optional()])) as Record<
      Permission,
      z.ZodOptional<z.ZodBoolean>
    >,
  )
  .meta({ id: 'OwnPermissions', description: 'Permissions that differ. Those left out follow the level above.' })
export const explainedPermissions = z
  .array(
    z
      .object({
        permission: permissionName,
        allowed: z.boolean().nullable().describe('Whether it is allowed in effect; null if that differs by customer.'),
        source: z
          .enum(['switch', 'link', 'user', 'group'])
          .describe("Where the value comes from: the portal's cap, the link, the user or the group."),
        own: z.boolean().nullable().describe('What is set at this level; null follows the level above.'),
        otherwise: z.boolean().nullable().describe('What applies if this level follows; null if that differs.'),
      })
      .meta({ id: 'ExplainedPermission', description: 'A permission, with where its value comes from.' }),
  )
  .describe('All permissions.')
export const groupRef = z
  .object({
    id: recordId(),
    kind: z.enum(GROUP_KINDS).describe('Which built-in group it is, or `custom`.'),
    name: z.string().nullable().describe('Name; null for built-in groups.'),
  })
  .meta({ id: 'PermissionGroupRef', description: 'A permission group.' })
export const linkScope = z
  .enum(['whole', 'contact'])
  .meta({ id: 'PortalLinkScope', description: '`whole`: the whole customer. `contact`: what belongs to the contact.' })
export const portalLink = z
  .object({
    id: recordId(),
    customer: named().describe('The customer.'),
    whole: flag('Acts for the whole customer, not only for one contact.'),
    contact: named().nullable().describe('Contact who the portal user is; null if none, or if it was removed.'),
    since: moment().describe('When the link was made.'),
    group: groupRef.describe('Group that the link follows.'),
    ownGroup: flag('Whether it names the group. If not, it follows the default of its scope.'),
    customized: flag('Whether the link has permissions of its own.'),
    permissions: explainedPermissions,
  })
  .meta({ id: 'PortalLink', description: 'A customer that a portal user acts for.' })
export const templatesMode = z
  .enum(TEMPLATE_MODES)
  .meta({ id: 'TemplatesMode', description: 'Follow the default services, add to them, replace them, or hide some.' })
export const templateIds = () => z.array(id()).max(200, 'tooMany').describe('IDs of the templates for the mode.')

export const portalState = z
  .object({ enabled: flag('Whether the portal is on.'), public: flag('Whether anyone may sign up.') })
  .describe('The portal.')
export const signUp = z
  .enum(['allow', 'block'])
  .default('allow')
  .describe(
    'Whether the email address may sign up again. `blockedEmails` of the portal settings lists those that may not.',
  )

export const userParams = z.strictObject({ user: id().describe('ID of the portal user.') })
const linkParams = z.strictObject({ ...userParams.shape, link: id().describe('ID of the link.') })
export const seen = { version: seenVersion() }
const changedUser = z.object({ version: recordVersion() })
export const MANAGE_PROBLEMS = ['managersOnly', 'portalUserRemoved'] as const

export const portalUserAccess = {
  sendPortalPasswordReset: operation({
    method: 'POST',
    path: '/office/{account}/portal-users/{user}/password-reset',
    audience: ['staff'],
    summary: 'Send a password reset',
    description: 'Emails the portal user a link to choose a new password. The current one works until then.',
    params: userParams,
    output: z.object({ email: z.string().describe('Email address that it was sent to.') }),
    problems: [
      'officeOnly',
      'notActivatedYet',
      'portalUserDisabled',
      'portalUserSuspended',
      'portalUserRemoved',
      'portalIsOff',
      'resentTooSoon',
    ],
    limits: [{ by: 'caller', max: 100, seconds: 3600 }],
    writes: true,
  }),
  linkCustomer: operation({
    method: 'POST',
    path: '/office/{account}/portal-users/{user}/links',
    audience: ['staff'],
    summary: 'Link a customer',
    description: 'The portal user can act for the customer, with permissions of their own if you send them.',
    params: userParams,
    body: z.strictObject({
      customer: id().describe('Customer to link.'),
      permissions: ownPermissions.optional(),
      group: id().optional().describe('Permission group. Without one, the default applies.'),
      scope: linkScope.optional(),
      contact: id().optional().describe('Contact of the customer who the portal user is.'),
    }),
    output: z.object({ id: recordId() }),
    problems: [...MANAGE_PROBLEMS, 'alreadyLinked'],
    writes: true,
    creates: true,
  }),
  updatePortalLink: operation({
    method: 'PATCH',
    path: '/office/{account}/portal-users/{user}/links/{link}',
    audience: ['staff'],
    summary: 'Change a link',
    description: 'Scope, group and permissions for this one customer. Changes what you send.',
    params: linkParams,
    body: z.strictObject({
      permissions: ownPermissions
        .nullable()
        .optional()
        .describe('Permissions for this customer. Null follows the user and the group.'),
      group: id().nullable().optional().describe('Permission group. Null follows the default of the scope.'),
      scope: linkScope.optional(),
      contact: id().optional().describe('Contact of the customer who the portal user is. Kept for the scope `whole`.'),
    }),
    output: empty(),
    problems: [...MANAGE_PROBLEMS],
    writes: true,
  }),
  unlinkCustomer: operation({
    method: 'DELETE',
    path: '/office/{account}/portal-users/{user}/links/{link}',
    audience: ['staff'],
    summary: 'Unlink a customer',
    description: 'The portal user no longer sees its jobs. Nothing is deleted.',
    params: linkParams,
    output: empty(),
    problems: [...MANAGE_PROBLEMS],
    writes: true,
  }),
  setTemplateAccess: operation({
    method: 'PUT',
    path: '/office/{account}/portal-users/{user}/templates',
    audience: ['staff'],
    summary: 'Set the templates of a portal user',
    description: 'Which services the portal user can book.',
    params: userParams,
    body: z.strictObject({ ...seen, mode: templatesMode, templates: templateIds() }),
    output: changedUser,
    problems: [...MANAGE_PROBLEMS, 'editConflict'],
    writes: true,
  }),
  customizePermissions: operation({
    method: 'PUT',
    path: '/office/{account}/portal-users/{user}/permissions',
    audience: ['staff'],
    summary: 'Customize permissions',
    description: 'Gives the portal user permissions of their own.',
    params: userParams,
    body: z.strictObject({ ...seen, permissions: ownPermissions }),
    output: changedUser,
    problems: [...MANAGE_PROBLEMS, 'editConflict'],
    writes: true,
  }),
  resetPermissions: operation({
    method: 'DELETE',
    path: '/office/{account}/portal-users/{user}/permissions',
    audience: ['staff'],
    summary: 'Reset permissions',
    description: 'The portal user follows the permission groups again.',
    params: userParams,
    output: changedUser,
    problems: [...MANAGE_PROBLEMS],
    writes: true,
  }),
  suspendPortalUser: operation({
    method: 'POST',
    path: '/office/{account}/portal-users/{user}/suspend',
    audience: ['staff'],
    summary: 'Suspend a portal user',
    description: 'Ends all sessions and refuses sign-in until the user is reactivated.',
    params: userParams,
    output: z.object({ sessionsEnded: count('Number of sessions that ended.') }),
    problems: [...MANAGE_PROBLEMS, 'notActivatedYet'],
    writes: true,
  }),
  reactivatePortalUser: operation({
    method: 'POST',
    path: '/office/{account}/portal-users/{user}/reactivate',
    audience: ['staff'],
    summary: 'Reactivate a portal user',
    description: 'A suspended portal user can sign in again.',
    params: userParams,
    output: empty(),
    problems: [...MANAGE_PROBLEMS, 'notActivatedYet', 'contactGone'],
    writes: true,
  }),
}

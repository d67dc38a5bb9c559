/**
 * Portal users: the logins of one account's portal, as the office sees them. A portal user is not a customer; links
 * between the two say for whom it acts, and with which permissions. Only the user knows the password: no operation here
 * takes or shows one.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { declareProblems } from '../../platform/problem.ts'
import {
  count,
  cursor,
  email,
  flag,
  id,
  limit,
  moment,
  named,
  page,
  recordId,
  recordVersion,
  search,
} from '../../platform/schema.ts'
import { portalProblems } from '../portal/contract.ts'
import {
  explainedPermissions,
  groupRef,
  linkScope,
  MANAGE_PROBLEMS,
  ownPermissions,
  portalLink,
  portalState,
  portalUserAccess,
  seen,
  signUp,
  templateIds,
  templatesMode,
  userParams,
} from './access/contract.ts'
import { portalUserBulkChanges } from './bulk/contract.ts'
import { DISPLAY_STATUSES, STATUSES } from './rules.ts'

declareProblems({
  editConflict: portalProblems.editConflict,
  alreadyPortalUser: [409, 'There is a portal user with the email address; `vars.user` is their ID.'],
  alreadyActivated: [409, 'The portal user is activated already.'],
  notActivatedYet: [409, 'The portal user is not activated yet.'],
  portalUserDisabled: [409, 'The portal user is in the group No access. Choose another group first.'],
  portalUserSuspended: [409, 'The portal user is suspended. Reactivate them first.'],
  contactGone: [
    409,
    'The contact of the portal user was removed or archived. Attach them to another contact or the customer first.',
  ],
  portalUserRemoved: [409, 'The portal user is removed.'],
  noCustomerLinked: [409, 'The portal user has no customer, so no group applies.'],
  alreadyLinked: [409, 'The portal user is linked to the customer already.'],
  portalIsOff: [409, 'The portal is off, so its links would not work. Turn it on first.'],
  resentTooSoon: [429, 'An email with a link was sent within the last minute.'],
})

const displayStatus = z.enum(DISPLAY_STATUSES).meta({
  id: 'PortalUserDisplayStatus',
  description:
    'Status in lists: `invited` and `signed_up` are `notActivated`; who cannot sign in by their group is `disabled`.',
})
const lastEmail = z
  .object({
    id: recordId(),
    status: z.enum(['waiting', 'retrying', 'delivered', 'refused']).describe('Delivery status.'),
    at: moment().describe('When it was written or sent.'),
    next: moment().nullable().describe('When it is tried next.'),
    result: z.string().nullable().describe('What the mail server answered last.'),
  })
  .meta({ id: 'ActivationEmail', description: 'An email with an activation link.' })
export const portalUserActions = z
  .object({
    resend: flag('Resend the invitation.'),
    sendReset: flag('Send a link to choose a new password.'),
    manage: flag('Change links, templates and permissions.'),
    changeEmail: flag('Change the email address.'),
    suspend: flag('Suspend the portal user.'),
    reactivate: flag('Reactivate the portal user.'),
    remove: flag('Remove the portal user.'),
  })
  .meta({ id: 'PortalUserActions', description: 'What you may do with a portal user now.' })
const shared = {
  id: recordId(),
  email: z.string().describe('Email address to sign in with.'),
  name: z.string().nullable().describe('Full name; null until the user gave it.'),
  status: z.enum(STATUSES).describe('Status.'),
  displayStatus,
  createdAt: moment().describe('When the portal user was invited or signed up.'),
  lastSignInAt: moment().nullable().describe('When they last signed in.'),
  mail: lastEmail.nullable().describe('The newest activation email.'),
  can: portalUserActions,
}
const row = z
  .object({
    ...shared,
    customers: z
      .object({ count: count('Number of customers.'), names: z.array(z.string()).describe('Some of their names.') })
      .describe('Customers that the portal user acts for.'),
    customized: flag('Whether permissions or templates differ from the defaults.'),
  })
  .meta({ id: 'PortalUserRow', description: 'A portal user in a list.' })
const templateAccess = z
  .object({
    mode: templatesMode,
    own: z.array(z.string()).describe('IDs for the mode: added, the whole list, or hidden.'),
    choices: z
      .array(
        z.object({
          ...named().shape,
          isDefault: flag('A default service.'),
          bookable: flag('The portal user can book it.'),
          archived: flag('Archived.'),
        }),
      )
      .describe('Templates to choose from.'),
    hidesJobs: flag('Existing jobs of other templates are hidden from the portal user (E-19).'),
  })
  .describe('Services that the portal user can book.')
const portalUser = z
  .object({
    ...shared,
    version: recordVersion(),
    phone: z.string().nullable().describe('Phone number.'),
    company: z.string().nullable().describe('Company.'),
    postalAddress: z.string().nullable().describe('Postal address.'),
    pendingEmail: z.string().nullable().describe('New email address that waits to be confirmed.'),
    activatedAt: moment().nullable().describe('When they were activated.'),
    removedAt: moment().nullable().describe('When they were removed.'),
    links: z.array(portalLink).describe('Customers that the portal user acts for.'),
    permissions: z
      .object({
        customized: flag('Whether they have permissions of their own.'),
        group: groupRef.nullable().describe('Group of all customers; null if they differ.'),
        values: explainedPermissions,
      })
      .describe('What the portal user may do.'),
    templates: templateAccess,
    /** For staff to decide; customers are never linked automatically (E-24). */
    suggestions: z
      .array(z.object({ ...named().shape, contact: z.string().nullable().describe('Name of the contact.') }))
      .describe('Customers with the same email address that are not linked.'),
    removal: z
      .object({
        sessions: count('Sessions that would end.'),
        links: count('Links that would end.'),
        jobs: count('Jobs that they booked; these stay.'),
      })
      .describe('What removing the portal user would end.'),
    portal: portalState,
  })
  .meta({ id: 'PortalUser', description: 'A login of the customer portal.' })

const userOperations = {
  listPortalUsers: operation({
    method: 'GET',
    path: '/office/{account}/portal-users',
    audience: ['staff'],
    summary: 'List portal users',
    description: 'Portal users that match the search, with the number of each status.',
    query: z.strictObject({
      search: search(),
      displayStatus: displayStatus.optional().describe('Only portal users of this status.'),
      customer: id().optional().describe('Only those linked to this customer.'),
      sort: z
        .enum(['name', '-name', 'status', '-status', 'lastSignIn', '-lastSignIn', 'created', '-created'])
        .optional()
        .describe('Order; with `-` descending. Default: `name`.'),
      cursor: cursor(),
      limit: limit(),
    }),
    output: z.object({
      ...page(row),
      counts: z
        .object({
          all: count('All but removed ones.'),
          active: count('Active.'),
          notActivated: count('Not activated.'),
          suspended: count('Suspended.'),
          disabled: count('In the group No access for every customer.'),
          removed: count('Removed.'),
        })
        .describe('How many match the search.'),
      can: z
        .object({ invite: flag('Invite portal users.'), manage: flag('Manage portal users.') })
        .describe('What you may do.'),
      portal: portalState,
    }),
    problems: ['officeOnly'],
  }),
  getPortalUser: operation({
    method: 'GET',
    path: '/office/{account}/portal-users/{user}',
    audience: ['staff'],
    summary: 'Get a portal user',
    description: 'The portal user with customers, permissions and templates.',
    params: userParams,
    output: portalUser,
    problems: ['officeOnly'],
  }),
  addPortalUser: operation({
    method: 'POST',
    path: '/office/{account}/portal-users',
    audience: ['staff'],
    summary: 'Invite a portal user',
    description:
      'Emails an invitation. Only the email address is required. It replaces a sign-up that was not confirmed.',
    body: z.strictObject({
      email: email(),
      customers: z.array(id()).max(50, 'tooMany').optional().describe('Customers to link.'),
      contact: id().optional().describe('Contact of one of these customers who they are; named so until they accept.'),
      scope: linkScope.optional(),
      templatesMode: templatesMode.optional(),
      templates: templateIds().optional(),
      permissions: ownPermissions.optional(),
      group: id().optional().describe('Permission group for these customers.'),
    }),
    output: z.object({ id: recordId(), email: z.string().describe('Email address.') }),
    problems: ['officeOnly', 'managersOnly', 'alreadyPortalUser', 'portalIsOff'],
    limits: [{ by: 'caller', max: 300, seconds: 3600 }],
    writes: true,
    checksInput: true,
    creates: true,
  }),
  resendPortalInvitation: operation({
    method: 'POST',
    path: '/office/{account}/portal-users/{user}/resend',
    audience: ['staff'],
    summary: 'Resend a portal invitation',
    description: 'Emails a new activation link; the earlier link stops working.',
    params: userParams,
    output: z.object({ email: z.string().describe('Email address that it was sent to.') }),
    problems: [
      'officeOnly',
      'alreadyActivated',
      'portalUserSuspended',
      'portalUserRemoved',
      'portalIsOff',
      'resentTooSoon',
    ],
    writes: true,
  }),
  updatePortalUser: operation({
    method: 'PATCH',
    path: '/office/{account}/portal-users/{user}',
    audience: ['staff'],
    summary: 'Change the email address of a portal user',
    description: 'Before activation it changes at once and a new invitation is sent; later the user must confirm it.',
    params: userParams,
    body: z.strictObject({ ...seen, email: email() }),
    output: z.object({
      version: recordVersion(),
      outcome: z
        .enum(['invitedAnew', 'confirmationSent'])
        .describe('`invitedAnew`: changed and invited again. `confirmationSent`: waits to be confirmed.'),
    }),
    problems: [...MANAGE_PROBLEMS, 'editConflict', 'alreadyPortalUser', 'portalUserSuspended', 'portalIsOff'],
    writes: true,
  }),
  removePortalUser: operation({
    method: 'DELETE',
    path: '/office/{account}/portal-users/{user}',
    audience: ['staff'],
    summary: 'Remove a portal user',
    description: 'Ends access, links and waiting emails at once. Customers and jobs stay.',
    params: userParams,
    query: z.strictObject({ signUp }),
    output: z.object({
      outcome: z.enum(['removed', 'alreadyRemoved']).describe('`alreadyRemoved`: someone else was faster.'),
      name: z.string().describe('Name or email address of the portal user.'),
      ended: z
        .object({ sessions: count('Sessions that ended.'), links: count('Links that ended.') })
        .describe('What ended.'),
    }),
    problems: ['managersOnly'],
    writes: true,
  }),
}

export const portalUsers = contract(
  { name: 'Portal users', description: 'Logins of the customer portal, with their customers and permissions.' },
  { ...userOperations, ...portalUserBulkChanges, ...portalUserAccess },
)

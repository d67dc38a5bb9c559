/**
 * The events of the audit: who may cause each, by which operation, and what it is about. audit.test.ts causes every one of
 * them and finds exactly one entry. `ctx.audit` takes no other name. Pure.
 */
import type { Actor } from '../identity/rules.ts'

export type SubjectKind =
  | 'account'
  | 'customer'
  | 'job'
  | 'message'
  | 'permissionGroup'
  | 'person'
  | 'portalUser'
  | 'portalView'
  | 'staffMember'
  | 'template'
  | 'ticket'

export interface AuditEvent {
  /** Operations that write it. */
  operations: readonly string[]
  /** Kinds of callers. Whoever signs in or follows a link is still anonymous; the subject says who it was. */
  actors: readonly Actor['kind'][]
  subject: SubjectKind | null
  /**
   * Of a refusal: the problem codes that are recorded. The request lifecycle writes it after the transaction of the
   * refused request was rolled back. An attempt that a rate limit turned away was not looked at and is not recorded.
   */
  refusals?: readonly string[]
  /** Of an event that the lifecycle writes: the path parameter that names the subject. */
  subjectIn?: string
}

/** Problem codes of a policy that said no. */
const RIGHTS = ['notFound', 'notAllowed', 'officeOnly', 'managersOnly', 'ownersOnly', 'ownerOnly', 'notYourself']
const LINK_CODES = ['linkUsed', 'linkExpired', 'linkReplaced', 'linkInvalid', 'detailsMissing']

const byStaff = { actors: ['staff'] } as const
const byPortalUser = { actors: ['portalUser'], subject: 'portalUser' } as const
const byPerson = { actors: ['person'], subject: 'person' } as const
/** Also signed-in callers may follow a link or sign in as somebody else. */
const AT_OFFICE_SIGN_IN = ['anonymous', 'person'] as const
const AT_PORTAL_SIGN_IN = ['anonymous', 'portalUser', 'linkVisitor'] as const
const atOffice = { actors: AT_OFFICE_SIGN_IN, subject: 'person' } as const
const atPortal = { actors: AT_PORTAL_SIGN_IN, subject: 'portalUser' } as const
const ofAccount = { ...byStaff, subject: 'account' } as const
const ofCustomer = { ...byStaff, subject: 'customer' } as const
const ofPermissionGroup = { ...byStaff, subject: 'permissionGroup' } as const
const ofPortalUser = { ...byStaff, subject: 'portalUser' } as const
const ofStaff = { ...byStaff, subject: 'staffMember' } as const
const ofTemplate = { ...byStaff, subject: 'template' } as const

export const AUDIT_EVENTS = {
  // ---- staff sign-in, passwords and sessions: one entry in each account that the person is staff of ----
  personSignedIn: { operations: ['signIn'], ...atOffice },
  personSignInRefused: {
    operations: ['signIn'],
    ...atOffice,
    refusals: ['wrongCredentials'],
  },
  personSignedOut: { operations: ['signOut'], ...byPerson },
  personSessionsEnded: { operations: ['endSession', 'endOtherSessions'], ...byPerson },
  personPasswordChanged: { operations: ['changePassword'], ...byPerson },
  personPasswordChangeRefused: { operations: ['changePassword'], ...byPerson, refusals: ['wrongPassword'] },
  personPasswordResetRequested: { operations: ['requestPasswordReset'], ...atOffice },
  personPasswordReset: { operations: ['resetPassword'], ...atOffice },
  personPasswordResetRefused: {
    operations: ['resetPassword'],
    actors: AT_OFFICE_SIGN_IN,
    subject: null,
    refusals: ['resetClosed'],
  },
  personRenamed: { operations: ['updateCurrentUser'], ...byPerson },

  // ---- staff and their roles ----
  staffInvited: { operations: ['inviteStaff'], ...ofStaff },
  staffInvitationResent: { operations: ['resendStaffInvitation'], ...ofStaff },
  staffInvitationWithdrawn: { operations: ['revokeStaffInvitation'], ...ofStaff },
  staffJoined: { operations: ['acceptStaffInvitation'], actors: AT_OFFICE_SIGN_IN, subject: 'staffMember' },
  staffInvitationRefused: {
    operations: ['acceptStaffInvitation'],
    actors: AT_OFFICE_SIGN_IN,
    subject: null,
    refusals: ['invitationClosed', 'wrongPerson'],
  },
  staffRoleChanged: { operations: ['changeStaffRole'], ...ofStaff },
  staffDeactivated: { operations: ['deactivateStaff'], ...ofStaff },
  staffReactivated: { operations: ['reactivateStaff'], ...ofStaff },
  staffChangeRefused: {
    operations: [
      'inviteStaff',
      'resendStaffInvitation',
      'revokeStaffInvitation',
      'changeStaffRole',
      'deactivateStaff',
      'reactivateStaff',
    ],
    ...ofStaff,
    refusals: [...RIGHTS, 'lastOwner'],
    subjectIn: 'member',
  },

  // ---- the account and its settings ----
  accountOpened: { operations: ['setUp'], actors: AT_OFFICE_SIGN_IN, subject: 'account' },
  setUpRefused: { operations: ['setUp'], actors: AT_OFFICE_SIGN_IN, subject: null, refusals: ['setUpClosed'] },
  accountChanged: { operations: ['updateAccount'], ...ofAccount },
  logoChanged: { operations: ['uploadLogo'], ...ofAccount },
  logoRemoved: { operations: ['removeLogo'], ...ofAccount },
  portalSettingsChanged: { operations: ['updatePortalSettings'], ...ofAccount },
  portalAddressChanged: { operations: ['changePortalAddress'], ...ofAccount },
  ticketSettingsChanged: { operations: ['updateTicketSettings'], ...ofAccount },
  permissionGroupCreated: { operations: ['createPermissionGroup'], ...ofPermissionGroup },
  permissionGroupUpdated: { operations: ['updatePermissionGroup'], ...ofPermissionGroup },
  permissionGroupDeleted: { operations: ['deletePermissionGroup'], ...ofPermissionGroup },
  settingsChangeRefused: {
    operations: [
      'updateAccount',
      'uploadLogo',
      'removeLogo',
      'updatePortalSettings',
      'updateTicketSettings',
      'changePortalAddress',
      'createPermissionGroup',
      'updatePermissionGroup',
      'deletePermissionGroup',
    ],
    ...byStaff,
    subject: null,
    refusals: RIGHTS,
  },

  // ---- portal users, as the office manages them ----
  portalUserInvited: { operations: ['addPortalUser'], ...ofPortalUser },
  portalPasswordResetSent: { operations: ['sendPortalPasswordReset'], ...ofPortalUser },
  portalInvitationResent: { operations: ['resendPortalInvitation', 'changePortalUsers'], ...ofPortalUser },
  /** By the office, and once more when the user confirms the new address. */
  portalUserEmailChanged: {
    operations: ['updatePortalUser', 'confirmEmailChange'],
    actors: ['staff', ...AT_PORTAL_SIGN_IN],
    subject: 'portalUser',
  },
  templateAccessChanged: { operations: ['setTemplateAccess'], ...ofPortalUser },
  permissionsCustomized: { operations: ['customizePermissions'], ...ofPortalUser },
  permissionsReset: { operations: ['resetPermissions'], ...ofPortalUser },
  portalUserSuspended: { operations: ['suspendPortalUser', 'changePortalUsers'], ...ofPortalUser },
  portalUserReactivated: { operations: ['reactivatePortalUser', 'changePortalUsers'], ...ofPortalUser },
  portalUserRemoved: { operations: ['removePortalUser', 'changePortalUsers'], ...ofPortalUser },
  customerLinked: { operations: ['linkCustomer'], ...ofPortalUser },
  linkPermissionsChanged: { operations: ['updatePortalLink', 'changePortalUsers'], ...ofPortalUser },
  customerUnlinked: { operations: ['unlinkCustomer'], ...ofPortalUser },
  portalUserChangeRefused: {
    operations: [
      'addPortalUser',
      'resendPortalInvitation',
      'sendPortalPasswordReset',
      'updatePortalUser',
      'setTemplateAccess',
      'customizePermissions',
      'resetPermissions',
      'suspendPortalUser',
      'reactivatePortalUser',
      'removePortalUser',
      'linkCustomer',
      'updatePortalLink',
      'unlinkCustomer',
    ],
    ...ofPortalUser,
    refusals: RIGHTS,
    subjectIn: 'user',
  },

  // ---- staff look at the portal as somebody else (view as); the actor is who looks ----
  portalViewStarted: { operations: ['startPortalView'], ...byStaff, subject: 'portalView' },
  /** The start of another ends the one before, and the hourly clean-up ends those that nobody left. */
  portalViewEnded: { operations: ['endPortalView'], ...byStaff, subject: 'portalView' },

  // ---- portal users themselves ----
  portalUserSignedUp: { operations: ['signUp'], ...atPortal },
  portalActivationSent: {
    operations: ['resendActivation', 'renewActivation', 'signUp', 'requestPortalPasswordReset'],
    ...atPortal,
  },
  portalUserActivated: { operations: ['activateAccount', 'acceptInvitation'], ...atPortal },
  portalLinkRefused: {
    operations: ['activateAccount', 'acceptInvitation', 'renewActivation', 'confirmEmailChange', 'resetPortalPassword'],
    actors: AT_PORTAL_SIGN_IN,
    subject: null,
    refusals: LINK_CODES,
  },
  portalUserSignedIn: { operations: ['signInToPortal'], ...atPortal },
  portalUserSignInRefused: {
    operations: ['signInToPortal'],
    ...atPortal,
    refusals: ['wrongCredentials', 'notActivated'],
  },
  portalUserSignedOut: { operations: ['signOutOfPortal'], ...byPortalUser },
  portalSessionsEnded: { operations: ['endPortalSession', 'endOtherPortalSessions'], ...byPortalUser },
  portalUserPasswordChanged: { operations: ['changePortalPassword'], ...byPortalUser },
  portalUserPasswordChangeRefused: {
    operations: ['changePortalPassword'],
    ...byPortalUser,
    refusals: ['wrongPassword'],
  },
  portalPasswordResetRequested: { operations: ['requestPortalPasswordReset'], ...atPortal },
  portalUserPasswordReset: { operations: ['resetPortalPassword'], ...atPortal },
  portalUserProfileChanged: { operations: ['updatePortalProfile'], ...byPortalUser },

  // ---- customers, templates, jobs and messages ----
  customerCreated: { operations: ['createCustomer'], ...ofCustomer },
  customerCreatedByBooking: { operations: ['createPortalJob'], actors: ['portalUser'], subject: 'customer' },
  customerUpdated: { operations: ['updateCustomer', 'copyBillingContact'], ...ofCustomer },
  customerArchived: { operations: ['archiveCustomer'], ...ofCustomer },
  customerRestored: { operations: ['restoreCustomer'], ...ofCustomer },
  contactAdded: { operations: ['addContact'], ...ofCustomer },
  contactUpdated: { operations: ['updateContact'], ...ofCustomer },
  contactRemoved: { operations: ['removeContact'], ...ofCustomer },
  contactArchived: { operations: ['archiveContact'], ...ofCustomer },
  contactRestored: { operations: ['restoreContact'], ...ofCustomer },
  contactMoved: { operations: ['moveContact'], ...ofCustomer },
  customerMerged: { operations: ['mergeCustomer'], ...ofCustomer },
  contactMerged: { operations: ['mergeContact'], ...ofCustomer },
  siteAdded: { operations: ['addSite'], ...ofCustomer },
  siteUpdated: { operations: ['updateSite'], ...ofCustomer },
  siteArchived: { operations: ['archiveSite'], ...ofCustomer },
  siteRestored: { operations: ['restoreSite'], ...ofCustomer },
  /** A download changes nothing: the lifecycle writes its entry before the first byte leaves. */
  customersExported: { operations: ['exportCustomers'], ...byStaff, subject: null },
  contactsExported: { operations: ['exportContacts'], ...byStaff, subject: null },
  jobsExported: { operations: ['exportJobs'], ...byStaff, subject: null },
  portalTicketsExported: {
    operations: ['exportPortalTickets'],
    actors: ['portalUser', 'linkVisitor'],
    subject: null,
  },
  exportRefused: { operations: ['exportCustomers', 'exportContacts'], ...byStaff, subject: null, refusals: RIGHTS },
  templateCreated: { operations: ['createTemplate'], ...ofTemplate },
  templateUpdated: { operations: ['updateTemplate'], ...ofTemplate },
  templateArchived: { operations: ['archiveTemplate'], ...ofTemplate },
  templateRestored: { operations: ['restoreTemplate'], ...ofTemplate },
  secureLinkCreated: { operations: ['createSecureLink'], ...ofCustomer },
  secureLinkRevoked: { operations: ['revokeSecureLink'], ...ofCustomer },
  linkLockChanged: { operations: ['updateLinkLock'], ...ofCustomer },
  secureLinkOpened: { operations: ['openSecureLink'], actors: AT_PORTAL_SIGN_IN, subject: 'customer' },

  jobDeleted: {
    operations: ['deleteJob', 'deletePortalJob'],
    actors: ['staff', 'portalUser', 'linkVisitor'],
    subject: 'job',
  },
  ticketsMerged: { operations: ['mergeTickets'], ...byStaff, subject: 'ticket' },
  messageResent: { operations: ['resendMessage'], ...byStaff, subject: 'message' },
  invitationLinkCopied: { operations: ['copyInvitationLink'], ...byStaff, subject: 'message' },
  invitationLinkRefused: {
    operations: ['copyInvitationLink'],
    ...byStaff,
    subject: 'message',
    refusals: RIGHTS,
    subjectIn: 'message',
  },
} as const satisfies Record<string, AuditEvent>

export type AuditEventName = keyof typeof AUDIT_EVENTS

/** Operations that only read and are recorded all the same. */
const RECORDED_READS: readonly AuditEventName[] = [
  'customersExported',
  'contactsExported',
  'jobsExported',
  'portalTicketsExported',
]

export interface AuditInput {
  event: AuditEventName
  subjectKind?: SubjectKind
  subjectId?: string
  details?: Record<string, unknown>
}

export interface LifecycleEvent extends AuditEvent {
  name: AuditEventName
}

const entries = Object.entries(AUDIT_EVENTS) as [AuditEventName, AuditEvent][]

/** The event for a refusal of this operation; undefined when refusals of it are not recorded. */
export const refusalEventOf = (operation: string): LifecycleEvent | undefined => refusalEvents.get(operation)
const refusalEvents = new Map(
  entries
    .filter(([, event]) => event.refusals)
    .flatMap(([name, event]) => event.operations.map((operation) => [operation, { name, ...event }] as const)),
)

/** The event for a success of this operation, when it only reads and so cannot write an entry itself. */
export const readEventOf = (operation: string): LifecycleEvent | undefined => readEvents.get(operation)
const readEvents = new Map(
  entries
    .filter(([name]) => RECORDED_READS.includes(name))
    .flatMap(([name, event]) => event.operations.map((operation) => [operation, { name, ...event }] as const)),
)

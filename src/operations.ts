/** Every operation and every kind of mail of the features. */
import { access } from './features/access/contract.ts'
import { accessHandlers } from './features/access/handlers.ts'
import { accessPreview } from './features/access-preview/contract.ts'
import { accessPreviewHandlers } from './features/access-preview/handlers.ts'
import { accounts } from './features/accounts/contract.ts'
import { accountsHandlers } from './features/accounts/handlers.ts'
import { customers } from './features/customers/contract.ts'
import { customersHandlers } from './features/customers/handlers.ts'
import { identity } from './features/identity/contract.ts'
import { identityHandlers } from './features/identity/handlers.ts'
import { people } from './features/identity/people/contract.ts'
import { peopleHandlers } from './features/identity/people/handlers.ts'
import { staffPasswordChanged, staffPasswordReset, staffSignInsFailed } from './features/identity/people/messages.ts'
import { portalIdentity } from './features/identity/portal/contract.ts'
import { portalIdentityHandlers } from './features/identity/portal/handlers.ts'
import { booking } from './features/jobs/booking/contract.ts'
import { bookingHandlers } from './features/jobs/booking/handlers.ts'
import { jobs } from './features/jobs/contract.ts'
import { jobsMessages } from './features/jobs/messages.ts'
import { jobEditingHandlers } from './features/jobs/office/editing/handlers.ts'
import { jobReadingHandlers } from './features/jobs/office/handlers.ts'
import { jobBulkHandlers } from './features/jobs/office/bulk/handlers.ts'
import { jobStatusHandlers } from './features/jobs/office/status/handlers.ts'
import { jobScheduleHandlers } from './features/jobs/schedule/handlers.ts'
import { portalJobs } from './features/jobs/portal/contract.ts'
import { portalJobEditingHandlers } from './features/jobs/portal/editing/handlers.ts'
import { portalJobReadingHandlers } from './features/jobs/portal/handlers.ts'
import { jobUpdateMessages } from './features/jobs/updates/messages.ts'
import { messages } from './features/messages/contract.ts'
import { notifications } from './features/notifications/contract.ts'
import { notificationsHandlers } from './features/notifications/handlers.ts'
import { activation } from './features/portal-users/activation/contract.ts'
import { activationHandlers } from './features/portal-users/activation/handlers.ts'
import { portalUsers } from './features/portal-users/contract.ts'
import { portalUsersHandlers } from './features/portal-users/handlers.ts'
import { permissionGroups } from './features/portal-users/groups/contract.ts'
import { permissionGroupsHandlers } from './features/portal-users/groups/handlers.ts'
import { activationMessages } from './features/portal-users/messages.ts'
import { portalProfile } from './features/portal-users/profile/contract.ts'
import { portalProfileHandlers } from './features/portal-users/profile/handlers.ts'
import { portalViews } from './features/portal-views/contract.ts'
import { portalViewsHandlers } from './features/portal-views/handlers.ts'
import { portal } from './features/portal/contract.ts'
import { portalHandlers } from './features/portal/handlers.ts'
import { jobFiles } from './features/records/files/contract.ts'
import { jobFilesHandlers } from './features/records/files/handlers.ts'
import { ticketFilesHandlers } from './features/records/files/tickets/handlers.ts'
import { uploadHandlers } from './features/records/files/uploads/handlers.ts'
import { recordsHandlers } from './features/records/handlers.ts'
import { secureLinks } from './features/secure-links/contract.ts'
import { secureLinksHandlers } from './features/secure-links/handlers.ts'
import { secureLink } from './features/secure-links/messages.ts'
import { staff } from './features/staff/contract.ts'
import { staffHandlers } from './features/staff/handlers.ts'
import { staffInvitation } from './features/staff/messages.ts'
import { templates } from './features/templates/contract.ts'
import { templatesHandlers } from './features/templates/handlers.ts'
import { tickets } from './features/tickets/contract.ts'
import { heldMails } from './features/tickets/held/contract.ts'
import { heldMailsHandlers } from './features/tickets/held/handlers.ts'
import { ticketMerging } from './features/tickets/merging/contract.ts'
import { ticketMergingHandlers } from './features/tickets/merging/handlers.ts'
import { ticketsHandlers } from './features/tickets/office/handlers.ts'
import { ticketSettings } from './features/tickets/settings/contract.ts'
import { ticketSettingsHandlers } from './features/tickets/settings/handlers.ts'
import { portalTickets } from './features/tickets/portal/contract.ts'
import { portalTicketsHandlers } from './features/tickets/portal/handlers.ts'
import { ticketMessages } from './features/tickets/updates/messages.ts'
import type { AuditInput } from './features/audit/rules.ts'
import type { AccountContext, Actor } from './features/identity/rules.ts'
import type { Emission, Message } from './platform/delivery/outbox.ts'
import type { Output, RawInput, Wire } from './platform/operation.ts'

declare module './platform/operation.ts' {
  interface Registered {
    actor: Actor
    account: AccountContext
    reachAddition: { customer: string; contact?: string }
    audit: AuditInput
    message: Emission
  }
}

/** Every operation there is, by name. */
export const contracts = {
  ...access,
  ...accessPreview,
  ...accounts,
  ...activation,
  ...booking,
  ...customers,
  ...identity,
  ...jobFiles,
  ...jobs,
  ...notifications,
  ...people,
  ...permissionGroups,
  ...portal,
  ...portalIdentity,
  ...portalJobs,
  ...portalProfile,
  ...portalTickets,
  ...secureLinks,
  ...portalViews,
  ...templates,
  ...tickets,
  ...heldMails,
  ...ticketMerging,
  ...ticketSettings,
  ...portalUsers,
  ...staff,
  ...messages,
}
/** Those of messages need the mail set-up and are added by app.ts. */
export const handlers = [
  ...accessHandlers,
  ...accessPreviewHandlers,
  ...accountsHandlers,
  ...activationHandlers,
  ...bookingHandlers,
  ...customersHandlers,
  ...identityHandlers,
  ...jobFilesHandlers,
  ...uploadHandlers,
  ...jobReadingHandlers,
  ...jobEditingHandlers,
  ...jobStatusHandlers,
  ...jobScheduleHandlers,
  ...jobBulkHandlers,
  ...notificationsHandlers,
  ...peopleHandlers,
  ...permissionGroupsHandlers,
  ...portalHandlers,
  ...portalIdentityHandlers,
  ...portalJobReadingHandlers,
  ...portalJobEditingHandlers,
  ...portalProfileHandlers,
  ...portalTicketsHandlers,
  ...portalViewsHandlers,
  ...recordsHandlers,
  ...secureLinksHandlers,
  ...templatesHandlers,
  ...ticketFilesHandlers,
  ...heldMailsHandlers,
  ...ticketMergingHandlers,
  ...ticketsHandlers,
  ...ticketSettingsHandlers,
  ...portalUsersHandlers,
  ...staffHandlers,
]
/** Every kind of mail. */
export const mailKinds: Message[] = [
  ...jobsMessages,
  ...jobUpdateMessages,
  ...ticketMessages,
  staffInvitation,
  ...activationMessages,
  secureLink as unknown as Message,
  staffPasswordReset,
  staffPasswordChanged as unknown as Message,
  staffSignInsFailed as unknown as Message,
]

/** Every column that names an uploaded file: a backup copies what they name. */
export const STORAGE_KEY_COLUMNS = [
  { table: 'files', column: 'storage_key' },
  { table: 'account_settings', column: 'logo_key' },
]

/** Operations as pages call them: raw input in, what HTTP would answer out. */
export type Api = {
  [K in keyof typeof contracts]: (
    input?: RawInput<(typeof contracts)[K]>,
  ) => Promise<Wire<Output<(typeof contracts)[K]>>>
}

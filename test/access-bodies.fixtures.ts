/** Sample bodies for the operations that the access tests call. */
import { randomUUID } from 'node:crypto'
import type { Ids } from './access.fixtures.ts'
import type { OperationName } from './test-server.ts'

const PASSWORD = 'correct horse battery'
const newEmail = () => `${randomUUID()}@post.example`

/** A valid body for each operation, with the ids of a relation. Callers fill in body fields that are named like an id. */
export const bodies: Partial<Record<OperationName, (ids: Ids) => Record<string, unknown>>> = {
  // People and their accounts
  signIn: () => ({ email: newEmail(), password: PASSWORD }),
  requestPasswordReset: () => ({ email: newEmail() }),
  resetPassword: () => ({ password: 'a long new phrase' }),
  changePassword: () => ({ currentPassword: PASSWORD, password: 'a long new phrase' }),
  updateCurrentUser: () => ({ name: 'Another Name' }),
  setUp: () => ({
    business: 'New Shop',
    slug: 'new-shop',
    timeZone: 'Europe/London',
    currency: 'GBP',
    name: 'Somebody',
    email: newEmail(),
    password: 'a long new phrase',
  }),
  getPortalIcon: () => ({ icon: 'favicon' }),
  getScheduleWarnings: () => ({ day: '2026-11-30', time: '10:00' }),
  updateAccount: () => ({
    version: 1,
    name: 'Here Repairs',
    timeZone: 'Europe/London',
    locale: 'en-GB',
    currency: 'GBP',
    accent: '#0f6b7c',
    supportEmail: null,
    supportPhone: null,
    postalAddress: null,
  }),
  inviteStaff: () => ({ email: newEmail(), role: 'worker' }),
  changeStaffRole: () => ({ role: 'worker' }),
  acceptStaffInvitation: () => ({ name: 'Somebody', password: 'a long new phrase' }),
  // Sign-in to the portal
  signInToPortal: () => ({ email: newEmail(), password: PASSWORD }),
  signUp: () => ({ email: newEmail(), password: 'a long new phrase', name: 'Somebody New' }),
  acceptInvitation: () => ({ name: 'Somebody New', password: 'a long new phrase' }),
  resendActivation: () => ({ email: newEmail() }),
  requestPortalPasswordReset: () => ({ email: newEmail() }),
  resetPortalPassword: () => ({ password: 'a long new phrase' }),
  changePortalPassword: () => ({ current: PASSWORD, password: 'a long new phrase' }),
  updatePortalProfile: () => ({ version: 1, name: 'Another Name' }),
  // The portal's settings and users
  updatePortalSettings: () => ({ version: 1, introduction: 'Welcome' }),
  changePortalAddress: () => ({ slug: `moved-${randomUUID().slice(0, 8)}` }),
  addPortalUser: (ids) => ({ email: newEmail(), customers: [ids.customer], group: undefined }),
  updatePortalUser: () => ({ version: 1, email: newEmail() }),
  linkCustomer: (ids) => ({ customer: ids.customer }),
  updatePortalLink: () => ({ permissions: { cancelJobs: false } }),
  createPermissionGroup: () => ({ name: randomUUID() }),
  updatePermissionGroup: () => ({ version: 1, permissions: { viewJobs: true } }),
  customizePermissions: () => ({ version: 1, permissions: { cancelJobs: false } }),
  setTemplateAccess: (ids) => ({ version: 1, mode: 'add', templates: [ids.template] }),
  // Templates and customers
  createTemplate: () => ({ name: 'Another' }),
  updateTemplate: () => ({ version: 1, name: 'Renamed' }),
  reorderTemplates: (ids) => ({ templates: [ids.template] }),
  createCustomer: () => ({ name: 'Another Customer', contact: undefined, site: undefined }),
  updateCustomer: () => ({ version: 1, name: 'Renamed' }),
  copyBillingContact: (ids) => ({ version: 1, contact: ids.contact }),
  addContact: () => ({ name: 'Another Contact' }),
  updateContact: () => ({ version: 1, name: 'Renamed' }),
  addSite: () => ({ address: '2 Another Street' }),
  updateSite: () => ({ version: 1, address: '2 Another Street' }),
  // Jobs
  createJob: (ids) => ({
    customer: ids.customer,
    template: ids.template,
    site: undefined,
    address: '2 Another Street',
  }),
  updateJob: () => ({ version: 1, site: undefined, title: 'Renamed' }),
  changeJobStatus: () => ({ version: 1, to: 'started' }),
  assignJob: (ids) => ({ version: 1, worker: ids.member }),
  scheduleJob: () => ({ version: 1, scheduled: { day: '2030-03-04', time: '10:00' } }),
  undoJobChange: () => ({ version: 1 }),
  cancelJob: () => ({ version: 1 }),
  changeJobs: (ids) => ({ jobs: [ids.job], change: 'cancel' }),
  reinstateJob: () => ({ version: 1 }),
  addJobComment: () => ({ audience: 'customer', body: 'Hello' }),
  markCommentsRead: (ids) => ({ upTo: ids.comment }),
  updatePortalEmailChoices: () => ({ emails: { scheduled: false } }),
  updateEmailChoices: () => ({ emails: { commented: false } }),
  createPortalJob: (ids) => ({
    template: ids.template,
    customer: ids.customer,
    site: undefined,
    address: '2 Another Street',
    fields: {},
  }),
  updatePortalJob: () => ({ version: 1, site: undefined, address: '2 Another Street' }),
  cancelPortalJob: () => ({}),
  addPortalComment: () => ({ body: 'Hello' }),
}

/** The requests that cause the audit events of portal users, by the office and by themselves. */
import { PASSWORD } from '../../../test/test-server.ts'
import {
  asStaff,
  asUser,
  byWorker,
  creating,
  invalidLink,
  invitedUser,
  linkOf,
  mailedToken,
  NEW_PASSWORD,
  newAddress,
  portalReset,
  signedUp,
  userRefusal,
  type Scenario,
  type Scenarios,
} from './scene.fixtures.ts'

/** The office does something about an active portal user, who is linked to a customer. */
const aboutUser =
  (name: Parameters<typeof asStaff>[1], input: Record<string, unknown> = {}): Scenario =>
  async (scene) => {
    const user = await scene.shop.portalUser({ customers: [await scene.shop.customer()] })
    return asStaff(scene, name, { user: user.id, ...input }, user.id)
  }

const aboutLink =
  (name: Parameters<typeof asStaff>[1], input: Record<string, unknown> = {}): Scenario =>
  async (scene) => {
    const user = await scene.shop.portalUser({ customers: [await scene.shop.customer()] })
    return asStaff(scene, name, { user: user.id, link: await linkOf(scene, user.id), ...input }, user.id)
  }

/** The same by the operation for several. */
const inBulk =
  (change: string, status: 'active' | 'suspended' = 'active', more: object = {}): Scenario =>
  async (scene) => {
    const user = await scene.shop.portalUser({ status, customers: [await scene.shop.customer()] })
    return asStaff(scene, 'changePortalUsers', { users: [user.id], change, ...more }, user.id)
  }

const signIn =
  (password: string): Scenario =>
  async ({ shop }) => {
    const { id, email } = await shop.portalUser()
    return { call: () => shop.visitor().call('signInToPortal', { email, password }), actor: null, subject: id }
  }

const PERMISSIONS = { permissions: { cancelJobs: false } }

export const portalScenarios = {
  portalViewStarted: {
    startPortalView: async (scene) =>
      creating(scene, 'startPortalView', { kind: 'customer', id: await scene.shop.customer() }),
  },
  portalViewEnded: {
    async endPortalView(scene) {
      const id = await scene.shop.customer()
      const view = await scene.shop.owner.ok('startPortalView', { kind: 'customer', id })
      return asStaff(scene, 'endPortalView', { view: view.id }, view.id)
    },
  },
  portalUserInvited: {
    addPortalUser: async (scene) => creating(scene, 'addPortalUser', { email: newAddress() }),
  },
  portalInvitationResent: {
    async resendPortalInvitation(scene) {
      const { id } = await invitedUser(scene)
      scene.server.clock.advance(61_000)
      return asStaff(scene, 'resendPortalInvitation', { user: id }, id)
    },
    async changePortalUsers(scene) {
      const { id } = await invitedUser(scene)
      scene.server.clock.advance(61_000)
      return asStaff(scene, 'changePortalUsers', { users: [id], change: 'resend' }, id)
    },
  },
  portalUserEmailChanged: {
    updatePortalUser: aboutUser('updatePortalUser', { version: 1, email: newAddress() }),
    async confirmEmailChange(scene) {
      const user = await scene.shop.portalUser()
      const email = newAddress()
      await scene.shop.owner.ok('updatePortalUser', { user: user.id, version: 1, email })
      const token = await mailedToken(scene, email)
      return {
        call: () => scene.shop.visitor().call('confirmEmailChange', { token, password: 'seven quiet lanterns' }),
        actor: null,
        subject: user.id,
      }
    },
  },
  templateAccessChanged: {
    setTemplateAccess: aboutUser('setTemplateAccess', { version: 1, mode: 'replace', templates: [] }),
  },
  permissionsCustomized: { customizePermissions: aboutUser('customizePermissions', { version: 1, ...PERMISSIONS }) },
  permissionsReset: { resetPermissions: aboutUser('resetPermissions') },
  portalPasswordResetSent: { sendPortalPasswordReset: aboutUser('sendPortalPasswordReset') },
  portalUserSuspended: {
    suspendPortalUser: aboutUser('suspendPortalUser'),
    changePortalUsers: inBulk('suspend'),
  },
  portalUserReactivated: {
    async reactivatePortalUser(scene) {
      const user = await scene.shop.portalUser({ status: 'suspended' })
      return asStaff(scene, 'reactivatePortalUser', { user: user.id }, user.id)
    },
    changePortalUsers: inBulk('reactivate', 'suspended'),
  },
  portalUserRemoved: { removePortalUser: aboutUser('removePortalUser'), changePortalUsers: inBulk('remove') },
  customerLinked: {
    async linkCustomer(scene) {
      const user = await scene.shop.portalUser()
      return asStaff(scene, 'linkCustomer', { user: user.id, customer: await scene.shop.customer() }, user.id)
    },
  },
  linkPermissionsChanged: {
    updatePortalLink: aboutLink('updatePortalLink', PERMISSIONS),
    changePortalUsers: inBulk('group', 'active', { group: null }),
  },
  customerUnlinked: { unlinkCustomer: aboutLink('unlinkCustomer') },
  portalUserChangeRefused: {
    addPortalUser: byWorker('addPortalUser', () => ({ email: newAddress() })),
    resendPortalInvitation: userRefusal('resendPortalInvitation'),
    sendPortalPasswordReset: userRefusal('sendPortalPasswordReset'),
    updatePortalUser: userRefusal('updatePortalUser', () => ({ version: 1, email: newAddress() })),
    setTemplateAccess: userRefusal('setTemplateAccess', () => ({ version: 1, mode: 'replace', templates: [] })),
    customizePermissions: userRefusal('customizePermissions', () => ({ version: 1, ...PERMISSIONS })),
    resetPermissions: userRefusal('resetPermissions'),
    suspendPortalUser: userRefusal('suspendPortalUser'),
    reactivatePortalUser: userRefusal('reactivatePortalUser'),
    removePortalUser: userRefusal('removePortalUser'),
    linkCustomer: userRefusal('linkCustomer', async ({ shop }) => ({ customer: await shop.customer() })),
    updatePortalLink: userRefusal('updatePortalLink', () => ({ link: crypto.randomUUID(), ...PERMISSIONS })),
    unlinkCustomer: userRefusal('unlinkCustomer', () => ({ link: crypto.randomUUID() })),
  },

  portalUserSignedUp: {
    async signUp({ shop, server }) {
      const email = newAddress()
      return {
        call: () => shop.visitor().call('signUp', { email, name: 'Martha Okonkwo', password: NEW_PASSWORD }),
        actor: null,
        subject: () =>
          server.stored(async (db) => {
            const user = db.selectFrom('portal_users').select('id').where('email_norm', '=', email)
            return (await user.executeTakeFirstOrThrow()).id
          }),
      }
    },
  },
  portalActivationSent: {
    async resendActivation(scene) {
      const { id, email } = await invitedUser(scene)
      scene.server.clock.advance(61_000)
      return { call: () => scene.shop.visitor().call('resendActivation', { email }), actor: null, subject: id }
    },
    async renewActivation(scene) {
      const { id, token } = await invitedUser(scene)
      scene.server.clock.advance(8 * 24 * 3600_000)
      return { call: () => scene.shop.visitor().call('renewActivation', { token }), actor: null, subject: id }
    },
    async signUp(scene) {
      const { id, email } = await invitedUser(scene)
      scene.server.clock.advance(61_000)
      const input = { email, name: 'Martha Okonkwo', password: NEW_PASSWORD }
      return { call: () => scene.shop.visitor().call('signUp', input), actor: null, subject: id }
    },
    async requestPortalPasswordReset(scene) {
      const { id, email } = await invitedUser(scene)
      scene.server.clock.advance(61_000)
      const call = () => scene.shop.visitor().call('requestPortalPasswordReset', { email })
      return { call, actor: null, subject: id }
    },
  },
  portalUserActivated: {
    async activateAccount(scene) {
      const { id, token, visitor } = await signedUp(scene)
      return { call: () => visitor.call('activateAccount', { token }), actor: null, subject: id }
    },
    async acceptInvitation(scene) {
      const { id, token } = await invitedUser(scene)
      const input = { token, name: 'Martha Okonkwo', password: NEW_PASSWORD }
      return { call: () => scene.shop.visitor().call('acceptInvitation', input), actor: null, subject: id }
    },
  },
  portalLinkRefused: {
    activateAccount: invalidLink('activateAccount'),
    acceptInvitation: invalidLink('acceptInvitation', { name: 'Martha Okonkwo', password: NEW_PASSWORD }),
    renewActivation: invalidLink('renewActivation'),
    confirmEmailChange: invalidLink('confirmEmailChange'),
    resetPortalPassword: invalidLink('resetPortalPassword', { password: NEW_PASSWORD }),
  },
  portalUserSignedIn: { signInToPortal: signIn(PASSWORD) },
  portalUserSignInRefused: { signInToPortal: signIn('wrong') },
  portalUserSignedOut: { signOutOfPortal: async ({ shop }) => asUser(await shop.portalUser(), 'signOutOfPortal') },
  portalSessionsEnded: {
    async endPortalSession({ shop }) {
      const user = await shop.portalUser()
      await shop.visitor().ok('signInToPortal', { email: user.email, password: PASSWORD })
      const { rows } = await user.ok('listPortalSessions')
      return asUser(user, 'endPortalSession', { session: rows.find((row) => !row.current)!.id })
    },
    endOtherPortalSessions: async ({ shop }) => asUser(await shop.portalUser(), 'endOtherPortalSessions'),
  },
  portalUserPasswordChanged: {
    changePortalPassword: async ({ shop }) =>
      asUser(await shop.portalUser(), 'changePortalPassword', { current: PASSWORD, password: NEW_PASSWORD }),
  },
  portalUserPasswordChangeRefused: {
    changePortalPassword: async ({ shop }) =>
      asUser(await shop.portalUser(), 'changePortalPassword', { current: 'wrong', password: NEW_PASSWORD }),
  },
  portalPasswordResetRequested: {
    async requestPortalPasswordReset({ shop }) {
      const { id, email } = await shop.portalUser()
      return { call: () => shop.visitor().call('requestPortalPasswordReset', { email }), actor: null, subject: id }
    },
  },
  portalUserPasswordReset: {
    async resetPortalPassword(scene) {
      const user = await scene.shop.portalUser()
      const input = { token: await portalReset(scene, user), password: NEW_PASSWORD }
      return { call: () => scene.shop.visitor().call('resetPortalPassword', input), actor: null, subject: user.id }
    },
  },
  portalUserProfileChanged: {
    updatePortalProfile: async ({ shop }) =>
      asUser(await shop.portalUser(), 'updatePortalProfile', { version: 1, name: 'Martha Price' }),
  },
} satisfies Partial<Scenarios>

/** The requests that cause the audit events of staff: sign-in, passwords, sessions, roles. */
import { PASSWORD } from '../../../test/test-server.ts'
import {
  asPerson,
  asStaff,
  byWorker,
  creating,
  INSTALLATION,
  invitedMember,
  mailedToken,
  NEW_PASSWORD,
  newAddress,
  personIdOf,
  staffRefusal,
  type Scenarios,
} from './scene.fixtures.ts'

export const peopleScenarios = {
  personSignedIn: {
    signIn: async (scene) => ({
      call: () => scene.server.anyone().call('signIn', { email: scene.shop.owner.email, password: PASSWORD }),
      actor: null,
      subject: await personIdOf(scene, scene.shop.owner),
    }),
  },
  personSignInRefused: {
    signIn: async (scene) => ({
      call: () => scene.server.anyone().call('signIn', { email: scene.shop.owner.email, password: 'wrong' }),
      actor: null,
      subject: await personIdOf(scene, scene.shop.owner),
    }),
  },
  personSignedOut: { signOut: (scene) => asPerson(scene, 'signOut') },
  personSessionsEnded: {
    async endSession(scene) {
      await scene.server.anyone().ok('signIn', { email: scene.shop.owner.email, password: PASSWORD })
      const { sessions } = await scene.shop.owner.ok('listSessions')
      return asPerson(scene, 'endSession', { session: sessions.find((each) => !each.current)!.id })
    },
    endOtherSessions: (scene) => asPerson(scene, 'endOtherSessions'),
  },
  personPasswordChanged: {
    changePassword: (scene) => asPerson(scene, 'changePassword', { currentPassword: PASSWORD, password: NEW_PASSWORD }),
  },
  personPasswordChangeRefused: {
    changePassword: async (scene) => ({
      ...(await asPerson(scene, 'changePassword', { currentPassword: 'wrong', password: NEW_PASSWORD })),
    }),
  },
  personPasswordResetRequested: {
    requestPasswordReset: async (scene) => ({
      call: () => scene.server.anyone().call('requestPasswordReset', { email: scene.shop.owner.email }),
      actor: null,
      subject: await personIdOf(scene, scene.shop.owner),
    }),
  },
  personPasswordReset: {
    async resetPassword(scene) {
      await scene.server.anyone().ok('requestPasswordReset', { email: scene.shop.owner.email })
      const token = await mailedToken(scene, scene.shop.owner.email)
      return {
        call: () => scene.server.anyone().call('resetPassword', { token, password: NEW_PASSWORD }),
        actor: null,
        subject: await personIdOf(scene, scene.shop.owner),
      }
    },
  },
  personPasswordResetRefused: {
    resetPassword: async ({ server }) => ({
      call: () => server.anyone().call('resetPassword', { token: 'A'.repeat(43), password: NEW_PASSWORD }),
      actor: null,
      subject: null,
      accounts: [INSTALLATION],
    }),
  },
  personRenamed: { updateCurrentUser: (scene) => asPerson(scene, 'updateCurrentUser', { name: 'Ruth Price' }) },

  staffInvited: {
    inviteStaff: async (scene) => creating(scene, 'inviteStaff', { email: newAddress(), role: 'admin' }),
  },
  staffInvitationResent: {
    async resendStaffInvitation(scene) {
      const { id } = await invitedMember(scene)
      return asStaff(scene, 'resendStaffInvitation', { member: id }, id)
    },
  },
  staffInvitationWithdrawn: {
    async revokeStaffInvitation(scene) {
      const { id } = await invitedMember(scene)
      return asStaff(scene, 'revokeStaffInvitation', { member: id }, id)
    },
  },
  staffJoined: {
    async acceptStaffInvitation(scene) {
      const { id, token } = await invitedMember(scene)
      const input = { token, name: 'Dan Price', password: NEW_PASSWORD }
      return { call: () => scene.server.anyone().call('acceptStaffInvitation', input), actor: null, subject: id }
    },
  },
  staffInvitationRefused: {
    acceptStaffInvitation: async ({ server }) => ({
      call: () =>
        server.anyone().call('acceptStaffInvitation', { token: 'A'.repeat(43), name: 'Eve', password: NEW_PASSWORD }),
      actor: null,
      subject: null,
      accounts: [INSTALLATION],
    }),
  },
  staffRoleChanged: {
    async changeStaffRole(scene) {
      const { id } = await scene.shop.staff('worker')
      return asStaff(scene, 'changeStaffRole', { member: id, role: 'dispatcher' }, id)
    },
  },
  staffDeactivated: {
    async deactivateStaff(scene) {
      const { id } = await scene.shop.staff('worker')
      return asStaff(scene, 'deactivateStaff', { member: id }, id)
    },
  },
  staffReactivated: {
    async reactivateStaff(scene) {
      const { id } = await scene.shop.staff('worker')
      await scene.shop.owner.ok('deactivateStaff', { member: id })
      return asStaff(scene, 'reactivateStaff', { member: id }, id)
    },
  },
  staffChangeRefused: {
    inviteStaff: byWorker('inviteStaff', () => ({ email: newAddress(), role: 'owner' })),
    resendStaffInvitation: staffRefusal('resendStaffInvitation'),
    revokeStaffInvitation: staffRefusal('revokeStaffInvitation'),
    changeStaffRole: staffRefusal('changeStaffRole', { role: 'worker' }),
    deactivateStaff: staffRefusal('deactivateStaff'),
    reactivateStaff: staffRefusal('reactivateStaff'),
  },
} satisfies Partial<Scenarios>

/** The forms of staff about themselves: a button that no longer calls its operation. */
import { idleForm, type Mutation } from '../mutation.ts'

const tests = 'test/account-forms.test.ts'

export const accountForms: Mutation[] = [
  idleForm({
    name: 'idle-sign-in',
    covers: ['PS-47'],
    file: 'src/web/routes/office/sign-in/+page.server.ts',
    operation: 'locals.api.signIn',
    output: '{ accounts: [] }',
    tests: { [tests]: ['"Sign in" opens the office, and "Sign out" ends the session'] },
  }),
  idleForm({
    name: 'idle-sign-out',
    covers: ['PS-48'],
    file: 'src/web/routes/office/sign-out/+page.server.ts',
    operation: 'locals.api.signOut',
    tests: { [tests]: ['"Sign in" opens the office, and "Sign out" ends the session'] },
  }),
  idleForm({
    name: 'idle-request-password-reset',
    covers: ['E-63'],
    file: 'src/web/routes/office/forgot-password/+page.server.ts',
    operation: 'locals.api.requestPasswordReset',
    tests: { [tests]: ['"Send reset link" mails a link'] },
  }),
  idleForm({
    name: 'idle-reset-password',
    covers: ['E-63'],
    file: 'src/web/routes/office/reset-password/[token]/+page.server.ts',
    operation: 'locals.api.resetPassword',
    tests: { [tests]: ['"Send reset link" mails a link, whose form sets the new password'] },
  }),
  idleForm({
    name: 'idle-accept-staff-invitation',
    covers: ['PS-44'],
    file: 'src/web/routes/office/join/[token]/+page.server.ts',
    operation: 'locals.api.acceptStaffInvitation',
    output: "{ slug: '' }",
    tests: { [tests]: ['"Join" makes the invited person a worker'] },
  }),
  idleForm({
    name: 'idle-update-current-user',
    covers: ['E-67'],
    file: 'src/web/routes/office/[account]/profile/+page.server.ts',
    operation: 'locals.api.updateCurrentUser',
    tests: { [tests]: ['"Save name" changes the name'] },
  }),
  idleForm({
    name: 'idle-change-password',
    covers: ['PS-47'],
    file: 'src/web/routes/office/[account]/profile/+page.server.ts',
    operation: 'locals.api.changePassword',
    tests: { [tests]: ['"Change password" needs the current one'] },
  }),
  idleForm({
    name: 'idle-end-session',
    covers: ['PS-48'],
    file: 'src/web/routes/office/[account]/profile/+page.server.ts',
    operation: 'locals.api.endSession',
    tests: { [tests]: ['"Sign out" of one device and of all others'] },
  }),
  idleForm({
    name: 'idle-end-other-sessions',
    covers: ['PS-48'],
    file: 'src/web/routes/office/[account]/profile/+page.server.ts',
    operation: 'locals.api.endOtherSessions',
    tests: { [tests]: ['"Sign out" of one device and of all others'] },
  }),
  idleForm({
    name: 'idle-set-up',
    covers: ['PS-62'],
    file: 'src/web/routes/set-up/[token]/+page.server.ts',
    operation: 'locals.api.setUp',
    output: "{ slug: '' }",
    tests: { [tests]: ['"Create business" makes the account and its owner'] },
  }),
  idleForm({
    name: 'idle-update-email-choices',
    covers: ['issue 9, 1.5'],
    file: 'src/web/routes/office/[account]/profile/+page.server.ts',
    operation: 'locals.api.updateEmailChoices',
    tests: { [tests]: ['"Save emails" turns kinds of emails off and on'] },
  }),
  {
    name: 'invited-people-type-their-name-again',
    covers: ['issue 9, 1'],
    file: 'src/features/staff/handlers.ts',
    from: 'name: invitation.has_password ? null : invitation.name,',
    to: 'name: invitation.has_password ? invitation.name : null,',
    tests: { 'test/account-forms.test.ts': ['fills in the name of whoever has no login, and shows none to others'] },
  },
  {
    name: 'single-keys-cannot-be-turned-off',
    covers: ['WCAG 2.1.4', 'issue 9, 1.10'],
    file: 'src/ui/shortcuts.ts',
    from: "return localStorage.getItem(STORED) !== 'off'",
    to: "return localStorage.getItem(STORED) !== ''",
    tests: { 'test/e2e/shortcuts.e2e.ts': ['and the account menu show the keys, Escape closes them'] },
  },
]

/** How the office gives, restores and ends access of portal users. */
import type { Mutation } from '../mutation.ts'

export const portalUserAccess: Mutation[] = [
  {
    name: 'office-reset-sends-no-mail',
    covers: ['issue 9, 1.3'],
    file: 'src/features/portal-users/access/handlers.ts',
    from: `    await sendPasswordReset(ctx, user!)
`,
    to: '    void sendPasswordReset\n',
    tests: {
      'src/features/portal-users/access/password-reset.test.ts': ['mails the user a link that sets a new password'],
    },
  },
  {
    name: 'office-reset-by-workers',
    covers: ['issue 9, 1.3'],
    file: 'src/features/portal-users/policy.ts',
    from: 'const right = isLinkToUser ? mayRunOffice(actor) : mayManage(actor)',
    to: 'const right = isLinkToUser ? yes : mayManage(actor)',
    tests: {
      'src/features/portal-users/access/password-reset.test.ts': ['is for dispatchers too, and not for workers'],
    },
  },
  {
    name: 'office-reset-without-pause',
    covers: ['E-03', 'issue 9, 1.3'],
    file: 'src/features/portal-users/access/handlers.ts',
    from: "if (wait > 0) throw problem('resentTooSoon'",
    to: "if (wait > 3600) throw problem('resentTooSoon'",
    tests: { 'src/features/portal-users/access/password-reset.test.ts': ['is sent at most once a minute'] },
  },
  {
    name: 'office-reset-for-invited-users',
    covers: ['issue 9, 1.3'],
    file: 'src/features/portal-users/rules.ts',
    from: "if (displayStatus === 'notActivated') return 'notActivatedYet'\n      return displayStatus",
    to: 'return displayStatus',
    tests: { 'src/features/portal-users/access/password-reset.test.ts': ['is refused for a user who is'] },
  },
]

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
    from: "if (displayStatus === 'notActivated') return 'notActivatedYet'\n      if (displayStatus",
    to: 'if (displayStatus',
    tests: { 'src/features/portal-users/access/password-reset.test.ts': ['is refused for a user who is'] },
  },
  {
    name: 'blocked-email-signs-up',
    covers: ['issue 9, 2.1'],
    file: 'db/migrations/0034_portal_access.sql',
    from: 'and login.email_norm = any (s.blocked_emails)',
    to: 'and false',
    tests: {
      'src/features/portal-users/access/blocked-email.test.ts': [
        'gets the same answer as any other, no mail and no user',
      ],
    },
  },
  {
    name: 'blocked-email-writes-to-nobody',
    covers: ['issue 9, 2.1'],
    file: 'src/features/portal-users/activation/handlers.ts',
    from: "return user && mayMail ? 'accountExists' : null",
    to: "return mayMail ? 'accountExists' : null",
    tests: {
      'src/features/portal-users/access/blocked-email.test.ts': [
        'gets the same answer as any other, no mail and no user',
      ],
    },
  },
  {
    name: 'removal-blocks-nobody',
    covers: ['issue 9, 2.1'],
    file: 'src/features/portal-users/access/handlers.ts',
    from: "if (signUp === 'block') await blockSignUp",
    to: "if (signUp === 'block' && links < 0) await blockSignUp",
    tests: {
      'src/features/portal-users/access/blocked-email.test.ts': [
        'gets the same answer as any other, no mail and no user',
      ],
    },
  },
  {
    name: 'removal-always-blocks',
    covers: ['issue 9, 2.1'],
    file: 'src/features/portal-users/access/handlers.ts',
    from: "if (signUp === 'block') await",
    to: 'await',
    tests: { 'src/features/portal-users/access/blocked-email.test.ts': ['is one whose removal asked for it'] },
  },
  {
    name: 'settings-turn-automatic-customers-off',
    covers: ['E-25'],
    file: 'db/migrations/0034_portal_access.sql',
    from: 'alter column create_customers set default true',
    to: 'alter column create_customers set default false',
    tests: {
      'test/portal-user-forms.test.ts': [
        'E-25 a user of a private portal who was added by email alone can book at once',
      ],
    },
  },
  {
    name: 'activation-without-a-name',
    covers: ['CP-08'],
    file: 'src/features/portal-users/activation/handlers.ts',
    from: "if (!user?.name) throw problem('detailsMissing')",
    to: "if (!user) throw problem('detailsMissing')",
    tests: {
      'src/features/portal-users/activation/activation.test.ts': [
        'CP-08 a sign-up from before names were required asks for the name',
      ],
    },
  },
  {
    name: 'remove-dialog-of-the-list-does-not-block',
    covers: ['issue 9, 2.1'],
    file: 'src/web/routes/office/[account]/settings/portal/users/+page.server.ts',
    from: "signUp: typed.ticked('blockSignUp') ? 'block' : 'allow'",
    to: "signUp: typed.ticked('blockSignUp') ? 'allow' : 'allow'",
    tests: {
      'test/portal-user-forms.test.ts': ['keeps the email from signing up again, unless that is unchecked'],
    },
  },
  {
    name: 'remove-dialog-of-the-page-does-not-block',
    covers: ['issue 9, 2.1'],
    file: 'src/web/routes/office/[account]/settings/portal/users/[user]/+page.server.ts',
    from: "signUp: typed.ticked('blockSignUp') ? 'block' : 'allow'",
    to: "signUp: typed.ticked('blockSignUp') ? 'allow' : 'allow'",
    tests: {
      'test/portal-user-forms.test.ts': ['keeps the email from signing up again, unless that is unchecked'],
    },
  },
  {
    name: 'reset-while-the-portal-is-off',
    covers: ['CP-02'],
    file: 'src/features/portal-users/access/handlers.ts',
    from: `ctx.allow(mayManageUser(ctx.actor, 'resetPassword', user && { ...user, hasNoAccess }))
    if (!ctx.account.portal.enabled) throw problem('portalIsOff')`,
    to: "ctx.allow(mayManageUser(ctx.actor, 'resetPassword', user && { ...user, hasNoAccess }))",
    tests: {
      'src/features/portal-users/portal-users.test.ts': [
        'CP-02 mails nobody a link while the portal is off, and says why',
      ],
    },
  },
  {
    name: 'resend-while-the-portal-is-off',
    covers: ['CP-02'],
    file: 'src/features/portal-users/handlers.ts',
    from: `ctx.allow(mayManageUser(ctx.actor, 'resend', user))
    if (!ctx.account.portal.enabled) throw problem('portalIsOff')`,
    to: "ctx.allow(mayManageUser(ctx.actor, 'resend', user))",
    tests: {
      'src/features/portal-users/portal-users.test.ts': [
        'CP-02 mails nobody a link while the portal is off, and says why',
      ],
    },
  },
  {
    name: 'email-change-while-the-portal-is-off',
    covers: ['CP-02'],
    file: 'src/features/portal-users/handlers.ts',
    from: `ctx.allow(mayManageUser(ctx.actor, 'changeEmail', user))
    if (!ctx.account.portal.enabled) throw problem('portalIsOff')`,
    to: "ctx.allow(mayManageUser(ctx.actor, 'changeEmail', user))",
    tests: {
      'src/features/portal-users/portal-users.test.ts': [
        'CP-02 mails nobody a link while the portal is off, and says why',
      ],
    },
  },
  {
    name: 'home-silent-without-email',
    covers: ['issue 9, walk'],
    file: 'src/features/accounts/ui/Home.svelte',
    from: '{#if !sendsMail && office.can.manage}',
    to: '{#if sendsMail && office.can.manage}',
    tests: { 'test/without-email.test.ts': ['the home page says so to those who can have it set up, and only then'] },
  },
  {
    name: 'invitation-link-for-nobody',
    covers: ['issue 9, walk'],
    file: 'src/features/portal-users/ui/InvitationLink.svelte',
    from: "page.data.office.me.role === 'owner' && isWaiting",
    to: "page.data.office.me.role === 'admin' && isWaiting",
    tests: { 'test/without-email.test.ts': ['the owner gets the link of an invited portal user'] },
  },
  {
    name: 'staff-invitation-link-for-nobody',
    covers: ['issue 9, walk'],
    file: 'src/features/staff/ui/Staff.svelte',
    from: "office.me.role === 'owner' && invitation?.mail === 'waiting'",
    to: "office.me.role === 'owner' && invitation?.mail === 'failed'",
    tests: { 'test/without-email.test.ts': ['the owner gets the link of an invited member of staff'] },
  },
  {
    name: 'durations-in-minutes',
    covers: ['issue 9, walk'],
    file: 'src/ui/duration.ts',
    from: 'days: Math.floor(minutes / 1_440)',
    to: 'days: Math.floor(minutes / 14_400)',
    tests: { 'test/job-page.test.ts': ['says how long a visit takes as people say it'] },
  },
  {
    name: 'invited-contact-loses-its-name',
    covers: ['issue 9, walk'],
    file: 'src/features/portal-users/handlers.ts',
    from: 'name: person?.name ?? null,',
    to: 'name: person ? null : null,',
    tests: { 'test/portal-access-forms.test.ts': ['RS-02 RS-11 offers the contacts'] },
  },
  {
    name: 'forgot-password-loses-the-email',
    covers: ['issue 9, walk'],
    file: 'src/web/routes/p/[portal]/(auth)/forgot-password/+page.server.ts',
    from: "return { values: typed.values, form: 'form', problem: undefined }",
    to: "return { values: {}, form: 'form', problem: undefined }",
    tests: { 'test/sign-in-pages.test.ts': ['takes the email that was typed to "Forgot password?"'] },
  },
  {
    name: 'sign-in-in-a-new-tab-leads-nowhere',
    covers: ['issue 9, walk'],
    file: 'src/web/routes/p/[portal]/(auth)/sign-in/+page.server.ts',
    from: "const isReturn = url.searchParams.has('again')",
    to: "const isReturn = url.searchParams.has('never')",
    tests: { 'test/sign-in-pages.test.ts': ['a customer and staff are led back to that tab'] },
  },
  {
    name: 'failed-email-after-a-later-one',
    covers: ['requirements 3, communication preferences'],
    file: 'src/features/customers/related/queries.ts',
    from: "and o.status = 'sent'",
    to: "and o.status = 'canceled'",
    tests: { 'src/features/customers/related/failed-emails.test.ts': ['an email that failed is shown'] },
  },
  {
    name: 'failed-email-for-ever',
    covers: ['requirements 3, communication preferences'],
    file: 'src/features/customers/related/queries.ts',
    from: "interval '30 days'",
    to: "interval '300 days'",
    tests: { 'src/features/customers/related/failed-emails.test.ts': ['an email that failed is shown'] },
  },
]

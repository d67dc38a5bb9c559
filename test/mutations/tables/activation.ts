/** Sign-up, invitations and activation links. */
import type { Mutation } from '../mutation.ts'

export const activation: Mutation[] = [
  {
    name: 'used-link-activates-again',
    covers: ['E-04', 'CP-17'],
    file: 'src/features/portal-users/activation/handlers.ts',
    from: `  if (status !== 'open') throw problem(LINK_PROBLEM_CODES[status])
  if (!found || !(await consumeToken(ctx.db, ctx.account.id, kind, token, ctx.now))) throw problem('linkUsed')`,
    to: `  if (status !== 'open' && status !== 'accepted') throw problem(LINK_PROBLEM_CODES[status])
  if (!found) throw problem('linkUsed')`,
    tests: { 'src/features/portal-users/activation/activation.test.ts': ['CP-17 E-04 a used link signs no one in'] },
  },
  {
    name: 'private-portal-signs-up',
    covers: ['CP-05', 'V-06'],
    file: 'src/features/portal-users/activation/handlers.ts',
    from: 'ctx.allow(maySignUp(ctx.account))',
    to: 'ctx.allow(portalIsOpen(ctx.account))',
    tests: {
      'src/features/portal-users/activation/sign-up.test.ts': [
        'CP-05 V-06 a private portal refuses the sign-up itself',
        'E-08 who signed up before the portal went private',
      ],
    },
  },
  {
    name: 'sign-up-without-required-fields',
    covers: ['V-08', 'E-69'],
    file: 'src/features/portal-users/activation/handlers.ts',
    from: `        ...findMissingAnswers(signUpFields, input),
`,
    to: '',
    tests: { 'src/features/portal-users/activation/sign-up.test.ts': ['V-08 E-69 asks what the business asks'] },
  },
  {
    name: 'invitation-asks-only-the-name',
    covers: ['V-08', 'issue 9, 2.4'],
    file: 'src/features/portal-users/activation/handlers.ts',
    from: 'const fieldErrors = findMissingAnswers(signUpFields, input)',
    to: "const fieldErrors: Record<string, string> = input.name ? {} : { name: 'required' }",
    tests: {
      'src/features/portal-users/activation/invitation.test.ts': [
        'V-08 E-69 the form asks all that the business asks at sign-up',
      ],
    },
  },
  {
    name: 'sign-up-domains-match-endings',
    covers: ['V-08'],
    file: 'src/features/portal-users/activation/rules.ts',
    from: 'norm.endsWith(`@${domain',
    to: 'norm.endsWith(`${domain',
    tests: {
      'src/features/portal-users/activation/sign-up.test.ts': ['V-08 only addresses of the allowed domains sign up'],
    },
  },
  {
    name: 'field-turned-off-is-kept',
    covers: ['V-08'],
    file: 'src/features/portal-users/activation/rules.ts',
    from: "(rules[field] === 'off' ? null : (input[field] ?? null))",
    to: '(input[field] ?? null)',
    tests: { 'src/features/portal-users/activation/sign-up.test.ts': ['V-08 E-69 asks what the business asks'] },
  },
  {
    name: 'links-never-expire',
    covers: ['E-06', 'PS-44'],
    file: 'src/features/portal-users/activation/rules.ts',
    from: "return link.expires_at > now ? 'open' : 'expired'",
    to: "return link.expires_at > now || link.expires_at <= now ? 'open' : 'expired'",
    tests: {
      'src/features/portal-users/activation/activation.test.ts': ['E-06 C4 a link works for 7 days to the second'],
    },
  },
  {
    name: 'replaced-link-stays-open',
    covers: ['E-03', 'PS-44'],
    file: 'src/features/portal-users/activation/rules.ts',
    from: `  if (link.replaced_at) return 'replaced'
`,
    to: '',
    tests: {
      'src/features/portal-users/activation/invitation.test.ts': ['E-03 PS-44 a resend ends the older link'],
      'src/features/portal-users/portal-users.test.ts': ['CP-14 E-03 a resend ends the earlier link'],
    },
  },
  {
    name: 'link-of-changed-address-opens',
    covers: ['E-10'],
    file: 'src/features/portal-users/activation/rules.ts',
    from: `  if (link.email_norm !== link.user.email_norm) return link.used_at ? 'unknown' : 'replaced'
`,
    to: '',
    tests: {
      'src/features/portal-users/activation/invitation.test.ts': [
        'E-10 a link mailed to an address that was changed since',
      ],
    },
  },
  {
    name: 'link-of-suspended-user-opens',
    covers: ['PS-48'],
    file: 'src/features/portal-users/activation/rules.ts',
    from: "if (!link || link.user.status === 'removed' || link.user.status === 'suspended') return 'unknown'",
    to: "if (!link || link.user.status === 'removed') return 'unknown'",
    tests: {
      'src/features/portal-users/activation/activation.test.ts': ['PS-48 the link of a removed or suspended user'],
    },
  },
  {
    name: 'resend-activation-without-limit',
    covers: ['E-03'],
    file: 'src/features/portal-users/activation/handlers.ts',
    from: 'const mayActivate = mayMail && isWaiting(user) && recent <= 1',
    to: 'const mayActivate = mayMail && isWaiting(user) && recent <= 9',
    tests: {
      'src/features/portal-users/activation/invitation.test.ts': [
        'E-03 PS-44 a resend ends the older link; more clicks',
      ],
    },
  },
  {
    name: 'mail-limit-of-fifty',
    covers: ['E-03'],
    file: 'src/features/portal-users/activation/queries.ts',
    from: '${[5]}::int[], ${[3600]}',
    to: '${[50]}::int[], ${[3600]}',
    tests: { 'src/features/portal-users/activation/invitation.test.ts': ['C2 a stranger causes at most five mails'] },
  },
  {
    name: 'renewal-of-open-links',
    covers: ['E-06'],
    file: 'src/features/portal-users/activation/handlers.ts',
    from: "const isRenewable = status === 'expired' || status === 'replaced'",
    to: "const isRenewable = status === 'open'",
    tests: {
      'src/features/portal-users/activation/activation.test.ts': [
        'E-06 C4 a link works for 7 days to the second, then offers',
      ],
    },
  },
  {
    name: 'opening-the-link-shows-a-strangers-name',
    covers: ['E-05'],
    file: 'src/features/portal-users/activation/handlers.ts',
    from: "name: isPresentAddress && (hasSignedUpHere || found.user.status === 'invited') ? found.user.name : null",
    to: 'name: found.user.name',
    tests: { 'src/features/portal-users/activation/activation.test.ts': ['E-05 C5 opening the link changes nothing'] },
  },
  {
    name: 'first-sign-in-opens-no-session',
    covers: ['CP-15', 'CP-22'],
    file: 'src/features/portal-users/activation/handlers.ts',
    from: 'return withEffect({ email: user.email }, { ...session, browser })',
    to: 'return { email: user.email, ...(session && browser && {}) }',
    tests: {
      'src/features/portal-users/activation/activation.test.ts': [
        'CP-15 CP-16 pressing the button activates and signs in',
      ],
      'src/features/portal-users/activation/invitation.test.ts': [
        'CP-20 CP-22 CP-23 one form with details and password signs in',
      ],
    },
  },
  {
    name: 'email-change-keeps-sessions',
    covers: ['E-10'],
    file: 'src/features/portal-users/activation/handlers.ts',
    from: `      await endPortalSessions(ctx.db, ctx.account.id, user.id)
      await sendNotice(ctx, user, portalEmailChanged`,
    to: '      await sendNotice(ctx, user, portalEmailChanged',
    tests: { 'src/features/portal-users/activation/email-change.test.ts': ['E-10 the new address must be confirmed'] },
  },
  {
    name: 'old-address-is-not-notified',
    covers: ['E-10'],
    file: 'src/features/portal-users/activation/handlers.ts',
    from: `      await sendNotice(ctx, user, portalEmailChanged, { newEmail })
`,
    to: '',
    tests: {
      'src/features/portal-users/activation/email-change.test.ts': [
        'E-10 the new address must be confirmed before it can be used',
      ],
    },
  },
  {
    name: 'email-change-without-password',
    covers: ['issue 8, 1.1'],
    file: 'src/features/portal-users/activation/handlers.ts',
    from: 'if (passwordHash === null && !isSignedInAs(ctx, user))',
    to: 'if (passwordHash !== null && !isSignedInAs(ctx, user) && !newEmail)',
    tests: {
      'src/features/portal-users/activation/email-change.test.ts': [
        'a proved address ends the password that was there before',
      ],
    },
  },
  {
    name: 'links-lead-to-another-host-than-the-visitor-is-on',
    covers: ['CP-15', 'issue 9, 1'],
    file: 'src/platform/handler-context.ts',
    from: "usesMainHost: caller.usesMainHost === true && surfaceOf(definition.path) === 'portal'",
    to: "usesMainHost: caller.usesMainHost === true && surfaceOf(definition.path) === 'platform'",
    tests: {
      'test/sign-in-pages.test.ts': ['stays there after the link that activates the account, and is signed in'],
    },
  },
  {
    name: 'invitations-lead-to-the-host-of-the-office',
    covers: ['issue 9, 1'],
    file: 'src/platform/handler-context.ts',
    from: "usesMainHost: caller.usesMainHost === true && surfaceOf(definition.path) === 'portal'",
    to: "usesMainHost: caller.usesMainHost === true && surfaceOf(definition.path) !== 'platform'",
    tests: { 'test/sign-in-pages.test.ts': ['gets the link to a new password there, and an invitation leads to'] },
  },
]

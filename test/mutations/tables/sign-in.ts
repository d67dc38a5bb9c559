/** Signing in, passwords, sessions and guessing. */
import type { Mutation } from '../mutation.ts'

export const signIn: Mutation[] = [
  {
    name: 'signed-up-user-signs-in',
    covers: ['CP-12', 'E-64'],
    file: 'src/features/identity/portal/handlers.ts',
    from: "      if (login.status === 'signed_up') {",
    to: "      if (login.status === 'suspended') {",
    tests: { 'src/features/identity/portal/portal-sign-in.test.ts': ['CP-12 E-64 only after a correct password'] },
  },
  {
    name: 'wrong-password-signs-in',
    covers: ['PS-47', 'V-14'],
    file: 'src/features/identity/portal/handlers.ts',
    from: 'if (!login || !correct) return refuseGuess(ctx, email, attempt)',
    to: 'if (!login) return refuseGuess(ctx, email, attempt)',
    tests: {
      'src/features/identity/portal/portal-sign-in.test.ts': [
        'E-64 PS-46 unknown, wrong, invited, suspended and removed',
      ],
    },
  },
  {
    name: 'signing-out-keeps-the-session',
    covers: ['PS-48'],
    file: 'src/features/identity/portal/handlers.ts',
    from: '    ctx.allow(isCustomer(ctx.actor))\n    await endSessionOf(ctx.db, ctx.account.id, ctx.actor)\n',
    to: '    ctx.allow(isCustomer(ctx.actor))\n    void endSessionOf\n',
    tests: { 'src/features/identity/portal/portal-sign-in.test.ts': ['PS-48 signing out ends the session at once'] },
  },
  {
    name: 'session-of-another-user-ends',
    covers: ['PS-44'],
    file: 'src/features/identity/portal/handlers.ts',
    from: 'ctx.allow(isOwnSession ? isPortalUser(ctx.actor) : notFound)',
    to: 'ctx.allow(isOwnSession || session ? isPortalUser(ctx.actor) : notFound)',
    tests: {
      'src/features/identity/portal/portal-sign-in.test.ts': ['PS-44 a user lists their sessions and ends one'],
    },
  },
  {
    name: 'password-changes-without-the-old-one',
    covers: ['PS-47'],
    file: 'src/features/identity/portal/handlers.ts',
    from: 'const others = isRight ? {}',
    to: 'const others = isRight || login ? {}',
    tests: { 'src/features/identity/portal/portal-password.test.ts': ['PS-47 needs the current password'] },
  },
  {
    name: 'password-change-keeps-sessions',
    covers: ['PS-47'],
    file: 'src/features/identity/portal/handlers.ts',
    from: `      await endPortalSessions(ctx.db, ctx.account.id, user.id)
      const session = await openPortalSession(ctx, user.id)`,
    to: '      const session = await openPortalSession(ctx, user.id)',
    tests: {
      'src/features/identity/portal/portal-password.test.ts': [
        'PS-47 needs the current password; then every other session',
      ],
    },
  },
  {
    name: 'password-change-keeps-reset-links',
    covers: ['PS-44'],
    file: 'src/features/identity/portal/handlers.ts',
    from: `      await replaceTokens(ctx.db, ctx.account.id, ['portalReset'], user.id, ctx.now)
`,
    to: '',
    tests: {
      'src/features/identity/portal/portal-password.test.ts': [
        'PS-47 needs the current password; then every other session and reset link ends',
      ],
    },
  },
  {
    name: 'staff-password-change-mails-nothing',
    covers: ['PS-47'],
    file: 'src/features/identity/people/handlers.ts',
    from: '      await sendPasswordChanged(ctx, ctx.actor)\n',
    to: '',
    tests: { 'src/features/identity/people/people.test.ts': ['a changed and a reset password are reported'] },
  },
  {
    name: 'staff-password-reset-mails-nothing',
    covers: ['PS-47'],
    file: 'src/features/identity/people/handlers.ts',
    from: '      await sendPasswordChanged(ctx, { id: person, ...recipient })\n',
    to: '',
    tests: { 'src/features/identity/people/people.test.ts': ['a changed and a reset password are reported'] },
  },
  {
    name: 'password-change-mails-nothing',
    covers: ['PS-47'],
    file: 'src/features/identity/portal/handlers.ts',
    from: `      await sendNotice(ctx, user, portalPasswordChanged, {})
      await ctx.audit({ event: 'portalUserPasswordChanged'`,
    to: "      await ctx.audit({ event: 'portalUserPasswordChanged'",
    tests: {
      'src/features/identity/portal/portal-password.test.ts': [
        'PS-47 needs the current password; then every other session',
      ],
    },
  },
  {
    name: 'reset-keeps-sessions',
    covers: ['PS-44'],
    file: 'src/features/identity/portal/handlers.ts',
    from: `      await endPortalSessions(ctx.db, account, user.id)
`,
    to: '',
    tests: { 'src/features/identity/portal/portal-password.test.ts': ['PS-44 the link sets a password once'] },
  },
  {
    name: 'closed-portal-shows-its-introduction',
    covers: ['CP-02'],
    file: 'src/features/identity/portal/branding/handlers.ts',
    from: "    introduction: '',",
    to: '    introduction: account.portal.introduction,',
    tests: {
      'src/features/identity/portal/portal-sign-in.test.ts': ['CP-02 E-09 when the portal is off it says only that'],
    },
  },
  {
    name: 'portal-session-of-a-year',
    covers: ['PS-44'],
    file: 'src/features/identity/portal/queries.ts',
    from: 'const PORTAL_SESSION_MS = 30 * 24 * 3600_000',
    to: 'const PORTAL_SESSION_MS = 365 * 24 * 3600_000',
    tests: { 'src/features/identity/portal/portal-sign-in.test.ts': ['C4 a session lasts exactly 30 days'] },
  },
  {
    name: 'sign-in-keeps-the-old-session',
    covers: ['PS-47'],
    file: 'src/features/identity/portal/queries.ts',
    from: '  await endSessionOf(db, account.id, actor)\n',
    to: '  if (!now) await endSessionOf(db, account.id, actor)\n',
    tests: {
      'src/features/identity/portal/portal-sign-in.test.ts': [
        "V-14 PS-47 a correct password opens a session with a new id, and the browser's previous one ends",
      ],
    },
  },
  {
    name: 'staff-reset-keeps-sessions',
    covers: ['PS-53'],
    file: 'src/features/identity/people/handlers.ts',
    from: `      await endPersonSessions(ctx.db, person)
`,
    to: '',
    tests: { 'src/features/identity/people/people.test.ts': ['PS-53 the link is on the main host and works once'] },
  },
  {
    name: 'staff-password-changes-without-the-old-one',
    covers: ['PS-47'],
    file: 'src/features/identity/people/handlers.ts',
    from: 'const others = isRight ? {}',
    to: 'const others = isRight || checkedHash ? {}',
    tests: { 'src/features/identity/people/people.test.ts': ['PS-47 a new password needs the current one'] },
  },
  {
    name: 'staff-token-survives-password-change',
    covers: ['issue 8, 1.12'],
    file: 'src/features/identity/people/handlers.ts',
    from: `      await endPersonSessions(ctx.db, ctx.actor.id)
`,
    to: '',
    tests: {
      'src/features/identity/session-limits.test.ts': ['goes on under a new session after changing the password'],
    },
  },
  {
    name: 'pauses-between-guesses-begin-late',
    covers: ['issue 8, 1.6'],
    file: 'db/migrations/0030_people_context.sql',
    from: '      counted := count_guess(p_login_bucket, login.id, p_now, 10, 900, case when sprayed then 2 else 5 end);',
    to: '      counted := count_guess(p_login_bucket, login.id, p_now, 10, 900, case when sprayed then 2 else 9 end);',
    tests: {
      'src/features/identity/guessing/guessing.test.ts': [
        'C2 pauses grow, and at most ten guesses are tried in 15 minutes',
      ],
    },
  },
  {
    name: 'guesses-of-one-address-unlimited',
    covers: ['issue 8, 1.6'],
    file: 'db/migrations/0030_people_context.sql',
    from: 'else count_guess(p_address_bucket, null, p_now, 50, 90, null) end;',
    to: 'else count_guess(p_address_bucket, null, p_now, 50000, 90, null) end;',
    tests: {
      'src/features/identity/guessing/guessing.test.ts': ['wrong passwords from one address are refused after fifty'],
    },
  },
  {
    name: 'browser-of-old-password-stays-known',
    covers: ['issue 8, 1.6'],
    file: 'db/migrations/0030_people_context.sql',
    from: `    and b.password_digest = sha256(convert_to(login.password_hash, 'UTF8'))
`,
    to: '',
    tests: {
      'src/features/identity/guessing/guessing.test.ts': [
        'a new password makes all browsers unknown but the one that set it',
      ],
    },
  },
  {
    name: 'known-browser-of-another-login',
    covers: ['issue 8, 1.6'],
    file: 'db/migrations/0030_people_context.sql',
    from: 'where b.hash = p_browser_hash and b.login_id = login.id and b.seen_at',
    to: 'where b.hash = p_browser_hash and b.seen_at',
    tests: { 'src/features/identity/guessing/guessing.test.ts': ['a known browser has a budget of its own'] },
  },
  {
    name: 'sessions-without-limit',
    covers: ['issue 8, 1.12'],
    file: 'db/migrations/0038_permission_groups.sql',
    from: `      where o.account_id = context_account() and o.subject_id = portal_user_id
      order by o.seen_at desc, o.created_at desc, o.id desc
      offset 20);`,
    to: `      where o.account_id = context_account() and o.subject_id = portal_user_id
      order by o.seen_at desc, o.created_at desc, o.id desc
      offset 200);`,
    tests: { 'src/features/identity/session-limits.test.ts': ['has at most 20 sessions'] },
  },
  {
    name: 'alert-about-guesses-never-sent',
    covers: ['issue 8, 1.6'],
    file: 'src/features/identity/guessing/queries.ts',
    from: `  return rows[0]?.wait === 0
}`,
    to: `  return rows[0]?.wait === 0 && rows.length > 1
}`,
    tests: { 'src/features/identity/guessing/guessing.test.ts': ['the owner of the login is told once in six hours'] },
  },
  {
    name: 'common-passwords-are-taken',
    covers: ['PS-45', 'issue 8, 1.12'],
    file: 'src/platform/secrets.ts',
    from: `  if (blocklist().has(lower) || new Set(lower).size < 4) return 'common'
`,
    to: '',
    tests: {
      'src/features/portal-users/activation/sign-up.test.ts': ['C8 refuses passwords that are short, long, common'],
    },
  },
  {
    name: 'own-words-are-passwords',
    covers: ['issue 8, 1.12'],
    file: 'src/platform/secrets.ts',
    from: `  if (rest.length < folded(lower).length && rest.length < 5) return 'context'
`,
    to: '',
    tests: {
      'src/features/portal-users/activation/sign-up.test.ts': [
        "C8 refuses passwords that are short, long, common or made of the person's own words",
      ],
    },
  },
  {
    name: 'unknown-logins-answer-without-hashing',
    covers: ['PS-46'],
    file: 'src/platform/secrets.ts',
    from: `        const matches = await argonVerify(hash ?? placeholderHash, normal)
`,
    to: `        if (hash === null) return false
        const matches = await argonVerify(hash ?? placeholderHash, normal)
`,
    tests: {
      'src/features/identity/portal/portal-sign-in.test.ts': ['E-64 PS-46 unknown and wrong take the same time'],
    },
  },
]

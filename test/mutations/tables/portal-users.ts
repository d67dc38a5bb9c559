/** What the office does with portal users. */
import type { Mutation } from '../mutation.ts'

export const portalUsers: Mutation[] = [
  {
    name: 'invitation-sends-no-mail',
    covers: ['CP-07', 'CP-19'],
    file: 'src/features/portal-users/handlers.ts',
    from: `    await sendActivationLink(ctx, id)
    await ctx.audit({
      event: 'portalUserInvited',`,
    to: `    await ctx.audit({
      event: 'portalUserInvited',`,
    tests: { 'src/features/portal-users/portal-users.test.ts': ['CP-18 CP-19 an email address is all it takes'] },
  },
  {
    name: 'portal-off-still-invites',
    covers: ['CP-02'],
    file: 'src/features/portal-users/handlers.ts',
    from: `    if (!ctx.account.portal.enabled) throw problem('portalIsOff')
    const fields: Record`,
    to: '    const fields: Record',
    tests: {
      'src/features/portal-users/portal-users.test.ts': [
        'CP-02 mails nobody a link while the portal is off, and says why',
      ],
    },
  },
  {
    name: 'resend-without-pause',
    covers: ['E-03'],
    file: 'src/features/portal-users/handlers.ts',
    from: "if (wait > 0) throw problem('resentTooSoon'",
    to: "if (wait > 3600) throw problem('resentTooSoon'",
    tests: {
      'src/features/portal-users/portal-users.test.ts': [
        'CP-14 E-03 a resend ends the earlier link, and clicks within a minute',
      ],
    },
  },
  {
    name: 'resend-refused-after-sign-up',
    covers: ['CP-14', 'issue 9, 2.4'],
    file: 'src/features/portal-users/handlers.ts',
    from: `    ctx.allow(mayManageUser(ctx.actor, 'resend', user))
`,
    to: `    ctx.allow(mayManageUser(ctx.actor, 'resend', user))
    if (user!.status === 'signed_up') throw problem('alreadyActivated')
`,
    tests: {
      'src/features/portal-users/portal-users.test.ts': [
        'CP-14 a user who signed up and has not activated gets a new link',
      ],
    },
  },
  {
    name: 'resend-offered-to-active-users',
    covers: ['CP-14'],
    file: 'src/features/portal-users/rules.ts',
    from: `      return displayStatus === 'active'
        ? 'alreadyActivated'
        : displayStatus`,
    to: '      return displayStatus',
    tests: { 'src/features/portal-users/portal-users.test.ts': ['CP-14 is not offered for a user who is'] },
  },
  {
    name: 'change-email-of-active-without-confirmation',
    covers: ['E-10'],
    file: 'src/features/portal-users/handlers.ts',
    from: "const needsConfirmation = user!.status === 'active' && emailNorm(email) !== user!.email_norm",
    to: "const needsConfirmation = user!.status === 'removed'",
    tests: { 'src/features/portal-users/portal-users.test.ts': ['E-10 of an active user the old address stays until'] },
  },
  {
    name: 'stale-page-changes-email',
    covers: ['E-41'],
    file: 'src/features/portal-users/handlers.ts',
    from: `    if (user!.version !== version) throw problem('editConflict')
`,
    to: '',
    tests: {
      'src/features/portal-users/portal-users.test.ts': [
        'E-01 E-41 a taken address and a page seen too long ago are refused',
      ],
    },
  },
  {
    name: 'invitation-ignores-customers',
    covers: ['V-12'],
    file: 'src/features/portal-users/handlers.ts',
    from: `    for (const customer of links) {
`,
    to: `    for (const customer of links.slice(0, 0)) {
`,
    tests: {
      'src/features/portal-users/portal-users.test.ts': ['V-12 the same form may name customers and templates'],
    },
  },
  {
    name: 'invitation-links-foreign-customer',
    covers: ['PS-36'],
    file: 'src/features/portal-users/handlers.ts',
    from: "if ((await findExistingCustomers(ctx.db, ctx.account.id, links)).size < links.length) fields.customers = 'choice'",
    to: '',
    tests: {
      'src/features/portal-users/portal-users.test.ts': [
        'V-12 the same form may name customers and templates; foreign ones are refused',
      ],
    },
  },
  {
    name: 'dispatcher-invites-beyond-defaults',
    covers: ['PS-40'],
    file: 'src/features/portal-users/policy.ts',
    from: 'if (!office.yes || !request.beyondDefaults) return office',
    to: 'if (!office.yes || request.beyondDefaults) return office',
    tests: { 'src/features/portal-users/portal-users-access.test.ts': ['PS-40'] },
  },
  {
    name: 'suspension-mail-never-sent',
    covers: ['1J', 'issue 9, 2.4'],
    file: 'src/features/portal-users/access/handlers.ts',
    from: `    await notifyAccessEnded(ctx, user!)
    await ctx.audit({
      event: 'portalUserSuspended',`,
    to: `    await ctx.audit({
      event: 'portalUserSuspended',`,
    tests: {
      'src/features/portal-users/access/removal.test.ts': [
        '1J tells the suspended user only when the business wants it',
      ],
    },
  },
  {
    name: 'removal-mail-never-sent',
    covers: ['1J'],
    file: 'src/features/portal-users/access/handlers.ts',
    from: `    await notifyAccessEnded(ctx, user!)
    await ctx.audit({
      event: 'portalUserRemoved',`,
    to: `    await ctx.audit({
      event: 'portalUserRemoved',`,
    tests: {
      'src/features/portal-users/access/removal.test.ts': ['1J tells the user only when the business wants it'],
    },
  },
  {
    name: 'removal-mail-always-sent',
    covers: ['1J'],
    file: 'src/features/portal-users/access/handlers.ts',
    from: 'if (ctx.account.portal.mailOnRemoval) await sendNotice',
    to: 'await sendNotice',
    tests: {
      'src/features/portal-users/access/removal.test.ts': [
        '1J tells the user only when the business wants it',
        '1J tells the suspended user only when the business wants it',
      ],
    },
  },
  {
    name: 'suspension-keeps-sessions',
    covers: ['PS-48'],
    file: 'src/features/portal-users/access/handlers.ts',
    from: `    const sessionsEnded = await suspendUser(ctx.db, ctx.account.id, id, ctx.now)`,
    to: `    await setUserStatus(ctx.db, ctx.account.id, id, 'suspended', ctx.now)
    const sessionsEnded = 1`,
    tests: { 'src/features/portal-users/access/removal.test.ts': ['PS-48 A8 ends every session at once'] },
  },
  {
    name: 'removal-keeps-access',
    covers: ['CP-28', 'CP-29'],
    file: 'src/features/portal-users/access/handlers.ts',
    from: `const sessions = await endAccess(ctx.db, ctx.account.id, id, ctx.now)
    const links = await markRemoved(ctx.db, ctx.account.id, id, ctx.now)`,
    to: `const sessions = 1
    const links = 2`,
    tests: {
      'src/features/portal-users/access/removal.test.ts': [
        'CP-25 CP-28 CP-29 access, sessions, links and open mails end at once',
      ],
      'src/features/jobs/booking/customer/customer.test.ts': [
        'E-11 a form sent after the user was removed asks to sign in',
      ],
      'src/features/portal-users/activation/invitation.test.ts': [
        'E-11 removing the user while the form is open stores nothing',
      ],
    },
  },
  {
    name: 'second-removal-is-an-error',
    covers: ['E-12'],
    file: 'src/features/portal-users/access/handlers.ts',
    from: "user?.status === 'removed' ? { status: 'active' } : user",
    to: 'user',
    tests: { 'src/features/portal-users/access/removal.test.ts': ['E-12 of two admins who remove at once'] },
  },
  {
    name: 'reactivation-does-nothing',
    covers: ['issue 9, 2.4'],
    file: 'src/features/portal-users/access/handlers.ts',
    from: `    await setUserStatus(ctx.db, ctx.account.id, id, user!.activated_at ? 'active' : 'invited', ctx.now)
`,
    to: '',
    tests: {
      'src/features/portal-users/access/removal.test.ts': [
        'PS-48 A8 ends every session at once and refuses sign-in, until reactivated',
      ],
    },
  },
  {
    name: 'foreign-templates-given',
    covers: ['PS-36'],
    file: 'src/features/portal-users/access/handlers.ts',
    from: 'return templates.every((template) => offerable.has(template)) ? [...new Set(templates)] : null',
    to: 'return offerable.size >= 0 ? [...new Set(templates)] : null',
    tests: {
      'src/features/portal-users/portal-users.test.ts': [
        'V-12 the same form may name customers and templates; foreign ones are refused',
      ],
    },
  },
  {
    name: 'reset-keeps-permissions',
    covers: ['V-22'],
    file: 'src/features/portal-users/access/handlers.ts',
    from: 'updateUser(ctx.db, ctx.account.id, id, null, { permissions: null }, ctx.now)',
    to: 'updateUser(ctx.db, ctx.account.id, id, null, {}, ctx.now)',
    tests: { 'test/portal-user-forms.test.ts': ['V-22 "Customize permissions" gives the user values'] },
  },
  {
    name: 'search-forgets-name-at-sign-up',
    covers: ['CP-26', 'issue 9, 2.4'],
    file: 'src/features/portal-users/activation/queries.ts',
    from: `search_text: fold(user.name, user.email),
    created_at: at,`,
    to: `search_text: fold(user.email),
    created_at: at,`,
    tests: { 'src/features/portal-users/list/portal-user-list.test.ts': ['CP-26 finds the name given at sign-up'] },
  },
  {
    name: 'search-forgets-name-of-invited',
    covers: ['CP-23', 'CP-26'],
    file: 'src/features/portal-users/activation/queries.ts',
    from: 'search_text: fold(answers.name, email), ...activated(now)',
    to: 'search_text: fold(email), ...activated(now)',
    tests: { 'src/features/portal-users/portal-users.test.ts': ['CP-23 CP-16 after the invited person finished'] },
  },
  {
    name: 'search-forgets-confirmed-address',
    covers: ['CP-26', 'issue 9, 2.4'],
    file: 'src/features/portal-users/activation/queries.ts',
    from: `    search_text: fold(user.name, email),
    ...(passwordHash`,
    to: '    ...(passwordHash',
    tests: { 'src/features/portal-users/list/portal-user-list.test.ts': ['CP-26 finds the name given at sign-up'] },
  },
  {
    name: 'link-without-customer-check',
    covers: ['PS-36'],
    file: 'src/features/portal-users/links/handlers.ts',
    from: `      if (!(await findExistingCustomers(ctx.db, ctx.account.id, [customer])).has(customer))
        throw problem('input', { fields: { customer: 'choice' } })
`,
    to: '',
    tests: {
      'src/features/portal-users/links/portal-links.test.ts': ['V-27 PS-09 linking lets the user reach a customer'],
    },
  },
  {
    name: 'unlinking-deletes-nothing',
    covers: ['V-27', 'PS-09'],
    file: 'src/features/portal-users/links/handlers.ts',
    from: 'const deleted = await deleteLink(ctx.db, ctx.account.id, id, link, ctx.now)',
    to: 'const deleted = await updateLink(ctx.db, ctx.account.id, id, link, {}, ctx.now)',
    tests: {
      'src/features/portal-users/links/portal-links.test.ts': ['V-27 PS-09 linking lets the user reach a customer'],
    },
  },
  {
    name: 'link-permissions-not-stored',
    covers: ['V-21'],
    file: 'src/features/portal-users/links/queries.ts',
    from: '      ...(change.permissions !== undefined && {',
    to: '      ...(change.permissions === null && {',
    tests: { 'src/features/portal-users/links/portal-links.test.ts': ['V-21 each link has its own permissions'] },
  },
]

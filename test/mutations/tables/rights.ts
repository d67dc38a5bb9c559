/** Staff, customers, portal settings and permissions. */
import type { Mutation } from '../mutation.ts'

export const rights: Mutation[] = [
  {
    name: 'admin-makes-owners',
    covers: ['PS-40'],
    file: 'src/features/staff/policy.ts',
    from: "  return assignableRoles(actor.role).includes(role) ? yes : no('ownersOnly')",
    to: "  return assignableRoles('owner').includes(role) ? yes : no('ownersOnly')",
    tests: { 'src/features/staff/staff.test.ts': ['PS-40 an admin cannot invite, change or deactivate an owner'] },
  },
  {
    name: 'owner-deactivates-themselves',
    covers: ['PS-40'],
    file: 'src/features/staff/policy.ts',
    from: "  return member!.id === actor.id ? no('notYourself') : yes",
    to: "  return member!.id === '' ? no('notYourself') : yes",
    tests: {
      'src/features/staff/staff.test.ts': [
        'the last owner cannot be deactivated, and nobody can deactivate themselves',
      ],
    },
  },
  {
    name: 'last-owner-leaves',
    covers: ['PS-40'],
    file: 'src/features/staff/handlers.ts',
    from: `  if (owners.every((id) => id === member.id)) throw problem('lastOwner')
`,
    to: `  if (owners.length > 9) throw problem('lastOwner')
`,
    tests: { 'src/features/staff/staff.test.ts': ['two owners who deactivate each other at once leave one owner'] },
  },
  {
    name: 'old-staff-invitation-stays-open',
    covers: ['PS-44'],
    file: 'src/features/staff/handlers.ts',
    from: `    if (member!.status !== 'invited') throw problem('notInvited')
    await replaceInvitations(ctx.db, ctx.account.id, id, ctx.now)
`,
    to: `    if (member!.status !== 'invited') throw problem('notInvited')
`,
    tests: {
      'src/features/staff/staff.test.ts': [
        'PS-44 the link expires after exactly seven days, and stops working when a newer one is sent',
      ],
    },
  },
  {
    name: 'invitation-sets-an-existing-password',
    covers: ['PS-47', 'PS-54'],
    file: 'src/features/staff/handlers.ts',
    from: `          if (typesPassword) throw problem('passwordExists')
`,
    to: '',
    tests: { 'src/features/staff/staff.test.ts': ['PS-47 PS-54 a person with a login joins with it'] },
  },
  {
    name: 'invitation-for-another-person',
    covers: ['PS-44'],
    file: 'src/features/staff/handlers.ts',
    from: `        case 'other':
          throw problem('wrongPerson')
`,
    to: `        case 'other':
          return { invitation, passwordHash: null, name: invitation.name! }
`,
    tests: { 'src/features/staff/staff.test.ts': ['PS-47 PS-54 a person with a login joins with it'] },
  },
  {
    name: 'worker-sees-notes-and-billing',
    covers: ['PS-32'],
    file: 'src/features/customers/policy.ts',
    from: `actor.kind === 'staff' && isOffice(actor.role)

/** Owners`,
    to: `actor.kind === 'staff'

/** Owners`,
    tests: {
      'src/features/customers/customers-access.test.ts': [
        'PS-32 PS-14 a worker sees the customers of their open jobs, without notes',
      ],
    },
  },
  {
    name: 'worker-edits-customers',
    covers: ['PS-35', 'PS-37'],
    file: 'src/features/customers/policy.ts',
    from: `export function mayEditCustomer(actor: Actor, customer: Customer): Decision {
  const decision = mayRunOffice(actor)`,
    to: `export function mayEditCustomer(actor: Actor, customer: Customer): Decision {
  const decision = isStaff(actor)`,
    tests: { 'src/features/customers/customers-access.test.ts': ['PS-35 PS-37 a worker changes nothing'] },
  },
  {
    name: 'archived-customer-is-edited',
    covers: ['PS-09'],
    file: 'src/features/customers/policy.ts',
    from: "decision.yes && customer.status === 'archived' ? no('customerArchived') : decision",
    to: "decision.yes && customer.status === undefined ? no('customerArchived') : decision",
    tests: {
      'src/features/customers/customers.test.ts': ['cannot be archived with open jobs; archived it cannot be changed'],
    },
  },
  {
    name: 'customer-with-open-jobs-is-archived',
    covers: ['PS-09'],
    file: 'src/features/customers/policy.ts',
    from: 'decision.yes && archiveBlockedBy(customer) ? no(',
    to: 'decision.yes && archiveBlockedBy(customer) && customer.openJobs < 0 ? no(',
    tests: { 'src/features/customers/customers.test.ts': ['cannot be archived with open jobs'] },
  },
  {
    name: 'archived-customers-stay-reachable',
    covers: ['PS-09'],
    file: 'db/migrations/0049_record_links.sql',
    from: `        array_agg(l.customer_id) filter (where c.status = 'active' and g.kind <> 'none') as customers,
        array_agg(l.customer_id) filter (
          where c.status = 'active' and g.kind <> 'none' and l.scope = 'whole'`,
    to: `        array_agg(l.customer_id) filter (where g.kind <> 'none') as customers,
        array_agg(l.customer_id) filter (
          where g.kind <> 'none' and l.scope = 'whole'`,
    tests: { 'src/features/customers/customers.test.ts': ['PS-09 the portal users of an archived customer lose it'] },
  },
  {
    name: 'customer-change-overwrites',
    covers: ['E-41'],
    file: 'src/features/customers/changes/handlers.ts',
    from: '  const next = await bumpVersion(ctx.db, key, expected, ctx.now)',
    to: '  const next = await bumpVersion(ctx.db, key, expected && undefined, ctx.now)',
    tests: { 'src/features/customers/customers.test.ts': ['E-41 of two people who change it at once'] },
  },
  {
    name: 'half-a-coordinate',
    covers: ['V-36', 'E-44'],
    file: 'src/features/customers/rules.ts',
    from: 'if (hasLatitude === hasLongitude) return',
    to: 'if (hasLatitude || hasLongitude || path) return',
    tests: { 'src/features/customers/customers.test.ts': ['a site has two coordinates or none'] },
  },
  {
    name: 'portal-off-keeps-sessions',
    covers: ['E-09', 'PS-48'],
    file: 'src/features/portal/handlers.ts',
    from: 'isTurnedOff ? await endAllPortalSessions(ctx.db, ctx.account.id) : 0',
    to: 'isTurnedOff ? 1 : 0',
    tests: {
      'src/features/portal/portal.test.ts': ['E-09 PS-48 turning the portal off ends every session'],
      'src/features/identity/portal/portal-sign-in.test.ts': [
        'CP-02 E-09 when the portal is off it says only that and whose it is; sessions have ended',
      ],
    },
  },
  {
    name: 'old-address-for-an-hour',
    covers: ['CP-03', 'issue 9, 2.4'],
    file: 'db/migrations/0049_record_links.sql',
    from: "where slugs.slug = p_slug and (slugs.is_current or slugs.retired_at > p_now - interval '1 year')",
    to: "where slugs.slug = p_slug and (slugs.is_current or slugs.retired_at > p_now - interval '1 hour')",
    tests: {
      'src/features/portal/portal.test.ts': ['CP-03 the business chooses its address, and the old one redirects'],
    },
  },
  {
    name: 'old-address-is-given-away-at-once',
    covers: ['CP-03'],
    file: 'db/migrations/0020_definer_functions.sql',
    from: "and not s.is_current and s.retired_at <= p_now - interval '1 year';",
    to: 'and not s.is_current and s.retired_at <= p_now;',
    tests: {
      'src/features/portal/portal.test.ts': [
        'CP-03 the business chooses its address',
        'does not accept another business’s address',
      ],
    },
  },
  {
    name: 'reserved-address-is-taken',
    covers: ['CP-03'],
    file: 'src/features/portal/handlers.ts',
    from: `    if (slugError) throw problem('input', { fields: { slug: slugError } })
`,
    to: `    if (slugError && !slug) throw problem('input', { fields: { slug: slugError } })
`,
    tests: { 'src/features/portal/portal.test.ts': ['refuses “'] },
  },
  {
    name: 'foreign-template-is-offered',
    covers: ['V-24', 'PS-36'],
    file: 'src/features/portal/handlers.ts',
    from: `    if (input.templates.some((template) => !offerableIds.has(template))) fields.templates = 'choice'
`,
    to: '',
    tests: { 'src/features/portal/portal.test.ts': ['V-24 default templates keep their order'] },
  },
  {
    name: 'settings-change-without-trace',
    covers: ['issue 8, 1.8'],
    file: 'src/features/portal/handlers.ts',
    from: 'details: { changes: findDifferences(before, after), sessionsEnded }',
    to: 'details: { changes: findDifferences(after, after), sessionsEnded }',
    tests: { 'src/features/portal/portal.test.ts': ['the audit records each change'] },
  },
  {
    name: 'snippet-with-raw-html',
    covers: ['PS-57', 'V-11'],
    file: 'src/features/portal/rules.ts',
    from: 'style="${escapeHtml(style)}">${escapeHtml(label)}</a>`',
    to: 'style="${escapeHtml(style)}">${label}</a>`',
    tests: { 'src/features/portal/portal.test.ts': ['V-11 the button for the business’s website'] },
  },
  {
    name: 'user-permission-beyond-the-switch',
    covers: ['V-03'],
    file: 'src/features/identity/rules.ts',
    from: `  if (!portal.switches[permission]) return { allowed: false, source: 'switch' }
`,
    to: '',
    tests: {
      'src/features/portal-users/access/portal-user-permissions.test.ts': ['V-03 no permission of a user exceeds'],
    },
  },
  {
    name: 'defaults-are-copied-not-followed',
    covers: ['V-23'],
    file: 'src/features/identity/rules.ts',
    from: '(link?.group.permissions ?? portal.permissions)[permission]',
    to: 'portal.switches[permission]',
    tests: {
      'src/features/portal-users/access/portal-user-permissions.test.ts': ['V-22 V-23 who is not customised follows'],
    },
  },
  {
    name: 'hidden-template-is-bookable',
    covers: ['V-25'],
    file: 'src/features/identity/templates/rules.ts',
    from: '      return defaults.filter((template) => !userTemplates.includes(template))',
    to: '      return defaults.filter((template) => !userTemplates.includes(template) || template)',
    tests: {
      'src/features/portal-users/access/portal-user-permissions.test.ts': [
        'V-25 templates can be added to the defaults',
      ],
    },
  },
]

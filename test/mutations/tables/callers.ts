/** Who calls, what they reach, and how often a request waits for the database. */
import type { Mutation } from '../mutation.ts'

export const callers: Mutation[] = [
  {
    name: 'deactivated-staff-stays',
    covers: ['PS-48'],
    file: 'db/migrations/0039_tickets.sql',
    from: "and m.person_id = u.id and m.status = 'active'",
    to: 'and m.person_id = u.id',
    tests: {
      'src/features/staff/staff.test.ts': [
        'PS-48 a deactivated member loses access to this account at the next request',
      ],
    },
  },
  {
    name: 'worker-sees-customers-of-closed-jobs',
    covers: ['V-29', 'PS-32'],
    file: 'db/migrations/0039_tickets.sql',
    from: "and j.status not in ('unpublished', 'completed', 'canceled')",
    to: "and j.status not in ('unpublished')",
    tests: {
      'src/features/customers/customers-access.test.ts': ['PS-32 PS-14 a worker sees the customers of their open jobs'],
    },
  },
  {
    name: 'worker-sees-customers-of-unpublished-jobs',
    covers: ['issue 8, 1.10'],
    file: 'db/migrations/0039_tickets.sql',
    from: "and j.status not in ('unpublished', 'completed', 'canceled')",
    to: "and j.status not in ('completed', 'canceled')",
    tests: {
      'src/features/templates/fields/visibility.test.ts': [
        'an unpublished job shows neither itself nor its customer to its worker',
      ],
    },
  },
  {
    name: 'suspended-office-keeps-its-reach',
    covers: ['issue 9, 1.18'],
    file: 'db/migrations/0039_tickets.sql',
    from: "m.id is not null and a.status = 'active' as is_active",
    to: 'm.id is not null as is_active',
    tests: {
      'src/features/identity/reach-office.test.ts': [
        'PS-01 PS-48 the database sets exactly what reachOf says, for any role, account and session',
      ],
    },
  },
  {
    name: 'worker-reaches-as-the-office-does',
    covers: ['issue 9, 1.18'],
    file: 'db/migrations/0039_tickets.sql',
    from: "case m.role when 'worker' then 'assigned' else 'all' end",
    to: "'all'",
    tests: {
      'src/features/identity/reach-office.test.ts': [
        'PS-01 PS-48 the database sets exactly what reachOf says, for any role, account and session',
      ],
    },
  },
  {
    name: 'page-reads-wait-one-by-one',
    covers: ['issue 9, 1.18'],
    file: 'src/platform/prefetched-run.ts',
    from: '    if (reads?.isOpen)',
    to: '    if (reads && !reads.isOpen)',
    tests: { 'test/round-trips.test.ts': ['the page of the list waits once for all that it shows'] },
  },
  {
    name: 'office-requests-look-their-caller-up-first',
    covers: ['issue 9, 1.18'],
    file: 'src/platform/invocation.ts',
    from: "const canBeginWithCaller = surface === 'portal' || (surface === 'office' && !countsLimits)",
    to: "const canBeginWithCaller = surface === 'portal' || (surface === 'people' && !countsLimits)",
    tests: {
      'test/round-trips.test.ts': [
        'the list of the office waits once, for the office and for a worker, with filters too',
      ],
    },
  },
]

/** The office's home page. */
import type { Mutation } from '../mutation.ts'

const tests = 'test/home-page.test.ts'
const TILES = 'each tile leads to exactly the jobs that it counts, for the'
const NEXT = 'next visits are those to come, soonest first, without the past and without what is in progress'

export const homePage: Mutation[] = [
  {
    name: 'home-counts-without-status',
    covers: ['1.4'],
    file: 'src/features/accounts/home/queries.ts',
    from: '...(status ? [sql`status = any',
    to: '...(status && day ? [sql`status = any',
    tests: { [tests]: [TILES] },
  },
  {
    name: 'home-counts-every-comment',
    covers: ['1.4'],
    file: 'src/features/accounts/home/queries.ts',
    from: 'sql`unread_comments > 0`',
    to: 'sql`unread_comments >= 0`',
    tests: { [tests]: [TILES] },
  },
  {
    name: 'home-links-to-all-jobs',
    covers: ['1.4'],
    file: 'src/features/accounts/ui/Home.svelte',
    from: '{ ...TILES[tile] }',
    to: '{}',
    tests: { [tests]: [TILES] },
  },
  {
    name: 'next-visits-of-the-past',
    covers: ['1.4'],
    file: 'src/features/accounts/handlers.ts',
    from: 'listNextVisits(ctx.db, ctx.account.id, ctx.now)',
    to: 'listNextVisits(ctx.db, ctx.account.id, today.from)',
    tests: { [tests]: [NEXT] },
  },
  {
    name: 'next-visits-in-progress',
    covers: ['1.4'],
    file: 'src/features/accounts/home/queries.ts',
    from: "['pending', 'assigned'])",
    to: "['pending', 'assigned', 'started', 'paused'])",
    tests: { [tests]: [NEXT] },
  },
  {
    name: 'newest-request-first',
    covers: ['issue 9, 2.4'],
    file: 'src/features/accounts/home/queries.ts',
    from: "    .orderBy('jobs.created_at')",
    to: "    .orderBy('jobs.created_at', 'desc')",
    tests: { 'test/orders.test.ts': ['sees the requests that have waited longest first'] },
  },
  {
    name: 'upcoming-visit-that-nobody-accepted',
    covers: ['issue 9, 2.4'],
    file: 'src/features/jobs/portal/overview/queries.ts',
    from: "any ('{assigned,started,paused}'",
    to: "any ('{pending,assigned,started,paused}'",
    tests: { 'test/orders.test.ts': ['sees the next visit of all customers'] },
  },
  {
    name: 'customers-of-the-portal-by-age',
    covers: ['issue 9, 2.4'],
    file: 'src/features/jobs/portal/overview/queries.ts',
    from: 'order by name, id`',
    to: 'order by id`',
    tests: { 'test/orders.test.ts': ['sees the next visit of all customers'] },
  },
  {
    name: 'deactivated-people-first',
    covers: ['issue 9, 2.4'],
    file: 'src/features/staff/queries.ts',
    from: "when 'deactivated' then 1 else 0",
    to: "when 'deactivated' then 0 else 1",
    tests: { 'test/orders.test.ts': ['sees owners first'] },
  },
  {
    name: 'primary-contact-among-the-others',
    covers: ['issue 9, 2.4'],
    file: 'src/features/customers/contacts/queries.ts',
    from: `    .orderBy('status')
    .orderBy('is_primary', 'desc')`,
    to: "    .orderBy('status')",
    tests: { 'test/orders.test.ts': ['sees the primary contact of a customer first'] },
  },
]

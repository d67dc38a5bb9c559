/** Portal views (view as): whose reach they have, that they change nothing, and how long they last. */
import { idleForm, type Mutation } from '../mutation.ts'

const tests = 'src/features/portal-views/portal-views.test.ts'
const times = 'src/features/portal-views/portal-view-times.test.ts'
const forms = 'test/portal-view-forms.test.ts'
const migration = 'db/migrations/0047_portal_views.sql'
const lookUp = 'db/migrations/0051_link_views.sql'
const linkViews = 'src/features/portal-views/link-views.test.ts'
const identity = 'src/features/identity/queries.ts'
const page = 'src/web/routes/office/[account]/view-as/+page.server.ts'

export const portalViews: Mutation[] = [
  idleForm({
    name: 'idle-start-portal-view',
    covers: ['RS-17'],
    file: page,
    operation: 'locals.api.startPortalView',
    output: "{ id: 'none' }",
    tests: { [forms]: ['RS-17 "View portal" shows the very pages of the portal'] },
  }),
  idleForm({
    name: 'idle-leave-portal-view',
    covers: ['RS-17'],
    file: page,
    operation: 'locals.api.endPortalView',
    output: '{ customer: null, portalUser: typed.string("view") }',
    tests: { [forms]: ['"Leave view" ends it and leads back to whom it showed'] },
  }),
  {
    name: 'portal-view-writes',
    covers: ['RS-17'],
    file: 'src/platform/caller.ts',
    from: "if (viewer && writes) throw problem('viewAsReadOnly')",
    to: "if (viewer && writes && isPersonal) throw problem('viewAsReadOnly')",
    tests: { [tests]: ['RS-17 every writing operation of the portal answers 403'] },
  },
  {
    name: 'portal-view-shows-sign-in',
    covers: ['RS-17'],
    file: 'src/platform/caller.ts',
    from: 'if (viewer && isPersonal)',
    to: 'if (viewer && isPersonal && !account)',
    tests: { [tests]: ["a person's own sign-in is no part of a view"] },
  },
  {
    name: 'portal-view-of-workers',
    covers: ['RS-17'],
    file: identity,
    from: 'if (!account || !staff || !isOffice(staff.role))',
    to: 'if (!account || !staff)',
    tests: { [times]: ['RS-17 ends with the next request after '] },
  },
  {
    name: 'portal-view-never-ends',
    covers: ['RS-17'],
    file: identity,
    from: "if (!isOpen) throw problem('viewEnded')",
    to: "if (isOpen === undefined) throw problem('viewEnded')",
    tests: {
      [times]: ['RS-17 ends 60 minutes after the last click', 'RS-18 RS-19 one click leads from one customer'],
    },
  },
  {
    name: 'portal-view-of-any-session',
    covers: ['RS-17'],
    file: lookUp,
    from: 'join portal_views v on v.id = p_view and v.session_id = e.id',
    to: 'join portal_views v on v.id = p_view',
    tests: { [times]: ['a view belongs to one session of one member of staff'] },
  },
  {
    name: 'portal-view-idle-limit',
    covers: ['RS-17'],
    file: lookUp,
    from: "and view.seen_at > p_now - interval '1 hour' and view.started_at",
    to: 'and view.started_at',
    tests: { [times]: ['RS-17 ends 60 minutes after the last click'] },
  },
  {
    name: 'portal-view-eight-hours',
    covers: ['RS-17'],
    file: lookUp,
    from: "interval '1 hour' and view.started_at > p_now - interval '8 hours'",
    to: "interval '1 hour' and view.started_at > p_now - interval '8 days'",
    tests: { [times]: ['RS-17 ends 60 minutes after the last click'] },
  },
  {
    name: 'portal-view-of-two-accounts',
    covers: ['RS-19'],
    file: lookUp,
    from: 'where n.session_id = view.session_id and (n.started_at',
    to: 'where n.account_id = view.account_id and n.session_id = view.session_id and (n.started_at',
    tests: { [times]: ['RS-18 RS-19 one click leads from one customer'] },
  },
  {
    name: 'portal-view-of-suspended',
    covers: ['RS-17'],
    file: lookUp,
    from: "and u.status in ('invited', 'signed_up', 'active') and not",
    to: 'and not',
    tests: { [tests]: ['shows what the person meets who cannot get in'] },
  },
  {
    name: 'portal-view-of-no-contact',
    covers: ['RS-17'],
    file: lookUp,
    from: "and (view.kind = 'customer' or t.id is not null))",
    to: ')',
    tests: { [tests]: ['shows what the person meets who cannot get in'] },
  },
  {
    name: 'portal-views-of-others',
    covers: ['issue 10, 5'],
    file: migration,
    from: "and l.customer_id = v.customer_id and (l.scope = 'whole' or l.contact_id = v.contact_id)))",
    to: 'and l.customer_id = v.customer_id))',
    tests: { [tests]: ['the person viewed and users of the whole customer see that staff looked'] },
  },
  {
    name: 'portal-view-end-unaudited',
    covers: ['issue 10, 5'],
    file: 'src/app.ts',
    from: 'await endLapsedPortalViews(db, clock.now())',
    to: 'if (clock.now().getTime() < 0) await endLapsedPortalViews(db, clock.now())',
    tests: { [tests]: ['start and end are audited with both names'] },
  },
  {
    name: 'portal-view-of-a-closed-link',
    covers: ['RS-06', 'RS-17'],
    file: lookUp,
    from: 'and is_link_open(c, p, k.scope) and is_link_for(k, t)',
    to: 'and is_link_for(k, t)',
    tests: { [linkViews]: ['shows the sign-in page once the customer has a portal user'] },
  },
  {
    name: 'portal-view-of-a-link-shows-the-customer',
    covers: ['RS-17'],
    file: lookUp,
    from: "'scope', k.scope, 'contact', k.contact_id",
    to: "'scope', 'whole', 'contact', k.contact_id",
    tests: { [linkViews]: ['shows what the link opens'] },
  },
]

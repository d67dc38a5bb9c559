/** Secure links: when a link alone opens the portal, what it opens, and what ends its sessions. */
import { idleForm, type Mutation } from '../mutation.ts'

const migration = 'db/migrations/0042_secure_links.sql'
const records = 'db/migrations/0049_record_links.sql'
const recordLinks = 'src/features/secure-links/record-links.test.ts'
const handlers = 'src/features/secure-links/handlers.ts'
const links = 'src/features/secure-links/secure-links.test.ts'
const entry = 'src/features/secure-links/truth-table-entry.test.ts'
const sessions = 'src/features/secure-links/truth-table-sessions.test.ts'
const forms = 'test/secure-link-forms.test.ts'
const linkPage = 'src/web/routes/p/[portal]/(auth)/link/[token]/+page.server.ts'

export const secureLinks: Mutation[] = [
  {
    name: 'link-opens-beside-a-portal-user',
    covers: ['RS-06'],
    file: migration,
    from: "u.status <> 'removed'\n        and (portal.count_unclaimed",
    to: "u.status = 'nobody'\n        and (portal.count_unclaimed",
    tests: { [entry]: [' × customer link: ', ' × contact link: '], [links]: ['is the same in the database'] },
  },
  {
    name: 'invitations-never-close-links',
    covers: ['RS-06'],
    file: migration,
    from: '(portal.count_unclaimed or u.activated_at is not null)',
    to: '(u.activated_at is not null)',
    tests: { [entry]: [' × customer link: '] },
  },
  {
    name: 'link-session-outlives-the-lock',
    covers: ['RS-06', 'PS-48'],
    file: records,
    from: 'and vc.lock_epoch = e.lock_epoch',
    to: '',
    tests: { [links]: ['or the mode changed'] },
  },
  {
    name: 'link-session-outlives-the-link',
    covers: ['PS-48'],
    file: records,
    from: '      and k.ended_at is null and k.expires_at > p_now\n    left join customers vc',
    to: '      and k.expires_at > p_now\n    left join customers vc',
    tests: { [links]: ['end when the link is revoked, replaced or expired'] },
  },
  {
    name: 'last-portal-user-leaves-the-link-open',
    covers: ['RS-06'],
    file: migration,
    from: `link_held = c.link_held
      or not exists (select from portal_links l where l.account_id = account and l.customer_id = c.id)`,
    to: 'link_held = c.link_held',
    tests: { [links]: ['without its last portal user a customer has a new link'] },
  },
  {
    name: 'contact-link-opens-the-jobs',
    covers: ['RS-08'],
    file: records,
    from: "case when k.scope = 'whole' and visiting.sees_jobs then",
    to: 'case when visiting.sees_jobs then',
    tests: { [entry]: [' × contact link: '] },
  },
  {
    name: 'portal-user-is-not-asked',
    covers: ['RS-19'],
    file: handlers,
    from: "if (session === 'user' && !leave)",
    to: "if (session === 'user' && leave && !leave)",
    tests: { [sessions]: ['is asked before anything of B opens'] },
  },
  {
    name: 'old-session-goes-on',
    covers: ['RS-19'],
    file: handlers,
    from: 'if (hadSession) await endSessionOf(ctx.db, ctx.account.id, ctx.actor)',
    to: 'void endSessionOf',
    tests: { [sessions]: ['A ends and B begins with one click'] },
  },
  {
    name: 'link-widens-a-contact',
    covers: ['RS-19'],
    file: handlers,
    from: "if (session === 'same') return { outcome: 'stayed' as const, record: link!.record }",
    to: "if (session === 'same' && leave) return { outcome: 'stayed' as const, record: link!.record }",
    tests: { [sessions]: ['the link widens nothing', 'stays, in the same session'] },
  },
  idleForm({
    name: 'idle-open-secure-link',
    covers: ['RS-05'],
    file: linkPage,
    operation: 'locals.api.openSecureLink',
    output: "{ outcome: 'opened', record: null }",
    tests: { [forms]: ['"Open portal" opens the portal'] },
  }),
  idleForm({
    name: 'idle-request-secure-link',
    covers: ['RS-05'],
    file: 'src/web/routes/p/[portal]/(auth)/link/+page.server.ts',
    operation: 'locals.api.requestSecureLink',
    tests: { [forms]: ['"Send link" sends a link to an address on file'] },
  }),
  {
    name: 'idle-create-secure-link',
    covers: ['RS-05'],
    file: 'src/web/secure-link-actions.ts',
    from: "event.locals.api.createSecureLink({ customer, contact: contactOf(typed), days: typed.number('days') }),",
    to: "Promise.resolve({ customer, contact: contactOf(typed), days: typed.number('days') }),",
    tests: { [forms]: ['"Create link" and "Replace link" make one'] },
  },
  {
    name: 'idle-replace-secure-link',
    covers: ['PS-44'],
    file: 'src/web/secure-link-actions.ts',
    from: 'event.locals.api.createSecureLink(enteredLink(typed, customer)),',
    to: 'Promise.resolve(enteredLink(typed, customer)),',
    tests: { [forms]: ['"Create link" and "Replace link" make one'] },
  },
  {
    name: 'idle-revoke-secure-link',
    covers: ['PS-44'],
    file: 'src/web/secure-link-actions.ts',
    from: `      'linkRevoked',
      (typed, customer) => event.locals.api.revokeSecureLink(`,
    to: `      'linkRevoked',
      (typed, customer) => Promise.resolve(`,
    tests: { [forms]: ['"Revoke link" ends the link'] },
  },
  idleForm({
    name: 'idle-link-lock',
    covers: ['RS-05'],
    file: 'src/web/secure-link-actions.ts',
    operation: 'event.locals.api.updateLinkLock',
    tests: { [forms]: ['"Save setting" turns links of the customer off'] },
  }),
  {
    name: 'ticket-link-shows-the-customer',
    covers: ['RS-05'],
    file: records,
    from: 'when visiting.sees_tickets and k.ticket_id is not null then array[k.ticket_id] end',
    to: 'when visiting.sees_tickets and k.ticket_id is not null then array(select t.id from tickets t) end',
    tests: { [recordLinks]: ['there is nothing else'] },
  },
  {
    name: 'ticket-link-opens-beside-a-portal-user',
    covers: ['RS-06'],
    file: records,
    from: "scope = 'record' and portal.record_links_alone",
    to: "scope = 'record'",
    tests: { [recordLinks]: [' × ticket link, '], [links]: ['is the same in the database'] },
  },
  {
    name: 'ticket-link-stays-with-who-had-the-ticket',
    covers: ['RS-08'],
    file: records,
    from: 'or t.contact_id = link.contact_id or link.contact_id = any (t.participants)',
    to: 'or t.contact_id is not null or link.contact_id = any (t.participants)',
    tests: { [recordLinks]: ['once the ticket is somebody else’s'] },
  },
  {
    name: 'ticket-link-for-any-contact',
    covers: ['PS-44'],
    file: handlers,
    from: 'found.is_primary || people.includes(contact)',
    to: 'found.is_primary || people.length >= 0',
    tests: { [recordLinks]: ['goes to who sees the ticket alone'] },
  },
  {
    name: 'ticket-visitor-creates-tickets',
    covers: ['RS-05'],
    file: 'src/features/identity/rules.ts',
    from: "(link.scope !== 'record' || permission !== 'createTickets') &&",
    to: "(link.scope !== 'record' || permission !== 'closeTickets') &&",
    tests: { [recordLinks]: ['creates no ticket that they would not see'] },
  },
  {
    name: 'ticket-link-leaves-the-customer',
    covers: ['RS-19'],
    file: 'src/features/secure-links/rules.ts',
    from: "(session.scope === 'whole' || (session.scope === 'contact'",
    to: "(session.scope === 'record' || (session.scope === 'contact'",
    tests: { [recordLinks]: ['visitor of the customer: stays as they are'] },
  },
  {
    name: 'chosen-life-is-ignored',
    covers: ['PS-44'],
    file: records,
    from: "make_interval(days => coalesce((p_link ->> 'days')::int, p.link_days))",
    to: 'make_interval(days => p.link_days)',
    tests: { [recordLinks]: ['lives as long as chosen'], [forms]: ['makes one for a day'] },
  },
  {
    name: 'idle-create-ticket-link',
    covers: ['RS-05'],
    file: 'src/web/secure-link-actions.ts',
    from: `      event.locals.api.createSecureLink({
        ...{ customer, contact: contactOf(typed) },
        ...{ record: ticketOf(event), days: typed.number('days') },`,
    to: `      Promise.resolve({
        ...{ customer, contact: contactOf(typed) },
        ...{ record: ticketOf(event), days: typed.number('days') },`,
    tests: { [forms]: ['makes one for a day'] },
  },
  {
    name: 'idle-replace-ticket-link',
    covers: ['PS-44'],
    file: 'src/web/secure-link-actions.ts',
    from: `      event.locals.api.createSecureLink({
        ...{ customer, contact: contactOf(typed) },
        ...{ record: ticketOf(event), replace: true },`,
    to: `      Promise.resolve({
        ...{ customer, contact: contactOf(typed) },
        ...{ record: ticketOf(event), replace: true },`,
    tests: { [forms]: ['end the link of a contact'] },
  },
  {
    name: 'idle-revoke-ticket-link',
    covers: ['PS-44'],
    file: 'src/web/secure-link-actions.ts',
    from: `    actOnTicket(event, 'linkRevoked', (typed, customer) =>
      event.locals.api.revokeSecureLink(`,
    to: `    actOnTicket(event, 'linkRevoked', (typed, customer) =>
      Promise.resolve(`,
    tests: { [forms]: ['end the link of a contact'] },
  },
]

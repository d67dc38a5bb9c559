/** Secure links: when a link alone opens the portal, what it opens, and what ends its sessions. */
import { idleForm, type Mutation } from '../mutation.ts'

const migration = 'db/migrations/0042_secure_links.sql'
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
    file: migration,
    from: 'and vc.lock_epoch = e.lock_epoch',
    to: '',
    tests: { [links]: ['or the mode changed'] },
  },
  {
    name: 'link-session-outlives-the-link',
    covers: ['PS-48'],
    file: migration,
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
    file: migration,
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
    from: "if (session === 'same') return { outcome: 'stayed' as const }",
    to: "if (session === 'same' && leave) return { outcome: 'stayed' as const }",
    tests: { [sessions]: ['the link widens nothing', 'stays, in the same session'] },
  },
  idleForm({
    name: 'idle-open-secure-link',
    covers: ['RS-05'],
    file: linkPage,
    operation: 'locals.api.openSecureLink',
    output: "{ outcome: 'opened' }",
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
    from: 'event.locals.api.createSecureLink({ customer, contact: contactOf(typed) }),',
    to: 'Promise.resolve({ customer, contact: contactOf(typed) }),',
    tests: { [forms]: ['"Create link" and "Replace link" make one'] },
  },
  {
    name: 'idle-replace-secure-link',
    covers: ['PS-44'],
    file: 'src/web/secure-link-actions.ts',
    from: 'event.locals.api.createSecureLink({ customer, contact: contactOf(typed), replace: true }),',
    to: 'Promise.resolve({ customer, contact: contactOf(typed), replace: true }),',
    tests: { [forms]: ['"Create link" and "Replace link" make one'] },
  },
  idleForm({
    name: 'idle-revoke-secure-link',
    covers: ['PS-44'],
    file: 'src/web/secure-link-actions.ts',
    operation: 'event.locals.api.revokeSecureLink',
    tests: { [forms]: ['"Revoke link" ends the link'] },
  }),
  idleForm({
    name: 'idle-link-lock',
    covers: ['RS-05'],
    file: 'src/web/secure-link-actions.ts',
    operation: 'event.locals.api.updateLinkLock',
    tests: { [forms]: ['"Save setting" turns links of the customer off'] },
  }),
]

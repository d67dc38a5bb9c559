/** Contacts that are archived, moved or merged. */
import type { Mutation } from '../mutation.ts'

const file = 'src/features/customers/contacts/handlers.ts'
const tests = 'src/features/customers/contacts/contacts.test.ts'
const links = 'src/features/portal-users/links/contact-links.test.ts'

export const contacts: Mutation[] = [
  {
    name: 'moved-contact-keeps-its-links',
    covers: ['RS-08'],
    file,
    from: 'await detachContact(ctx.db, key.account, contact, ctx.now)',
    to: 'void detachContact',
    tests: { [tests]: ['RS-08 takes no ticket and no access along'] },
  },
  {
    name: 'moved-contact-takes-its-tickets',
    covers: ['RS-08'],
    file,
    from: 'await detachContact(ctx.db, key.account, contact, ctx.now)\n    await replaceContact(ctx.db, key.account, contact, null)',
    to: 'await detachContact(ctx.db, key.account, contact, ctx.now)',
    tests: { [tests]: ['RS-08 takes no ticket and no access along'] },
  },
  {
    name: 'merged-contact-loses-its-users',
    covers: ['RS-08'],
    file,
    from: 'const users = await moveContactLinks(ctx.db, key.account, contact, into, ctx.now)',
    to: 'const users = await moveContactLinks(ctx.db, key.account, into, into, ctx.now)',
    tests: { [tests]: ['RS-08 gives tickets, participation and portal users'] },
  },
  {
    name: 'merged-contact-loses-its-tickets',
    covers: ['RS-08'],
    file,
    from: 'await replaceContact(ctx.db, key.account, contact, into)',
    to: 'await replaceContact(ctx.db, key.account, contact, null)',
    tests: { [tests]: ['RS-08 gives tickets, participation and portal users'] },
  },
  {
    name: 'dispatchers-merge-contacts',
    covers: ['PS-40'],
    file,
    from: 'ctx.allow(mayManage(ctx.actor))',
    to: 'void mayManage',
    tests: { [tests]: ['PS-40 is for managers'] },
  },
  {
    name: 'merge-into-an-archived-contact',
    covers: ['RS-03'],
    file,
    from: "if (survivor?.status !== 'active' || into === contact)",
    to: 'if (!survivor || into === contact)',
    tests: { [tests]: ['PS-40 is for managers, and needs another active contact'] },
  },
  {
    name: 'users-of-an-archived-contact-are-reactivated',
    covers: ['RS-03'],
    file: 'src/features/portal-users/links/queries.ts',
    from: " or c.status = 'archived')) as found",
    to: ')) as found',
    tests: { [tests]: ['RS-03 keeps its users out until it is restored'] },
  },
  {
    name: 'archived-contacts-are-attached',
    covers: ['RS-02'],
    file: 'src/features/portal-users/links/queries.ts',
    from: "    .where('status', '=', 'active')\n    .forKeyShare()",
    to: '    .forKeyShare()',
    tests: { [tests]: ['offers it no more, and gives the customer another primary contact'] },
  },
  {
    name: 'new-users-of-a-contact-see-everything',
    covers: ['RS-03'],
    file: 'src/features/portal-users/links/queries.ts',
    from: "scope: link.scope ?? 'whole',",
    to: "scope: 'whole',",
    tests: { [links]: ['RS-09 RS-02 is attached to the customer, or to a contact'] },
  },
  {
    name: 'users-of-a-contact-are-added-as-a-whole-elsewhere',
    covers: ['RS-14'],
    file: 'src/features/portal-users/handlers.ts',
    from: "if (scope === 'contact' && (!contact || links.length > 1))",
    to: "if (scope === 'contact' && !contact)",
    tests: { [links]: ['RS-14 is confined to a contact of one customer'] },
  },
]

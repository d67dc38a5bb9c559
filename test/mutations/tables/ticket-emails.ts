/** Emails about tickets: who gets which, and when. */
import type { Mutation } from '../mutation.ts'

const rules = 'src/features/tickets/updates/rules.ts'
const handlers = 'src/features/tickets/handlers.ts'
const messages = 'src/features/tickets/updates/messages.ts'
const readers = 'src/features/tickets/readers/queries.ts'
const customers = 'src/features/tickets/updates/customer-ticket-emails.test.ts'
const staff = 'src/features/tickets/updates/staff-ticket-emails.test.ts'
const reach = 'src/features/tickets/readers/ticket-readers.test.ts'

export const ticketEmails: Mutation[] = [
  {
    name: 'ticket-created-silently',
    covers: ['5C-2', 'T-33'],
    file: handlers,
    from: "  await recordTicketUpdate(ctx.db, ticket, { kind: 'created', details: {} }, actorStamp(ctx), ctx.newId)\n",
    to: '',
    tests: { [customers]: ['5C-2 when staff create it'], [staff]: ['T-33 when one creates a ticket'] },
  },
  {
    name: 'internal-notes-are-emailed',
    covers: ['PS-30'],
    file: handlers,
    from: "if (audience === 'customer')\n    await recordTicketUpdate",
    to: 'if (body)\n    await recordTicketUpdate',
    tests: { [customers]: ['PS-30 of internal notes'] },
  },
  {
    name: 'ticket-mail-about-the-own-change',
    covers: ['5C-2'],
    file: rules,
    from: 'last.actor_id === reader',
    to: 'last.actor_id !== reader',
    tests: { [customers]: ['when a colleague closes it'] },
  },
  {
    name: 'replies-of-colleagues-are-emailed',
    covers: ['5C-2'],
    file: rules,
    from: 'updates.filter(isReply).filter(isByStaff)',
    to: 'updates.filter(isReply)',
    tests: { [customers]: ['of what customers write'] },
  },
  {
    name: 'ticket-status-taken-back-is-emailed',
    covers: ['issue 10, 2'],
    file: rules,
    from: 'moves[0]!.details.status !== status',
    to: 'moves.length > 0',
    tests: { [customers]: ['of a status that is as it was'] },
  },
  {
    name: 'office-hears-of-itself',
    covers: ['issue 10, 2'],
    file: rules,
    from: 'updates.filter(isReply).filter(isByCustomer)',
    to: 'updates.filter(isReply)',
    tests: { [staff]: ['but not of what staff do'] },
  },
  {
    name: 'closed-and-reopened-is-emailed',
    covers: ['issue 10, 2'],
    file: rules,
    from: "return before === 'closed' ? null : 'closed'",
    to: "return 'closed'",
    tests: { [staff]: ['but not of what staff do'] },
  },
  {
    name: 'reopening-is-not-emailed',
    covers: ['issue 10, 2'],
    file: rules,
    from: "&& after === 'open' ? 'reopened' : null",
    to: "&& after === 'new' ? 'reopened' : null",
    tests: { [staff]: ['when one closes or reopens a ticket'] },
  },
  {
    name: 'outdated-ticket-status-is-emailed',
    covers: ['issue 10, 2'],
    file: messages,
    from: "email !== 'ticketMoved' || ",
    to: "email !== 'ticketReplied' || ",
    tests: { [customers]: ['of a status that has changed again'] },
  },
  {
    name: 'ticket-mail-after-access-ended',
    covers: ['D5', 'PS-31'],
    file: readers,
    from: 'const readers = await listPortalReaders(db, account, ticket)\n  return readers.some(({ id, choices }) => id === reader && wants',
    to: 'const readers = await listPortalReaders(db, account, ticket)\n  return readers.every(({ id, choices }) => id !== reader || wants',
    tests: { [customers]: ['D5 PS-31 of a ticket that was taken'] },
  },
  {
    name: 'ticket-mail-to-hidden-readers',
    covers: ['D5', 'RS-04'],
    file: readers,
    from: 'portal, row, permission).yes',
    to: "portal, row, permission).yes || row.scope === 'contact'",
    tests: { [reach]: ['D5 5C-2 is who can open it'] },
  },
  {
    name: 'ticket-mail-while-the-portal-is-off',
    covers: ['D5'],
    file: readers,
    from: "    .where('p.enabled', '=', true)\n",
    to: '',
    tests: { [reach]: ['D5 5C-2 is who can open it'] },
  },
  {
    name: 'assignee-is-not-alone',
    covers: ['issue 10, 2'],
    file: readers,
    from: "case when a.id is null then m.role <> 'worker' else m.id = a.id end",
    to: "m.role <> 'worker' or m.id = a.id",
    tests: { [staff]: ['5C-2 who works on it'] },
  },
  {
    name: 'deactivated-assignee-hears-alone',
    covers: ['PS-31'],
    file: readers,
    from: ".on('a.status', '=', 'active')",
    to: ".on('a.status', '<>', 'invited')",
    tests: { [staff]: ['5C-2 who works on it'] },
  },
  {
    name: 'choices-of-tickets-without-tickets',
    covers: ['PS-60'],
    file: 'src/features/notifications/handlers.ts',
    from: '.filter((kind) => hasTickets || !isAboutTickets(kind))',
    to: '.filter((kind) => kind.length > (hasTickets ? 0 : 1))',
    tests: { [staff]: ['PS-60 staff are not asked about them'] },
  },
]

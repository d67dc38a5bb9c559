/** Explanations of access. */
import type { Mutation } from '../mutation.ts'

const tests = 'src/features/access/access.test.ts'
const rules = 'src/features/access/rules.ts'
const handlers = 'src/features/access/handlers.ts'

export const explanations: Mutation[] = [
  {
    name: 'explanation-lets-the-suspended-in',
    covers: ['issue 10, 6'],
    file: rules,
    from: "shown === 'notActivated' || shown === 'suspended' || shown === 'disabled'",
    to: "shown === 'notActivated' || shown === 'disabled'",
    tests: { [tests]: ['names what keeps somebody out of the portal'] },
  },
  {
    name: 'explanation-takes-a-participant-for-the-contact',
    covers: ['issue 10, 6', 'RS-08'],
    file: rules,
    from: "if (record.contact === link.contact) return because('contact', source)",
    to: "if (record.contact !== link.contact) return because('contact', source)",
    tests: { [tests]: ['names the rule for whole customers, contacts and participants'] },
  },
  {
    name: 'explanation-forgets-who-closes-a-link',
    covers: ['issue 10, 6'],
    file: handlers,
    from: "closed === 'linkHasLogin' ? (login?.name ?? null) : null",
    to: "closed === 'linkHeld' ? (login?.name ?? null) : null",
    tests: { [tests]: ['says why a secure link is closed, and who closes it'] },
  },
  {
    name: 'explanation-forgets-links-to-one-ticket',
    covers: ['issue 10, 6'],
    file: 'src/features/secure-links/queries.ts',
    from: 'and (k.record_id is null or exists (',
    to: 'and (k.record_id is null and exists (',
    tests: { [tests]: ['says of a link to one ticket'] },
  },
  {
    name: 'explanation-forgets-people-without-login',
    covers: ['issue 10, 6'],
    file: handlers,
    from: 'const people = [...new Set([...(contact ? [contact] : []), ...participants])]',
    to: 'const people = [...new Set(contact ? participants : [])]',
    tests: { [tests]: ['names people of a ticket who have no login'] },
  },
  {
    name: 'explanation-counts-assigned-workers-as-the-rest',
    covers: ['issue 10, 6'],
    file: rules,
    from: "const isNamed = rule === 'assigned' || rule === 'unpublished'",
    to: "const isNamed = rule === 'unpublished'",
    tests: { [tests]: ['names the worker who is assigned'] },
  },
  {
    name: 'worker-explains-access',
    covers: ['issue 10, 6'],
    file: 'src/features/access/policy.ts',
    from: 'const office = maySeePortalUsers(actor)',
    to: "const office = actor.kind === 'staff' ? { yes: true as const } : maySeePortalUsers(actor)",
    tests: { [tests]: ['is for owners, admins and dispatchers'] },
  },
]

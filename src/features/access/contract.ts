/**
 * Access explained: who sees a record, by which rule, and what a portal user sees. The database answers within the reach of each;
 * the rules name the reason.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { count, flag, id, named, recordId } from '../../platform/schema.ts'
import { GROUP_KINDS, ROLES } from '../identity/rules.ts'
import { RECORD_KINDS, RULE_NAMES } from './rules.ts'

const rule = z.enum(RULE_NAMES).meta({ id: 'AccessRule', description: 'The rule that decides.' })
const allowed = flag('Whether they see the record.')
const source = z
  .enum(['switch', 'link', 'user', 'group'])
  .nullable()
  .describe('Where the value of the permission comes from; null if the rule is about none.')

const principal = z
  .object({
    kind: z.enum(['portalUser', 'secureLink', 'contact']).describe('`contact`: named on the ticket, without a login.'),
    id: recordId(),
    name: z.string().describe('Name to show.'),
    allowed,
    rule,
    source,
    contact: named().nullable().describe('The contact that they are; null if none.'),
    group: z
      .object({
        id: recordId(),
        kind: z.enum(GROUP_KINDS).describe('Kind.'),
        name: z.string().nullable().describe('Name.'),
      })
      .nullable()
      .describe('Permission group for the customer of the record.'),
    login: z.string().nullable().describe('Portal user who closes the secure link.'),
  })
  .meta({ id: 'AccessVerdict', description: 'Whether somebody sees a record in the portal, and why.' })

export const access = contract(
  { name: 'Access', description: 'Who sees a record, and why.' },
  {
    explainRecordAccess: operation({
      method: 'GET',
      path: '/office/{account}/access/{kind}/{record}',
      audience: ['staff'],
      summary: 'Explain who sees a record',
      description: 'Everybody at its customer, with the rule that decides, and staff by role.',
      params: z.strictObject({
        kind: z.enum(RECORD_KINDS).describe('Kind of the record.'),
        record: id().describe('ID of the job or ticket.'),
      }),
      query: z.strictObject({ user: id().optional().describe('Also this portal user, of whichever customer.') }),
      output: z.object({
        number: z.number().describe('Number of the record.'),
        title: z.string().describe('Title or subject.'),
        customer: named(),
        template: z.string().nullable().describe('Template of a job.'),
        portal: z.array(principal).describe('Portal users, then secure links, then contacts without a login.'),
        staff: z
          .array(
            z.object({
              role: z.enum(ROLES).describe('Role.'),
              name: z.string().nullable().describe('The worker who is assigned; null for everybody else of the role.'),
              count: count('Number of people.'),
              allowed,
              rule,
            }),
          )
          .describe('Active staff.'),
      }),
      problems: ['officeOnly'],
    }),
    explainUserAccess: operation({
      method: 'GET',
      path: '/office/{account}/portal-users/{user}/access',
      audience: ['staff'],
      summary: 'Explain what a portal user sees',
      description: 'How many records of each kind, counted as their portal counts them.',
      params: z.strictObject({ user: id().describe('ID of the portal user.') }),
      output: z.object({
        name: z.string().describe('Name or email address.'),
        rule: rule.nullable().describe('Why they cannot enter the portal; null if they can.'),
        jobs: count('Jobs that they see, up to 10,000.'),
        tickets: count('Tickets that they see, up to 10,000.'),
      }),
      problems: ['officeOnly'],
    }),
  },
)

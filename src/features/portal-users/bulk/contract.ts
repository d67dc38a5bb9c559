/** The same change for several portal users at once. */
import { z } from 'zod'
import { operation } from '../../../platform/operation.ts'
import { count, flag, id } from '../../../platform/schema.ts'
import { signUp } from '../access/contract.ts'

/** Portal users of one request. */
const USERS_MAX = 200

export const portalUserBulkChanges = {
  changePortalUsers: operation({
    method: 'POST',
    path: '/office/{account}/portal-users/bulk',
    audience: ['staff'],
    summary: 'Change several portal users',
    description: 'Does what the operation for one does. Who cannot be changed stays as they are; their row says why.',
    body: z.strictObject({
      users: z
        .array(id())
        .min(1, 'required')
        .max(USERS_MAX, 'tooMany')
        .describe('IDs of the portal users, at most 200.'),
      change: z.enum(['group', 'suspend', 'reactivate', 'resend', 'remove']).describe('What to do with each of them.'),
      group: id().nullable().optional().describe('For `group`: for each of their customers; null follows the default.'),
      signUp,
    }),
    output: z.object({
      changed: count('How many were changed.'),
      rows: z
        .array(
          z.object({
            id: z.string().describe('ID of the portal user.'),
            changed: flag('Whether they were changed.'),
            problem: z.string().nullable().describe('Code of the problem that the operation for one answers.'),
          }),
        )
        .describe('Each portal user once, in the order that you sent.'),
    }),
    problems: ['officeOnly', 'managersOnly', 'noCustomerLinked'],
    limits: [{ by: 'caller', max: 100, seconds: 3600 }],
    writes: true,
  }),
}

/**
 * Secure links: a customer without portal users, or one of its contacts, enters the portal by a link alone. A link may also open
 * one record and nothing else. Opening the link changes nothing; pressing the button of its page exchanges it for a session.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { declareProblems } from '../../platform/problem.ts'
import { email, empty, flag, id, moment, named, recordId } from '../../platform/schema.ts'
import { customerParams } from '../customers/contacts/contract.ts'
import { linkedRecord } from '../identity/portal/contract.ts'
import { LINKED_KINDS, LOCK_MODES } from '../identity/rules.ts'
import { linkToken } from '../portal-users/activation/contract.ts'
import { lockMode } from '../portal/contract.ts'
import { LINK_SCOPES, LINK_STATES, MAX_LINK_DAYS, TOKEN_STATUSES } from './rules.ts'

declareProblems({
  linkRevoked: [409, 'The business revoked the link.'],
  linkClosed: [409, 'The business turned links of the customer off.'],
  signedInElsewhere: [409, 'Somebody is signed in who does not act for the customer of the link. Send `leave`.'],
})

const ANYONE = ['anonymous', 'portalUser', 'linkVisitor'] as const
const GUESSES = { by: 'address', max: 300, seconds: 3600, counts: 'failures' } as const

const record = linkedRecord.nullable().describe('The one record that it opens; null if it opens more.')

const entry = {
  getSecureLink: operation({
    method: 'GET',
    path: '/portal/{portal}/links/{token}',
    audience: ANYONE,
    summary: 'Check a secure link',
    description: 'Whether the link opens the portal. Changes nothing.',
    params: linkToken(),
    output: z.object({
      status: z.enum(TOKEN_STATUSES).describe('`password`: the customer signs in with a password.'),
      session: z
        .enum(['none', 'same', 'visitor', 'user'])
        .describe('This session: for the same customer, by another link, or of a portal user of others.'),
      record,
      email: z.string().nullable().describe('`password`: the address of the contact who has the link.'),
    }),
    problems: ['portalOff'],
    limits: [GUESSES],
  }),
  openSecureLink: operation({
    method: 'POST',
    path: '/portal/{portal}/links/{token}',
    audience: ANYONE,
    summary: 'Open a secure link',
    description: 'Starts a session for the customer or contact of the link. A session for another customer ends first.',
    params: linkToken(),
    body: z.strictObject({ leave: flag('End the session of a portal user of other customers.').default(false) }),
    output: z.object({
      outcome: z
        .enum(['opened', 'stayed', 'password'])
        .describe('`stayed`: the session is for this customer. `password`: the customer signs in with a password.'),
      record,
    }),
    problems: [
      'portalOff',
      'linkExpired',
      'linkReplaced',
      'linkInvalid',
      'linkRevoked',
      'linkClosed',
      'signedInElsewhere',
    ],
    limits: [GUESSES],
    writes: true,
    session: 'starts',
  }),
  requestSecureLink: operation({
    method: 'POST',
    path: '/portal/{portal}/links',
    audience: ANYONE,
    summary: 'Request a secure link',
    description: 'Emails links to an address on file. The answer is the same for every address.',
    body: z.strictObject({ email: email() }),
    output: empty(),
    problems: ['portalOff'],
    limits: [
      { by: 'address', max: 60, seconds: 3600 },
      { by: 'login', max: 5, seconds: 3600 },
    ],
    writes: true,
  }),
}

const link = z
  .object({
    id: recordId(),
    contact: named().nullable().describe('Contact who has the link; null for the customer itself.'),
    scope: z
      .enum(LINK_SCOPES)
      .describe('What it opens: everything of the customer, what belongs to the contact, or one record.'),
    record: linkedRecord
      .omit({ id: true })
      .extend({ id: recordId(), title: z.string().describe('Number and subject.') })
      .nullable()
      .describe('The one record that it opens.'),
    url: z.string().nullable().describe('Address of the link; null if it cannot be shown any more.'),
    createdAt: moment().describe('When it was created.'),
    expiresAt: moment().describe('When it expires.'),
    lastUsedAt: moment().nullable().describe('When it was last opened.'),
  })
  .meta({ id: 'SecureLink', description: 'A link that opens the portal without a password.' })
const params = customerParams
const linkParams = z.strictObject({ ...customerParams.shape, secureLink: id().describe('ID of the secure link.') })

const management = {
  listSecureLinks: operation({
    method: 'GET',
    path: '/office/{account}/customers/{customer}/links',
    audience: ['staff'],
    summary: 'List the secure links of a customer',
    description: 'Links that have not ended, and whether they open the portal now.',
    params,
    output: z.object({
      state: z
        .enum(LINK_STATES)
        .describe('Whether links open the portal, or why not. `held`: closed since the last portal user left.'),
      recordState: z.enum(LINK_STATES).describe('The same for links to one record.'),
      login: z
        .object({ name: z.string().describe('Name or email address.'), since: moment().describe('Since when.') })
        .nullable()
        .describe('Portal user who closes the links.'),
      lockMode: lockMode.nullable().describe('Setting of the customer; null follows the account.'),
      defaultLockMode: lockMode.describe('Setting of the account.'),
      linkDays: z.int().describe('Days until a new link expires, as the account sets.'),
      rows: z.array(link).describe('The links; that of the customer first.'),
    }),
    problems: ['officeOnly'],
  }),
  createSecureLink: operation({
    method: 'POST',
    path: '/office/{account}/customers/{customer}/links',
    audience: ['staff'],
    summary: 'Create a secure link',
    description: 'The recipient has one link: it is kept until it expires, unless you replace it.',
    params,
    body: z.strictObject({
      contact: id().optional().describe('Contact whose own tickets it opens. Leave out for the whole customer.'),
      record: z
        .strictObject({ kind: z.enum(LINKED_KINDS).describe('Its kind.'), id: id().describe('Its ID.') })
        .optional()
        .describe('The one record that it opens. `contact` must see it.'),
      days: z
        .int({ error: 'whole' })
        .min(1, { error: 'whole' })
        .max(MAX_LINK_DAYS, { error: 'tooBig' })
        .optional()
        .describe('Days until it expires; else as the account sets. A link that there is keeps its own.'),
      replace: flag('End the link that the recipient has.').default(false),
    }),
    output: z.object({ id: recordId() }),
    problems: ['officeOnly', 'customerArchived'],
    writes: true,
    creates: true,
  }),
  revokeSecureLink: operation({
    method: 'DELETE',
    path: '/office/{account}/customers/{customer}/links/{secureLink}',
    audience: ['staff'],
    summary: 'Revoke a secure link',
    description: 'The link and its sessions end at once.',
    params: linkParams,
    output: empty(),
    problems: ['officeOnly'],
    writes: true,
  }),
  updateLinkLock: operation({
    method: 'PUT',
    path: '/office/{account}/customers/{customer}/link-lock',
    audience: ['staff'],
    summary: 'Choose how secure links of a customer work',
    description: 'Opens links that were closed when the last portal user left. Sessions of links end.',
    params,
    body: z.strictObject({ lockMode: z.enum(LOCK_MODES).nullable().describe('Null follows the account.') }),
    output: empty(),
    problems: ['officeOnly', 'customerArchived'],
    writes: true,
  }),
}

export const secureLinks = contract(
  {
    name: 'Secure links',
    description: 'Links that open the portal of one customer or contact, or one record, without a password.',
  },
  { ...entry, ...management },
)

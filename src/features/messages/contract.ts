/**
 * Messages: what was sent to whom, and how it went. A row of the outbox is the truth; it is shown with its links
 * masked, sent again when it was given up, and never changed. In the demo an open mailbox shows it as it arrived.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { declareProblems } from '../../platform/problem.ts'
import { cursor, id, moment, page, search } from '../../platform/schema.ts'
import { MESSAGE_STATUSES } from './rules.ts'

declareProblems({ ownerOnly: 403, messageSent: 409, messageWiped: 409, messageCanceled: 409, linkNotCopied: 409 })

const status = () => z.enum(MESSAGE_STATUSES)
const row = z.object({
  id: z.string(),
  subject: z.string().nullable(),
  to: z.string(),
  toName: z.string().nullable(),
  status: status(),
  createdAt: moment(),
  sentAt: moment().nullable(),
  nextAt: moment().nullable(),
  attempts: z.number(),
  lastResult: z.string().nullable(),
})
const mail = z.object({
  id: z.string(),
  subject: z.string().nullable(),
  from: z.string(),
  to: z.string(),
  toName: z.string().nullable(),
  status: status(),
  createdAt: moment(),
  sentAt: moment().nullable(),
  nextAt: moment().nullable(),
  attempts: z.number(),
  lastResult: z.string().nullable(),
  text: z.string().nullable(),
  link: z.string().nullable(),
  linkKind: z.enum(['invitation', 'reset', 'signIn']).nullable(),
})
const params = z.strictObject({ message: id() })

export const messages = contract('messages', {
  listMessages: operation({
    method: 'GET',
    path: '/office/{account}/messages',
    audience: ['staff'],
    summary: 'What was sent, newest first',
    query: z.strictObject({ status: status().optional(), search: search(), cursor: cursor() }),
    /** Counts are of the newest 5,000. `sending`: false when no mail server is set, so that messages wait. */
    output: z.object({
      ...page(row),
      counts: z.object({ waiting: z.number(), sent: z.number(), failed: z.number(), canceled: z.number() }),
      sending: z.boolean(),
    }),
  }),
  getMessage: operation({
    method: 'GET',
    path: '/office/{account}/messages/{message}',
    audience: ['staff'],
    summary: 'One message with its links masked, and every attempt to send it',
    params,
    output: z.object({
      message: mail,
      sending: z.boolean(),
      tries: z.array(
        z.object({
          attempt: z.number(),
          at: moment(),
          outcome: z.enum(['sent', 'refused', 'deferred', 'ambiguous', 'skipped']),
          detail: z.string().nullable(),
        }),
      ),
      can: z.object({ resend: z.boolean(), copyLink: z.boolean() }),
      /** Why it cannot be sent again. */
      stuck: z.enum(['sent', 'wiped', 'canceled']).nullable(),
    }),
  }),
  getMessageHtml: operation({
    method: 'GET',
    path: '/office/{account}/messages/{message}/html',
    audience: ['staff'],
    summary: 'The mail as it looks, with its links masked',
    params,
    download: true,
    output: z.object({}),
  }),
  resendMessage: operation({
    method: 'POST',
    path: '/office/{account}/messages/{message}/resend',
    audience: ['staff'],
    summary: 'Send a message again that was given up, or at once one that waits',
    params,
    output: z.object({}),
    problems: ['messageSent', 'messageWiped', 'messageCanceled'],
    limits: [{ by: 'caller', max: 60, seconds: 900 }],
    writes: true,
  }),
  copyInvitationLink: operation({
    method: 'POST',
    path: '/office/{account}/messages/{message}/link',
    audience: ['staff'],
    summary: 'The link of an invitation that still waits, to hand over by other means; audited',
    params,
    output: z.object({ link: z.string() }),
    problems: ['ownerOnly', 'linkNotCopied'],
    writes: true,
  }),
  listMailbox: operation({
    method: 'GET',
    path: '/platform/mailbox',
    audience: ['anonymous', 'person'],
    summary: 'Demo only: every mail of this installation',
    query: z.strictObject({ search: search(), cursor: cursor() }),
    output: z.object({
      ...page(
        z.object({
          id: z.string(),
          subject: z.string().nullable(),
          business: z.string(),
          to: z.string(),
          status: status(),
          createdAt: moment(),
        }),
      ),
      sending: z.boolean(),
    }),
  }),
  getMailboxMessage: operation({
    method: 'GET',
    path: '/platform/mailbox/{message}',
    audience: ['anonymous', 'person'],
    summary: 'Demo only: one mail with its real link',
    params,
    output: z.object({ message: mail.extend({ business: z.string() }), timeZone: z.string() }),
  }),
  getMailboxHtml: operation({
    method: 'GET',
    path: '/platform/mailbox/{message}/html',
    audience: ['anonymous', 'person'],
    summary: 'Demo only: one mail as it looks, with its real link',
    params,
    download: true,
    output: z.object({}),
  }),
})

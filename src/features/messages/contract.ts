/**
 * Messages: what was sent to whom, and its delivery status. A row of the outbox is the record; it is shown with its
 * links masked, resent when delivery failed, and never changed. In the demo an open mailbox shows it as it arrived.
 */
import { z } from 'zod'
import { contract, operation } from '../../platform/operation.ts'
import { declareProblems } from '../../platform/problem.ts'
import { count, cursor, empty, flag, id, limit, moment, page, recordId, search } from '../../platform/schema.ts'
import { MESSAGE_STATUSES } from './rules.ts'

declareProblems({
  ownerOnly: [403, 'Only an owner may do this.'],
  messageSent: [409, 'The message is sent already.'],
  messageWiped: [409, 'The link in the message was erased, so it cannot be resent.'],
  messageCanceled: [409, 'The message is no longer needed and was not sent.'],
  linkNotCopied: [409, 'Only the link of a waiting invitation can be copied.'],
})

const status = z.enum(MESSAGE_STATUSES).meta({ id: 'MessageStatus', description: 'Delivery status of a message.' })
const rowParts = {
  id: recordId(),
  subject: z.string().nullable().describe('Subject; null if the message can no longer be composed.'),
  to: z.string().describe('Email address of the recipient.'),
  toName: z.string().nullable().describe('Name of the recipient.'),
  status,
  createdAt: moment().describe('When the message was written.'),
  sentAt: moment().nullable().describe('When the mail server accepted it.'),
  nextAt: moment().nullable().describe('When it is tried next.'),
  attempts: count('Number of attempts.'),
  lastResult: z.string().nullable().describe('What the mail server answered last.'),
}
const row = z.object(rowParts).meta({ id: 'MessageRow', description: 'A message in a list.' })
const messageParts = {
  ...rowParts,
  from: z.string().describe('Sender.'),
  text: z.string().nullable().describe('The message as plain text.'),
  link: z.string().nullable().describe('Link in the message.'),
  linkKind: z.enum(['invitation', 'reset', 'signIn']).nullable().describe('What the link is for.'),
}
const message = z
  .object(messageParts)
  .meta({ id: 'Message', extends: 'MessageRow', description: 'An email that was sent or waits.' })
const attempt = z
  .object({
    attempt: count('Number of the attempt.'),
    at: moment().describe('When it was made.'),
    outcome: z
      .enum(['sent', 'refused', 'deferred', 'ambiguous', 'skipped'])
      .describe('`ambiguous`: the connection broke before the mail server answered.'),
    detail: z.string().nullable().describe('What the mail server answered.'),
  })
  .meta({ id: 'DeliveryAttempt', description: 'An attempt to send a message.' })
const sending = flag('False if no mail server is configured, so that messages wait.')
const messageParams = z.strictObject({ message: id().describe('ID of the message.') })

const officeOperations = {
  listMessages: operation({
    method: 'GET',
    path: '/office/{account}/messages',
    audience: ['staff'],
    summary: 'List messages',
    description: 'Messages of the account, newest first.',
    query: z.strictObject({
      status: status.optional().describe('Only messages of this status.'),
      search: search(),
      cursor: cursor(),
      limit: limit(),
    }),
    output: z.object({
      ...page(row),
      counts: z
        .object({
          waiting: count('Waiting messages.'),
          sent: count('Sent messages.'),
          failed: count('Failed messages.'),
          canceled: count('Messages that were no longer needed.'),
        })
        .describe('Numbers among the newest 5,000.'),
      sending,
    }),
  }),
  getMessage: operation({
    method: 'GET',
    path: '/office/{account}/messages/{message}',
    audience: ['staff'],
    summary: 'Get a message',
    description: 'The message with its links masked, and every attempt to send it.',
    params: messageParams,
    output: z.object({
      message,
      sending,
      tries: z.array(attempt).describe('Attempts, oldest first.'),
      can: z
        .object({ resend: flag('Resend the message.'), copyLink: flag('Copy its link.') })
        .describe('What you may do now.'),
      stuck: z.enum(['sent', 'wiped', 'canceled']).nullable().describe('Why it cannot be resent.'),
    }),
  }),
  getMessageHtml: operation({
    method: 'GET',
    path: '/office/{account}/messages/{message}/html',
    audience: ['staff'],
    summary: 'Preview a message',
    description: 'The message as HTML, with its links masked.',
    params: messageParams,
    download: ['text/html'],
    output: empty(),
  }),
  resendMessage: operation({
    method: 'POST',
    path: '/office/{account}/messages/{message}/resend',
    audience: ['staff'],
    summary: 'Resend a message',
    description: 'Sends a failed message again, or a waiting one at once.',
    params: messageParams,
    output: empty(),
    problems: ['messageSent', 'messageWiped', 'messageCanceled'],
    limits: [{ by: 'caller', max: 60, seconds: 900 }],
    writes: true,
  }),
  copyInvitationLink: operation({
    method: 'POST',
    path: '/office/{account}/messages/{message}/link',
    audience: ['staff'],
    summary: 'Copy an invitation link',
    description: 'The link of a waiting invitation, to hand over in another way. Recorded in the audit log.',
    params: messageParams,
    output: z.object({ link: z.string().describe('The link.') }),
    problems: ['ownerOnly', 'linkNotCopied'],
    writes: true,
  }),
}

const mailboxOperations = {
  listMailbox: operation({
    method: 'GET',
    path: '/platform/mailbox',
    audience: ['anonymous', 'person'],
    summary: 'List the demo mailbox',
    description: 'Demo only: every message of the installation, newest first.',
    query: z.strictObject({ search: search(), cursor: cursor(), limit: limit() }),
    output: z.object({
      ...page(
        z.object({
          id: recordId(),
          subject: rowParts.subject,
          business: z.string().describe('Name of the business.'),
          to: rowParts.to,
          status,
          createdAt: rowParts.createdAt,
        }),
      ),
      sending,
    }),
  }),
  getMailboxMessage: operation({
    method: 'GET',
    path: '/platform/mailbox/{message}',
    audience: ['anonymous', 'person'],
    summary: 'Get a message of the demo mailbox',
    description: 'Demo only: the message with its working link.',
    params: messageParams,
    output: z.object({
      message: message.extend({ business: z.string().describe('Name of the business.') }).describe('The message.'),
      timeZone: z.string().describe("The business's time zone."),
    }),
  }),
  getMailboxHtml: operation({
    method: 'GET',
    path: '/platform/mailbox/{message}/html',
    audience: ['anonymous', 'person'],
    summary: 'Preview a message of the demo mailbox',
    description: 'Demo only: the message as HTML, with its working link.',
    params: messageParams,
    download: ['text/html'],
    output: empty(),
  }),
}

export const messages = contract(
  { name: 'Messages', description: 'Emails that the account sends, and their delivery status.' },
  { ...officeOperations, ...mailboxOperations },
)

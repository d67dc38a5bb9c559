/** Replies by email: whose they are, and what becomes of the others. */
import type { Mutation } from '../mutation.ts'

const folder = 'src/features/tickets/inbound'
const incoming = 'src/platform/delivery/incoming'
const tests = `${folder}/inbound.test.ts`
const reading = `${incoming}/mail.test.ts`

export const inboundMail: Mutation[] = [
  {
    name: 'reply-from-anywhere',
    covers: ['issue 10, 2'],
    file: `${folder}/rules.ts`,
    from: "if (from !== writer.email) return 'otherSender'",
    to: "if (from === '') return 'otherSender'",
    tests: { [tests]: ['from another address is an internal note'] },
  },
  {
    name: 'reply-without-permission',
    covers: ['PS-31'],
    file: `${folder}/rules.ts`,
    from: "return writer.mayReply ? null : 'notAllowed'",
    to: 'return null',
    tests: { [tests]: ['PS-31 is an internal note when'] },
  },
  {
    name: 'reply-to-a-closed-ticket',
    covers: ['T-33'],
    file: `${folder}/rules.ts`,
    from: "if (status === 'closed') return 'ticketClosed'",
    to: "if (status === 'new' && from === '') return 'ticketClosed'",
    tests: { [tests]: ['PS-31 is an internal note when'] },
  },
  {
    name: 'reply-twice',
    covers: ['issue 10, 2'],
    file: `${folder}/handlers.ts`,
    from: '(await hasArrived(db, recipient, mail.key))',
    to: "(await hasArrived(db, recipient, ''))",
    tests: { [tests]: ['that is delivered twice'] },
  },
  {
    name: 'programs-write-comments',
    covers: ['issue 10, 2'],
    file: `${folder}/handlers.ts`,
    from: '  if (mail.automatic) {\n',
    to: "  if (mail.automatic && mail.from === '') {\n",
    tests: { [tests]: ['of a program is recorded'] },
  },
  {
    name: 'held-mail-is-shown',
    covers: ['PS-30'],
    file: `${folder}/handlers.ts`,
    from: "{ id: newId(), audience: 'internal', body }",
    to: "{ id: newId(), audience: 'customer', body }",
    tests: { [tests]: ['from another address is an internal note'] },
  },
  {
    name: 'held-mail-is-not-told',
    covers: ['issue 10, 2'],
    file: `${folder}/handlers.ts`,
    from: "  await recordTicketUpdate(db, ticket, { kind: 'commented', details: { body } }, stamp, newId)\n",
    to: '',
    tests: { [tests]: ['from another address is an internal note'] },
  },
  {
    name: 'mail-without-limit',
    covers: ['issue 10, 2'],
    file: 'src/app-inbound.ts',
    from: 'return count < MAX_MAILS_PER_HOUR',
    to: 'return count < MAX_MAILS_PER_HOUR * 2',
    tests: { [tests]: ['more than thirty mails'] },
  },
  {
    name: 'reply-address-for-everybody',
    covers: ['5C-2'],
    file: 'src/features/tickets/updates/messages.ts',
    from: "canReply: reader.mayReply && ticket.status !== 'closed'",
    to: "canReply: reader.mayReply || ticket.status !== 'new'",
    tests: { [tests]: ['has none for who may not reply'] },
  },
  {
    name: 'oversized-mail-is-taken',
    covers: ['issue 10, 2'],
    file: `${incoming}/listener.ts`,
    from: 'if (stream.sizeExceeded) throw',
    to: 'if (stream.sizeExceeded && sizeLimit < 0) throw',
    tests: { [tests]: ['a mail that is too large'] },
  },
  {
    name: 'quotes-stay',
    covers: ['issue 10, 7'],
    file: `${incoming}/text.ts`,
    from: 'new EmailReplyParser().read(cutOffForwarded(read)).getVisibleText()',
    to: 'new EmailReplyParser().read(read).getVisibleText()',
    tests: { [reading]: ['issue 10, 7: '] },
  },
  {
    name: 'logos-are-kept',
    covers: ['issue 10, 7'],
    file: `${incoming}/mail.ts`,
    from: 'byteLength(content) >= INLINE_PICTURE_BYTES',
    to: 'byteLength(content) >= 0',
    tests: { [reading]: ['issue 10, 7: '] },
  },
  {
    name: 'lists-are-people',
    covers: ['issue 10, 2'],
    file: `${incoming}/automatic.ts`,
    from: "if (isList) return 'list'",
    to: "if (isList && from === '') return 'list'",
    tests: { [reading]: ['RFC 3834: '] },
  },
  {
    name: 'mail-hook-without-secret',
    covers: ['issue 10, 2'],
    file: `${incoming}/hook.ts`,
    from: 'if (!isSameSecret(headers.authorization,',
    to: 'if (!headers.authorization && !isSameSecret(headers.authorization,',
    tests: { [tests]: ['is refused without the secret'] },
  },
]

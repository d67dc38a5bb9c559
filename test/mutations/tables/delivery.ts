/** Requests, idempotency, texts and mail. */
import type { Mutation } from '../mutation.ts'

export const delivery: Mutation[] = [
  {
    name: 'another-site-sends-forms',
    covers: ['PS-41'],
    file: 'src/platform/http/origin.ts',
    from: '  return sent.origin === asItCame || sent.origin === expectedOrigin(request, options) || isMainPage',
    to: "  return sent.origin === asItCame || sent.origin !== '' || isMainPage",
    tests: { 'test/http.test.ts': ['PS-41 requests from another origin are refused'] },
  },
  {
    name: 'cookie-without-origin-passes',
    covers: ['PS-41'],
    file: 'src/platform/http/origin.ts',
    from: '  if (origin === undefined) return cookie === undefined || saysSameOrigin',
    to: '  if (origin === undefined) return cookie !== undefined || !saysSameOrigin',
    tests: { 'test/http.test.ts': ['PS-41 a request with a cookie and no origin is refused'] },
  },
  {
    name: 'answer-of-a-key-is-lost',
    covers: ['E-24'],
    file: 'src/platform/idempotency.ts',
    from: `    .set({ status, response: json })
`,
    to: `    .set({ status, response: json, body_hash: '' })
`,
    tests: { 'test/idempotency.test.ts': ['F11 the same key returns the same response'] },
  },
  {
    name: 'key-with-another-body',
    covers: ['PS-36'],
    file: 'src/platform/idempotency.ts',
    from: `  if (kept.body_hash !== fingerprintOf(request)) throw problem('keyReused')
`,
    to: '',
    tests: { 'test/idempotency.test.ts': ['F11 the same key with another body is refused'] },
  },
  {
    name: 'key-for-ever',
    covers: ['PS-44'],
    file: 'src/platform/idempotency.ts',
    from: 'kept.created_at <= new Date(request.now.getTime() - KEPT_FOR_MS)',
    to: 'kept.created_at <= new Date(request.now.getTime() - 99 * KEPT_FOR_MS)',
    tests: { 'test/idempotency.test.ts': ['F11 a key expires after a day'] },
  },
  {
    name: 'upload-for-another-person',
    covers: ['PS-24'],
    file: 'src/platform/execute.ts',
    from: `    refuseOtherOwner(caller, definition, resolved.actor)
    const input = parseInput(invocation, received)`,
    to: '    const input = parseInput(invocation, received)',
    tests: { 'test/form-owner.test.ts': ['a file is not uploaded for another person'] },
  },
  {
    name: 'csv-runs-formulas',
    covers: ['PS-19'],
    file: 'src/platform/csv.ts',
    from: "cells.map((cell) => neutralizeFormulas(String(cell ?? '')))",
    to: "cells.map((cell) => String(cell ?? ''))",
    tests: {
      'src/platform/csv.test.ts': ['PS-19 cells that a spreadsheet would run are neutralised'],
      'src/features/customers/list/customer-list.test.ts': ['PS-16 PS-19 leaves as CSV with the columns of the screen'],
    },
  },
  {
    name: 'formula-in-a-second-line',
    covers: ['PS-19', 'issue 8, 1.4'],
    file: 'src/platform/text.ts',
    from: "const CELL_START = '(?<=^|[\\\\t\\\\n\\\\v\\\\f\\\\r\\\\u0085\\\\u2028\\\\u2029])'",
    to: "const CELL_START = '(?<=^)'",
    tests: { 'src/platform/csv.test.ts': ['1.4 PS-19 a formula after a line break'] },
  },
  {
    name: 'csv-cells-without-quotes',
    covers: ['issue 8, 1.4'],
    file: 'src/platform/csv.ts',
    from: 'quoted: true, quoted_empty: true,',
    to: 'quoted: false, quoted_empty: false,',
    tests: { 'src/platform/csv.test.ts': ['1.4 every cell is quoted'] },
  },
  {
    name: 'invisible-marks-are-kept',
    covers: ['issue 8, 1.12'],
    file: 'src/platform/text.ts',
    from: `    if (!isLineSeparator && INVISIBLE.test(character) && !isMeaningfulAfter(before, character)) continue
`,
    to: '',
    tests: { 'src/platform/text.test.ts': ['1.12 invisible marks around an address'] },
  },
  {
    name: 'a-name-nobody-sees',
    covers: ['issue 8, 1.12'],
    file: 'src/platform/text.ts',
    from: "  return VISIBLE.test(line) || CONTROL.test(line) ? line : ''",
    to: "  return line.length > 0 || CONTROL.test(line) ? line : ''",
    tests: { 'src/platform/text.test.ts': ['1.12 a name with nothing to see in it is required'] },
  },
  {
    name: 'tokens-in-the-log',
    covers: ['C7', 'issue 8, 1.12'],
    file: 'src/platform/masking.ts',
    from: "at = start !== undefined && end > start ? replace(start, end, '[token]') : at + 1",
    to: "at = start !== undefined && end < start ? replace(start, end, '[token]') : at + 1",
    tests: { 'src/platform/masking.test.ts': ['C7 hides a token that is whole, cut'] },
  },
  {
    name: 'searches-in-the-log',
    covers: ['C7'],
    file: 'src/platform/masking.ts',
    from: "names.map((name) => `${name}=…`).join('&')",
    to: "names.map((name) => `${name}=…`).join('&') && query",
    tests: {
      'src/platform/masking.test.ts': ['an address in the access log keeps its path'],
      'test/http.test.ts': ['C7 the log hides search texts'],
    },
  },
  {
    name: 'mail-sent-after-the-right-ended',
    covers: ['PS-31', 'E-14'],
    file: 'src/platform/delivery/attempt.ts',
    from: 'return sender && (await kind.stillWanted(db, row, clock.now())) ? sender : null',
    to: 'return sender && kind && clock ? sender : null',
    tests: {
      'src/platform/delivery/deliverer.test.ts': ['D5: who lost the right while the mail waited'],
      'test/job-mails.test.ts': ['PS-31 D5 a queued mail is never sent when its recipient'],
    },
  },
  {
    name: 'token-stays-after-sending',
    covers: ['PS-45'],
    file: 'src/platform/delivery/queue.ts',
    from: `  const done = status === 'sent' || status === 'canceled'
`,
    to: `  const done = status === 'failed'
`,
    tests: {
      'src/platform/delivery/deliverer.test.ts': [
        'a token is masked on screen, complete in the mail and wiped once delivered',
      ],
    },
  },
  {
    name: 'late-worker-overwrites',
    covers: ['issue 8, 3.5'],
    file: 'src/platform/delivery/queue.ts',
    from: "and status = 'sending' and lease_number = ${row.lease_number}`.execute(",
    to: "and status <> 'x' and lease_number >= ${row.lease_number}`.execute(",
    tests: { 'src/platform/delivery/deliverer.test.ts': ['a late worker is fenced'] },
  },
  {
    name: 'mails-are-tried-for-ever',
    covers: ['1J'],
    file: 'src/platform/delivery/attempt.ts',
    from: "  return isLastAttempt ? 'failed' : 'waiting'",
    to: "  return isLastAttempt ? 'waiting' : 'waiting'",
    tests: { 'src/platform/delivery/deliverer.test.ts': ['a server that says later is asked later'] },
  },
  {
    name: 'old-tokens-are-kept',
    covers: ['PS-44'],
    file: 'src/platform/delivery/queue.ts',
    from: "where secret and payload ? 'token' and status in ('waiting', 'failed') and created_at < ${before}`",
    to: "where secret and payload ? 'nothing' and status in ('waiting', 'failed') and created_at < ${before}`",
    tests: { 'src/platform/delivery/deliverer.test.ts': ['a token that nobody sent in eight days is wiped'] },
  },
  {
    name: 'token-shown-on-screen',
    covers: ['PS-45'],
    file: 'src/platform/delivery/outbox.ts',
    from: "const token = masked || typeof stored.token !== 'string' ? MASK : stored.token",
    to: "const token = typeof stored.token !== 'string' ? MASK : stored.token",
    tests: { 'src/features/messages/messages.test.ts': ['PS-45 no screen shows a sign-in link'] },
  },
  {
    name: 'any-text-is-an-address',
    covers: ['PS-56'],
    file: 'src/platform/delivery/outbox.ts',
    from: `    if (!isMailAddress(to.address)) throw new TypeError('Not one mail address')
`,
    to: '',
    tests: {
      'src/platform/delivery/deliverer.test.ts': [
        'one reader, a plain address, and a token only where it is declared secret',
      ],
    },
  },
  {
    name: 'admin-copies-invitation-links',
    covers: ['PS-44'],
    file: 'src/features/messages/policy.ts',
    from: "  return actor.role === 'owner' ? yes : no('ownerOnly')",
    to: "  return actor.role === 'owner' || actor.role === 'admin' ? yes : no('ownerOnly')",
    tests: { 'src/features/messages/messages.test.ts': ['only an owner copies the link'] },
  },
  {
    name: 'reset-links-are-copied',
    covers: ['E-63'],
    file: 'src/features/messages/rules.ts',
    from: "  message.link_kind === 'invitation' && toMessageStatus",
    to: '  message.link_kind !== null && toMessageStatus',
    tests: {
      'src/features/messages/messages.test.ts': [
        'only an owner copies the link of a waiting invitation, which is audited; reset links',
      ],
    },
  },
  {
    name: 'mailbox-outside-the-demo',
    covers: ['PS-62'],
    file: 'src/features/messages/policy.ts',
    from: '(demo ? yes : notFound)',
    to: '(demo || !demo ? yes : notFound)',
    tests: { 'src/features/messages/messages.test.ts': ['PS-62 there is no open mailbox outside the demo'] },
  },
  {
    name: 'workers-read-mails',
    covers: ['PS-37'],
    file: 'src/features/messages/policy.ts',
    from: 'export const maySeeMessages = (actor: Actor): Decision => mayRunOffice(actor)',
    to: "export const maySeeMessages = (actor: Actor): Decision => (actor.kind === 'staff' ? yes : notFound)",
    tests: { 'src/features/messages/messages.test.ts': ['workers see no messages'] },
  },
  {
    name: 'ended-connection-is-an-error',
    covers: ['issue 8, 3.1'],
    file: 'src/platform/database/errors.ts',
    from: `  'ERR_STREAM_WRITE_AFTER_END',
`,
    to: '',
    tests: {
      'src/platform/database/batching.test.ts': [
        'are an outage when the server ended the connection before they were written',
      ],
    },
  },
]

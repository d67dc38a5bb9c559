/** Mail that no person wrote: it is recorded and never answered, so that two programs cannot write to each other. Pure. */

export type AutomaticKind = 'bounce' | 'autoReply' | 'list'

interface Heading {
  /** Lower case. */
  key: string
  value: string
}

const MAILER_NAMES = /^(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)(?:[+-].*)?@/i

/**
 * Whether a program sent it (RFC 3834), by its headers alone: subjects differ between languages and can be anything.
 * @param envelopeFrom of the SMTP session; '' is the null return path of bounces
 */
export function automaticKind(
  headings: readonly Heading[],
  { envelopeFrom, from }: { envelopeFrom: string; from: string },
): AutomaticKind | null {
  const values = (key: string) =>
    headings.filter((each) => each.key === key).map(({ value }) => value.trim().toLowerCase())
  const has = (...keys: string[]) => keys.some((key) => values(key).length > 0)
  const isReport = values('content-type').some((value) => value.startsWith('multipart/report'))
  const hasNullPath = envelopeFrom === '' || values('return-path').includes('<>')
  const isFromMailer = /^(?:mailer-daemon|postmaster)@/i.test(from)
  const submitted = values('auto-submitted').some((value) => value.split(';')[0]!.trim() !== 'no')
  const precedence = values('precedence')
  const isAutoReply =
    submitted ||
    has('x-autoreply', 'x-autorespond', 'x-autoresponder', 'x-auto-reply') ||
    precedence.some((value) => ['auto_reply', 'auto-reply'].includes(value))
  if (isReport || isFromMailer) return 'bounce'
  if (isAutoReply) return 'autoReply'
  if (hasNullPath) return 'bounce'
  const isList =
    has('list-id', 'list-unsubscribe', 'list-post', 'feedback-id') ||
    precedence.some((value) => ['bulk', 'junk', 'list'].includes(value))
  if (isList) return 'list'
  return MAILER_NAMES.test(from) ? 'autoReply' : null
}

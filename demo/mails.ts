/** Mail that a demo business has sent. */
import { newId } from '../src/platform/ids.ts'
import { newToken } from '../src/platform/secrets.ts'
import type { BusinessBuilder } from './builder.ts'
import { addMinutes, DAY } from './calendar.ts'

export interface MailInput {
  kind: string
  to: string
  name?: string
  about: { kind: 'portalUser' | 'staffMember' | 'job'; id: string }
  at: Date
  outcome?: 'sent' | 'refused'
  detail?: string
  link?: MailLink
  vars?: Record<string, string | number>
}

/** A link in a mail: used already, or still valid. */
interface MailLink {
  kind: 'portalActivation' | 'staffInvitation'
  status: 'used' | 'open'
}
export const USED_ACTIVATION: MailLink = { kind: 'portalActivation', status: 'used' }
export const OPEN_ACTIVATION: MailLink = { kind: 'portalActivation', status: 'open' }
export const OPEN_INVITATION: MailLink = { kind: 'staffInvitation', status: 'open' }

/** Adds a mail with its delivery. A delivered mail keeps no token, as after every real delivery. */
export function addMail({ account, add }: BusinessBuilder, host: string, mail: MailInput): void {
  const { kind, to, name, about, at, outcome = 'sent', detail = '250 2.0.0 OK', link, vars = {} } = mail
  const id = newId()
  const sentAt = new Date(at.getTime() + 4000)
  const until = new Date(at.getTime() + 7 * DAY)
  const { token, hash } = newToken()
  if (link)
    add('tokens', {
      account_id: account,
      id: newId(),
      kind: link.kind,
      subject_id: about.id,
      hash,
      email_norm: to,
      created_at: at,
      expires_at: until,
      used_at: link.status === 'used' ? addMinutes(at, 180) : null,
    })
  const linkVars = link && { until: until.toISOString(), ...(outcome === 'refused' && { token }) }
  add('outbox', {
    account_id: account,
    id,
    kind,
    to_address: to,
    to_name: name ?? null,
    subject_kind: about.kind,
    subject_id: about.id,
    locale: 'en',
    payload: JSON.stringify({ ...vars, ...linkVars }),
    secret: link !== undefined,
    link_kind: link ? 'invitation' : null,
    status: outcome === 'sent' ? 'sent' : 'failed',
    attempts: 1,
    next_at: at,
    message_id: `<${id}@${host}>`,
    last_result: detail,
    sent_at: outcome === 'sent' ? sentAt : null,
    created_at: at,
  })
  add('deliveries', { account_id: account, id: newId(), outbox_id: id, attempt: 1, at: sentAt, outcome, detail })
}

/** Emails that carry a secure link, one for each recipient. */
import { message } from '../../platform/delivery/outbox.ts'
import { isLinkOpen } from './queries.ts'

type SecureLinkMail = { token: string; until: string; customer: string; host?: string }

/** Asked for on the portal, by an address on file. */
export const secureLink = message<SecureLinkMail>({
  kind: 'secureLink',
  textKey: 'secure-links.mail.secureLink',
  secret: true,
  linkKind: 'signIn',
  urgent: true,
  stillWanted: (db, row, now) => isLinkOpen(db, row.account_id, row.subject_id, now),
  link: ({ token, until, host }, sender) => ({
    url: host === 'main' ? sender.mainUrl(`/p/${sender.slug}/link/${token}`) : sender.portalUrl(`/link/${token}`),
    until: new Date(until),
  }),
})

import { message } from '../../../platform/delivery/outbox.ts'
import { hashToken } from '../../../platform/secrets.ts'
import { isResetOpen } from './queries.ts'
import { RESET_MS } from './rules.ts'

/** Password reset for staff, in the branding of one of their accounts. */
export const staffPasswordReset = message<{ token: string }>({
  kind: 'staffPasswordReset',
  textKey: 'identity.people.mail',
  secret: true,
  linkKind: 'reset',
  urgent: true,
  stillWanted: (db, row, now) => isResetOpen(db, hashToken(row.payload?.token), now),
  link: ({ token }, sender, row) => ({
    url: sender.mainUrl(`/office/reset-password/${token}`),
    until: new Date(row.created_at.getTime() + RESET_MS),
  }),
})

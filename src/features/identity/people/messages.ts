import { message } from '../../../platform/delivery/outbox.ts'
import { hashToken } from '../../../platform/secrets.ts'
import { isActiveInAccount, isResetOpen } from './queries.ts'
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

/** After many failed sign-ins in a row, in the branding of one of their accounts; at most one in six hours. */
export const staffSignInsFailed = message<{ count: string }>({
  kind: 'staffSignInsFailed',
  textKey: 'identity.people.signInsFailedMail',
  stillWanted: (db, row) => isActiveInAccount(db, row.account_id, row.subject_id),
  link: (_vars, sender) => ({ url: sender.mainUrl('/office/forgot-password') }),
})

/** To whoever changed or reset a password, in the branding of one of their accounts. */
export const staffPasswordChanged = message({
  kind: 'staffPasswordChanged',
  textKey: 'identity.people.passwordChangedMail',
  stillWanted: (db, row) => isActiveInAccount(db, row.account_id, row.subject_id),
  link: (_vars, sender) => ({ url: sender.mainUrl('/office/forgot-password') }),
})

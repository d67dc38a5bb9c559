import { message } from '../../platform/delivery/outbox.ts'
import { hashToken } from '../../platform/secrets.ts'
import { isInvitationOpen } from './invitations/queries.ts'
import { INVITATION_MS } from './rules.ts'

/** Invitation to join the staff of a business. */
export const staffInvitation = message<{ token: string; inviter: string; role: string }>({
  kind: 'staffInvitation',
  textKey: 'staff.mail',
  secret: true,
  linkKind: 'invitation',
  stillWanted: (db, row, now) => isInvitationOpen(db, row.account_id, hashToken(row.payload?.token), now),
  link: ({ token }, sender, row) => ({
    url: sender.mainUrl(`/office/join/${token}`),
    until: new Date(row.created_at.getTime() + INVITATION_MS),
  }),
  extra: ({ role }) => ({ context: role }),
})

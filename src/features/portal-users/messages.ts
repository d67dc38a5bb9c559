/**
 * Mails with sign-in links and notices about an account. Handlers that create or change a portal user call
 * `sendActivation` or `sendEmailChange` in the same transaction; these links are created nowhere else.
 */
import { message, type Emission, type Message, type OutboxRow, type Sender } from '../../platform/delivery/outbox.ts'
import { emailNorm } from '../../platform/email-address.ts'
import { type Write } from '../../platform/operation.ts'
import { undoUnless } from '../../platform/database/statements.ts'
import type { AuditInput } from '../audit/rules.ts'
import { newToken } from '../../platform/secrets.ts'
import { hasAccessEnded, isUserPresent, setPendingEmail } from './activation/queries.ts'
import { insertToken, isLinkOpen, type TokenKind } from './activation/tokens/queries.ts'

const HOUR = 3600_000
/** How long each kind of link works (RELIABILITY C4). */
const LINK_LIFE: Record<TokenKind, number> = {
  portalActivation: 7 * 24 * HOUR,
  portalReset: HOUR,
  portalEmailChange: 24 * HOUR,
}

type Place = { host?: string }
type Link = Place & { token: string; until: string }
const until = ({ until }: { until?: string }) => (until ? new Date(until) : null)
const linkIsOpen =
  (kind: TokenKind): Message['stillWanted'] =>
  (db, row, now) =>
    isLinkOpen(db, row.account_id, kind, row.payload?.token, row.to_address, now)
const userExists: Message['stillWanted'] = (db, row) => isUserPresent(db, row.account_id, row.subject_id)
/**
 * An address of the portal: on its own host, or on the main one if the email was caused there. Cookies belong to a host, so that
 * elsewhere the recipient would be a stranger.
 */
const addressIn = (vars: unknown, sender: Sender, path: string): string =>
  (vars as Place).host === 'main'
    ? sender.mainUrl(`/p/${sender.slug}${path === '/' ? '' : path}`)
    : sender.portalUrl(path)
const portal = (vars: unknown, sender: Sender) => ({
  portal: {
    url: addressIn(vars, sender, '/sign-in'),
    text: addressIn(vars, sender, '/').replace(/^https?:\/\/|\/$/g, ''),
  },
})
/** Greets by name, or without one when there is none or it is not a plausible name. */
const byName = (vars: unknown, sender: Sender, row: OutboxRow) => ({
  ...portal(vars, sender),
  ...(!(row.to_name && isPlausibleName(row.to_name)) && { context: 'nameless' }),
})
/**
 * Anyone can sign up with a stranger's email. The name must not carry a message to that mailbox under the business's
 * letterhead, such as a web address or a phone number.
 */
const isPlausibleName = (name: string) =>
  name.length <= 60 && !/[\p{Cc}\p{Cf}<>()[\]{}/\\@:;|=+*#%!?$€£]|\.\S|\d{4}/u.test(name)

/** After a sign-up: one button activates and signs in (CP-15). */
const portalActivation = message<Link>({
  kind: 'portalActivation',
  textKey: 'portal-users.mail.portalActivation',
  secret: true,
  linkKind: 'invitation',
  urgent: true,
  stillWanted: linkIsOpen('portalActivation'),
  link: (vars, sender) => ({ url: addressIn(vars, sender, `/activate/${vars.token}`), until: until(vars) }),
  extra: byName,
})

/** To a user the business added by email alone: the link asks for contact details and a password (CP-20). */
const portalInvitation = message<Link>({
  kind: 'portalInvitation',
  textKey: 'portal-users.mail.portalInvitation',
  secret: true,
  linkKind: 'invitation',
  stillWanted: linkIsOpen('portalActivation'),
  link: (vars, sender) => ({ url: addressIn(vars, sender, `/activate/${vars.token}`), until: until(vars) }),
  extra: portal,
})

/** A sign-up with the email of an existing account: only the owner of the mailbox learns about it (E-01). */
const portalAccountExists = message({
  kind: 'portalAccountExists',
  textKey: 'portal-users.mail.portalAccountExists',
  urgent: true,
  stillWanted: userExists,
  link: (vars, sender) => ({ url: addressIn(vars, sender, '/sign-in') }),
  extra: (vars, sender) => ({ forgot: { url: addressIn(vars, sender, '/forgot-password') } }),
})

const portalPasswordReset = message<Link>({
  kind: 'portalPasswordReset',
  textKey: 'portal-users.mail.portalPasswordReset',
  secret: true,
  linkKind: 'reset',
  urgent: true,
  stillWanted: linkIsOpen('portalReset'),
  link: (vars, sender) => ({ url: addressIn(vars, sender, `/reset-password/${vars.token}`) }),
})

/** The same link, sent by the business to a user who cannot get in. */
const portalPasswordResetByOffice = message<Link>({
  kind: 'portalPasswordResetByOffice',
  textKey: 'portal-users.mail.portalPasswordResetByOffice',
  secret: true,
  linkKind: 'reset',
  urgent: true,
  stillWanted: linkIsOpen('portalReset'),
  link: (vars, sender) => ({ url: addressIn(vars, sender, `/reset-password/${vars.token}`) }),
})

export const portalPasswordChanged = message({
  kind: 'portalPasswordChanged',
  textKey: 'portal-users.mail.portalPasswordChanged',
  stillWanted: userExists,
  link: (vars, sender) => ({ url: addressIn(vars, sender, '/forgot-password') }),
})

/** After many failed sign-ins in a row; at most one in six hours. */
export const portalSignInsFailed = message<{ count: string }>({
  kind: 'portalSignInsFailed',
  textKey: 'portal-users.mail.portalSignInsFailed',
  stillWanted: userExists,
  link: (vars, sender) => ({ url: addressIn(vars, sender, '/forgot-password') }),
})

/** To the new email, which replaces the old one once it is confirmed there (E-10). */
const portalEmailChange = message<Link & { oldEmail: string }>({
  kind: 'portalEmailChange',
  textKey: 'portal-users.mail.portalEmailChange',
  secret: true,
  linkKind: 'signIn',
  urgent: true,
  stillWanted: linkIsOpen('portalEmailChange'),
  link: (vars, sender) => ({ url: addressIn(vars, sender, `/confirm-email/${vars.token}`), until: until(vars) }),
})

/** To the old email, once the new one is confirmed. */
export const portalEmailChanged = message<{ newEmail: string }>({
  kind: 'portalEmailChanged',
  textKey: 'portal-users.mail.portalEmailChanged',
  stillWanted: userExists,
})

/** After access was suspended or removed; sent only when the business has turned this on. */
export const portalAccessEnded = message({
  kind: 'portalAccessEnded',
  textKey: 'portal-users.mail.portalAccessEnded',
  stillWanted: (db, row) => hasAccessEnded(db, row.account_id, row.subject_id),
})

export const activationMessages = [
  portalActivation,
  portalInvitation,
  portalAccountExists,
  portalPasswordReset,
  portalPasswordResetByOffice,
  portalPasswordChanged,
  portalSignInsFailed,
  portalEmailChange,
  portalEmailChanged,
  portalAccessEnded,
] as unknown as Message[]

// ---- sending ----

/** The part of a handler's context that sending needs. */
export interface Sending {
  db: Write
  account: { id: string }
  now: Date
  newId(): string
  emit(message: Emission): Promise<void>
  /** Whether the request came to the portal's pages on the main host. */
  usesMainHost?: boolean
}

export interface Recipient {
  id: string
  email: string
  name: string | null
  locale: string
  status: string
}

/**
 * Mails a link that activates this user and invalidates earlier ones: an activation after a sign-up, else an invitation.
 * The page of either asks for details and a password, except in the browser that signed up.
 */
export async function sendActivation(ctx: Sending, user: Recipient): Promise<void> {
  await sendLink(ctx, user, user.email, 'portalActivation', mailOfLink(user, 'portalActivation'))
}

/** Mails a link to choose a new password, on behalf of the business; earlier ones stop working. */
export async function sendPasswordReset(ctx: Sending, user: Recipient): Promise<void> {
  await sendLink(ctx, user, user.email, 'portalReset', portalPasswordResetByOffice)
}

const mailOfLink = (user: Recipient, kind: 'portalActivation' | 'portalReset') => {
  if (kind === 'portalReset') return portalPasswordReset
  return user.status === 'signed_up' ? portalActivation : portalInvitation
}

/** Mails `newEmail` a link to confirm it; until then the user signs in with the old email. */
export async function sendEmailChange(ctx: Sending, user: Recipient, newEmail: string): Promise<void> {
  await setPendingEmail(ctx.db, ctx.account.id, user.id, newEmail, ctx.now)
  await sendLink(ctx, user, newEmail, 'portalEmailChange', portalEmailChange, { oldEmail: user.email })
}

/** Mails a notice that has no link token. */
export async function sendNotice<V extends Record<string, string>>(
  ctx: Sending,
  user: Pick<Recipient, 'id' | 'email' | 'name' | 'locale'>,
  notice: Message<V>,
  vars: V,
): Promise<void> {
  await emitToUser(ctx, user, user.email, notice, vars)
}

async function sendLink(
  ctx: Sending,
  user: Recipient,
  address: string,
  kind: TokenKind,
  declared: unknown,
  vars: Record<string, string> = {},
): Promise<void> {
  const link = await createLink(ctx, user, address, kind)
  await emitToUser(ctx, user, address, declared, { ...vars, ...link })
}

/** A new link of this kind; earlier ones stop working. */
async function createLink(ctx: Sending, user: Recipient, address: string, kind: TokenKind): Promise<Link> {
  const { token, hash } = newToken()
  const ends = new Date(ctx.now.getTime() + LINK_LIFE[kind])
  await insertToken(ctx.db, ctx.account.id, {
    id: ctx.newId(),
    kind,
    user: user.id,
    hash,
    emailNorm: emailNorm(address),
    at: ctx.now,
    expires: ends,
  })
  return { token, until: ends.toISOString() }
}

async function emitToUser(
  ctx: Sending,
  user: Pick<Recipient, 'id' | 'name' | 'locale'>,
  address: string,
  declared: unknown,
  vars: Record<string, string>,
): Promise<void> {
  await ctx.emit({
    message: declared as Message,
    to: { address, name: user.name },
    subject: { kind: 'portalUser', id: user.id },
    locale: user.locale,
    vars: { ...vars, ...(ctx.usesMainHost && { host: 'main' }) },
  })
}

// ---- answering strangers ----

/** What an anonymous request about an address causes. */
export interface Reply {
  /** Null: no mail and no link. */
  mail: 'activation' | 'reset' | 'accountExists' | null
  /** Recorded with a mail that has a link. */
  event: AuditInput['event']
}

/** In place of the user when an address has none. Nothing about it is stored, and nothing is sent to it. */
export const standIn = (id: string): Recipient => ({
  id,
  email: 'nobody@invalid.example',
  name: null,
  locale: 'en',
  status: 'removed',
})

/**
 * Does the same work for every address, so that the time of the answer does not tell who has an account (PS-46): each
 * step runs in any case, and one that is not part of the reply is undone.
 */
export async function replyAlike(
  ctx: Sending & { audit(entry: AuditInput): Promise<void> },
  user: Recipient | undefined,
  { mail, event }: Reply,
): Promise<void> {
  const recipient = user ?? standIn(ctx.newId())
  const hasLink = mail === 'activation' || mail === 'reset'
  const tokenKind = mail === 'reset' ? 'portalReset' : 'portalActivation'
  const link = await undoUnless(ctx.db, hasLink, () => createLink(ctx, recipient, recipient.email, tokenKind))
  await undoUnless(ctx.db, mail !== null, () =>
    mail === 'accountExists'
      ? emitToUser(ctx, recipient, recipient.email, portalAccountExists, {})
      : emitToUser(ctx, recipient, recipient.email, mailOfLink(recipient, tokenKind), { ...link }),
  )
  await undoUnless(ctx.db, hasLink, () => ctx.audit({ event, subjectKind: 'portalUser', subjectId: recipient.id }))
}

/**
 * The mails that let people in, and those that tell them what changed. Whoever makes or changes a portal user calls
 * `sendActivation` or `sendEmailChange` in the same transaction; nobody else makes these links.
 */
import { message, type Emission, type Message, type OutboxRow, type Sender } from '../../platform/delivery/outbox.ts'
import { emailNorm, type Write } from '../../platform/operation.ts'
import { newToken } from '../../platform/secrets.ts'
import {
  accessStillEnded,
  addToken,
  linkStillOpen,
  lockLogin,
  replaceTokens,
  setPendingEmail,
  userStillThere,
  type TokenKind,
} from './activation/queries.ts'

const HOUR = 3600_000
/** How long each kind of link works (RELIABILITY C4). */
const LINK_LIFE: Record<TokenKind, number> = {
  portalActivation: 7 * 24 * HOUR,
  portalReset: HOUR,
  portalEmailChange: 24 * HOUR,
}

type Link = { token: string; until: string }
const until = ({ until }: { until?: string }) => (until ? new Date(until) : null)
const wanted =
  (kind: TokenKind): Message['stillWanted'] =>
  (db, row, now) =>
    linkStillOpen(db, row.account_id, kind, row.payload?.token, row.to_address, now)
const stillThere: Message['stillWanted'] = (db, row) => userStillThere(db, row.account_id, row.subject_id)
const portal = (_vars: unknown, sender: Sender) => ({
  portal: { url: sender.portalUrl('/sign-in'), text: sender.portalUrl('/').replace(/^https?:\/\/|\/$/g, '') },
})
/** Words with a name and words without: a person who gave none is not called by an address. */
const byName = (vars: unknown, sender: Sender, row: OutboxRow) => ({
  ...portal(vars, sender),
  ...(!(row.to_name && readsAsName(row.to_name)) && { context: 'nameless' }),
})
/**
 * Anyone may sign up with a stranger's address: under a business's letterhead the "name" must carry no message of theirs
 * to that mailbox, such as an address of the web or a number to call.
 */
const readsAsName = (name: string) =>
  name.length <= 60 && !/[\p{Cc}\p{Cf}<>()[\]{}/\\@:;|=+*#%!?$€£]|\.\S|\d{4}/u.test(name)

/** After a sign-up: one button activates and signs in (CP-15). */
const portalActivation = message<Link>({
  kind: 'portalActivation',
  textKey: 'portal-users.mail.portalActivation',
  secret: true,
  linkKind: 'invitation',
  urgent: true,
  stillWanted: wanted('portalActivation'),
  link: (vars, sender) => ({ url: sender.portalUrl(`/activate/${vars.token}`), until: until(vars) }),
  extra: byName,
})

/** To somebody the business added by address alone: the link asks for contact details and a password (CP-20). */
const portalInvitation = message<Link>({
  kind: 'portalInvitation',
  textKey: 'portal-users.mail.portalInvitation',
  secret: true,
  linkKind: 'invitation',
  stillWanted: wanted('portalActivation'),
  link: (vars, sender) => ({ url: sender.portalUrl(`/activate/${vars.token}`), until: until(vars) }),
  extra: portal,
})

/** Somebody signed up with an address that has an account: only its owner learns that (E-01). */
export const portalAccountExists = message({
  kind: 'portalAccountExists',
  textKey: 'portal-users.mail.portalAccountExists',
  urgent: true,
  stillWanted: stillThere,
  link: (_vars, sender) => ({ url: sender.portalUrl('/sign-in') }),
  extra: (_vars, sender) => ({ forgot: { url: sender.portalUrl('/forgot-password') } }),
})

const portalPasswordReset = message<Link>({
  kind: 'portalPasswordReset',
  textKey: 'portal-users.mail.portalPasswordReset',
  secret: true,
  linkKind: 'reset',
  urgent: true,
  stillWanted: wanted('portalReset'),
  link: (vars, sender) => ({ url: sender.portalUrl(`/reset-password/${vars.token}`) }),
})

export const portalPasswordChanged = message({
  kind: 'portalPasswordChanged',
  textKey: 'portal-users.mail.portalPasswordChanged',
  stillWanted: stillThere,
  extra: (_vars, sender) => ({ forgot: { url: sender.portalUrl('/forgot-password') } }),
})

/** To the new address: it becomes the sign-in address only when confirmed there (E-10). */
const portalEmailChange = message<Link & { oldEmail: string }>({
  kind: 'portalEmailChange',
  textKey: 'portal-users.mail.portalEmailChange',
  secret: true,
  linkKind: 'signIn',
  urgent: true,
  stillWanted: wanted('portalEmailChange'),
  link: (vars, sender) => ({ url: sender.portalUrl(`/confirm-email/${vars.token}`), until: until(vars) }),
})

/** To the old address, once the new one is confirmed. */
export const portalEmailChanged = message<{ newEmail: string }>({
  kind: 'portalEmailChanged',
  textKey: 'portal-users.mail.portalEmailChanged',
  stillWanted: stillThere,
})

/** Access was suspended or removed; sent only when the business wants it. */
export const portalAccessEnded = message({
  kind: 'portalAccessEnded',
  textKey: 'portal-users.mail.portalAccessEnded',
  stillWanted: (db, row) => accessStillEnded(db, row.account_id, row.subject_id),
})

export const activationMessages = [
  portalActivation,
  portalInvitation,
  portalAccountExists,
  portalPasswordReset,
  portalPasswordChanged,
  portalEmailChange,
  portalEmailChanged,
  portalAccessEnded,
] as unknown as Message[]

// ---- sending ----

/** What sending needs of a handler's context; every handler that writes has it. */
export interface Sending {
  db: Write
  account: { id: string }
  now: Date
  newId(): string
  emit(message: Emission): Promise<void>
}

export interface Recipient {
  id: string
  email: string
  name: string | null
  locale: string
  password_hash: string | null
}

/**
 * Mails the link that lets this not yet active user in, and ends every earlier one. An invitation when there is no
 * password yet (the link then asks for details), an activation after a sign-up.
 */
export async function sendActivation(ctx: Sending, user: Recipient): Promise<void> {
  await sendLink(
    ctx,
    user,
    user.email,
    'portalActivation',
    user.password_hash === null ? portalInvitation : portalActivation,
  )
}

/** Mails a link to set a new password; an hour, once. */
export async function sendPasswordReset(ctx: Sending, user: Recipient): Promise<void> {
  await sendLink(ctx, user, user.email, 'portalReset', portalPasswordReset)
}

/** Asks an active user to confirm `newEmail` there; until then the old address stays the one to sign in with. */
export async function sendEmailChange(ctx: Sending, user: Recipient, newEmail: string): Promise<void> {
  await setPendingEmail(ctx.db, ctx.account.id, user.id, newEmail, ctx.now)
  await sendLink(ctx, user, newEmail, 'portalEmailChange', portalEmailChange, { oldEmail: user.email })
}

/** A notice without a link of its own. */
export async function sendNotice<V extends Record<string, string>>(
  ctx: Sending,
  user: Pick<Recipient, 'id' | 'email' | 'name' | 'locale'>,
  notice: Message<V>,
  vars: V,
): Promise<void> {
  await ctx.emit({
    message: notice as unknown as Message,
    to: { address: user.email, name: user.name },
    subject: { kind: 'portalUser', id: user.id },
    locale: user.locale,
    vars,
  })
}

async function sendLink(
  ctx: Sending,
  user: Recipient,
  address: string,
  kind: TokenKind,
  declared: unknown,
  vars: Record<string, string> = {},
): Promise<void> {
  const { token, hash } = newToken()
  const ends = new Date(ctx.now.getTime() + LINK_LIFE[kind])
  await lockLogin(ctx.db, ctx.account.id, user.id)
  await replaceTokens(ctx.db, ctx.account.id, [kind], user.id, ctx.now)
  await addToken(ctx.db, {
    account_id: ctx.account.id,
    id: ctx.newId(),
    kind,
    subject_id: user.id,
    hash,
    email_norm: emailNorm(address),
    created_at: ctx.now,
    expires_at: ends,
  })
  await ctx.emit({
    message: declared as Message,
    to: { address, name: user.name },
    subject: { kind: 'portalUser', id: user.id },
    locale: user.locale,
    vars: { ...vars, token, until: ends.toISOString() },
  })
}

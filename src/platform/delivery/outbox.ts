import type { Kysely } from 'kysely'
import type { DB } from '../../../db/schema.gen.ts'
import { insertRows } from '../database/statements.ts'
import { newId } from '../ids.ts'
import type { Translations, TranslationTree } from '../i18n.ts'
import { oneLine, renderMail } from './layout.ts'
import type { Brand, MailVars, Rendered } from './layout.ts'

/** The business a mail is sent for: how it looks, and where its links lead (from configuration, never a Host header). */
export interface Sender extends Brand {
  /** Id of the account. */
  id: string
  slug: string
  /** `portalUrl('/activate/x')` → a whole address under the portal. */
  portalUrl(path: string): string
  /** `officeUrl('/jobs/1')` → a whole address in the office of this account. */
  officeUrl(path: string): string
  /** An address on the main host that belongs to no account: staff invitations, staff passwords. */
  mainUrl(path: string): string
  /** Whether replies to emails are taken in. */
  repliesByEmail?: boolean
  /** The account's own texts, per language. */
  textOverrides?: Record<string, TranslationTree> | null
}

/** One row of the outbox, as policies and templates see it. */
export interface OutboxRow {
  account_id: string
  id: string
  kind: string
  to_address: string
  to_name: string | null
  subject_kind: string | null
  subject_id: string | null
  locale: string
  payload: MailVars | null
  secret: boolean
  link_kind: string | null
  status: 'waiting' | 'sending' | 'sent' | 'failed' | 'canceled'
  attempts: number
  message_id: string
  created_at: Date
}

/**
 * A kind of mail, declared by a feature in messages.ts. Its texts are `<textKey>.subject`, `.preheader`, `.title`,
 * `.body` (Markdown), `.button` (when it has a link) and `.footer` (why you get this); all may use `{{business}}`,
 * `{{recipient}}` (the address), `{{name}}` (of the recipient, empty when unknown), `{{portal_sign_in_url}}` and the vars.
 */
export interface Message<Vars extends MailVars = MailVars> {
  kind: string
  /** `<feature>.mail.<kind>`. */
  textKey: string
  /** Where its footer is, if it shares its other texts with another kind. */
  footerKey?: string
  /** Vars hold a `token`: wiped once delivered, masked wherever it is shown. */
  secret?: boolean
  /** What the link is for. An owner may copy an invitation while it waits; never a reset or sign-in link. */
  linkKind?: 'invitation' | 'reset' | 'signIn'
  /** Sent before everything else that waits, because its reader is waiting for it. */
  urgent?: boolean
  /** Called right before each attempt. False, when it is out of date or the reader lost access: never sent. */
  stillWanted(db: Kysely<DB>, row: OutboxRow, now: Date): Promise<boolean>
  /** The one button's address. `until` is written in the mail as a date. */
  link?(vars: Vars & { token: string }, sender: Sender, row: OutboxRow): { url: string; until?: Date | null }
  /** Names the record and the recipient of a reply by email; null when a reply could not be taken. */
  replySubject?(vars: Vars, row: OutboxRow): string | null
  /** Mail programs show mails with the same one as one conversation. */
  thread?(vars: Vars): string
  /** Values computed when it is shown, on top of the stored ones; for `{ url }` links in the texts. */
  extra?(vars: Vars, sender: Sender, row: OutboxRow): MailVars
}

/** Declares a message; only fixes the type of its vars. */
export function message<Vars extends MailVars = MailVars>(declaration: Message<Vars>): Message<Vars> {
  if (declaration.linkKind && !declaration.link) throw new Error(`${declaration.kind}: linkKind without link`)
  return declaration
}

export interface Emission<Vars extends MailVars = MailVars> {
  message: Message<Vars>
  /** Exactly one reader: a personal link never goes to two. */
  to: { address: string; name?: string | null }
  /** What this is about, so that a screen can show the delivery status beside it: portal_user, person, job … */
  subject?: { kind: string; id: string } | null
  locale: string
  vars: Vars
}

// One plain address: no quotes, lists, comments, routes or header ends. Looser than real domains, stricter than RFC 5322.
const ADDRESS =
  /^[^\s<>()[\],;:"\\@\u0000-\u001f\u007f-\u009f]{1,64}@(?!-)[^\s<>()[\],;:"\\@\u0000-\u001f\u007f-\u009f]{1,253}$/u

/** Whether a text is one address that an envelope accepts. */
export const isMailAddress = (text: unknown): text is string =>
  typeof text === 'string' && text.length <= 254 && ADDRESS.test(text) && !/\.\.|^\.|\.@|@\.|\.$/.test(text)

/**
 * Writes mails to the outbox, in the caller's transaction and one statement: none exists when that rolls back. After the
 * commit the caller wakes the deliverer; a sweep finds what it was not woken for. `host` ends each Message-ID, which stays the same for every
 * attempt. Returns the rows' ids.
 */
export async function emitMessages(
  db: object,
  account: string,
  emissions: readonly Emission[],
  { now, host }: { now: Date; host: string },
): Promise<string[]> {
  if (emissions.length === 0) return []
  const rows = emissions.map(({ message: declared, to, subject, locale, vars }) => {
    if (!isMailAddress(to.address)) throw new TypeError('Not one mail address')
    if (Boolean(declared.secret) !== (typeof vars.token === 'string'))
      throw new TypeError(`${declared.kind}: a token and "secret" belong together`)
    const id = newId()
    return {
      account_id: account,
      id,
      kind: declared.kind,
      channel: 'email',
      to_address: to.address,
      to_name: to.name ? oneLine(to.name) : null,
      subject_kind: subject?.kind ?? null,
      subject_id: subject?.id ?? null,
      locale,
      payload: vars,
      secret: declared.secret ?? false,
      link_kind: declared.linkKind ?? null,
      status: 'waiting',
      next_at: now,
      message_id: `<${id}@${host}>`,
      created_at: now,
      urgent: declared.urgent ?? false,
    }
  })
  await insertRows(db, 'outbox', rows)
  return rows.map((row) => row.id)
}

const MASK = '••••••••'

export interface ComposedMail extends Rendered {
  /** The button's address, masked like the text. */
  link: string | null
}

/**
 * The mail of one row. `masked` hides its token, as every screen must; so does a row whose token was wiped. Callers that
 * send check `payload.token` first.
 */
export async function composeMail(
  translations: Translations,
  declared: Message,
  row: OutboxRow,
  sender: Sender,
  { masked = true }: { masked?: boolean } = {},
): Promise<ComposedMail> {
  const stored = row.payload ?? {}
  const token = masked || typeof stored.token !== 'string' ? MASK : stored.token
  const vars = { ...stored, token }
  const link = declared.link?.(vars, sender, row) ?? null
  // The mask is read by people, so it is not percent-encoded.
  const url = link ? link.url.replaceAll(encodeURIComponent(MASK), MASK) : null
  const rendered = await renderMail({
    translations: translations.withOverrides(sender.textOverrides),
    locale: row.locale,
    key: declared.textKey,
    footerKey: declared.footerKey,
    vars: { ...sharedVars(row, sender), ...vars, ...declared.extra?.(vars, sender, row) },
    brand: sender,
    link: link && url ? { url, until: link.until ?? null } : null,
    canReply: Boolean(sender.repliesByEmail && declared.replySubject?.(vars, row)),
  })
  // The renderer percent-encodes the mask again where it is part of an address.
  const readable = (text: string) => text.replaceAll(encodeURIComponent(MASK), MASK)
  return { subject: rendered.subject, html: readable(rendered.html), text: readable(rendered.text), link: url }
}

/** What the texts of every mail can name (RS-13). */
const sharedVars = (row: OutboxRow, sender: Sender): MailVars => ({
  recipient: row.to_address,
  name: row.to_name ?? '',
  portal_sign_in_url: { url: sender.portalUrl('/my_profile') },
})

/** The subject line alone, for lists. Null when its values were wiped with its token. */
export function composeSubject(
  translations: Translations,
  declared: Message,
  row: OutboxRow,
  sender: Sender,
): string | null {
  if (!row.payload) return null
  const stored = { ...row.payload, token: MASK }
  const vars: MailVars = {
    ...sharedVars(row, sender),
    ...stored,
    ...declared.extra?.(stored, sender, row),
  }
  const plain = Object.fromEntries(
    Object.entries(vars).map(([name, value]) => [
      name,
      typeof value === 'object' && value ? (value.text ?? value.url) : value,
    ]),
  )
  return oneLine(
    translations
      .withOverrides(sender.textOverrides)
      .t(row.locale, `${declared.textKey}.subject`, { business: sender.name, ...plain }),
    150,
  )
}

/** Messages by kind; two of one kind are an error. */
export function indexByKind(messages: readonly Message[]): ReadonlyMap<string, Message> {
  const index = new Map<string, Message>()
  for (const each of messages) {
    if (index.has(each.kind)) throw new Error(`Two messages are called ${each.kind}`)
    index.set(each.kind, each)
  }
  return index
}

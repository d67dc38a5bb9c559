/** Takes in emails: gives out reply addresses and makes what arrives there comments; other emails open tickets or are held. */
import type { FastifyInstance } from 'fastify'
import type pg from 'pg'
import type { AppOptions } from './app.ts'
import { receiveFirstMail } from './features/tickets/held/handlers.ts'
import { countFirstMails, findInbox } from './features/tickets/held/queries.ts'
import { MAX_HELD, MAX_MAILS_PER_HOUR as MAX_FIRST_MAILS } from './features/tickets/held/rules.ts'
import { receiveReply } from './features/tickets/inbound/handlers.ts'
import { countMailsSince, findReplyRecipient } from './features/tickets/inbound/queries.ts'
import { MAX_MAILS_PER_HOUR } from './features/tickets/inbound/rules.ts'
import { inTransaction } from './platform/database/transaction.ts'
import { createReplyAddresses, type ReplyAddresses } from './platform/delivery/incoming/addresses.ts'
import { addMailHook } from './platform/delivery/incoming/hook.ts'
import { createMailListener, type MailListener, type Mailbox } from './platform/delivery/incoming/listener.ts'
import type { IncomingMail } from './platform/delivery/incoming/mail.ts'
import type { FileStore } from './platform/files.ts'
import { newId } from './platform/ids.ts'
import { deriveKey } from './platform/secrets.ts'
import type { Write } from './platform/operation.ts'

/** As base64, a mail with a photo of 30 MB. */
const MAIL_LIMIT = 42 * 1024 * 1024
const HOUR_MS = 3_600_000

export interface Inbound {
  addresses: ReplyAddresses
  /** Null where mail arrives by HTTP only. */
  listener: MailListener | null
  /** Adds the route to which mail is posted, if there is a secret for it. */
  addHook(http: FastifyInstance): Promise<void>
}

/** Null where the installation takes in no mail. */
export function createInbound(
  { config: { mailIn }, secret, clock, log }: AppOptions,
  { pool, files }: { pool: pg.Pool; files: FileStore },
): Inbound | null {
  if (!mailIn) return null
  const addresses = createReplyAddresses(deriveKey(secret, 'reply addresses'), mailIn.domain)
  // A mail belongs to no request. Of an account, it is written in a transaction that is that account's alone.
  const run = <T>(account: string | null, work: (db: Write) => Promise<T>): Promise<T> =>
    inTransaction(pool, { settings: account ? { account } : null, write: true }, ({ db }) => work(db))
  const recipientOf = async (address: string) => {
    const hash = addresses.hashOf(address)
    return hash ? run(null, (db) => findReplyRecipient(db, hash)) : undefined
  }

  const inboxOf = async (address: string) => {
    const slug = addresses.slugOf(address)
    return slug ? run(null, (db) => findInbox(db, slug)) : undefined
  }

  async function findMailbox(address: string): Promise<Mailbox> {
    const since = new Date(clock.now().getTime() - HOUR_MS)
    const inbox = await inboxOf(address)
    if (inbox) {
      const { recent, held } = await run(inbox, (db) => countFirstMails(db, inbox, since))
      return recent < MAX_FIRST_MAILS && held < MAX_HELD ? 'known' : 'busy'
    }
    const recipient = await recipientOf(address)
    if (!recipient) return 'unknown'
    const count = await run(recipient.account, (db) => countMailsSince(db, recipient, since))
    return count < MAX_MAILS_PER_HOUR ? 'known' : 'busy'
  }

  async function receive(mail: IncomingMail, to: readonly string[]): Promise<void> {
    for (const address of new Set(to)) {
      const inbox = await inboxOf(address)
      const tools = { files, now: clock.now(), newId, run }
      if (inbox) await receiveFirstMail(tools, inbox, mail)
      const recipient = await recipientOf(address)
      if (recipient) await receiveReply(tools, recipient, mail)
    }
  }

  const { host, port, hookSecret } = mailIn
  const mailbox = { sizeLimit: MAIL_LIMIT, findMailbox, receive }
  return {
    addresses,
    listener: port === null ? null : createMailListener({ ...mailbox, host, port, log }),
    addHook: async (http) => {
      if (hookSecret) await addMailHook(http, { ...mailbox, secret: hookSecret })
    },
  }
}

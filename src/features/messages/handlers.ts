import { Readable } from 'node:stream'
import type { Kysely } from 'kysely'
import type { DB } from '../../../db/schema.gen.ts'
import { composeMail, composeSubject, messageBook, type Message, type Sender } from '../../platform/delivery/outbox.ts'
import type { Translations } from '../../platform/i18n.ts'
import { implement, prepared, withEffect, type Input, type Read } from '../../platform/operation.ts'
import { problem } from '../../platform/problem.ts'
import { messages } from './contract.ts'
import { isDemo, mayCopyLink, mayResend, maySeeMessages } from './policy.ts'
import {
  findMailboxMessages,
  findMailboxMessage,
  countMessages,
  toCursor,
  findMessage,
  findMessages,
  requeueMessage,
  listDeliveries,
  type StoredMessage,
} from './queries.ts'
import { isWiped, isLinkCopyable, toMessageStatus, resendProblem } from './rules.ts'

export interface MessagesOptions {
  translations: Translations
  messages: readonly Message[]
  senderOf(db: Kysely<DB>, account: string): Promise<Sender | null>
  /** Whether a mail server is set. */
  sending: boolean
  from: string
  demo: boolean
  /** A message is due again. */
  wake(): void
  /** Past account isolation, for the demo's mailbox alone. */
  openMailbox<T>(work: (db: Kysely<DB>) => Promise<T>): Promise<T>
}

/** Mails are composed here once more, so the handlers need what the deliverer has. */
export function messagesHandlers(options: MessagesOptions) {
  const book = messageBook(options.messages)

  const senderOf = async (db: Read | Kysely<DB>, account: string) => {
    const sender = await options.senderOf(db as Kysely<DB>, account)
    if (!sender) throw problem('notFound')
    return sender
  }

  const subject = (row: StoredMessage, sender: Sender) => {
    const declared = book.get(row.kind)
    return declared ? composeSubject(options.translations, declared, row, sender) : null
  }

  const line = (row: StoredMessage, sender: Sender) => ({
    id: row.id,
    subject: subject(row, sender),
    to: row.to_address,
    toName: row.to_name,
    status: toMessageStatus(row.status),
    createdAt: row.created_at,
    sentAt: row.sent_at,
    nextAt: toMessageStatus(row.status) === 'waiting' ? row.next_at : null,
    attempts: row.attempts,
    lastResult: row.last_result,
  })

  /** Null when its values were wiped, or this version does not know its kind. */
  const compose = async (row: StoredMessage, sender: Sender, masked: boolean) => {
    const declared = book.get(row.kind)
    return declared && row.payload ? composeMail(options.translations, declared, row, sender, { masked }) : null
  }

  const whole = async (row: StoredMessage, sender: Sender, masked: boolean) => {
    const mail = await compose(row, sender, masked)
    return {
      ...line(row, sender),
      from: `${sender.name} <${options.from}>`,
      text: mail?.text ?? null,
      link: mail?.link ?? null,
      linkKind: row.link_kind as 'invitation' | 'reset' | 'signIn' | null,
    }
  }

  const asFile = (html: string, sender: Sender) => {
    // A click in the frame opens beside it, never inside.
    const bytes = Buffer.from(html.replace(/<head>/i, '<head><base target="_blank">'))
    return withEffect(
      {},
      {
        file: {
          stream: Readable.from([bytes]),
          name: 'message.html',
          type: 'text/html; charset=utf-8',
          size: bytes.length,
          inline: true,
          frame: { pictures: sender.logoUrl ? [new URL(sender.logoUrl).origin] : [] },
        },
      },
    )
  }

  /** The demo's door: asked before anything is read. */
  const inMailbox = <T>(work: (db: Kysely<DB>) => Promise<T>) => {
    const decision = isDemo(options.demo)
    if (!decision.yes) throw problem(decision.code)
    return options.openMailbox(work)
  }
  const mailboxMessage = (id: string) =>
    inMailbox(async (db) => {
      const row = await findMailboxMessage(db, id)
      if (!row) throw problem('notFound')
      return { row, sender: await senderOf(db, row.account_id) }
    })

  return implement('messages', messages, {
    async listMessages(ctx, wanted) {
      ctx.allow(maySeeMessages(ctx.actor))
      const sender = await senderOf(ctx.db, ctx.account.id)
      const rows = await findMessages(ctx.db, ctx.account.id, wanted)
      const shown = rows.slice(0, wanted.limit)
      return {
        rows: shown.map((row) => line(row, sender)),
        next: rows.length > wanted.limit ? toCursor(shown.at(-1)!) : null,
        counts: await countMessages(ctx.db, ctx.account.id),
        sending: options.sending,
      }
    },

    async getMessage(ctx, { message: id }) {
      ctx.allow(maySeeMessages(ctx.actor))
      const row = await findMessage(ctx.db, ctx.account.id, id)
      if (!row) throw problem('notFound')
      const stuck = resendProblem(row)
      return {
        message: await whole(row, await senderOf(ctx.db, ctx.account.id), true),
        sending: options.sending,
        tries: (await listDeliveries(ctx.db, ctx.account.id, id)).map((each) => ({
          ...each,
          outcome: each.outcome as 'sent',
        })),
        can: {
          resend: mayResend(ctx.actor, row).yes && !stuck,
          copyLink: mayCopyLink(ctx.actor, row).yes && isLinkCopyable(row),
        },
        stuck,
      }
    },

    async getMessageHtml(ctx, { message: id }) {
      ctx.allow(maySeeMessages(ctx.actor))
      const row = await findMessage(ctx.db, ctx.account.id, id)
      const sender = await senderOf(ctx.db, ctx.account.id)
      const mail = row && (await compose(row, sender, true))
      if (!mail) throw problem('notFound')
      return asFile(mail.html, sender)
    },

    async resendMessage(ctx, { message: id }) {
      const row = await findMessage(ctx.db, ctx.account.id, id)
      ctx.allow(mayResend(ctx.actor, row))
      const stuck = resendProblem(row!)
      if (stuck) throw problem({ sent: 'messageSent', wiped: 'messageWiped', canceled: 'messageCanceled' }[stuck])
      // Between the look and the deed it may have gone out by itself.
      if (!(await requeueMessage(ctx.db, ctx.account.id, id, ctx.now))) throw problem('messageSent')
      ctx.afterCommit(options.wake)
      await ctx.audit({
        event: 'messageResent',
        subjectKind: 'message',
        subjectId: id,
        details: { to: row!.to_address, kind: row!.kind },
      })
      return {}
    },

    async copyInvitationLink(ctx, { message: id }) {
      const row = await findMessage(ctx.db, ctx.account.id, id)
      ctx.allow(mayCopyLink(ctx.actor, row))
      const declared = book.get(row!.kind)
      if (!declared || !isLinkCopyable(row!) || !(await declared.stillWanted(ctx.db, row!, ctx.now)))
        throw problem('linkNotCopied')
      const mail = await compose(row!, await senderOf(ctx.db, ctx.account.id), false)
      if (!mail?.link) throw problem('linkNotCopied')
      await ctx.audit({
        event: 'invitationLinkCopied',
        subjectKind: 'message',
        subjectId: id,
        details: { to: row!.to_address, kind: row!.kind },
      })
      return { link: mail.link }
    },

    listMailbox: prepared(
      (wanted: Input<typeof messages.listMailbox>) =>
        inMailbox(async (db) => {
          const rows = await findMailboxMessages(db, wanted)
          const senders = new Map<string, Sender>()
          for (const { account_id: account } of rows)
            if (!senders.has(account)) senders.set(account, await senderOf(db, account))
          return { rows, senders }
        }),
      async (ctx, { limit }, { rows, senders }) => {
        ctx.allow(isDemo(options.demo))
        const shown = rows.slice(0, limit)
        return {
          rows: shown.map((row) => {
            const sender = senders.get(row.account_id)!
            return {
              id: row.id,
              subject: subject(row, sender),
              business: sender.name,
              to: row.to_address,
              status: toMessageStatus(row.status),
              createdAt: row.created_at,
            }
          }),
          next: rows.length > limit ? toCursor(shown.at(-1)!) : null,
          sending: options.sending,
        }
      },
    ),

    getMailboxMessage: prepared(
      ({ message }: Input<typeof messages.getMailboxMessage>) => mailboxMessage(message),
      async (ctx, _input, { row, sender }) => {
        ctx.allow(isDemo(options.demo))
        const mail = await whole(row, sender, false)
        return {
          message: { ...mail, link: isWiped(row) ? null : mail.link, business: sender.name },
          timeZone: sender.timeZone,
        }
      },
    ),

    getMailboxHtml: prepared(
      ({ message }: Input<typeof messages.getMailboxHtml>) => mailboxMessage(message),
      async (ctx, _input, { row, sender }) => {
        ctx.allow(isDemo(options.demo))
        const mail = await compose(row, sender, false)
        if (!mail) throw problem('notFound')
        return asFile(mail.html, sender)
      },
    ),
  })
}

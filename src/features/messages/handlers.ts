import { Readable } from 'node:stream'
import type { Kysely } from 'kysely'
import type { DB } from '../../../db/schema.gen.ts'
import { composeMail, composeSubject, indexByKind, type Message, type Sender } from '../../platform/delivery/outbox.ts'
import type { Translations } from '../../platform/i18n.ts'
import { implement, prepared, withEffect, type Input, type Read } from '../../platform/operation.ts'
import { problem } from '../../platform/problem.ts'
import { messages } from './contract.ts'
import { isDemo, mayCopyLink, mayResend, maySeeMessages } from './policy.ts'
import {
  findMailboxMessages,
  findMailboxMessage,
  countMessages,
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
  /** Starts the deliverer when a message is due again. */
  wake(): void
  /** Reads across accounts, for the demo's mailbox alone. */
  openMailbox<T>(work: (db: Kysely<DB>) => Promise<T>): Promise<T>
}

const RESEND_REFUSALS = { sent: 'messageSent', wiped: 'messageWiped', canceled: 'messageCanceled' } as const

/** The handlers compose mails as the deliverer does, so they need the same parts. */
export function messagesHandlers(options: MessagesOptions) {
  const declarations = indexByKind(options.messages)

  const senderOf = async (db: Read | Kysely<DB>, account: string) => {
    const sender = await options.senderOf(db as Kysely<DB>, account)
    if (!sender) throw problem('notFound')
    return sender
  }

  const subjectOf = (row: StoredMessage, sender: Sender) => {
    const declaration = declarations.get(row.kind)
    return declaration ? composeSubject(options.translations, declaration, row, sender) : null
  }

  const presentRow = (row: StoredMessage, sender: Sender) => ({
    id: row.id,
    subject: subjectOf(row, sender),
    to: row.to_address,
    toName: row.to_name,
    status: toMessageStatus(row.status),
    createdAt: row.created_at,
    sentAt: row.sent_at,
    nextAt: toMessageStatus(row.status) === 'waiting' ? row.next_at : null,
    attempts: row.attempts,
    lastResult: row.last_result,
  })

  /** Null when the payload was deleted, or when this version does not declare the kind of message. */
  const compose = async (row: StoredMessage, sender: Sender, masked: boolean) => {
    const declaration = declarations.get(row.kind)
    if (!declaration || !row.payload) return null
    return composeMail(options.translations, declaration, row, sender, { masked })
  }

  const presentMessage = async (row: StoredMessage, sender: Sender, masked: boolean) => {
    const mail = await compose(row, sender, masked)
    return {
      ...presentRow(row, sender),
      from: `${sender.name} <${options.from}>`,
      text: mail?.text ?? null,
      link: mail?.link ?? null,
      linkKind: row.link_kind as 'invitation' | 'reset' | 'signIn' | null,
    }
  }

  const htmlFile = (html: string, sender: Sender) => {
    // A link in the frame opens in a new tab, so that no other page appears inside Portico.
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

  /** Outside the demo, refuses before anything is read. */
  const readMailbox = <T>(work: (db: Kysely<DB>) => Promise<T>) => {
    const decision = isDemo(options.demo)
    if (!decision.yes) throw problem(decision.code)
    return options.openMailbox(work)
  }
  const readMailboxMessage = (id: string) =>
    readMailbox(async (db) => {
      const row = await findMailboxMessage(db, id)
      if (!row) throw problem('notFound')
      return { row, sender: await senderOf(db, row.account_id) }
    })

  return implement('messages', messages, {
    async listMessages(ctx, query) {
      ctx.allow(maySeeMessages(ctx.actor))
      const sender = await senderOf(ctx.db, ctx.account.id)
      const { rows, ...cursors } = await findMessages(ctx.db, ctx.account.id, query)
      return {
        rows: rows.map((row) => presentRow(row, sender)),
        ...cursors,
        counts: await countMessages(ctx.db, ctx.account.id),
        sending: options.sending,
      }
    },

    async getMessage(ctx, { message: id }) {
      ctx.allow(maySeeMessages(ctx.actor))
      const row = await findMessage(ctx.db, ctx.account.id, id)
      if (!row) throw problem('notFound')
      const stuck = resendProblem(row)
      const deliveries = await listDeliveries(ctx.db, ctx.account.id, id)
      return {
        message: await presentMessage(row, await senderOf(ctx.db, ctx.account.id), true),
        sending: options.sending,
        tries: deliveries.map((each) => ({ ...each, outcome: each.outcome as 'sent' })),
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
      return htmlFile(mail.html, sender)
    },

    async resendMessage(ctx, { message: id }) {
      const row = await findMessage(ctx.db, ctx.account.id, id)
      ctx.allow(mayResend(ctx.actor, row))
      const reason = resendProblem(row!)
      if (reason) throw problem(RESEND_REFUSALS[reason])
      // The deliverer may have sent it since the row was read.
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
      const declaration = declarations.get(row!.kind)
      const isUsable = declaration && isLinkCopyable(row!) && (await declaration.stillWanted(ctx.db, row!, ctx.now))
      if (!isUsable) throw problem('linkNotCopied')
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
      (query: Input<typeof messages.listMailbox>) =>
        readMailbox(async (db) => {
          const { rows, ...cursors } = await findMailboxMessages(db, query)
          const senders = new Map<string, Sender>()
          for (const { account_id: account } of rows)
            if (!senders.has(account)) senders.set(account, await senderOf(db, account))
          return { rows, cursors, senders }
        }),
      async (ctx, _query, { rows, cursors, senders }) => {
        ctx.allow(isDemo(options.demo))
        return {
          rows: rows.map((row) => {
            const sender = senders.get(row.account_id)!
            return {
              id: row.id,
              subject: subjectOf(row, sender),
              business: sender.name,
              to: row.to_address,
              status: toMessageStatus(row.status),
              createdAt: row.created_at,
            }
          }),
          ...cursors,
          sending: options.sending,
        }
      },
    ),

    getMailboxMessage: prepared(
      ({ message }: Input<typeof messages.getMailboxMessage>) => readMailboxMessage(message),
      async (ctx, _input, { row, sender }) => {
        ctx.allow(isDemo(options.demo))
        const mail = await presentMessage(row, sender, false)
        return {
          message: { ...mail, link: isWiped(row) ? null : mail.link, business: sender.name },
          timeZone: sender.timeZone,
        }
      },
    ),

    getMailboxHtml: prepared(
      ({ message }: Input<typeof messages.getMailboxHtml>) => readMailboxMessage(message),
      async (ctx, _input, { row, sender }) => {
        ctx.allow(isDemo(options.demo))
        const mail = await compose(row, sender, false)
        if (!mail) throw problem('notFound')
        return htmlFile(mail.html, sender)
      },
    ),
  })
}

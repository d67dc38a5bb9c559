/** Emails that are no reply: they open tickets of customers who have the sender on file, or the office decides. */
import type { IncomingMail } from '../../../platform/delivery/incoming/mail.ts'
import { emailNorm } from '../../../platform/email-address.ts'
import { implement, type Write } from '../../../platform/operation.ts'
import { problem } from '../../../platform/problem.ts'
import { customerOf } from '../../jobs/form/queries.ts'
import { insertFile, measureStorage } from '../../records/files/queries.ts'
import { findStorageError } from '../../records/files/rules.ts'
import { addHistory } from '../../records/queries.ts'
import { actorStamp, systemStamp, type HistoryEntry } from '../../records/rules.ts'
import { checkPeople, createIncomingTicket, type TicketContext } from '../handlers.ts'
import { storeFiles, type ReplyTools } from '../inbound/handlers.ts'
import { mayRunTickets } from '../policy.ts'
import { ticketParent } from '../rules.ts'
import { heldMails } from './contract.ts'
import {
  findHeldMail,
  findSenders,
  listHeldMails,
  lockSender,
  recordFirstMail,
  settleHeldMail,
  type HeldMailRecord,
} from './queries.ts'
import { chooseSender, MAX_TICKETS_PER_HOUR, ticketTextOf, type HeldMailReason, type SenderMatch } from './rules.ts'

const HOUR_MS = 3_600_000
type Attachments = Awaited<ReturnType<typeof storeFiles>>
type Tools = Omit<ReplyTools, 'run'> & { db: Write; account: string }

/** Makes a mail to the address of an account a ticket, or holds it. The same mail again changes nothing. */
export async function receiveFirstMail(tools: ReplyTools, account: string, mail: IncomingMail): Promise<void> {
  // Bytes are stored before the rows that name them, outside the transaction.
  const attachments = mail.automatic ? { stored: [], refused: [] } : await storeFiles(tools, account, mail.files)
  let kept: ReadonlySet<string> = new Set()
  try {
    kept = await tools.run(account, (db) => keepFirstMail({ ...tools, db, account }, mail, attachments))
  } finally {
    for (const { key } of attachments.stored) if (!kept.has(key)) await tools.files.delete(key)
  }
}

/** Answers the keys of the files that are kept. */
async function keepFirstMail(tools: Tools, mail: IncomingMail, attachments: Attachments): Promise<Set<string>> {
  const { db, account, now, newId } = tools
  const from = emailNorm(mail.from)
  const since = new Date(now.getTime() - HOUR_MS)
  const { hasArrived, tickets } = await lockSender(db, account, { from, key: mail.key, since })
  if (hasArrived) return new Set()
  const names = mail.files.map(({ name }) => name)
  const { name, subject, text, key } = mail
  const record = (reason: HeldMailReason | null, ticket: string | null) =>
    recordFirstMail(db, account, { id: newId(), from, name, subject, text, files: names, key, reason, ticket }, now)
  const sender = chooseSender(await findSenders(db, account, from))
  const reason = heldReason(mail, sender, tickets)
  if (reason) {
    await record(reason, null)
    return new Set()
  }
  const opened = await openTicket(tools, mail, sender as SenderMatch, attachments)
  await record(null, opened.ticket)
  return opened.kept
}

function heldReason(mail: IncomingMail, sender: SenderMatch | HeldMailReason, tickets: number): HeldMailReason | null {
  if (mail.automatic) return 'automatic'
  if (typeof sender === 'string') return sender
  if (mail.subject === '' && mail.text === '' && mail.files.length === 0) return 'empty'
  return tickets >= MAX_TICKETS_PER_HOUR ? 'tooMany' : null
}

async function openTicket(tools: Tools, mail: IncomingMail, sender: SenderMatch, attachments: Attachments) {
  const { db, account, now, newId, files } = tools
  const actor = { kind: 'sender', id: sender.contact ?? sender.customer, name: mail.name || mail.from }
  const ctx: TicketContext = { db, account: { id: account }, actor, now, newId }
  const rows: { id: string; key: string }[] = []
  const lost = [...attachments.refused]
  for (const stored of attachments.stored) {
    const usage = await measureStorage(db, account, { job: null, uploader: actor })
    const hasRoom = !findStorageError(usage, stored.size, {
      uploaderKind: 'portalUser',
      accountQuota: files.accountQuota,
    })
    if (!hasRoom) {
      lost.push(stored.name)
      continue
    }
    const id = newId()
    await insertFile(db, account, { id, stored, audience: 'customer' }, actorStamp(ctx))
    rows.push({ id, key: stored.key })
  }
  const people = { customer_id: sender.customer, contact_id: sender.contact, participants: [] }
  const created = await createIncomingTicket(ctx, fieldsOf(people, mail), rows)
  const parent = ticketParent({ ...people, account_id: account, id: created.id })
  const refused = { event: 'refusedFiles', audience: 'internal' as const, details: { names: lost } }
  if (lost.length > 0) await addHistory(db, [parent], [refused], systemStamp(now), newId)
  return { ticket: created.id, kept: new Set(rows.map(({ key }) => key)) }
}

const fieldsOf = (
  people: { customer_id: string; contact_id: string | null; participants: string[] },
  mail: { subject: string; text: string; from: string },
) => ({ ...people, ...ticketTextOf(mail), priority: 'normal' as const, source: 'email' as const, tags: [] })

export const heldMailsHandlers = implement('tickets', heldMails, {
  async listHeldMails(ctx) {
    ctx.allow(mayRunTickets(ctx.actor))
    return { rows: (await listHeldMails(ctx.db, ctx.account.id)).map(present), timeZone: ctx.account.timeZone }
  },

  async getHeldMail(ctx, { heldMail }) {
    ctx.allow(mayRunTickets(ctx.actor))
    const mail = await findHeldMail(ctx.db, ctx.account.id, heldMail)
    if (!mail) throw problem('notFound')
    return { ...present(mail), text: mail.body, files: mail.file_names }
  },

  async openHeldMail(ctx, { heldMail, customer, contact = null }) {
    ctx.allow(mayRunTickets(ctx.actor))
    const mail = await findHeldMail(ctx.db, ctx.account.id, heldMail)
    if (!mail) throw problem('notFound')
    if ((await customerOf(ctx.db, ctx.account.id, customer))?.status !== 'active')
      throw problem('input', { fields: { customer: 'choice' } })
    await checkPeople(ctx, customer, { contact })
    const { db, account, now, newId } = ctx
    const sender = { kind: 'sender', id: contact ?? customer, name: mail.from_name || mail.from_address }
    const people = { customer_id: customer, contact_id: contact, participants: [] }
    const text = { subject: mail.subject, text: mail.body, from: mail.from_address }
    const created = await createIncomingTicket({ db, account, actor: sender, now, newId }, fieldsOf(people, text), [])
    const parent = ticketParent({ ...people, account_id: account.id, id: created.id })
    await addHistory(db, [parent], notesOf(mail), actorStamp(ctx), newId)
    // Two at once: the second one rolls back with its ticket.
    const isSettled = await settleHeldMail(db, heldMail, { ticket: created.id, by: ctx.actor, now })
    if (!isSettled) throw problem('notFound')
    return { id: created.id, number: created.number }
  },

  async discardHeldMail(ctx, { heldMail }) {
    ctx.allow(mayRunTickets(ctx.actor))
    if (!(await settleHeldMail(ctx.db, heldMail, { ticket: null, by: ctx.actor, now: ctx.now })))
      throw problem('notFound')
    return {}
  },
})

/** Where the ticket came from, and which files were not kept. */
const notesOf = ({ from_address: address, file_names: names }: HeldMailRecord): HistoryEntry[] => [
  { event: 'openedMail', audience: 'internal', details: { address } },
  ...(names.length > 0 ? [{ event: 'refusedFiles', audience: 'internal' as const, details: { names } }] : []),
]

const present = (mail: HeldMailRecord) => ({
  id: mail.id,
  from: mail.from_address,
  name: mail.from_name,
  subject: mail.subject,
  reason: mail.reason,
  receivedAt: mail.received_at,
})

/**
 * Takes in what customers and staff answer to emails about tickets. The reply address alone says which ticket and whose: never
 * the subject or another header, which anybody can write. app.ts calls it, as portico_system.
 */
import type { IncomingFile, IncomingMail } from '../../../platform/delivery/incoming/mail.ts'
import { FileRefused, type FileStore, type StoredFile } from '../../../platform/files.ts'
import { emailNorm } from '../../../platform/email-address.ts'
import { type Write } from '../../../platform/operation.ts'
import { insertFile, measureStorage } from '../../records/files/queries.ts'
import { findStorageError } from '../../records/files/rules.ts'
import { addComment, addHistory } from '../../records/queries.ts'
import { systemStamp, type ActorStamp, type HistoryEntry } from '../../records/rules.ts'
import { commentOnTicket } from '../handlers.ts'
import { touchTicket, type TicketRecord } from '../queries.ts'
import { findStaffReader, listPortalReaders } from '../readers/queries.ts'
import { ticketParent } from '../rules.ts'
import { recordTicketUpdate } from '../updates/queries.ts'
import { hasArrived, lockSurvivor, recordMail } from './queries.ts'
import { commentBodyOf, heldReason, type HeldReason, type ReplyRecipient, type ReplyWriter } from './rules.ts'

export interface ReplyTools {
  files: Pick<FileStore, 'put' | 'delete' | 'accountQuota'>
  now: Date
  newId(): string
  /** Runs work in one transaction of the account, as portico_system. */
  run<T>(account: string, work: (db: Write) => Promise<T>): Promise<T>
}

interface Attachments {
  stored: StoredFile[]
  /** Names of those that were not kept. */
  refused: string[]
}

/** Makes a mail a reply, or an internal note when it is not certain whose it is. The same mail again changes nothing. */
export async function receiveReply(tools: ReplyTools, recipient: ReplyRecipient, mail: IncomingMail): Promise<void> {
  // Bytes are stored before the rows that name them, outside the transaction.
  const attachments = mail.automatic
    ? { stored: [], refused: [] }
    : await storeFiles(tools, recipient.account, mail.files)
  const discard = async (kept: ReadonlySet<string>) => {
    for (const { key } of attachments.stored) if (!kept.has(key)) await tools.files.delete(key)
  }
  try {
    await discard(await tools.run(recipient.account, (db) => keepMail({ ...tools, db, recipient, mail, attachments })))
  } catch (error) {
    await discard(new Set())
    throw error
  }
}

export async function storeFiles(
  { files }: Pick<ReplyTools, 'files'>,
  account: string,
  incoming: readonly IncomingFile[],
): Promise<Attachments> {
  const stored: StoredFile[] = []
  const refused: string[] = []
  for (const { name, content } of incoming)
    try {
      stored.push(await files.put(asyncBytes(content), { account, name }))
    } catch (error) {
      if (!(error instanceof FileRefused)) throw error
      refused.push(name)
    }
  return { stored, refused }
}

async function* asyncBytes(content: Uint8Array) {
  yield content
}

interface Arrival extends Omit<ReplyTools, 'run'> {
  db: Write
  recipient: ReplyRecipient
  mail: IncomingMail
  attachments: Attachments
}

const NONE: ReadonlySet<string> = new Set()

/** Answers the keys of the files that are kept. */
async function keepMail(arrival: Arrival): Promise<ReadonlySet<string>> {
  const { db, recipient, mail, attachments, now, newId } = arrival
  const ticket = await lockSurvivor(db, recipient.account, recipient.ticket)
  if (!ticket || (await hasArrived(db, recipient, mail.key))) return NONE
  const record = (outcome: 'comment' | 'held' | 'automatic' | 'empty', detail: string | null = null) =>
    recordMail(db, { id: newId(), recipient, from: mail.from, key: mail.key, outcome, detail }, now)
  if (mail.automatic) {
    await record('automatic', mail.automatic)
    return NONE
  }
  const writer = await findWriter(db, { ...recipient, ticket: ticket.id })
  const reason = heldReason(recipient, writer, emailNorm(mail.from), ticket.status)
  const isEmpty = mail.text === '' && (reason !== null || attachments.stored.length === 0)
  if (isEmpty) {
    await record('empty', reason)
    await addNotes(arrival, ticket, [note('emptyMail', { address: mail.from }), ...refusedNotes(mail.files)])
    return NONE
  }
  await record(reason ? 'held' : 'comment', reason)
  if (!reason) return addReply(arrival, ticket, writer!)
  await holdReply(arrival, ticket, reason)
  return NONE
}

/** The person whom the address was given to, undefined when they do not see the ticket any more. */
async function findWriter(
  db: Write,
  { account, ticket, kind, reader }: ReplyRecipient,
): Promise<ReplyWriter | undefined> {
  const found =
    kind === 'staff'
      ? await findStaffReader(db, account, ticket, reader)
      : (await listPortalReaders(db, account, ticket)).find(({ id }) => id === reader)
  return found && { ...found, email: emailNorm(found.email) }
}

async function addReply(arrival: Arrival, ticket: TicketRecord, writer: ReplyWriter): Promise<ReadonlySet<string>> {
  const { db, recipient, mail, attachments, now, newId } = arrival
  const actor = { kind: recipient.kind, id: writer.id, name: writer.name ?? writer.email }
  const stamp = { ...actor, at: now }
  const { kept, full } = await insertFiles(arrival, stamp)
  const names = kept.map(({ stored }) => stored.name)
  await commentOnTicket({ db, account: { id: recipient.account }, actor, now, newId }, ticket, {
    audience: 'customer',
    body: commentBodyOf(mail.text, names.length > 0 ? names : mail.files.map(({ name }) => name)),
    files: kept,
  })
  const lost = [...attachments.refused, ...full]
  await addNotes(arrival, ticket, lost.length > 0 ? [note('refusedFiles', { names: lost })] : [])
  return new Set(kept.map(({ stored }) => stored.key))
}

/** Rows of the files that the writer and the account have room for. They wait for their comment. */
async function insertFiles({ db, recipient, attachments, files, newId }: Arrival, stamp: ActorStamp) {
  const uploader = { kind: recipient.kind, id: recipient.reader }
  const kept: { id: string; stored: StoredFile }[] = []
  const full: string[] = []
  for (const each of attachments.stored) {
    const usage = await measureStorage(db, recipient.account, { job: null, uploader })
    const quota = { uploaderKind: recipient.kind, accountQuota: files.accountQuota }
    if (findStorageError(usage, each.size, quota)) {
      full.push(each.name)
      continue
    }
    const id = newId()
    await insertFile(db, recipient.account, { id, stored: each, audience: 'customer' }, stamp)
    kept.push({ id, stored: each })
  }
  return { kept, full }
}

/** An internal note by whoever wrote the mail, so that the office can decide what to do with it. */
async function holdReply(arrival: Arrival, ticket: TicketRecord, reason: HeldReason): Promise<void> {
  const { db, mail, now, newId } = arrival
  const body = commentBodyOf(mail.text, [])
  const stamp: ActorStamp = { kind: 'sender', id: null, name: mail.from, at: now }
  await addComment(db, ticketParent(ticket), { id: newId(), audience: 'internal', body }, stamp)
  await recordTicketUpdate(db, ticket, { kind: 'commented', details: { body } }, stamp, newId)
  await touchTicket(db, ticket, now)
  const notes = [note('heldMail', { address: mail.from, reason }), ...refusedNotes(mail.files)]
  await addNotes(arrival, ticket, notes)
}

const note = (event: string, details: NonNullable<HistoryEntry['details']>): HistoryEntry => ({
  event,
  audience: 'internal',
  details,
})

/** Files of a mail that is not a reply are not kept, and named. */
const refusedNotes = (files: readonly IncomingFile[]): HistoryEntry[] =>
  files.length > 0 ? [note('refusedFiles', { names: files.map(({ name }) => name) })] : []

const addNotes = ({ db, now, newId }: Arrival, ticket: TicketRecord, notes: readonly HistoryEntry[]) =>
  addHistory(db, [ticketParent(ticket)], notes, systemStamp(now), newId)

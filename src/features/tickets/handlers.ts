/** Writes on one ticket that the office and the portal share. The caller has asked its policy before. */
import type { Read, Write } from '../../platform/operation.ts'
import { problem } from '../../platform/problem.ts'
import type { CreatedFields } from './rules.ts'
import { attachToComment, type FileRecord } from '../records/files/queries.ts'
import { lockUploads } from '../records/files/uploads/queries.ts'
import { addComment, addHistory } from '../records/queries.ts'
import { actorStamp, type RecordAudience } from '../records/rules.ts'
import {
  changeTicket,
  insertTicket,
  listContactsOf,
  reserveTicketNumber,
  touchTicket,
  type TicketRecord,
} from './queries.ts'
import { isTransition, ticketParent, type TicketRole, type TicketStatus } from './rules.ts'
import { findDefaultAssignee, recordDefaultAssignee } from './settings/queries.ts'
import { recordTicketUpdate } from './updates/queries.ts'

export interface TicketContext {
  db: Write
  account: { id: string }
  actor: { kind: string; id: string; name: string }
  now: Date
  newId(): string
}

/** Writes a new ticket with its files and the first line of its history. */
export async function createTicket(
  ctx: TicketContext,
  fields: CreatedFields,
  files: readonly Pick<FileRecord, 'id'>[],
) {
  const ticket = {
    ...fields,
    account_id: ctx.account.id,
    id: ctx.newId(),
    number: await reserveTicketNumber(ctx.db, ctx.account.id),
    status: 'new' as const,
    created_by_kind: ctx.actor.kind,
    created_by_id: ctx.actor.id,
    created_by_name: ctx.actor.name,
    created_at: ctx.now,
    updated_at: ctx.now,
  }
  const parent = ticketParent(ticket)
  await insertTicket(ctx.db, ticket)
  await attachToComment(ctx.db, files, parent, { id: null, audience: 'customer' })
  await addHistory(ctx.db, [parent], [{ event: 'created', audience: 'customer' }], actorStamp(ctx), ctx.newId)
  await recordTicketUpdate(ctx.db, ticket, { kind: 'created', details: {} }, actorStamp(ctx), ctx.newId)
  return { id: ticket.id, number: ticket.number, version: 1 }
}

/** The same of a ticket that no member of staff creates: it goes to the default assignee. */
export async function createIncomingTicket(
  ctx: TicketContext,
  fields: Omit<CreatedFields, 'assignee_id'>,
  files: readonly Pick<FileRecord, 'id'>[],
) {
  const { id: account } = ctx.account
  const assignee_id = await findDefaultAssignee(ctx.db, account)
  const created = await createTicket(ctx, { ...fields, assignee_id }, files)
  if (assignee_id) await recordDefaultAssignee(ctx.db, account, { ticket: created.id, id: ctx.newId(), now: ctx.now })
  return created
}

/** Adds a comment with its files. A customer's reply to a ticket that waits for it, or is resolved, opens it again. */
export async function commentOnTicket(
  ctx: TicketContext,
  ticket: TicketRecord,
  { audience, body, files }: { audience: RecordAudience; body: string; files: readonly Pick<FileRecord, 'id'>[] },
): Promise<{ id: string; at: Date }> {
  const id = ctx.newId()
  const parent = ticketParent(ticket)
  await addComment(ctx.db, parent, { id, audience, body }, actorStamp(ctx))
  await attachToComment(ctx.db, files, parent, { id, audience })
  if (audience === 'customer')
    await recordTicketUpdate(ctx.db, ticket, { kind: 'commented', details: { body } }, actorStamp(ctx), ctx.newId)
  const reopens = ctx.actor.kind !== 'staff' && isTransition(ticket.status, 'open', 'reply')
  if (reopens) await moveTicket(ctx, ticket, 'open', 'reply')
  else await touchTicket(ctx.db, ticket, ctx.now)
  return { id, at: ctx.now }
}

/** The one place where a status changes: row and history together. */
export async function moveTicket(ctx: TicketContext, ticket: TicketRecord, to: TicketStatus, by: TicketRole) {
  if (ticket.merged_into_id) throw problem('ticketMerged')
  if (!isTransition(ticket.status, to, by))
    throw problem('ticketTransitionNotAllowed', { vars: { from: ticket.status, to } })
  const version = await changeTicket(ctx.db, ticket, { status: to }, ctx.now)
  await addHistory(
    ctx.db,
    [ticketParent(ticket)],
    [{ event: 'moved', audience: 'customer', from: ticket.status, to }],
    actorStamp(ctx),
    ctx.newId,
  )
  const details = { status: ticket.status }
  await recordTicketUpdate(ctx.db, ticket, { kind: 'changed', details }, actorStamp(ctx), ctx.newId)
  return { id: ticket.id, status: to, version }
}

/** The uploads that a form names. @throws input when one is not the caller's, is used already, or is too old */
export async function filesForTicket(ctx: TicketContext, ids: readonly string[]): Promise<FileRecord[]> {
  const wanted = [...new Set(ids)]
  const files = await lockUploads(ctx.db, ctx.account.id, wanted, ctx.actor, ctx.now)
  if (files.length < wanted.length) throw problem('input', { fields: { files: 'fileNotFound' } })
  return files
}

/**
 * Contact and participants as a form names them: contacts of the customer that the caller reaches.
 * @throws input for any other, exactly as for an id that never existed
 */
export async function checkPeople(
  { db, account }: { db: Read; account: { id: string } },
  customer: string,
  { contact, participants }: { contact?: string | null | undefined; participants?: readonly string[] | undefined },
): Promise<void> {
  const named = [...(contact ? [contact] : []), ...(participants ?? [])]
  if (named.length === 0) return
  const known = new Set((await listContactsOf(db, account.id, customer)).map(({ id }) => id))
  const fields = {
    ...(contact && !known.has(contact) && { contact: 'choice' }),
    ...(participants?.some((id) => !known.has(id)) && { participants: 'choice' }),
  }
  if (Object.keys(fields).length > 0) throw problem('input', { fields })
}

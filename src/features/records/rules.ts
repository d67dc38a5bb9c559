/**
 * Records beside another record, its parent: comments, files and history. Every kind of parent uses the same tables, queries,
 * handlers and screen parts. A reader reaches them only through the parent.
 */

/** Kinds of parents. Each has an entry in the table of records/queries.ts. */
export type ParentKind = 'job' | 'ticket'

export interface RecordParent {
  kind: ParentKind
  account: string
  id: string
  customer: string
  /** Of a ticket: its contact and participants, who reach what is beside it. */
  contacts?: readonly string[]
}

/** `customer`: also shown in the portal, so nothing internal may be in it. */
export type RecordAudience = 'internal' | 'customer'

/** Who did something, and when. */
export interface ActorStamp {
  kind: string
  id: string | null
  name: string | null
  at: Date
}

export const actorStamp = (ctx: { actor: { kind: string; id: string; name: string }; now: Date }): ActorStamp => ({
  kind: ctx.actor.kind,
  id: ctx.actor.id,
  name: ctx.actor.name,
  at: ctx.now,
})

/** What follows from another change by itself has no person to name. */
export const systemStamp = (at: Date): ActorStamp => ({ kind: 'system', id: null, name: null, at })

export type HistoryDetails = Record<string, string | number | boolean | null | string[]>

export interface HistoryEntry {
  event: string
  audience: RecordAudience
  from?: string | null
  to?: string | null
  details?: HistoryDetails
}

// ---- rows as they are read ----

export interface HistoryRecord<Status extends string = string> {
  id: string
  event: string
  audience: RecordAudience
  from_status: Status | null
  to_status: Status | null
  details: HistoryDetails
  actor_kind: string
  actor_id: string | null
  actor_name: string | null
  created_at: Date
}

export interface CommentRecord {
  id: string
  audience: RecordAudience
  body: string
  author_kind: string
  author_id: string | null
  author_name: string | null
  created_at: Date
}

/** A file beside its parent, without where its bytes are. */
export interface AttachmentRecord {
  id: string
  audience: RecordAudience
  name: string
  type: string
  /** Bytes, as text: the column is a bigint. */
  size: string | number
  /** The template field it answers, if any. */
  field_id: string | null
  /** The comment it was sent with, if any. */
  comment_id: string | null
  uploader_kind: string
  uploader_id: string | null
  uploader_name: string | null
  created_at: Date
}

/** What a page shows beside a record. */
export interface ParentRecords<Status extends string = string> {
  history: HistoryRecord<Status>[]
  comments: CommentRecord[]
  files: AttachmentRecord[]
}

// ---- fields that are hidden from a reader ----

/** What visibleHistory asks of a view of fields: see viewFields of the templates. */
interface HiddenFields {
  shows(field: string | null | undefined): boolean
  showsName(name: string): boolean
}

/**
 * The history as far as a reader may see it: without files of fields that are hidden from them, and without the names of
 * those fields. An edit of nothing else is left out.
 * @param files the files of the same parent, those of hidden fields included
 */
export function visibleHistory<Entry extends Pick<HistoryRecord, 'event' | 'details'>>(
  history: readonly Entry[],
  files: readonly Pick<AttachmentRecord, 'id' | 'name' | 'field_id'>[],
  view: HiddenFields,
): Entry[] {
  const hiddenFiles = files.filter((file) => !view.shows(file.field_id))
  const removed = history.filter(({ event, details }) => event === 'removedFile' && !view.shows(fieldOf(details)))
  const hiddenIds = new Set([...hiddenFiles.map((file) => file.id), ...removed.map(({ details }) => details.file)])
  const hiddenNames = new Set(hiddenFiles.map((file) => file.name))
  return history.flatMap((entry) => {
    const { event, details } = entry
    if (event === 'edited' && Array.isArray(details.fields)) {
      const fields = details.fields.filter((name) => view.showsName(name))
      const onlyHidden = fields.length === 0 && details.fields.length > 0
      return onlyHidden ? [] : [{ ...entry, details: { ...details, fields } }]
    }
    if (event !== 'attached' && event !== 'removedFile') return [entry]
    // Entries from before they named their file are recognized by its name.
    const isHidden = details.file ? hiddenIds.has(details.file) : hiddenNames.has(String(details.name))
    return isHidden || !view.shows(fieldOf(details)) ? [] : [entry]
  })
}

const fieldOf = ({ field }: HistoryDetails) => (typeof field === 'string' ? field : null)

// ---- as the office's answers show them ----

export const presentHistory = <Status extends string>(entry: HistoryRecord<Status>) => ({
  id: entry.id,
  at: entry.created_at,
  event: entry.event,
  audience: entry.audience,
  from: entry.from_status,
  to: entry.to_status,
  by: { kind: entry.actor_kind, id: entry.actor_id, name: entry.actor_name },
  details: entry.details,
})

export const presentComment = (comment: CommentRecord) => ({
  id: comment.id,
  audience: comment.audience,
  body: comment.body,
  at: comment.created_at,
  by: { kind: comment.author_kind, id: comment.author_id, name: comment.author_name },
})

export const presentAttachment = (file: AttachmentRecord) => ({
  ...presentFile(file),
  id: file.id,
  audience: file.audience,
  field: file.field_id,
  comment: file.comment_id,
  by: { kind: file.uploader_kind, id: file.uploader_id, name: file.uploader_name },
  at: file.created_at,
})

export const presentFile = ({ name, type, size }: { name: string; type: string; size: number | string | bigint }) => ({
  name,
  type,
  size: Number(size),
})

// ---- as a customer may know them ----

/** Who did something, as the reader may know them. */
type PresentPerson<Person> = (kind: string, id: string | null, name: string | null) => Person

export const presentPortalComment = <Person>(comment: CommentRecord, person: PresentPerson<Person>) => ({
  id: comment.id,
  body: comment.body,
  at: comment.created_at,
  by: person(comment.author_kind, comment.author_id, comment.author_name),
})

export const presentPortalAttachment = <Person>(file: AttachmentRecord, person: PresentPerson<Person>) => ({
  ...presentFile(file),
  id: file.id,
  field: file.field_id,
  at: file.created_at,
  by: person(file.uploader_kind, file.uploader_id, file.uploader_name),
})

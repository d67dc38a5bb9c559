/** Pages by keyset, onward and back. A page is named by the row that it begins after, or ends before. */
import { problem } from './problem.ts'

const BEFORE = 'before-'

/** Where a page is read from: onward from the named row, or back from it. */
export interface Place {
  /** Names a row, as the list writes it; undefined: the list's first. */
  cursor: string | undefined
  /** The rows before it are read, nearest first, so in the opposite of the list's order. */
  backward: boolean
}

/** @throws problem input when it names no row */
export function readPlace(cursor: string | undefined): Place {
  const backward = cursor?.startsWith(BEFORE) ?? false
  const row = backward ? cursor!.slice(BEFORE.length) : cursor
  if (backward && !row) throw problem('input', { fields: { cursor: 'format' } })
  return { cursor: row, backward }
}

/** One page in the list's order. `read` are its rows as they were read, and one more when there are more. */
export function pageOf<Row>(
  read: readonly Row[],
  limit: number,
  { cursor, backward }: Place,
  cursorOf: (row: Row) => string,
): { rows: Row[]; next: string | null; previous: string | null } {
  const rows = read.slice(0, limit)
  if (backward) rows.reverse()
  const hasMore = read.length > limit
  const [first, last] = [rows[0], rows.at(-1)]
  const hasNext = backward || hasMore
  const hasPrevious = backward ? hasMore : cursor !== undefined
  return {
    rows,
    next: last && hasNext ? cursorOf(last) : null,
    previous: first && hasPrevious ? BEFORE + cursorOf(first) : null,
  }
}

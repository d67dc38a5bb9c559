/** What the parts of a list share: its columns, its filters and its order. */
import type { Snippet } from 'svelte'
import type { SvelteSet } from 'svelte/reactivity'
import type { StatusLook } from './StatusBadge.svelte'

export type Column<Row> = {
  key: string
  /** Text of the head; '' for columns that need none, such as avatars. */
  label: string
  /** What the list is sorted by when the head is pressed; absent: not sortable. */
  sort?: string
  /** Text of the cell, unless the `cell` snippet renders it. */
  text?: (row: Row) => string | number | null | undefined
  right?: boolean
  /** Tabular digits. */
  num?: boolean
  /** Shown on a phone as well. The main column always is. */
  phone?: boolean
  /**
   * Shown only where the list has this much room: `medium` from 44rem, `wide` from 60rem. Below that a `below-medium` or
   * `below-wide` element of the second or the phone line says the same.
   */
  room?: 'medium' | 'wide'
  size?: 'xs' | 'sm' | 'md' | 'lg'
}

export type Facet = {
  /** Parameter of the address. */
  name: string
  label: string
  options: { value: string; label: string; count?: number | null; look?: StatusLook }[]
  /** Several values at once, such as statuses. Otherwise a choice replaces the last one, and "All" comes first. */
  multiple?: boolean
  /** Count beside "All". */
  total?: number | null
  /** A single choice as a segmented control (office) instead of pills (portal). */
  segmented?: boolean
  /** A single choice in a menu, for more values than fit a line. */
  menu?: boolean
}

/** What the table and the rows of a list need to render it. */
export type ListContent<Row> = {
  /** What the rows are, such as "Jobs". Names the list for screen readers. */
  label: string
  rows: Row[]
  columns: Column<Row>[]
  /** Key of the column whose text opens the record. */
  mainColumn: string
  rowKey: (row: Row) => string
  /** Where a row leads; null: nowhere. */
  href: (row: Row) => string | null
  cell: Snippet<[Row, Column<Row>]> | undefined
  secondLine: Snippet<[Row]> | undefined
  phoneLine: Snippet<[Row]> | undefined
  rowActions: Snippet<[Row]> | undefined
  openKey: string | null
  isInactive: ((row: Row) => boolean) | undefined
}

/** The selected rows: their keys, and the id of the form that receives them as `ids`. */
export type Selection = {
  id: string
  keys: SvelteSet<string>
  /** Whether script runs, so that the keys are up to date. */
  scripted: boolean
}

export type SortDirection = 'ascending' | 'descending' | undefined

/** The direction in which `order`, such as `-created`, sorts by a column. */
export function sortDirection(order: string | null, column: { sort?: string }): SortDirection {
  if (order === column.sort) return 'ascending'
  return order === `-${column.sort}` ? 'descending' : undefined
}

/** Arrow keys move the focus between the rows' links. Tab still visits everything. */
export function moveBetweenRows(event: KeyboardEvent): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
  const link = (event.target as HTMLElement).closest<HTMLElement>('.row-link')
  if (!link) return
  const links = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('.row-link')]
  const next = links[links.indexOf(link) + (event.key === 'ArrowDown' ? 1 : -1)]
  if (!next) return
  event.preventDefault()
  next.focus()
}

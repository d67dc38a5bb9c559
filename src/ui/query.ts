/** Links to the current page with some query parameters changed. Pages keep their view in the URL. */

/** `page.url`, or any URL. */
type Address = { readonly pathname: string; readonly search: string }

export type Change = Record<string, string | string[] | null | undefined>

/**
 * This page's address with some parameters replaced; null or '' removes one. `cursor` is dropped unless it is what
 * changes: another filter or order starts at the first page.
 */
export function withQuery(url: Address, change: Change): string {
  const query = new URLSearchParams(url.search)
  for (const key of [...query.keys()]) if (key.startsWith('/')) query.delete(key)
  if (!('cursor' in change)) query.delete('cursor')
  for (const [key, value] of Object.entries(change)) {
    query.delete(key)
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== null && one !== undefined && one !== '') query.append(key, one)
  }
  const search = query.toString()
  return url.pathname + (search ? `?${search}` : '')
}

/** The parameters to carry along in a GET form as hidden fields: all but those it sets itself, and the cursor. */
export function carried(url: Address, own: string[]): [string, string][] {
  return [...new URLSearchParams(url.search)].filter(
    ([key]) => !own.includes(key) && key !== 'cursor' && !key.startsWith('/'),
  )
}

/** The order after pressing a column's head: ascending, descending, then the default. */
export function nextSort(current: string | null, column: string): string | null {
  if (current === column) return `-${column}`
  return current === `-${column}` ? null : column
}

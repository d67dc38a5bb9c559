/** Links to the current page with some query parameters changed. Pages keep their view in the URL. */

/** `page.url`, or any URL. */
export type Address = { readonly pathname: string; readonly search: string }

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
  // The place of a page's first row goes with the page.
  if (!query.has('cursor')) query.delete('start')
  const search = query.toString()
  return url.pathname + (search ? `?${search}` : '')
}

/** This page with a changed query, on the same page of the list; one-time messages are removed. */
export const withQueryKeepingPage = (url: Address, change: Change): string =>
  withQuery(url, { cursor: new URLSearchParams(url.search).get('cursor'), problem: null, ...change })

/** The URL of a form action that keeps the list, its search, filters, page and open record. */
export function actionUrl(url: Address, action: string): string {
  const current = withQueryKeepingPage(url, {})
  return `${current}${current.includes('?') ? '&' : '?'}/${action}`
}

/** The parameters to carry along in a GET form as hidden fields: all but those it sets itself, and the page. */
export function carried(url: Address, own: string[]): [string, string][] {
  return [...new URLSearchParams(url.search)].filter(
    ([key]) => !own.includes(key) && key !== 'cursor' && key !== 'start' && !key.startsWith('/'),
  )
}

/** The order after pressing a column's head: ascending, descending, then the default. */
export function nextSort(current: string | null, column: string): string | null {
  if (current === column) return `-${column}`
  return current === `-${column}` ? null : column
}

/** What search engines may read. What they may show is decided page by page (`locals.isIndexable`). */
import { paths } from '../paths.ts'

/** A robots.txt with these paths allowed; `$` ends a path, `*` is any part of it. */
export function robotsText(allowed: readonly string[]): Response {
  const lines = ['User-agent: *', ...allowed.map((path) => `Allow: ${path}`), 'Disallow: /', '']
  return new Response(lines.join('\n'), {
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'public, max-age=3600' },
  })
}

/** The pages of a public portal below `base`, with what they look like. */
export const publicPages = (base: string): string[] => {
  const to = paths.portal(base)
  return [`${to.signIn()}$`, `${to.signUp()}$`, '/_app/', '/api/v1/portal/*/logo', '/api/v1/portal/*/icons/']
}

import type { Reroute } from '@sveltejs/kit/hooks'
import { requestContext } from './context.ts'

/**
 * A portal's routes live under /p/[portal]. On its own host the address has no such prefix: it is put before every
 * path, so that nothing else (office, mailbox, another portal) can be reached there.
 */
export const reroute: Reroute = ({ url }) => {
  const slug = ownHost()
  if (url.pathname.startsWith('/_app/')) return
  // Staff look at the portal as somebody else: the same pages under an address of the office, without script.
  if (!slug && import.meta.env.SSR)
    return url.pathname.replace(/^\/office\/([^/]+)\/as\/[0-9a-f-]{36}(?=\/|$)/i, '/p/$1')
  if (!slug) return
  return url.pathname === '/' ? `/p/${slug}` : `/p/${slug}${url.pathname}`
}

/** The slug of the portal whose own host this is. */
function ownHost(): string | undefined {
  if (typeof document !== 'undefined') return document.documentElement.dataset.portal
  const context = requestContext()
  return context?.surface === 'portal' && context.base === '' ? (context.portal ?? undefined) : undefined
}

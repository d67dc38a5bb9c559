/**
 * Mailed links: their token leaves the address at once, so that it stays in no history, bookmark or referrer. It moves to a
 * cookie that only the page of this one link gets.
 */
import { createHash } from 'node:crypto'
import type { Cookies, RequestEvent } from '@sveltejs/kit'

const COOKIE = 'portico_link'
const DAY_SECONDS = 24 * 3600
const TOKEN = /^[\w-]{43}$/
/** Begins what stands in the address in place of the token. No token has it. */
const MARK = '~'

const attributes = (url: URL, path: string) => ({
  path,
  httpOnly: true,
  sameSite: 'lax' as const,
  secure: url.protocol === 'https:',
  maxAge: DAY_SECONDS,
})

/** Redirects from a link to its page; on that page, gives the route its token back. */
export function exchangeToken({ params, url, cookies, request }: RequestEvent): Response | undefined {
  const { token } = params
  if (token?.startsWith(MARK)) params.token = cookies.get(COOKIE) ?? token
  if (!token || !TOKEN.test(token) || request.method !== 'GET' || !url.pathname.endsWith(`/${token}`)) return undefined
  const name = createHash('sha256').update(token).digest('base64url').slice(0, 12)
  const path = `${url.pathname.slice(0, -token.length)}${MARK}${name}`
  return new Response(null, {
    status: 303,
    headers: {
      location: path + url.search,
      'set-cookie': cookies.serialize(COOKIE, token, attributes(url, path)),
      'cache-control': 'no-store',
    },
  })
}

/** Lets the page at `path` know a link that was used, to greet its reader by their address. */
export function passLink(cookies: Cookies, url: URL, path: string, token: string): void {
  cookies.set(COOKIE, token, attributes(url, path))
}

export const passedLink = (cookies: Cookies): string | undefined => cookies.get(COOKIE)

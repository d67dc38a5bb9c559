/** Cookies of sessions and sign-ups: host-only, unreadable for scripts, and named per audience so that portals never share one. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { cookieSuffix } from '../caller.ts'
import type { Effect } from '../effects.ts'

const PEOPLE_COOKIE = 'portico_people'
const PORTAL_COOKIE = 'portico_portal_'
const SIGN_UP_COOKIE = 'portico_sign_up'
/** After a day, the browser that signed up is asked for details and a password like any other. */
const SIGN_UP_SECONDS = 24 * 3600
const BROWSER_COOKIE = 'portico_browser_'
/** The longest that browsers keep a cookie: 400 days. */
const BROWSER_SECONDS = 400 * 24 * 3600

/** An effect that a page has caused and that is applied when the page is sent. */
export interface PendingEffect {
  effect: Effect
  accountId: string | null
}

/** `__Host-` binds a cookie to https and this host; browsers refuse it over plain http. */
const prefixOf = (request: FastifyRequest): string => (request.hasSecureCookies ? '__Host-' : '')

/** Session tokens of portals, by the end of their cookie's name. */
export const portalTokens = (request: FastifyRequest) => tokensNamed(request, PORTAL_COOKIE)

/** Tokens of browsers that have signed in, by the end of their cookie's name. */
export const browserTokens = (request: FastifyRequest) => tokensNamed(request, BROWSER_COOKIE)

function tokensNamed(request: FastifyRequest, prefix: string): Record<string, string> {
  const start = `${prefixOf(request)}${prefix}`
  const tokens: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.cookies))
    if (value && name.startsWith(start)) tokens[name.slice(start.length)] = value
  return tokens
}

export const personToken = (request: FastifyRequest): string | null =>
  request.cookies[`${prefixOf(request)}${PEOPLE_COOKIE}`] ?? null

export const signUpToken = (request: FastifyRequest): string | null =>
  request.cookies[`${prefixOf(request)}${SIGN_UP_COOKIE}`] ?? null

/** Sets or clears the cookies of sessions that have started or ended, and of sign-ups. */
export function applyEffects(request: FastifyRequest, reply: FastifyReply, effects: readonly PendingEffect[]): void {
  for (const { effect, accountId } of effects) {
    const prefix = prefixOf(request)
    const attributes = { path: '/', httpOnly: true, sameSite: 'lax' as const, secure: request.hasSecureCookies }
    if ('signUpToken' in effect)
      reply.setCookie(prefix + SIGN_UP_COOKIE, effect.signUpToken, { ...attributes, maxAge: SIGN_UP_SECONDS })
    if (!('session' in effect)) continue
    const suffix = cookieSuffix(effect.audience === 'people' ? null : (accountId ?? ''))
    const name = prefix + (effect.audience === 'people' ? PEOPLE_COOKIE : PORTAL_COOKIE + suffix)
    if (effect.session === 'start') reply.setCookie(name, effect.token, { ...attributes, expires: effect.ends })
    else reply.clearCookie(name, attributes)
    if (effect.browser)
      reply.setCookie(prefix + BROWSER_COOKIE + suffix, effect.browser, { ...attributes, maxAge: BROWSER_SECONDS })
    // The sign-up has done its work: the next person at this browser inherits nothing of it.
    const hasSignedUp = effect.session === 'start' && effect.audience === 'portal' && signUpToken(request) !== null
    if (hasSignedUp) reply.clearCookie(prefix + SIGN_UP_COOKIE, attributes)
  }
}

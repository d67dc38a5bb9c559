/**
 * What a page says once about the form that led to it, such as "Job saved". It travels in a cookie and not in the address, so
 * that neither a reload nor a shared link says it again.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'

const COOKIE = 'portico_outcome'
/** Long enough for the page to be asked for on a slow line. */
const SECONDS = 60
/** What is done or wrong, and whose name or number its text has. */
const PARAMETERS = /^(?:done|sent|resent|reset|link|name|user|changed|refused|problem(?:\.\w+)?)$/
const STARTS = ['done', 'sent', 'reset', 'link', 'problem']

export interface PageOutcomes {
  /** What this page is to say, by parameter: `{ done: 'saved' }`. */
  outcome: Record<string, string> | null
  /** The address of a page without what it is to say, which that page gets once. */
  leaveOutcome(target: string): string
}

interface Stored {
  path: string
  outcome: Record<string, string>
}

/** Outcomes of the request that a page is in; `applyOutcome` sends what has changed. */
export function createPageOutcomes(request: FastifyRequest): PageOutcomes & { left: Stored | null } {
  const stored = request.method === 'GET' ? readStored(request.cookies[COOKIE]) : null
  const outcomes = {
    outcome: stored?.path === pathOf(request.url) ? stored.outcome : null,
    left: null as Stored | null,
    leaveOutcome(target: string) {
      const { path, outcome } = splitOutcome(target)
      if (outcome) outcomes.left = { path: pathOf(path), outcome }
      return path
    },
  }
  return outcomes
}

/** Hands an outcome to the page that comes next, or takes back the one that this page has said. */
export function applyOutcome(
  request: FastifyRequest,
  reply: FastifyReply,
  { outcome, left }: Pick<ReturnType<typeof createPageOutcomes>, 'outcome' | 'left'>,
): void {
  const attributes = { path: '/', httpOnly: true, sameSite: 'lax' as const, secure: request.protocol === 'https' }
  if (left) reply.setCookie(COOKIE, JSON.stringify(left), { ...attributes, maxAge: SECONDS })
  else if (outcome) reply.clearCookie(COOKIE, attributes)
}

/** An address without what its page is to say, and what that is. */
export function splitOutcome(target: string): { path: string; outcome: Record<string, string> | null } {
  const [rest, hash] = target.split('#') as [string, string?]
  const [path, search = ''] = rest.split('?') as [string, string?]
  const query = new URLSearchParams(search)
  if (!STARTS.some((name) => query.has(name))) return { path: target, outcome: null }
  const outcome = Object.fromEntries([...query].filter(([name]) => PARAMETERS.test(name)))
  for (const name of Object.keys(outcome)) query.delete(name)
  return { path: path + (query.size > 0 ? `?${query}` : '') + (hash === undefined ? '' : `#${hash}`), outcome }
}

/** The path of a page, also where its data alone is asked for. */
const pathOf = (url: string): string => url.split(/[?#]/)[0]!.replace(/\/__data\.json$/, '') || '/'

function readStored(cookie: string | undefined): Stored | null {
  if (!cookie) return null
  try {
    const { path, outcome } = JSON.parse(cookie) as Partial<Record<keyof Stored, unknown>>
    const isOutcome = typeof outcome === 'object' && outcome !== null
    if (typeof path !== 'string' || !isOutcome) return null
    return { path, outcome: Object.fromEntries(Object.entries(outcome).map(([name, value]) => [name, String(value)])) }
  } catch {
    return null
  }
}

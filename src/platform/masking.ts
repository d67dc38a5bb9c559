/** Secrets in texts that leave for the log, hidden in one pass whatever is in the text. */

/**
 * The part of a path in front of a token, in pages and in the API. What follows it is hidden whatever its length: a token
 * that was cut or pasted with a character too many is nearly one. masking.test.ts compares the list with all routes.
 */
export const TOKEN_ROUTES: readonly string[] = [
  'activate',
  'activations',
  'confirm-email',
  'email-changes',
  'join',
  'link',
  'links',
  'password-resets',
  'reset-password',
  'set-up',
  'staff-invitations',
]

/** A token of ours has 43 characters of base64url (secrets.ts); elsewhere than in its route, a run like that is hidden. */
const SHORTEST_RUN = 40

/**
 * The text with tokens replaced by `[token]` and `user:password@` taken out of addresses. Runs of lower-case words are
 * spared: a long constraint name is not a token, and no token looks so.
 */
export function masked(text: string): string {
  let result = ''
  let copied = 0
  const replace = (from: number, to: number, by: string) => {
    result += text.slice(copied, from) + by
    copied = to
    return to
  }
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at)
    if (isTokenCharacter(code)) {
      const end = endOf(text, at, isTokenCharacter)
      const isLong = end - at >= SHORTEST_RUN && endOf(text, at, isLowerCaseWord) < end
      at = isLong ? replace(at, end, '[token]') : end
    } else if (code === SLASH) {
      const start = startOfToken(text, at)
      const end = start === undefined ? at + 1 : endOf(text, start, isPathCharacter)
      at = start !== undefined && end > start ? replace(start, end, '[token]') : at + 1
    } else if (text.startsWith('://', at)) {
      const authority = text.slice(at + 3, endOf(text, at + 3, isAuthorityCharacter))
      const userInfo = authority.lastIndexOf('@') + 1
      at = replace(at + 3, at + 3 + userInfo, '')
    } else at++
  }
  return copied === 0 ? text : result + text.slice(copied)
}

/** An address for the access log: its path, and the names of what was asked for. What people search for are names. */
export function loggableUrl(url: string): string {
  const [path = '', query] = url.slice(0, MAX_URL).split('?', 2)
  const names = query?.split('&').map((part) => part.split('=', 1)[0]!)
  return names ? `${path}?${names.map((name) => `${name}=…`).join('&')}` : path
}
const MAX_URL = 1_000

const SLASH = 0x2f

/** Where the token of a route begins whose name follows the slash at `at`. */
function startOfToken(text: string, at: number): number | undefined {
  const route = TOKEN_ROUTES.find((name) => text.startsWith(name, at + 1) && text[at + 1 + name.length] === '/')
  return route === undefined ? undefined : at + route.length + 2
}

function endOf(text: string, from: number, isPart: (code: number) => boolean): number {
  let end = from
  while (end < text.length && isPart(text.charCodeAt(end))) end++
  return end
}

const isLowerCaseWord = (code: number) => (code >= 0x61 && code <= 0x7a) || code === 0x5f
const isTokenCharacter = (code: number) =>
  isLowerCaseWord(code) || (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39) || code === 0x2d
/** Ends a part of a path, in an address and in a sentence or JSON around it. */
const isPathCharacter = (code: number) => code > 0x20 && !'"\'\\/?#<>(),;'.includes(String.fromCharCode(code))
const isAuthorityCharacter = (code: number) => code > 0x20 && !'"\\/?#<>'.includes(String.fromCharCode(code))

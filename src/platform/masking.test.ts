import { globSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { contracts } from '../operations.ts'
import type { Definition } from './operation.ts'
import { loggableUrl, masked, TOKEN_ROUTES } from './masking.ts'
import { newToken } from './secrets.ts'

const { token } = newToken()

describe('masking', () => {
  it('C7 hides a token that is whole, cut, longer by a character or encoded, wherever a path carries it', () => {
    const variants = [token, token.slice(0, 20), `${token}x`, `${token}.`, `%41${token.slice(1)}`, `${token}%20`, 'x']
    for (const route of TOKEN_ROUTES)
      for (const variant of variants) {
        expect(masked(`GET /p/harbour/${route}/${variant}?a=1 failed`)).toBe(
          `GET /p/harbour/${route}/[token]?a=1 failed`,
        )
        expect(masked(JSON.stringify({ url: `/${route}/${variant}` }))).toBe(`{"url":"/${route}/[token]"}`)
      }
  })

  it('C7 hides a token anywhere else, with characters before and behind it', () => {
    for (const text of [
      token,
      `${token}x`,
      `x${token}`,
      `\\n${token}`,
      `token=${token}&a`,
      `"${token}"`,
      `${token}${token}`,
    ])
      expect(masked(`at ${text} end`)).not.toContain(token.slice(5, 40))
    expect(masked('portal_users_email_unique_in_one_account_xx')).toBe('portal_users_email_unique_in_one_account_xx')
    expect(masked('019ac000-0000-7000-8000-000000000001')).toBe('019ac000-0000-7000-8000-000000000001')
  })

  it('C7 takes user and password out of addresses, also with an @ in the password', () => {
    expect(masked('connect postgres://portico:pa@ss@db.example:5432/x?y')).toBe(
      'connect postgres://db.example:5432/x?y',
    )
    expect(masked('a://b://c@d and smtp://u:p@mail.example "x@y"')).toBe('a://b://d and smtp://mail.example "x@y"')
  })

  it('every route that carries a token is in the list', () => {
    const operations = Object.values(contracts as Record<string, Definition>).map(({ path }) => path)
    const pages = globSync('**/*token*', { cwd: join(import.meta.dirname, '../web/routes') }).map((path) => `/${path}`)
    const before = [...operations, ...pages].flatMap((path) => {
      const parts = path.split('/')
      const at = parts.findIndex((part) => /^[[{]token[\]}]$/.test(part))
      return at > 0 ? [parts[at - 1]!] : []
    })
    expect([...new Set(before)].sort()).toEqual([...TOKEN_ROUTES].sort())
  })

  it('an address in the access log keeps its path and the names of its query', () => {
    expect(loggableUrl('/office/harbour/jobs?search=Eleanor+Finch&status=open')).toBe(
      '/office/harbour/jobs?search=…&status=…',
    )
    expect(loggableUrl(`/sign-in?next=/activate/${token}`)).toBe('/sign-in?next=…')
    expect(loggableUrl(`/${'a'.repeat(14_000)}`)).toHaveLength(1_000)
  })
})

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { translationsFrom } from '../platform/i18n.ts'
import { attempt, readForm } from '../ui/forms.ts'
import { paths, safeNext, appendQuery } from '../paths.ts'
import { translate } from '../ui/i18n-server.ts'
import { carried, withQuery, nextSort } from '../ui/query.ts'

describe('words on a screen', () => {
  const trees = {
    en: {
      jobs: {
        portal: {
          hello: 'Hello {{name}}',
          found_one: '{{count}} job',
          found_other: '{{count}} jobs',
          deep: { er: 'Deeper' },
        },
      },
    },
    pl: {
      jobs: {
        portal: {
          hello: 'Cześć {{name}}',
          found_one: '{{count}} zlecenie',
          found_few: '{{count}} zlecenia',
          found_many: '{{count}} zleceń',
          found_other: '{{count}} zlecenia',
          deep: { er: 'Głębiej' },
        },
      },
    },
  }
  const server = translationsFrom(trees)

  test('are the server’s words, in every plural form and with any name', () => {
    for (const locale of ['en', 'pl'] as const) {
      const data = { 'words:jobs.portal': trees[locale].jobs.portal }
      for (const count of [0, 1, 2, 5, 12, 22, 105])
        expect(translate(data, locale, 'jobs.portal.found', { count })).toBe(
          server.t(locale, 'jobs.portal.found', { count }),
        )
      for (const name of ['Ada', '{{count}}', '$t(x)', '<b>', '$&', '__proto__'])
        expect(translate(data, locale, 'jobs.portal.hello', { name })).toBe(
          server.t(locale, 'jobs.portal.hello', { name }),
        )
      expect(translate(data, locale, 'jobs.portal.deep.er')).toBe(server.t(locale, 'jobs.portal.deep.er'))
    }
  })

  test('a key without words is said as it stands, and reported', () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {})
    expect(translate({}, 'en', 'jobs.portal.absent')).toBe('jobs.portal.absent')
    expect(translate({ 'words:jobs': {} }, 'en', 'jobs.constructor')).toBe('jobs.constructor')
    expect(report).toHaveBeenCalledTimes(2)
    report.mockRestore()
  })
})

describe('links', () => {
  test('a portal’s links carry its base, and none on its own host', () => {
    const own = paths.portal('')
    const byPath = paths.portal('/p/harbour')
    expect([own.home(), own.jobs(), own.job('a b'), own.signIn({ next: '/jobs?q=ä' })]).toEqual([
      '/',
      '/jobs',
      '/jobs/a%20b',
      '/sign-in?next=%2Fjobs%3Fq%3D%C3%A4',
    ])
    expect([byPath.home(), byPath.jobs({ status: 'open', q: '' }), byPath.activate('t/../x')]).toEqual([
      '/p/harbour',
      '/p/harbour/jobs?status=open',
      '/p/harbour/activate/t%2F..%2Fx',
    ])
    expect(appendQuery('/x', { a: null, b: undefined, c: false, d: 0, e: true })).toBe('/x?d=0&e=1')
  })

  test('the next page after signing in is one of ours, whatever the address says', () => {
    expect(safeNext('/jobs?q=1#x', '/')).toBe('/jobs?q=1#x')
    for (const evil of [
      '//evil.example',
      '/\\evil.example',
      'https://evil.example',
      'javascript:alert(1)',
      '/\t/evil.example',
      '/a\\..',
      '',
      null,
      undefined,
    ])
      expect(safeNext(evil, '/home')).toBe('/home')
  })

  test('a filter changes the address and nothing else, and starts at the first page', () => {
    const url = new URL('http://x/jobs?q=oven&status=a&status=b&cursor=c1&/cancel')
    expect(withQuery(url, { status: ['a'] })).toBe('/jobs?q=oven&status=a')
    expect(withQuery(url, { q: null })).toBe('/jobs?status=a&status=b')
    expect(withQuery(url, { cursor: 'c2' })).toBe('/jobs?q=oven&status=a&status=b&cursor=c2')
    expect(carried(url, ['q'])).toEqual([
      ['status', 'a'],
      ['status', 'b'],
    ])
    expect([null, 'when', '-when', 'name'].map((at) => nextSort(at, 'when'))).toEqual(['when', '-when', null, 'when'])
  })
})

describe('a form on the server', () => {
  const sent = (fields: [string, string | File][]) => {
    const body = new FormData()
    for (const [name, value] of fields) body.append(name, value)
    return new Request('http://x/', { method: 'POST', body })
  }
  const locals = { t: (key: string) => `words of ${key}` } as unknown as App.Locals

  test('is read as its operation wants it, and never gives passwords, tokens or files back', async () => {
    const typed = await readForm(
      sent([
        ['name', '  Ada '],
        ['count', '1,5'],
        ['tick', '1'],
        ['kind', 'a'],
        ['kind', ''],
        ['kind', 'b'],
        ['empty', ' '],
        ['password', ' p '],
        ['token', 't'],
        ['fields.x', 'X'],
        ['photo', new File(['x'], 'x.png')],
        ['hollow', new File([], 'hollow.png')],
      ]),
    )
    expect([
      typed.text('name'),
      typed.text('empty'),
      typed.string('empty'),
      typed.text('absent'),
      typed.raw('password'),
    ]).toEqual(['Ada', undefined, '', undefined, ' p '])
    expect([
      typed.number('count'),
      typed.number('empty'),
      typed.number('name'),
      typed.ticked('tick'),
      typed.ticked('absent'),
    ]).toEqual([1.5, undefined, NaN, true, false])
    expect([
      typed.all('kind'),
      typed.record('fields'),
      typed.files('photo').length,
      typed.files('absent').length,
    ]).toEqual([['a', 'b'], { x: 'X' }, 1, 0])
    expect(typed.files('hollow').length, 'an empty file was chosen, and is refused aloud').toBe(1)
    expect(Object.keys(typed.values).sort()).toEqual(['count', 'empty', 'fields.x', 'kind', 'name', 'tick'])
  })

  test('a refusal keeps what was typed and says what is wrong; a fault of ours is not swallowed', async () => {
    const typed = await readForm(
      sent([
        ['name', 'Ada'],
        ['password', 'secret'],
      ]),
    )
    const refusal = {
      isProblem: true,
      status: 422,
      code: 'input',
      fields: { name: { code: 'tooLong', vars: { max: 3 } }, other: 'Tell us more.' },
    }
    const { failure } = await attempt(locals, typed, () => Promise.reject(refusal))
    expect(failure?.status).toBe(422)
    expect(failure?.data).toEqual({
      form: 'form',
      values: { name: 'Ada' },
      problem: {
        code: 'input',
        title: 'words of problems.input',
        fields: { name: 'words of problems.fields.tooLong', other: 'Tell us more.' },
      },
    })
    await expect(attempt(locals, typed, () => Promise.reject(new Error('ours')))).rejects.toThrow('ours')
    expect(await attempt(locals, typed, () => Promise.resolve(7))).toEqual({ output: 7 })
  })
})

test('no part writes a style attribute: the page’s policy would refuse it', () => {
  const folder = join(import.meta.dirname)
  const faulty = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.svelte'))
    .filter((file) =>
      /<[^>]*\sstyle(=|:[\w-]+)/.test(
        readFileSync(join(folder, file), 'utf8').replaceAll(/<style[\s\S]*?<\/style>/g, ''),
      ),
    )
  expect(faulty).toEqual([])
})

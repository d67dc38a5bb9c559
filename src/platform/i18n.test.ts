import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createTranslations, longDate, shortTime } from './i18n.ts'

const folder = mkdtempSync(join(tmpdir(), 'portico-words-'))
const write = (locale: string, feature: string, tree: object) => {
  mkdirSync(join(folder, locale), { recursive: true })
  writeFileSync(join(folder, locale, `${feature}.json`), JSON.stringify(tree))
}
write('en', 'jobs', {
  portal: {
    title: 'Your jobs',
    hello: 'Hello {{name}}',
    found_one: '{{count}} job',
    found_other: '{{count}} jobs',
    onlyEnglish: 'Hi',
  },
  office: { title: 'Jobs' },
})
write('en', 'ui', { save: 'Save: now' })
write('de', 'jobs', {
  portal: { title: 'Ihre Aufträge', found_one: '{{count}} Auftrag', found_other: '{{count}} Aufträge' },
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('words', () => {
  const translations = createTranslations(folder)

  test('are said in the reader’s language, else in English', () => {
    expect(translations.locales).toEqual(['en', 'de'])
    expect(translations.t('de', 'jobs.portal.title')).toBe('Ihre Aufträge')
    expect(translations.t('de-AT', 'jobs.portal.title')).toBe('Ihre Aufträge')
    expect(translations.t('de', 'jobs.portal.onlyEnglish')).toBe('Hi')
    expect(translations.t('xx', 'ui.save')).toBe('Save: now')
    expect([0, 1, 2].map((count) => translations.t('en', 'jobs.portal.found', { count }))).toEqual([
      '0 jobs',
      '1 job',
      '2 jobs',
    ])
    expect(translations.t('de', 'jobs.portal.found', { count: 1 })).toBe('1 Auftrag')
  })

  test('PS-57: braces, nesting and markup in a name stay a name', () => {
    for (const name of ['{{count}}', '$t(ui.save)', '<script>alert(1)</script>', '__proto__', '{{- name}}']) {
      expect(translations.t('en', 'jobs.portal.hello', { name, count: 7 })).toBe(`Hello ${name}`)
    }
  })

  test('a missing key, branch or value is an error in tests and development, and English or the key in production', () => {
    expect(() => translations.t('en', 'jobs.portal.absent')).toThrow('jobs.portal.absent')
    expect(() => translations.t('en', 'jobs.portal')).toThrow('jobs.portal')
    expect(() => translations.t('en', 'jobs.portal.hello')).toThrow('name')
    expect(() => translations.branch('en', ['jobs.absent'])).toThrow('jobs.absent')
    const calm = createTranslations(folder, { strict: false })
    expect(calm.t('en', 'jobs.portal.absent')).toBe('jobs.portal.absent')
    expect(calm.t('en', 'jobs.portal.hello')).toBe('Hello ')
    expect(calm.branch('en', ['jobs.absent', '__proto__.x', 'constructor'])).toEqual({})
  })

  test('a page gets its own branches only, completed from English', () => {
    expect(translations.branch('de', ['jobs.portal', 'ui'])).toEqual({
      jobs: {
        portal: {
          title: 'Ihre Aufträge',
          hello: 'Hello {{name}}',
          found_one: '{{count}} Auftrag',
          found_other: '{{count}} Aufträge',
          onlyEnglish: 'Hi',
        },
      },
      ui: { save: 'Save: now' },
    })
    expect(translations.branch('en', ['jobs.office.title', 'jobs.office'])).toEqual({
      jobs: { office: { title: 'Jobs' } },
    })
  })

  test('an account’s own words replace ours for that account alone', () => {
    const overrides = {
      en: { jobs: { portal: { title: 'Your visits', found_one: '{{count}} visit', found_other: '{{count}} visits' } } },
    }
    const theirs = translations.withOverrides(overrides)
    expect(theirs.t('en', 'jobs.portal.title')).toBe('Your visits')
    expect(theirs.t('en', 'jobs.portal.found', { count: 2 })).toBe('2 visits')
    expect(theirs.t('en', 'jobs.office.title')).toBe('Jobs')
    expect(theirs.t('de', 'jobs.portal.title')).toBe('Ihre Aufträge')
    expect(theirs.branch('en', ['jobs.portal']).jobs).toMatchObject({
      portal: { title: 'Your visits', onlyEnglish: 'Hi' },
    })
    expect(translations.t('en', 'jobs.portal.title')).toBe('Your jobs')
    expect(translations.withOverrides(overrides)).toBe(theirs)
    expect(translations.withOverrides(null)).toBe(translations)
  })

  test('two languages at the same time never mix', async () => {
    const said = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        await Promise.resolve()
        return translations.t(i % 2 ? 'de' : 'en', 'jobs.portal.title')
      }),
    )
    expect(said.every((text, i) => text === (i % 2 ? 'Ihre Aufträge' : 'Your jobs'))).toBe(true)
  })

  test('the language is chosen from what the browser asks for', () => {
    expect(translations.choose('fr-FR, de;q=0.8, en;q=0.5')).toBe('de')
    expect(translations.choose('en;q=0.1, de-CH')).toBe('de')
    expect(translations.choose('fr', 'de')).toBe('de')
    expect(translations.choose(null, 'xx')).toBe('en')
    expect(translations.choose(';;;,,,q=', undefined)).toBe('en')
  })
})

test('dates cannot be misread and keep the account’s zone', () => {
  const moment = new Date('2026-12-03T23:30:00Z')
  expect(longDate('en-GB', moment, 'Europe/London')).toBe('Thursday 3 December 2026')
  expect(longDate('en-GB', moment, 'Europe/Berlin')).toBe('Friday 4 December 2026')
  expect(longDate('de', moment, 'Europe/Berlin')).toBe('Freitag, 4. Dezember 2026')
  expect(longDate('en-US', moment, 'Europe/London')).toBe('Thursday, December 3, 2026')
  expect(shortTime('en-GB', moment, 'America/Los_Angeles')).toBe('15:30')
  expect(shortTime('en-US', moment, 'America/Los_Angeles')).toBe('3:30 PM')
})

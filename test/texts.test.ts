/** Texts: every key has one, none is unused, and all of them are plain American product English. */
import { globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createTranslations } from '../src/platform/i18n.ts'
import { allProblems } from '../src/platform/problem.ts'
import { product, read, root } from './source.ts'

type Tree = { [key: string]: string | Tree }

const entriesOf = (tree: Tree, path: string[]): [string, string][] =>
  Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[[...path, key].join('.'), value]] : entriesOf(value, [...path, key]),
  )

/** Every English text by its key: `jobs.portal.title`. */
const texts = globSync('locales/en/*.json', { cwd: root }).flatMap((file) =>
  entriesOf(JSON.parse(read(file)) as Tree, [basename(file, '.json')]),
)

describe('keys', () => {
  const translations = createTranslations(join(root, 'locales'), { strict: true })

  it('every problem has a text', () => {
    expect([...allProblems().keys()].filter((code) => !translations.has('en', `problems.${code}`))).toEqual([])
  })

  it('every key that a screen or a mail names exists', () => {
    const missing = product.flatMap((file) =>
      [...read(file).matchAll(/\bt\(\s*['"]([a-z][\w-]*(?:\.[\w-]+)+)['"]/g)].flatMap(([, key]) =>
        ['', '_other'].some((form) => translations.has('en', `${key}${form}`)) ? [] : [`${file}: ${key}`],
      ),
    )
    expect(missing).toEqual([])
  })

  it('no text is unused', () => {
    expect(texts.length).toBeGreaterThan(1000)
    const isUsed = usedKeys()
    expect(texts.filter(([key]) => !isUsed(key)).map(([key]) => `${key}: remove it from locales, or use it`)).toEqual(
      [],
    )
  })
})

/** Whether the source names a key, outright or by a template such as `jobs.statuses.${status}`. */
function usedKeys(): (key: string) => boolean {
  const source = product.map(read).join('\n')
  const exact = new Set([...source.matchAll(/['"`]([a-z][\w-]*(?:\.[\w-]+)+)['"`]/g)].map(([, key]) => key!))
  const templates = [...source.matchAll(/`([a-z][\w-]*\.(?:[\w.-]|\$\{[^{}`]*\})*)`/g)]
    .map(([, key]) => key!)
    .filter((key) => key.includes('${'))
  const patterns = [...new Set(templates)].map((key) => {
    const parts = key.split(/\$\{[^{}]*\}/).map((part) => part.replaceAll('.', '\\.'))
    return new RegExp(`^${parts.join('[\\w-]+')}$`)
  })
  // The parts of a mail, after the `textKey` of each declared message (platform/delivery/outbox.ts).
  const mails = [...source.matchAll(/\btextKey: ['`]([\w.-]+(?:\$\{\w+\})?)['`]/g)].map(([, key]) => {
    const prefix = key!.replaceAll('.', '\\.').replace(/\$\{\w+\}/, '[\\w-]+')
    return new RegExp(`^${prefix}\\.(subject|preheader|title|body|button|footer)(_[a-z]+)*$`)
  })
  // Why a row of an import was refused, and what became of it (features/imports).
  const families = [...patterns, ...mails, /^imports\.(reasons|outcomes)\./]
  return (key) => {
    const singular = key.replace(/_(zero|one|two|few|many|other)$/, '')
    return exact.has(singular) || families.some((pattern) => pattern.test(singular))
  }
}

describe('language', () => {
  /** What a product would not say, with what it says instead. */
  const REFUSED: [RegExp, string][] = [
    [/\bwish(es|ed)?\b/i, 'requested time'],
    [/\bdeeds?\b/i, 'action'],
    [/\bdoors?\b/i, 'sign-in page'],
    [/\bstates?\b/i, 'status'],
    [/\bstands? (here|for|in|beside|above)\b/i, 'appears, is shown'],
    [/\b(is|are|was|were|been) made\b/i, 'created'],
    [/\b(some|any|no)body\b/i, 'name the role'],
    [/\bmeanwhile\b/i, 'in the meantime'],
    [/\bby itself\b/i, 'automatically'],
    [/\bnot known\b/i, 'not found, not valid'],
    [/\bdead\b/i, 'expired'],
    [/\b(out of|back into) use\b|\buse again\b/i, 'archive, restore'],
    [/\bmails?\b/i, 'email'],
    [/\b(re)?plan(s|ned|ning)?\b/i, 'schedule'],
    [/\b(please|simply|just)\b/i, 'leave it out'],
    [/!/, 'no exclamation marks'],
    [/;/, 'two sentences'],
    [
      /\b(colour|favour|behaviour|licence|catalogue|centre|programme|cancelled|cancelling|labelled|travell)\w*/i,
      'American spelling',
    ],
    [
      /\b\w+(isation|ising|ised|yse|ysed)\b(?<!\b(?:adv|rev|superv|prom|ra|exerc|surpr|comprom)(?:ised|ising))/i,
      'American spelling',
    ],
  ]

  it('no text uses a refused word', () => {
    const refused = texts.flatMap(([key, text]) =>
      REFUSED.filter(([pattern]) => pattern.test(text.replaceAll(/\{\{.*?\}\}/g, ''))).map(
        ([, instead]) => `${key}: "${text}" (${instead})`,
      ),
    )
    expect(refused).toEqual([])
  })

  it('errors of required fields say in one way what to enter or choose', () => {
    const errors = texts.filter(([key]) => /^problems\.(fields|byField)\./.test(key))
    const ofRequired = errors.filter(([key]) => /\.(required|unanswered)(\.|$)/.test(key))
    expect(ofRequired.length).toBeGreaterThan(40)
    expect(ofRequired.filter(([, text]) => !/^(Enter|Choose|Check|Add) [^.]+\.$/.test(text))).toEqual([])
    expect(errors.filter(([, text]) => /\brequired\b|\bmissing\b/.test(text))).toEqual([])
  })

  it('no key uses one either', () => {
    const old = /(^|[._-])(wish|deeds?|door|told|standing|state|plan|mine)([A-Z._-]|$)/
    expect(texts.filter(([key]) => old.test(key)).map(([key]) => key)).toEqual([])
  })
})

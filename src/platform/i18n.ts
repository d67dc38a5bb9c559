import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInstance } from 'i18next'
import type { i18n } from 'i18next'

/** Nested words: `{ jobs: { portal: { title: 'Your jobs' } } }`. */
export interface WordTree {
  [key: string]: string | WordTree
}

export type Vars = Record<string, unknown>

export interface Words {
  /** The languages there are, `en` first. */
  locales: readonly string[]
  /**
   * The words under a key (`jobs.portal.title`) in a language, else in English. `{{name}}` is filled from vars as it
   * stands: whoever writes HTML escapes. `count` chooses among `_one`, `_other` …
   */
  t(locale: string, key: string, vars?: Vars): string
  has(locale: string, key: string): boolean
  /** Only these branches, nested as in the catalogue and completed from English: what one page needs. */
  branch(locale: string, paths: readonly string[]): WordTree
  /**
   * The same words with some replaced by an account: `{ en: { jobs: { … } } }`. Kept per object while that object
   * lives, so hand over the same one for the same account's words.
   */
  withOverrides(overrides: Record<string, WordTree> | null | undefined): Words
  /** The best language we have for a wish (`de-AT`, or an Accept-Language header), else `otherwise`, else English. */
  choose(wish: string | null | undefined, otherwise?: string): string
}

/**
 * Reads `<folder>/<language>/<feature>.json`, the file's name being the top-level key. `strict` (tests, development):
 * a missing key or variable throws. Otherwise English answers, at last the key itself.
 */
export function createWords(folder: string, { strict = true } = {}): Words {
  const trees: Record<string, WordTree> = {}
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    const tree: WordTree = (trees[entry.name] = {})
    for (const file of readdirSync(join(folder, entry.name))) {
      if (!file.endsWith('.json')) continue
      const path = join(folder, entry.name, file)
      try {
        tree[file.slice(0, -5)] = JSON.parse(readFileSync(path, 'utf8')) as WordTree
      } catch (cause) {
        throw new Error(`${path} is not valid JSON`, { cause })
      }
    }
  }
  if (!trees.en) throw new Error(`No English words in ${folder}`)
  return wordsOf(trees, strict)
}

/** Words from trees in memory: what createWords does after reading. */
export function wordsOf(trees: Record<string, WordTree>, strict = true): Words {
  const locales = Object.keys(trees).sort((a, b) => Number(b === 'en') - Number(a === 'en') || a.localeCompare(b))
  const speaker = createInstance() as i18n
  void speaker.init({
    initAsync: false,
    resources: Object.fromEntries(locales.map((locale) => [locale, { words: trees[locale]! }])),
    lng: 'en',
    fallbackLng: 'en',
    supportedLngs: locales,
    nonExplicitSupportedLngs: false,
    load: 'currentOnly',
    ns: ['words'],
    defaultNS: 'words',
    // Colons and brackets in keys mean nothing; and no nesting, so that a name like "$t(…)" stays a name.
    nsSeparator: false,
    interpolation: { escapeValue: false, skipOnVariables: true },
    returnObjects: false,
    missingInterpolationHandler: (text: string, match: string[]) => {
      if (strict) throw new Error(`No value for ${match[0]} in "${text}"`)
      return ''
    },
  })
  // One fixed t per language: nothing is switched between two readers.
  const fixed = Object.fromEntries(locales.map((locale) => [locale, speaker.getFixedT(locale)]))
  const complete = Object.fromEntries(
    locales.map((locale) => [locale, locale === 'en' ? trees.en! : merged(trees.en!, trees[locale]!)]),
  )
  const variants = new WeakMap<object, Words>()
  const known = (locale: string) => (locales.includes(locale) ? locale : choose(locale))

  function choose(wish: string | null | undefined, otherwise?: string): string {
    const wishes = (wish ?? '')
      .slice(0, 200)
      .split(',')
      .map((part) => {
        const [tag = '', ...rest] = part.trim().split(';')
        const q = rest.find((r) => r.trim().startsWith('q='))
        return { tag: tag.trim().toLowerCase(), q: q ? Number(q.trim().slice(2)) || 0 : 1 }
      })
      .filter(({ tag, q }) => tag && q > 0)
      .sort((a, b) => b.q - a.q)
    for (const { tag } of wishes) {
      const found =
        locales.find((locale) => locale.toLowerCase() === tag) ??
        locales.find((locale) => locale.toLowerCase() === tag.split('-')[0])
      if (found) return found
    }
    return otherwise && locales.includes(otherwise) ? otherwise : 'en'
  }

  const words: Words = {
    locales,
    t(locale, key, vars) {
      const text = fixed[known(locale)]!(key, { ...vars, defaultValue: '' }) as unknown
      if (typeof text === 'string' && text !== '') return text
      if (strict) throw new Error(`No words for "${key}"`)
      return key
    },
    has: (locale, key) => speaker.exists(key, { lng: known(locale), fallbackLng: 'en' }),
    branch(locale, paths) {
      const subset: WordTree = {}
      for (const path of paths) {
        const steps = path.split('.')
        let from: string | WordTree | undefined = complete[known(locale)]!
        for (const step of steps) from = typeof from === 'object' && Object.hasOwn(from, step) ? from[step] : undefined
        if (from === undefined) {
          if (strict) throw new Error(`No words under "${path}"`)
          continue
        }
        let into = subset
        for (const step of steps.slice(0, -1))
          into = (typeof into[step] === 'object' ? into[step] : (into[step] = {})) as WordTree
        const last = steps.at(-1)!
        const there = into[last]
        into[last] = typeof there === 'object' && typeof from === 'object' ? merged(there, from) : from
      }
      return subset
    },
    withOverrides(overrides) {
      if (!overrides || Object.keys(overrides).length === 0) return words
      const kept = variants.get(overrides)
      if (kept) return kept
      const changed = Object.fromEntries(
        locales.map((locale) => [
          locale,
          overrides[locale] ? merged(trees[locale]!, overrides[locale]) : trees[locale]!,
        ]),
      )
      const variant = wordsOf(changed, strict)
      variants.set(overrides, variant)
      return variant
    },
    choose,
  }
  return words
}

/** A new tree; where both have words, the second wins. */
function merged(base: WordTree, over: WordTree): WordTree {
  const tree: WordTree = { ...base }
  for (const [key, value] of Object.entries(over)) {
    if (key === '__proto__') continue
    const below = Object.hasOwn(base, key) ? base[key] : undefined
    tree[key] = typeof value === 'object' ? merged(typeof below === 'object' ? below : {}, value) : value
  }
  return tree
}

/** "Thursday 3 December 2026": a date that cannot be misread, in the account's zone (IANA name). */
export function longDate(locale: string, moment: Date, timeZone: string): string {
  return format(locale, moment, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', timeZone })
}

/** "14:30", with the zone's short name ("14:30 GMT") when asked. */
export function shortTime(locale: string, moment: Date, timeZone: string, withZone = false): string {
  return format(locale, moment, {
    hour: '2-digit',
    minute: '2-digit',
    timeZone,
    ...(withZone ? { timeZoneName: 'short' } : {}),
  })
}

const formats = new Map<string, Intl.DateTimeFormat>()

function format(locale: string, moment: Date, options: Intl.DateTimeFormatOptions): string {
  // Plain "en" would write months first; our English is the international one.
  const language = locale === 'en' ? 'en-GB' : locale
  const key = language + JSON.stringify(options)
  let made = formats.get(key)
  if (!made) {
    if (formats.size > 500) formats.clear()
    formats.set(key, (made = new Intl.DateTimeFormat(language, options)))
  }
  const text = made.format(moment)
  // ICU versions differ about the comma after an English weekday; ours has none.
  return language.startsWith('en-') ? text.replace(/^(\p{L}+), /u, '$1 ') : text
}

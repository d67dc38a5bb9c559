import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInstance } from 'i18next'
import type { i18n } from 'i18next'

/** Nested texts: `{ jobs: { portal: { title: 'Your jobs' } } }`. */
export interface TranslationTree {
  [key: string]: string | TranslationTree
}

export type Vars = Record<string, unknown>

export interface Translations {
  /** The languages there are, `en` first. */
  locales: readonly string[]
  /**
   * The text under a key (`jobs.portal.title`) in a language, else in English. `{{name}}` is filled from vars without
   * escaping: callers that write HTML escape it. `count` chooses among `_one`, `_other` …
   */
  t(locale: string, key: string, vars?: Vars): string
  has(locale: string, key: string): boolean
  /** Only these branches, nested as in the catalog and completed from English: what one page needs. */
  branch(locale: string, paths: readonly string[]): TranslationTree
  /**
   * The same texts with some replaced by an account: `{ en: { jobs: { … } } }`. Kept per object while that object
   * lives, so hand over the same one for the same account's texts.
   */
  withOverrides(overrides: Record<string, TranslationTree> | null | undefined): Translations
  /** The best language we have for a preference (`de-AT`, or an Accept-Language header), else `fallback`, else English. */
  choose(preference: string | null | undefined, fallback?: string): string
}

/**
 * Reads `<folder>/<language>/<feature>.json`, the file's name being the top-level key. `strict` (tests, development):
 * a missing key or variable throws. Otherwise the English text is used, and the key itself when there is none.
 */
export function createTranslations(folder: string, { strict = true } = {}): Translations {
  const trees: Record<string, TranslationTree> = {}
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    const tree: TranslationTree = (trees[entry.name] = {})
    for (const file of readdirSync(join(folder, entry.name))) {
      if (!file.endsWith('.json')) continue
      const path = join(folder, entry.name, file)
      try {
        tree[file.slice(0, -5)] = JSON.parse(readFileSync(path, 'utf8')) as TranslationTree
      } catch (cause) {
        throw new Error(`${path} is not valid JSON`, { cause })
      }
    }
  }
  if (!trees.en) throw new Error(`No English texts in ${folder}`)
  return translationsFrom(trees, strict)
}

/** Translations from trees in memory: what createTranslations does after reading. */
export function translationsFrom(trees: Record<string, TranslationTree>, strict = true): Translations {
  const locales = Object.keys(trees).sort((a, b) => Number(b === 'en') - Number(a === 'en') || a.localeCompare(b))
  const engine = createEngine(trees, locales, strict)
  // One fixed t per language: nothing is switched between two readers.
  const translators = Object.fromEntries(locales.map((locale) => [locale, engine.getFixedT(locale)]))
  const completeTrees = Object.fromEntries(
    locales.map((locale) => [locale, locale === 'en' ? trees.en! : merged(trees.en!, trees[locale]!)]),
  )
  const variants = new WeakMap<object, Translations>()
  const choose = (preference: string | null | undefined, fallback?: string) =>
    chooseLocale(locales, preference, fallback)
  const supported = (locale: string) => (locales.includes(locale) ? locale : choose(locale))

  const translations: Translations = {
    locales,
    t(locale, key, vars) {
      const text = translators[supported(locale)]!(key, { ...vars, defaultValue: '' }) as unknown
      if (typeof text === 'string' && text !== '') return text
      if (strict) throw new Error(`No words for "${key}"`)
      return key
    },
    has: (locale, key) => engine.exists(key, { lng: supported(locale), fallbackLng: 'en' }),
    branch: (locale, paths) => selectBranches(completeTrees[supported(locale)]!, paths, strict),
    withOverrides(overrides) {
      if (!overrides || Object.keys(overrides).length === 0) return translations
      let variant = variants.get(overrides)
      if (!variant) {
        variant = translationsFrom(withOverriddenTexts(trees, overrides), strict)
        variants.set(overrides, variant)
      }
      return variant
    },
    choose,
  }
  return translations
}

function createEngine(trees: Record<string, TranslationTree>, locales: string[], strict: boolean): i18n {
  const engine = createInstance() as i18n
  void engine.init({
    initAsync: false,
    resources: Object.fromEntries(locales.map((locale) => [locale, { translations: trees[locale]! }])),
    lng: 'en',
    fallbackLng: 'en',
    supportedLngs: locales,
    nonExplicitSupportedLngs: false,
    load: 'currentOnly',
    ns: ['translations'],
    defaultNS: 'translations',
    // Colons and brackets in keys mean nothing; and no nesting, so that a name like "$t(…)" stays a name.
    nsSeparator: false,
    interpolation: { escapeValue: false, skipOnVariables: true },
    returnObjects: false,
    missingInterpolationHandler: (text: string, match: string[]) => {
      if (strict) throw new Error(`No value for ${match[0]} in "${text}"`)
      return ''
    },
  })
  return engine
}

function chooseLocale(locales: readonly string[], preference: string | null | undefined, fallback?: string): string {
  for (const tag of preferredTags(preference ?? '')) {
    const match =
      locales.find((locale) => locale.toLowerCase() === tag) ??
      locales.find((locale) => locale.toLowerCase() === tag.split('-')[0])
    if (match) return match
  }
  return fallback && locales.includes(fallback) ? fallback : 'en'
}

/** Language tags of an Accept-Language header in lower case, most preferred first; only its first 200 characters are read. */
function preferredTags(header: string): string[] {
  return header
    .slice(0, 200)
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().split(';')
      const q = parameters.find((parameter) => parameter.trim().startsWith('q='))
      return { tag: tag.trim().toLowerCase(), weight: q ? Number(q.trim().slice(2)) || 0 : 1 }
    })
    .filter(({ tag, weight }) => tag && weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .map(({ tag }) => tag)
}

function selectBranches(tree: TranslationTree, paths: readonly string[], strict: boolean): TranslationTree {
  const subset: TranslationTree = {}
  for (const path of paths) {
    const steps = path.split('.')
    let from: string | TranslationTree | undefined = tree
    for (const step of steps) from = typeof from === 'object' && Object.hasOwn(from, step) ? from[step] : undefined
    if (from === undefined) {
      if (strict) throw new Error(`No words under "${path}"`)
      continue
    }
    let into = subset
    for (const step of steps.slice(0, -1))
      into = (typeof into[step] === 'object' ? into[step] : (into[step] = {})) as TranslationTree
    const last = steps.at(-1)!
    const existing = into[last]
    into[last] = typeof existing === 'object' && typeof from === 'object' ? merged(existing, from) : from
  }
  return subset
}

const withOverriddenTexts = (
  trees: Record<string, TranslationTree>,
  overrides: Record<string, TranslationTree>,
): Record<string, TranslationTree> =>
  Object.fromEntries(
    Object.entries(trees).map(([locale, tree]) => {
      const replaced = overrides[locale]
      return [locale, replaced ? merged(tree, replaced) : tree]
    }),
  )

/** A new tree; where both have a text, the second wins. */
function merged(base: TranslationTree, over: TranslationTree): TranslationTree {
  const tree: TranslationTree = { ...base }
  for (const [key, value] of Object.entries(over)) {
    if (key === '__proto__') continue
    const below = Object.hasOwn(base, key) ? base[key] : undefined
    tree[key] = typeof value === 'object' ? merged(typeof below === 'object' ? below : {}, value) : value
  }
  return tree
}

/** "Thursday 3 December 2026", "Thursday, December 3, 2026": a date in the account's locale and zone (IANA name). */
export function longDate(locale: string, moment: Date, timeZone: string): string {
  return formatMoment(locale, moment, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', timeZone })
}

/** "14:30", "2:30 PM"; with the zone's short name ("14:30 GMT") when asked. */
export function shortTime(locale: string, moment: Date, timeZone: string, withZone = false): string {
  return formatMoment(locale, moment, {
    hour: 'numeric',
    minute: '2-digit',
    timeZone,
    ...(withZone && { timeZoneName: 'short' }),
  })
}

const formats = new Map<string, Intl.DateTimeFormat>()

function formatMoment(locale: string, moment: Date, options: Intl.DateTimeFormatOptions): string {
  const key = locale + JSON.stringify(options)
  let format = formats.get(key)
  if (!format) {
    if (formats.size > 500) formats.clear()
    formats.set(key, (format = new Intl.DateTimeFormat(locale, options)))
  }
  const text = format.format(moment)
  // ICU versions differ about the comma after a weekday that a day follows; ours has none.
  return locale.startsWith('en') ? text.replace(/^(\p{L}+), (?=\d)/u, '$1 ') : text
}

export type Vars = Record<string, unknown>
export type TranslationTree = { [key: string]: string | TranslationTree }

const plurals = new Map<string, Intl.PluralRules>()

interface Place {
  /** Key of a branch in page data. */
  branchKey: string
  /** The way from there to the text. */
  steps: string[]
}

/** Where the text of a key can be, by key: a list asks for the same few hundreds of times. */
const places = new Map<string, Place[]>()

function placesOf(key: string): Place[] {
  const known = places.get(key)
  if (known) return known
  const steps = key.split('.')
  // The longest branch first.
  const found = steps
    .slice(1)
    .map((_, index) => steps.length - 1 - index)
    .map((length) => ({ branchKey: `words:${steps.slice(0, length).join('.')}`, steps: steps.slice(length) }))
  // The bound is for keys that end in what somebody sent.
  if (places.size >= 5_000) places.clear()
  places.set(key, found)
  return found
}

/**
 * Finds and fills texts in page data, which holds each branch under its own key (`words:jobs.portal`).
 * A key without text is returned unchanged and reported on the console.
 */
export function translate(data: Record<string, unknown>, locale: string, key: string, vars: Vars = {}): string {
  for (const { branchKey, steps } of placesOf(key)) {
    const branch = data[branchKey] as TranslationTree | undefined
    if (!branch) continue
    const text = find(branch, steps, locale, vars)
    if (text !== undefined) return text.includes('{{') ? fill(text, vars) : text
  }
  console.error(`No text for "${key}"`)
  return key
}

function find(tree: TranslationTree, steps: string[], locale: string, vars: Vars): string | undefined {
  let at: TranslationTree | string | undefined = tree
  for (const step of steps.slice(0, -1)) at = typeof at === 'object' && Object.hasOwn(at, step) ? at[step] : undefined
  if (typeof at !== 'object') return undefined
  const last = steps.at(-1)!
  const forms =
    typeof vars.count === 'number' ? [`${last}_${pluralForm(locale, vars.count)}`, `${last}_other`, last] : [last]
  for (const form of forms) if (Object.hasOwn(at, form) && typeof at[form] === 'string') return at[form]
  return undefined
}

function pluralForm(locale: string, count: number): string {
  let rules = plurals.get(locale)
  if (!rules) plurals.set(locale, (rules = new Intl.PluralRules(locale)))
  return rules.select(count)
}

const fill = (text: string, vars: Vars): string =>
  text.replace(/\{\{-?\s*(\w+)\s*\}\}/g, (_, name: string) => String(vars[name] ?? ''))

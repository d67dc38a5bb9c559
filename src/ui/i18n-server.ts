export type Vars = Record<string, unknown>
export type TranslationTree = { [key: string]: string | TranslationTree }

const plurals = new Map<string, Intl.PluralRules>()

/**
 * Finds and fills texts in page data, which holds each branch under its own key (`words:jobs.portal`).
 * A key without text is returned unchanged and reported on the console.
 */
export function translate(data: Record<string, unknown>, locale: string, key: string, vars: Vars = {}): string {
  const steps = key.split('.')
  for (let length = steps.length - 1; length > 0; length--) {
    const branch = data[`words:${steps.slice(0, length).join('.')}`] as TranslationTree | undefined
    if (!branch) continue
    const text = find(branch, steps.slice(length), locale, vars)
    if (text !== undefined) return fill(text, vars)
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

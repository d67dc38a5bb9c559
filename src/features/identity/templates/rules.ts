/** Which templates a portal user may book, from the account's defaults and their own. Pure. */

/** Which templates a portal user may book, in the account's order (V-24, V-25). */
export function selectBookableTemplates(
  defaults: readonly string[],
  mode: 'default' | 'add' | 'replace' | 'hide',
  userTemplates: readonly string[],
): string[] {
  switch (mode) {
    case 'default':
      return [...defaults]
    case 'add':
      return [...new Set([...defaults, ...userTemplates])]
    case 'replace':
      return [...userTemplates]
    case 'hide':
      return defaults.filter((template) => !userTemplates.includes(template))
  }
}

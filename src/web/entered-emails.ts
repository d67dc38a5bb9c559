import type { Typed } from '../ui/forms.ts'

/** The switches of a form of EmailSwitches.svelte: of the kinds that it showed, whether each is checked. */
export const enteredEmails = (typed: Typed): Record<string, boolean> =>
  Object.fromEntries(typed.all('kinds').map((kind) => [kind, typed.ticked(`emails.${kind}`)]))

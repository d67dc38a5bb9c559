/** Values of a form after a refusal: what the person entered, otherwise what is stored. */
import { isConflict } from '../../../ui/conflict.ts'
import type { FormFailure } from '../../../ui/forms.ts'

/** The answer to the settings form, or null when another form or none was sent. */
export type SettingsForm = Partial<FormFailure> | null

/** After a conflict only what was changed here; without a script, which cannot tell, what is saved. */
export const isEntered = (form: SettingsForm, name: string): form is SettingsForm & FormFailure => {
  if (!form?.values) return false
  if (!isConflict(form.problem)) return true
  const { untouched = [] } = form.problem!
  return untouched.length > 0 && !untouched.includes(name)
}

export const enteredText = (form: SettingsForm, name: string, stored: string): string =>
  isEntered(form, name) ? String(form.values[name] ?? '') : stored

export const enteredCheck = (form: SettingsForm, name: string, stored: boolean): boolean =>
  isEntered(form, name) ? name in form.values : stored

/** Values of a form after a refusal: what the person entered, otherwise what is stored. */
import type { FormFailure } from '../../../ui/forms.ts'

/** The answer to the settings form, or null when another form or none was sent. */
export type SettingsForm = Partial<FormFailure> | null

export const enteredText = (form: SettingsForm, name: string, stored: string): string =>
  form?.values ? String(form.values[name] ?? '') : stored

export const enteredCheck = (form: SettingsForm, name: string, stored: boolean): boolean =>
  form?.values ? name in form.values : stored

import { addField, arrangeFields, readDraft, type DraftField } from '../../../../../../features/templates/ui/draft.ts'
import { FIELD_TYPES } from '../../../../../../features/templates/fields/rules.ts'
import { TEMPLATE_ICONS } from '../../../../../../features/templates/rules.ts'
import type { Typed } from '../../../../../../ui/forms.ts'

export interface Draft {
  name: string
  description: string
  duration: string
  icon: string
  fields: DraftField[]
}

/** The form as entered. */
export function draftOf(typed: Typed): Draft {
  const one = (name: string) => [typed.values[name] ?? null].flat()[0] ?? null
  return {
    name: typed.raw('name'),
    description: typed.raw('description'),
    duration: typed.string('durationMinutes'),
    icon: typed.string('icon'),
    fields: readDraft({ get: one }),
  }
}

/** Without script the buttons of the fields send the form: rearranged, and not saved. */
export function rearranged(draft: Draft, typed: Typed): Draft | null {
  const command = typed.string('do')
  if (command === '') return null
  const type = FIELD_TYPES.find((one) => one === typed.string('addType')) ?? 'text'
  return {
    ...draft,
    fields:
      command === 'add' ? addField(draft.fields, type, `new-${Date.now()}`) : arrangeFields(draft.fields, command),
  }
}

export const contentOf = (draft: Draft) => ({
  name: draft.name,
  description: draft.description,
  durationMinutes: draft.duration === '' ? null : Number(draft.duration),
  icon: TEMPLATE_ICONS.find((one) => one === draft.icon) ?? 'wrench',
})

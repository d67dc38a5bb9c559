/**
 * What is entered in a form and not sent yet, such as half a comment. It stays in this tab until it is sent or the person
 * signs out. Portal pages do the same in static/enhance.js.
 */
import type { Attachment } from 'svelte/attachments'

const PREFIX = 'draft:'

type Control = HTMLInputElement | HTMLTextAreaElement

/** What is kept belongs to a person: the next one at this browser does not see it. */
const ownPrefix = (): string => `${PREFIX}${document.documentElement.dataset.owner ?? ''}:`
const keyOf = (name: string): string => ownPrefix() + name

/** For a form: `{@attach keepDraft(`comment:${job.id}`)}`. Call `deleteDraft` once it is sent. */
export const keepDraft =
  (name: string): Attachment<HTMLFormElement> =>
  (form) => {
    enterDraft(form, sessionStorage.getItem(keyOf(name)))
    const save = () => sessionStorage.setItem(keyOf(name), JSON.stringify(readDraft(form)))
    form.addEventListener('input', save)
    return () => form.removeEventListener('input', save)
  }

export const deleteDraft = (name: string): void => sessionStorage.removeItem(keyOf(name))

/** For the root layout: drafts end when their person signs out, or when somebody else has signed in. */
export function endDraftsWithSession(): void {
  if (document.documentElement.dataset.owner) deleteDrafts((key) => !key.startsWith(ownPrefix()))
  document.addEventListener('submit', ({ target }) => {
    if (target instanceof HTMLFormElement && /\/sign-out$/.test(new URL(target.action).pathname))
      deleteDrafts(() => true)
  })
}

function deleteDrafts(isEnded: (key: string) => boolean): void {
  for (const key of Object.keys(sessionStorage))
    if (key.startsWith(PREFIX) && isEnded(key)) sessionStorage.removeItem(key)
}

const controlsOf = (form: HTMLFormElement): Control[] => [
  ...form.querySelectorAll<Control>('textarea, input[type=radio]'),
]

const isChoice = (control: Control): control is HTMLInputElement => control.type === 'radio'

const readDraft = (form: HTMLFormElement): [name: string, value: string][] =>
  controlsOf(form).flatMap((control) =>
    isChoice(control) && !control.checked ? [] : [[control.name, control.value] as [string, string]],
  )

function enterDraft(form: HTMLFormElement, stored: string | null): void {
  const draft = new Map(JSON.parse(stored ?? '[]') as [string, string][])
  for (const control of controlsOf(form)) {
    const value = draft.get(control.name)
    if (value === undefined) continue
    // A refused form has come back with what was sent.
    if (isChoice(control) ? control.value !== value || control.checked : control.value !== '' || value === '') continue
    if (isChoice(control)) control.checked = true
    else control.value = value
    for (const type of ['input', 'change']) control.dispatchEvent(new Event(type, { bubbles: true }))
  }
}

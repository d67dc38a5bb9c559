/** Keys of an open ticket: `r` writes a reply, `i` an internal note, `e` resolves it. */
import { isShortcut } from '../../../../ui/shortcuts.ts'

/** @param within Contains the conversation and the buttons of the ticket. */
export function handleTicketKey(event: KeyboardEvent, within: HTMLElement | undefined): void {
  if (!within || !isShortcut(event)) return
  if (event.key === 'r') startComment(within, 'customer')
  else if (event.key === 'i') startComment(within, 'internal')
  else if (event.key === 'e') within.querySelector<HTMLElement>('button[name=to][value=resolved]')?.click()
  else return
  event.preventDefault()
}

function startComment(within: HTMLElement, audience: 'customer' | 'internal'): void {
  within.querySelector<HTMLElement>(`input[name=audience][value=${audience}]`)?.click()
  within.querySelector<HTMLElement>('textarea[name=body]')?.focus()
}

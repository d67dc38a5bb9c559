/** Keys of the office's pages. They act on what is shown, and never while someone types or a dialog is open. */

const IGNORED = 'input:not([type=checkbox]), textarea, select, [contenteditable], dialog'

/** Kept per browser: which keys get in the way depends on the device, such as on its speech input. */
const STORED = 'portico.single-keys'

/** Whether keys act without Ctrl, Alt or Cmd (WCAG 2.1.4). Escape, Enter and the arrows always do. */
export function areSingleKeysOn(): boolean {
  try {
    return localStorage.getItem(STORED) !== 'off'
  } catch {
    // A browser may keep nothing for us.
    return true
  }
}

/** @returns whether the browser has kept it */
export function setSingleKeys(areOn: boolean): boolean {
  try {
    if (areOn) localStorage.removeItem(STORED)
    else localStorage.setItem(STORED, 'off')
    return true
  } catch {
    return false
  }
}

/** Whether a key acts on the page: single keys are on, nobody types, and no dialog is open. */
export function isShortcut(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement
  const hasModifier = event.ctrlKey || event.metaKey || event.altKey
  return !event.defaultPrevented && !hasModifier && !target.closest(IGNORED) && areSingleKeysOn()
}

/** `j` and `k` move the focus between the rows of lists; Enter follows the focused one. `?` shows all keys. */
export function handleShortcut(event: KeyboardEvent, showShortcuts: () => void): void {
  const target = event.target as HTMLElement
  if (!isShortcut(event)) return
  if (event.key === '?') showShortcuts()
  else if (event.key === 'j' || event.key === 'k') moveToRow(target, event.key === 'j' ? 1 : -1)
  else return
  event.preventDefault()
}

/** From the row that has the focus, else from the open one, else to the first. */
function moveToRow(target: HTMLElement, step: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLElement>('main .row-link')]
  const focused = target.closest('tr, li')?.querySelector<HTMLElement>('.row-link')
  const current = links.findIndex((link) => (focused ? link === focused : link.ariaCurrent === 'true'))
  links[current === -1 ? 0 : current + step]?.focus()
}

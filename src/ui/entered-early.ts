/**
 * What a person entered before the page's script arrived. Hydration writes the server's values over it, so the root
 * layout reads it before and enters it again after, for every form of every page.
 */

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement

/** Reads what differs from the page as the server sent it; the result enters it again, as if it were typed now. */
export function readEntered(): () => void {
  const entered = [...document.querySelectorAll<Control>('input, textarea, select')].flatMap((control) => {
    const enter = readControl(control)
    return enter ? [{ control, enter }] : []
  })
  const open = [...document.querySelectorAll('details')].map((details) => ({ details, isOpen: details.open }))
  const restoreFocus = readFocus()
  return () => {
    for (const { details, isOpen } of open) if (details.open !== isOpen) details.open = isOpen
    for (const { enter } of entered) enter()
    // Components keep what is chosen in their own state, some of them for the whole form at once.
    for (const { control } of entered)
      for (const type of ['input', 'change']) control.dispatchEvent(new Event(type, { bubbles: true }))
    restoreFocus()
  }
}

/** How to enter a control's value again; null while it is as the server sent it. */
function readControl(control: Control): (() => void) | null {
  if (control instanceof HTMLSelectElement) return readSelect(control)
  if (control instanceof HTMLTextAreaElement) return readText(control)
  const { type, checked, defaultChecked, files } = control
  if (type === 'checkbox') return checked === defaultChecked ? null : () => (control.checked = checked)
  // The other radios of the group follow.
  if (type === 'radio') return checked && !defaultChecked ? () => (control.checked = true) : null
  if (type === 'file') return files?.length ? () => (control.files = files) : null
  return readText(control)
}

function readText(control: HTMLInputElement | HTMLTextAreaElement): (() => void) | null {
  const { value, defaultValue } = control
  return value === defaultValue ? null : () => (control.value = value)
}

function readSelect({ options, multiple }: HTMLSelectElement): (() => void) | null {
  const chosen = [...options].map(({ selected }) => selected)
  const given = [...options].map(({ defaultSelected }) => defaultSelected)
  // Without a given choice the browser shows the first.
  if (!multiple && !given.includes(true)) given[0] = true
  const isChanged = chosen.some((selected, index) => selected !== given[index])
  return isChanged ? () => chosen.forEach((selected, index) => (options[index]!.selected = selected)) : null
}

function readFocus(): () => void {
  const focused = document.activeElement
  if (!(focused instanceof HTMLInputElement || focused instanceof HTMLTextAreaElement)) return () => {}
  // Null for types without a caret, such as dates.
  const { selectionStart, selectionEnd } = focused
  return () => {
    focused.focus()
    if (selectionStart !== null) focused.setSelectionRange(selectionStart, selectionEnd)
  }
}

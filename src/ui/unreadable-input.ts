/**
 * A date of which only the day was entered, or a number that is none: browsers send such a field as if it were empty. It is
 * sent as this instead, which no field takes, so that the server refuses it beside the others.
 */
const UNREADABLE = '?'

/**
 * What such a field shows after the refusal: its value before, so that the page leaves alone what is half entered in it. Emptied,
 * it would be left out of the next try without a word.
 */
export const withoutUnreadable = <Value>(entered: Value | undefined): Value | undefined =>
  entered === UNREADABLE ? undefined : entered

/** Marks such fields in every form of the document when it is sent. */
export function markUnreadableInput(document: Document): void {
  let sent: EventTarget | null = null
  const noteSent = (event: Event) => {
    sent = event.target
    // The form's data is read before anything else runs.
    setTimeout(() => (sent = null))
  }
  document.addEventListener('submit', noteSent, { capture: true })
  document.addEventListener('formdata', ({ target, formData }) => {
    if (target !== sent || !(target instanceof HTMLFormElement)) return
    for (const control of target.elements)
      if (control instanceof HTMLInputElement && control.name && control.validity.badInput)
        formData.set(control.name, UNREADABLE)
  })
}

/** Puts text where the cursor is, as if it had been typed, and makes it a reply to the customer. */
export function insertReply(within: HTMLElement, text: string): void {
  within.querySelector<HTMLElement>('input[name=audience][value=customer]')?.click()
  const field = within.querySelector<HTMLTextAreaElement>('textarea[name=body]')
  if (!field) return
  field.focus()
  field.setRangeText(text, field.selectionStart, field.selectionEnd, 'end')
  field.dispatchEvent(new Event('input', { bubbles: true }))
}

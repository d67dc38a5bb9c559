/**
 * Names what nobody changed in a form of a record that exists (it sends `version`), so that a conflict brings back only what
 * was entered: all else shows what is saved now. For the root layout; only forms marked `data-merges` take part.
 */
export function nameUntouchedInput(document: Document): void {
  const touched = new WeakMap<HTMLFormElement, Set<string>>()
  const note = ({ target }: Event) => {
    const { form, name } = target as HTMLInputElement
    if (form) touched.set(form, (touched.get(form) ?? new Set<string>()).add(name))
  }
  document.addEventListener('input', note)
  document.addEventListener('change', note)
  document.addEventListener('formdata', ({ target, formData }) => {
    if (!(target instanceof HTMLFormElement) || !('merges' in target.dataset)) return
    const names = new Set<string>()
    for (const control of target.elements)
      // What buttons write into hidden fields is not seen.
      if (control instanceof HTMLElement && 'name' in control && (control as HTMLInputElement).type !== 'hidden')
        names.add(String(control.name))
    const changed = touched.get(target)
    formData.set('untouched', [...names].filter((name) => name && !changed?.has(name)).join(' '))
  })
}

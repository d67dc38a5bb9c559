// @ts-check
/**
 * Makes portal pages faster to use; they work without it. Portal pages are plain documents without the
 * framework's script (34 KB before a line of ours). Links and forms do the rest.
 */

/** Search while typing: the same page is fetched and its rows are replaced; the field keeps its focus and text. */
for (const box of document.querySelectorAll('search input[type=search]')) {
  if (!(box instanceof HTMLInputElement) || !box.form) continue
  const form = box.form
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  let latestSearch = 0
  box.addEventListener('input', () => {
    clearTimeout(timer)
    // Long enough to finish a word, short enough to feel immediate.
    timer = setTimeout(async () => {
      const thisSearch = ++latestSearch
      const query = new URLSearchParams()
      for (const [name, value] of new FormData(form)) if (typeof value === 'string' && value.trim()) query.append(name, value.trim())
      const url = `${location.pathname}${query.size ? `?${query}` : ''}`
      const response = await fetch(url, { headers: { accept: 'text/html' } }).catch(() => null)
      // Signed out since, or busy: loading the page shows what is wrong.
      if (!response?.ok || response.redirected) return response && location.assign(url)
      // Its sheets have another nonce, which this page does not allow.
      const html = (await response.text()).replaceAll(/<style[^]*?<\/style>/g, '')
      const fresh = new DOMParser().parseFromString(html, 'text/html').querySelector('.list')
      const list = box.closest('.list')
      if (thisSearch !== latestSearch || !fresh || !list) return
      history.replaceState(history.state, '', url)
      // A screen reader says what has changed in a part that stays.
      for (const status of list.querySelectorAll('search [role=status]'))
        status.textContent = fresh.querySelector('search [role=status]')?.textContent ?? ''
      exchange(list, fresh, '.list-tools')
      const tools = list.querySelector('.list-tools')
      const freshTools = fresh.querySelector('.list-tools')
      if (tools && freshTools) exchange(tools, freshTools, 'search')
    }, 220)
  })
}

/**
 * Puts the new children in place of the old ones, but leaves the one that matches `keep` untouched.
 * @param {Element} old
 * @param {Element} fresh
 * @param {string} keep
 */
function exchange(old, fresh, keep) {
  const kept = [...old.children].find((child) => child.matches(keep))
  if (!kept) return old.replaceChildren(...fresh.children)
  const children = [...fresh.children]
  const at = children.findIndex((child) => child.matches(keep))
  for (const child of [...old.children]) if (child !== kept) child.remove()
  kept.before(...children.slice(0, Math.max(at, 0)))
  kept.after(...children.slice(at + 1))
}

document.addEventListener('keydown', (event) => {
  const target = /** @type {HTMLElement} */ (event.target)
  if (event.key === '/' && !event.ctrlKey && !event.metaKey && !event.altKey && !target.closest('input, textarea, select, dialog')) {
    const box = /** @type {HTMLInputElement | null} */ (document.querySelector('search input[type=search]'))
    if (!box) return
    event.preventDefault()
    box.focus()
    box.select()
  }
  if (event.key === 'Escape') {
    const menu = target.closest('details.menu[open]')
    if (!menu) return
    menu.removeAttribute('open')
    menu.querySelector('summary')?.focus()
  }
})

document.addEventListener('click', (event) => {
  for (const menu of document.querySelectorAll('details.menu[open]'))
    if (!menu.contains(/** @type {Node} */ (event.target))) menu.removeAttribute('open')
})

/** A confirmation over the page becomes a real modal: focus stays inside, Escape cancels. */
const dialog = /** @type {HTMLDialogElement | null} */ (document.querySelector('dialog.dialog[open]'))
if (dialog) {
  dialog.close()
  dialog.showModal()
  dialog.addEventListener('cancel', (event) => {
    event.preventDefault()
    const safe = /** @type {HTMLAnchorElement | null} */ (dialog.querySelector('.dialog-foot a'))
    if (safe) location.assign(safe.href)
  })
}

/** Moves focus to the error of a refused form: a screen reader does not announce an alert that is there from the start. */
const alert = /** @type {HTMLElement | null} */ (document.querySelector('main [role=alert]'))
if (alert) {
  alert.tabIndex = -1
  alert.focus()
}

/**
 * Half a comment is kept in this tab, by its job, until it is sent or the person signs out. Office pages do the same in
 * src/ui/drafts.ts.
 */
const ownDrafts = `draft:${document.documentElement.dataset.owner ?? ''}:`
/** @param {(key: string) => boolean} isEnded */
const deleteDrafts = (isEnded) => {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith('draft:') && isEnded(key)) sessionStorage.removeItem(key)
}
deleteDrafts((key) => !key.startsWith(ownDrafts))
for (const form of document.querySelectorAll('form[data-draft]')) {
  const field = form.querySelector('textarea')
  if (!(form instanceof HTMLFormElement) || !field) continue
  const key = `${ownDrafts}comment:${form.dataset.draft}`
  const draft = sessionStorage.getItem(key) ?? ''
  const words = (/** @type {string | null} */ text) => (text ?? '').split(/\s+/).join(' ').trim()
  // Sending may have failed on the way: only the comment on the page proves that it was sent.
  const comments = [...document.querySelectorAll('.comment .multiline')]
  const isSent = sessionStorage.getItem(`${key}:sent`) !== null && comments.some((each) => words(each.textContent) === words(draft))
  sessionStorage.removeItem(`${key}:sent`)
  if (isSent) sessionStorage.removeItem(key)
  else if (field.value === '') field.value = draft
  field.addEventListener('input', () => sessionStorage.setItem(key, field.value))
  form.addEventListener('submit', () => {
    // What the browser entered by itself is kept as well.
    sessionStorage.setItem(key, field.value)
    sessionStorage.setItem(`${key}:sent`, '1')
  })
}

/** A form is sent once, however often the button is pressed; leaving with unsaved input asks for confirmation. */
let unsent = false
document.addEventListener('input', (event) => {
  const form = /** @type {HTMLElement} */ (event.target).closest('form')
  if (form?.querySelector('.form-foot')) unsent = true
})
document.addEventListener('submit', (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target)
  if (form.method !== 'post') return
  if (form.dataset.sending) return event.preventDefault()
  form.dataset.sending = '1'
  unsent = false
  if (/\/sign-out$/.test(new URL(form.action).pathname)) deleteDrafts(() => true)
  event.submitter?.setAttribute('aria-disabled', 'true')
})
/** A date or number that cannot be read is sent as "?", so that it is refused: browsers send it as if it were empty. */
document.addEventListener('formdata', (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target)
  for (const control of form.elements)
    if (form.dataset.sending && control instanceof HTMLInputElement && control.name && control.validity.badInput)
      event.formData.set(control.name, '?')
})
addEventListener('beforeunload', (event) => {
  if (unsent) event.preventDefault()
})
// The answer to a refused form: Back to it later asks for its page, where the browser would ask whether to send the form again.
history.replaceState(history.state, '')
// Back from the next page: the browser may show this one as it was left.
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sending]')) form.removeAttribute('data-sending')
  for (const button of document.querySelectorAll('button[aria-disabled]')) button.removeAttribute('aria-disabled')
})

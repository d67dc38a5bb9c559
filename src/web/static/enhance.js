// @ts-check
/**
 * What makes a portal page quicker under the hands, and nothing it needs: portal pages are plain documents without the
 * framework's script (34 KB before a line of ours). Whatever is missing here, links and forms do.
 */

/** Search as one types: the same page is asked for and its rows change places; the field keeps focus and words. */
for (const box of document.querySelectorAll('search input[type=search]')) {
  if (!(box instanceof HTMLInputElement) || !box.form) continue
  const form = box.form
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  let asked = 0
  box.addEventListener('input', () => {
    clearTimeout(timer)
    // Long enough to finish a word, short enough to feel immediate.
    timer = setTimeout(async () => {
      const turn = ++asked
      const query = new URLSearchParams()
      for (const [name, value] of new FormData(form)) if (typeof value === 'string' && value.trim()) query.append(name, value.trim())
      const url = `${location.pathname}${query.size ? `?${query}` : ''}`
      const answer = await fetch(url, { headers: { accept: 'text/html' } }).catch(() => null)
      // Signed out meanwhile, or busy: the plain way says what is wrong.
      if (!answer?.ok || answer.redirected) return answer && location.assign(url)
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('.list')
      const list = box.closest('.list')
      if (turn !== asked || !fresh || !list) return
      history.replaceState(history.state, '', url)
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

/** A question over the page becomes a real modal: focus stays inside, Escape takes the safe choice. */
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

/** A refused form says so to a screen reader: an alert that is there from the start is not read out. */
const alert = /** @type {HTMLElement | null} */ (document.querySelector('main [role=alert]'))
if (alert) {
  alert.tabIndex = -1
  alert.focus()
}

/** A form is sent once, however often the button is pressed; what was typed and not sent is asked about. */
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
  event.submitter?.setAttribute('aria-disabled', 'true')
})
addEventListener('beforeunload', (event) => {
  if (unsent) event.preventDefault()
})
// Back from the next page: the browser may show this one as it was left.
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sending]')) form.removeAttribute('data-sending')
  for (const button of document.querySelectorAll('button[aria-disabled]')) button.removeAttribute('aria-disabled')
})

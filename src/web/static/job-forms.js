// @ts-check
/**
 * Makes the forms of jobs easier to use; they work without it. Pickers of files get dropping, thumbnails and removing, and
 * large photos are scaled before they are sent. Another customer brings their own addresses into the form.
 */

/** Longest edge of a photo in pixels; the server keeps no more. */
const LONGEST_EDGE = 4000
/** Bytes. A photo that is no larger than both is sent as it is. */
const SMALL_PHOTO = 2_500_000
const PHOTO = /^image\/(jpeg|png|webp|heic|heif)$/

/**
 * @param {File} file
 * @param {ImageBitmap} bitmap
 * @returns {Promise<File>} a smaller one, or the same
 */
async function scaled(file, bitmap) {
  const scale = Math.min(1, LONGEST_EDGE / Math.max(bitmap.width, bitmap.height))
  if (scale === 1 && file.size <= SMALL_PHOTO) return file
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(bitmap.width * scale)
  canvas.height = Math.round(bitmap.height * scale)
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
  const type = file.type === 'image/png' ? file.type : 'image/jpeg'
  const blob = await new Promise((/** @type {BlobCallback} */ done) => canvas.toBlob(done, type, 0.88))
  if (!blob || blob.type !== type || (scale === 1 && blob.size >= file.size)) return file
  const name = type === file.type ? file.name : file.name.replace(/\.\w+$/, '.jpg')
  return new File([blob], name, { type, lastModified: file.lastModified })
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {ImageBitmap} bitmap
 */
function drawThumbnail(canvas, bitmap) {
  const side = Math.min(bitmap.width, bitmap.height)
  const [x, y] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2]
  canvas.getContext('2d')?.drawImage(bitmap, x, y, side, side, 0, 0, canvas.width, canvas.height)
  canvas.hidden = false
  canvas.nextElementSibling?.remove()
}

/**
 * As the pages of jobs write it: "1.4 MB", and no file is smaller than "1 kB".
 * @param {number} bytes
 */
function sizeText(bytes) {
  const isLarge = bytes >= 1_000_000
  return new Intl.NumberFormat(document.documentElement.lang, {
    style: 'unit',
    unit: isLarge ? 'megabyte' : 'kilobyte',
    maximumFractionDigits: isLarge ? 1 : 0,
  }).format(Math.max(bytes, 1_000) / (isLarge ? 1_000_000 : 1_000))
}

/**
 * A chosen file with its name, size and a button that removes it.
 * @param {HTMLElement} model
 * @param {File} file
 * @param {() => void} remove
 */
function createRow(model, file, remove) {
  const row = /** @type {HTMLElement} */ (model.cloneNode(true))
  const part = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (row.querySelector(selector))
  row.hidden = false
  part('[data-name]').textContent = file.name
  part('[data-size]').textContent = sizeText(file.size)
  part('button').setAttribute('aria-label', (part('button').dataset.label ?? '').replace('…', file.name))
  part('button').addEventListener('click', () => {
    row.remove()
    remove()
  })
  return { row, part }
}

/**
 * @param {File} left
 * @param {File} right
 */
const isSame = (left, right) =>
  left.name === right.name && left.size === right.size && left.lastModified === right.lastModified

/**
 * Draws a photo into its row; the photo as it is sent. One that this browser cannot open is sent as it is.
 * @param {File} original
 * @param {(selector: string) => HTMLElement} part
 */
async function showPhoto(original, part) {
  try {
    const bitmap = await createImageBitmap(original)
    drawThumbnail(/** @type {HTMLCanvasElement} */ (part('canvas')), bitmap)
    const file = await scaled(original, bitmap)
    bitmap.close()
    part('[data-size]').textContent = sizeText(file.size)
    return file
  } catch {
    return original
  }
}

/**
 * @param {HTMLElement} target
 * @param {(files: FileList | []) => void} accept
 */
function acceptDrops(target, accept) {
  for (const type of ['dragenter', 'dragover'])
    target.addEventListener(type, (event) => {
      event.preventDefault()
      target.dataset.over = ''
    })
  for (const type of ['dragleave', 'drop']) target.addEventListener(type, () => delete target.dataset.over)
  target.addEventListener('drop', (event) => {
    event.preventDefault()
    accept(event.dataTransfer?.files ?? [])
  })
}

/**
 * Holds the form until its photos are scaled; they say so with `pickerready`.
 * @param {HTMLFormElement} form
 * @param {() => boolean} isReady
 */
function sendWhenReady(form, isReady) {
  form.addEventListener(
    'submit',
    (event) => {
      if (isReady()) return
      event.preventDefault()
      event.stopImmediatePropagation()
      const { submitter } = event
      form.addEventListener('pickerready', () => form.requestSubmit(submitter), { once: true })
    },
    { capture: true },
  )
}

/** @param {HTMLElement} picker */
export function enhancePicker(picker) {
  const form = picker.closest('form')
  if (!form || picker.dataset.scripted !== undefined) return
  picker.dataset.scripted = ''
  const [main, camera] = /** @type {NodeListOf<HTMLInputElement>} */ (picker.querySelectorAll('input[type=file]'))
  const list = /** @type {HTMLElement} */ (picker.querySelector('[data-chosen]'))
  const model = /** @type {HTMLElement} */ (picker.querySelector('[data-row]'))
  const drop = /** @type {HTMLElement} */ (picker.querySelector('.drop'))
  /** @type {{ original: File, file: File }[]} */
  let entries = []
  /** Photos that are being scaled. */
  let unfinished = 0

  function sync() {
    const transfer = new DataTransfer()
    for (const { file } of entries) transfer.items.add(file)
    main.files = transfer.files
  }

  /** @param {File} original */
  async function add(original) {
    if (entries.some((each) => isSame(each.original, original))) return
    const entry = { original, file: original }
    const { row, part } = createRow(model, original, () => {
      entries = entries.filter((each) => each !== entry)
      sync()
      main.focus()
    })
    entries.push(entry)
    list.append(row)
    sync()
    if (!PHOTO.test(original.type)) return
    unfinished++
    entry.file = await showPhoto(original, part)
    sync()
    unfinished--
    if (unfinished === 0) form?.dispatchEvent(new Event('pickerready'))
  }

  /** @param {Iterable<File>} files */
  function addAll(files) {
    const chosen = [...files]
    sync()
    for (const file of chosen) void add(file)
  }

  main.addEventListener('change', () => addAll(main.files ?? []))
  camera.addEventListener('change', () => {
    addAll(camera.files ?? [])
    camera.value = ''
  })
  acceptDrops(drop, (files) => {
    addAll(files)
    main.dispatchEvent(new Event('input', { bubbles: true }))
  })
  sendWhenReady(form, () => unfinished === 0)
  // Back from the next page: the browser may have kept the files of the input.
  if (main.files?.length) addAll(main.files)
}

for (const picker of document.querySelectorAll('[data-picker]')) enhancePicker(/** @type {HTMLElement} */ (picker))

/** Addresses belong to a customer: another customer brings theirs, and nothing entered for the one before is sent. */
const customer = /** @type {HTMLSelectElement | null} */ (document.querySelector('form[data-booking] select[name=customer]'))
customer?.addEventListener('change', async () => {
  const { form, value } = customer
  const places = form?.querySelector('[data-places]')
  if (!form || !places) return
  for (const control of places.querySelectorAll('input, select')) control.setAttribute('disabled', '')
  const url = `${location.pathname}?customer=${encodeURIComponent(value)}`
  const response = await fetch(url, { headers: { accept: 'text/html' } }).catch(() => null)
  if (customer.value !== value) return
  const html = response?.ok && !response.redirected ? await response.text() : ''
  // This page's policy refuses the styles of another page, even of one that is only read.
  const parsed = new DOMParser().parseFromString(html.replaceAll(/<style[^>]*>[^<]*<\/style>/g, ''), 'text/html')
  const fresh = parsed.querySelector('[data-places]')
  if (fresh) return places.replaceWith(fresh)
  // Without an answer the form itself brings the addresses, as it does without a script.
  const change = Object.assign(document.createElement('input'), { type: 'hidden', name: 'change', value: 'customer' })
  form.append(change)
  form.requestSubmit()
})

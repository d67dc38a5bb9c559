/**
 * A browser without script: opens the built pages over HTTP and sends their forms with what the page put into them. A
 * button, field or option that the page does not have cannot be used.
 */
import { join, resolve } from 'node:path'
import { load, type CheerioAPI } from 'cheerio'
import { inject } from 'vitest'
import { startSeparateServer, type Person, type TestServer } from './test-server.ts'

/** Folder of the built pages. */
export const PAGES = process.env.PORTICO_PAGES ?? join(resolve(import.meta.dirname, '..'), 'build')
let server: Promise<TestServer> | undefined

/** The server with pages that all test files of this worker share. */
export const startPagesServer = (): Promise<TestServer> =>
  (server ??= startSeparateServer(inject('world'), { pages: PAGES }))

/** Values by the name of the field. A list is several checkboxes or options; false unchecks a box. A file is chosen. */
export type FormValues = Record<string, string | string[] | boolean | File>
type Entry = [name: string, value: string | File]

export interface Screen {
  status: number
  /** Path and query after redirects. */
  path: string
  /** Visible text with single spaces. */
  text: string
  $: CheerioAPI
  /** Presses the one button with this text or label, in the smallest part of the page that contains `within`. */
  press(button: string, values?: FormValues, within?: string): Promise<Screen>
  /** Whether there is such a button. */
  has(button: string, within?: string): boolean
  /** Follows the one link with this text or label. */
  follow(link: string, within?: string): Promise<Screen>
}

/** Saves a change of access after its preview. */
export const saveChanges = (preview: Screen): Promise<Screen> =>
  preview.press('Save changes', {}, 'Change who has access?')

type Found = ReturnType<CheerioAPI>

/** Opens a page of the main host as this person and follows redirects. */
export async function openScreen(person: Person, path: string): Promise<Screen> {
  return follow(person, path, await person.request('GET', path, { headers: { accept: 'text/html' } }))
}

type PageReply = Awaited<ReturnType<Person['request']>>

async function follow(person: Person, path: string, reply: PageReply): Promise<Screen> {
  const { location } = reply.headers
  if (location) {
    const { pathname, search, host } = new URL(location, 'http://main')
    if (host !== 'main') throw new Error(`${path} leads to another host: ${location}`)
    return openScreen(person, pathname + search)
  }
  const $ = load(reply.text)
  // The data of scripts holds every text of the page, shown or not.
  const body = $('body').clone()
  body.find('script').remove()
  const text = plain(body.text())
  return {
    status: reply.status,
    path,
    text,
    $,
    has: (name, within) => find($, BUTTONS, name, within).length > 0,
    press: async (name, values = {}, within) =>
      submit(person, path, $, theOne($, BUTTONS, name, within, `${path}: ${text.slice(0, 1500)}`), values),
    async follow(name, within) {
      const link = theOne($, 'a[href]', name, within, `${path}: ${text.slice(0, 1500)}`)
      const { pathname, search } = new URL(link.attr('href')!, `http://main${path}`)
      return openScreen(person, pathname + search)
    },
  }
}

const BUTTONS = 'button, input[type=submit]'

function find($: CheerioAPI, kind: string, name: string, within?: string): Found[] {
  const named = $(kind)
    .toArray()
    .map((element) => $(element) as Found)
    .filter((each) => labelOf(each) === name && each.attr('type') !== 'button')
  if (within === undefined) return named
  // The length of the smallest part of the page around it that says so.
  const distances = named.map((each) => {
    const part = each
      .parents()
      .toArray()
      .find((parent) => plain($(parent).text()).includes(within))
    return part ? $(part).text().length : Infinity
  })
  const nearest = Math.min(...distances)
  return named.filter((_, index) => distances[index] === nearest && nearest < Infinity)
}

const plain = (text: string) => text.replaceAll(/\s+/g, ' ').trim()

/** Texts of parts, such as a name for screen readers, are words of their own. */
const labelOf = (control: Found): string => {
  const parts = control.find('*').addBack().contents().toArray()
  const texts = parts.flatMap((part) => (part.type === 'text' ? [part.data] : []))
  return plain(control.attr('aria-label') ?? (texts.join(' ').trim() || (control.attr('value') ?? '')))
}

/** A form may repeat its button, and a page its links for narrow screens. */
function theOne($: CheerioAPI, kind: string, name: string, within: string | undefined, place: string): Found {
  const found = find($, kind, name, within)
  const targets = new Set(found.map((each) => each.attr('href') ?? each.closest('form').get(0) ?? each.get(0)))
  if (targets.size !== 1) throw new Error(`${found.length} × "${name}" on ${place}`)
  return found[0]!
}

async function submit(person: Person, path: string, $: CheerioAPI, button: Found, values: FormValues): Promise<Screen> {
  const id = button.attr('form')
  const form = id ? $(`form[id="${id}"]`) : button.closest('form')
  if (form.length === 0) throw new Error(`The button "${labelOf(button)}" on ${path} has no form`)
  const entries = collect($, form as Found, values)
  const name = button.attr('name')
  if (name) entries.push([name, button.attr('value') ?? ''])
  const action = button.attr('formaction') ?? form.attr('action') ?? ''
  const target = new URL(action, `http://main${path}`)
  const method = (button.attr('formmethod') ?? form.attr('method') ?? 'get').toUpperCase()
  const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  if (method === 'GET') return openScreen(person, `${target.pathname}?${new URLSearchParams(texts)}`)
  const isMultipart = form.attr('enctype') === 'multipart/form-data'
  const { body, type } = isMultipart ? await encodeParts(entries) : encodeTexts(texts)
  const to = target.pathname + target.search
  const headers = { accept: 'text/html', 'content-type': type }
  return follow(person, to, await person.request('POST', to, { body, headers }))
}

const encodeTexts = (entries: [string, string][]) => ({
  body: String(new URLSearchParams(entries)),
  type: 'application/x-www-form-urlencoded',
})

async function encodeParts(entries: Entry[]): Promise<{ body: Buffer; type: string }> {
  const form = new FormData()
  for (const [name, value] of entries) form.append(name, value)
  const encoded = new Response(form)
  return { body: Buffer.from(await encoded.arrayBuffer()), type: encoded.headers.get('content-type')! }
}

/** The entries that a browser sends, with `values` entered. */
function collect($: CheerioAPI, form: Found, values: FormValues): Entry[] {
  const own = form.attr('id') ? $(`[form="${form.attr('id')}"]`) : $([])
  const controls = form
    .find('input, select, textarea')
    .add(own as never)
    .toArray()
    .map((element) => $(element) as Found)
    .filter((control) => control.attr('name') && control.attr('disabled') === undefined)
  const chosen = Object.entries(values).filter((entry): entry is [string, File] => entry[1] instanceof File)
  for (const [name, value] of Object.entries(values))
    if (!(value instanceof File)) enter($, controls, name, value)
    else if (!controls.some((control) => control.attr('name') === name && control.attr('type') === 'file'))
      throw new Error(`The form has no file field "${name}"`)
  return [...controls.flatMap((control) => entriesOf($, control)), ...chosen]
}

function enter($: CheerioAPI, controls: Found[], name: string, value: Exclude<FormValues[string], File>): void {
  const named = controls.filter((control) => control.attr('name') === name)
  const fail = () => new Error(`The form has no field "${name}" that takes ${JSON.stringify(value)}`)
  if (named.length === 0) throw fail()
  const [first] = named
  const type = first!.attr('type')
  if (type === 'checkbox' || type === 'radio') {
    const wanted = typeof value === 'boolean' ? null : [value].flat()
    const values = named.map((control) => control.attr('value') ?? 'on')
    if (wanted?.some((each) => !values.includes(each))) throw fail()
    for (const control of named) {
      const isChecked = wanted === null ? value === true : wanted.includes(control.attr('value') ?? 'on')
      if (isChecked) control.attr('checked', '')
      else control.removeAttr('checked')
    }
  } else if (first!.is('select')) {
    const options = first!.find('option').toArray()
    const wanted = [value].flat().map(String)
    if (wanted.some((each) => !options.some((option) => optionValue($, option) === each))) throw fail()
    for (const option of options)
      if (wanted.includes(optionValue($, option))) $(option).attr('selected', '')
      else $(option).removeAttr('selected')
  } else if (first!.is('textarea')) first!.text(String(value))
  else first!.attr('value', String(value))
}

type Element = Parameters<CheerioAPI>[0]
const optionValue = ($: CheerioAPI, option: Element): string =>
  $(option as never).attr('value') ??
  $(option as never)
    .text()
    .trim()

function entriesOf($: CheerioAPI, control: Found): [string, string][] {
  const name = control.attr('name')!
  const type = control.attr('type') ?? ''
  if (['submit', 'button', 'image', 'reset', 'file'].includes(type)) return []
  if (type === 'checkbox' || type === 'radio')
    return control.attr('checked') === undefined ? [] : [[name, control.attr('value') ?? 'on']]
  if (!control.is('select')) return [[name, control.is('textarea') ? control.text() : (control.attr('value') ?? '')]]
  const options = control.find('option').toArray()
  const selected = options.filter((option) => $(option).attr('selected') !== undefined)
  const chosen = selected.length === 0 && control.attr('multiple') === undefined ? options.slice(0, 1) : selected
  return chosen.map((option) => [name, optionValue($, option as never)])
}

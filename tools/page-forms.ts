/**
 * Completes every form of a Svelte file, so that no form can forget it. One that is sent by POST gets FormOwner, which the
 * server compares with who is signed in (refuseOtherOwner). All of them get `novalidate`: errors are those of the server,
 * all at once, each at its field and in our words.
 */
import { dirname, relative, resolve } from 'node:path'
import { parse, type PreprocessorGroup } from 'svelte/compiler'

const COMPONENT = resolve(import.meta.dirname, '../src/ui/FormOwner.svelte')

type Node = { type?: string; name?: string; start: number; [key: string]: unknown }

export const pageForms: PreprocessorGroup = {
  name: 'page-forms',
  markup({ content, filename }) {
    if (!filename || !/<form\b/.test(content)) return
    const { fragment, instance } = parse(content, { modern: true, filename })
    const forms = findForms(fragment)
    const insertions: [number, string][] = forms.map(({ start }) => [start + '<form'.length, ' novalidate'])
    const owned = forms.filter(isPost).map((form): [number, string] => [firstChildOf(form, content), '<FormOwner />'])
    if (owned.length === 0) return { code: insertAll(content, insertions) }
    const path = relative(dirname(filename), COMPONENT).replaceAll('\\', '/')
    const script = `import FormOwner from '${path.startsWith('.') ? path : `./${path}`}';`
    const imported: [number, string] = instance
      ? [(instance.content as unknown as Node).start, script]
      : [0, `<script lang="ts">${script}</script>`]
    return { code: insertAll(content, [...insertions, ...owned, imported]) }
  },
}

/** The forms anywhere under a node of the syntax tree. */
function findForms(node: unknown): Node[] {
  if (Array.isArray(node)) return node.flatMap(findForms)
  if (typeof node !== 'object' || node === null) return []
  const isForm = 'type' in node && node.type === 'RegularElement' && (node as Node).name === 'form'
  const found = Object.values(node).flatMap(findForms)
  return isForm ? [node as Node, ...found] : found
}

const isPost = ({ attributes }: Node): boolean =>
  (attributes as { name?: string; value?: { data?: string }[] }[]).some(
    ({ name, value }) => name === 'method' && Array.isArray(value) && value[0]?.data?.toLowerCase() === 'post',
  )

/** Where the content of a form begins: before its file inputs, because an upload reads what comes before the file. */
function firstChildOf(form: Node, content: string): number {
  const [first] = (form.fragment as { nodes: Node[] }).nodes
  return first?.start ?? content.indexOf('</form>', form.start)
}

const insertAll = (content: string, insertions: [number, string][]): string =>
  insertions
    .sort(([a], [b]) => b - a)
    .reduce((code, [place, text]) => code.slice(0, place) + text + code.slice(place), content)

/**
 * `npm run codegen`: compiles src/platform/delivery/layout.mjml into layout.gen.ts. It runs at build time because the
 * compiler needs 95 MB of memory and 0.6 s, and its output never changes.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import mjml2html from 'mjml'

const folder = join(import.meta.dirname, '../src/platform/delivery')

/** Returns the expected content of layout.gen.ts. */
export async function mailLayout(): Promise<string> {
  const source = await readFile(join(folder, 'layout.mjml'), 'utf8')
  // The compiler accepts only colors in color attributes, so placeholders become unique colors while it runs.
  const placeholders: string[] = []
  const withColors = source.replace(/(?<=color="|solid )@@([a-z-]+)@@/g, (placeholder) => {
    if (!placeholders.includes(placeholder)) placeholders.push(placeholder)
    return placeholderColor(placeholders.indexOf(placeholder))
  })
  const { html, errors } = await mjml2html(withColors, { validationLevel: 'strict', fonts: {}, keepComments: true })
  if (errors?.length) throw new Error(`The mail layout does not compile: ${errors[0]!.formattedMessage}`)
  const layout = placeholders.reduce(
    (text, placeholder, index) => text.replaceAll(placeholderColor(index), placeholder),
    html,
  )
  return `/** Made from layout.mjml by \`npm run codegen\`. */\nexport const layout = ${JSON.stringify(layout)}\n`
}

/** A unique, unused color for each placeholder. */
const placeholderColor = (index: number) => `#fe01${index.toString(16).padStart(2, '0')}`

if (import.meta.main) await writeFile(join(folder, 'layout.gen.ts'), await mailLayout())

/**
 * Compiles src/platform/delivery/layout.mjml into layout.gen.ts beside it: `npm run codegen`. Compiled here and not when
 * the first mail is made, because the compiler takes 95 MB of memory and 0.6 s, and the outcome is always the same.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import mjml2html from 'mjml'

const folder = join(import.meta.dirname, '../src/platform/delivery')

/** The text of layout.gen.ts as it should be. */
export async function mailLayout(): Promise<string> {
  const source = await readFile(join(folder, 'layout.mjml'), 'utf8')
  // The compiler insists on colours where colours belong: each hole is one while it looks.
  const holes: string[] = []
  const coloured = source.replace(/(?<=color="|solid )@@([a-z-]+)@@/g, (hole) => {
    if (!holes.includes(hole)) holes.push(hole)
    return stand(holes.indexOf(hole))
  })
  const { html, errors } = await mjml2html(coloured, { validationLevel: 'strict', fonts: {}, keepComments: true })
  if (errors?.length) throw new Error(`The mail layout does not compile: ${errors[0]!.formattedMessage}`)
  const layout = holes.reduce((text, hole, index) => text.replaceAll(stand(index), hole), html)
  return `/** Made from layout.mjml by \`npm run codegen\`. */\nexport const layout = ${JSON.stringify(layout)}\n`
}

/** A colour that nobody would choose, one for each hole. */
const stand = (index: number) => `#fe01${index.toString(16).padStart(2, '0')}`

if (import.meta.main) await writeFile(join(folder, 'layout.gen.ts'), await mailLayout())

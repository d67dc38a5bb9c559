/** Drawings of icons in the browser. A page arrives with those it shows, so their file is loaded by the first new one. */
import type { Attachment } from 'svelte/attachments'
import type { IconName } from './icons.ts'

type Drawings = Partial<Record<IconName, string>>
let drawings: Promise<Drawings> | undefined

/** Loads the drawings ahead of the icons, such as while a page is on its way. */
export const loadDrawings = (): Promise<Drawings> => (drawings ??= fetchDrawings())

/** Without a connection there are none; the next icon tries again. */
async function fetchDrawings(): Promise<Drawings> {
  try {
    return (await import('./icons.ts')).icons
  } catch {
    drawings = undefined
    return {}
  }
}

/** Draws the icon unless the server has. */
export const drawIcon =
  (name: IconName): Attachment<SVGSVGElement> =>
  (svg) => {
    if (!svg.firstElementChild) void loadDrawings().then((all) => (svg.innerHTML = all[name] ?? ''))
    return () => svg.replaceChildren()
  }

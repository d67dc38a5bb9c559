/** What the form that led to this page did. It is said until the page is left, and once. */
import { afterNavigate } from '$app/navigation'
import { page } from '$app/state'

type Outcome = Record<string, string> & { id: string }

const given = () => (page.data as { outcome?: Outcome | null }).outcome ?? null

let said = $state<string | null>(null)

/** For the root layout: a page that keeps its data says an outcome no more after the next navigation. */
export function forgetOutcomes(): void {
  let shown: string | undefined
  afterNavigate(() => {
    const id = given()?.id
    if (id !== undefined && id === shown) said = id
    shown = id
  })
}

/** Ends what the page says, when its banner is closed. */
export function closeOutcome(): void {
  said = given()?.id ?? null
}

/** By parameter, such as `{ done: 'saved' }`. A form that was sent since says itself what came of it. */
export function currentOutcome(): Record<string, string> | null {
  const outcome = given()
  return outcome && outcome.id !== said && !page.form ? outcome : null
}

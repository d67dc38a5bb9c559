import type { LayoutServerLoad } from './$types'

/** What every page has: the shared parts' words, the language, whether it is a portal's, and the base of a portal's links. */
export const load: LayoutServerLoad = ({ locals }) => ({
  ...locals.words('ui'),
  locale: locals.locale,
  regionalLocale: locals.regionalLocale,
  base: locals.base,
  isPortal: locals.surface === 'portal',
  startUrl: locals.surface === 'portal' ? locals.startUrl : undefined,
  // Told apart from the same one said before.
  outcome: locals.outcome && { ...locals.outcome, id: locals.requestId ?? '' },
})

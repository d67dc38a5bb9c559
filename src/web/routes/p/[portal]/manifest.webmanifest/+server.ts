import { json } from '@sveltejs/kit'
import type { RequestHandler } from './$types'

const ICONS = [
  { icon: '192', sizes: '192x192', purpose: 'any' },
  { icon: '512', sizes: '512x512', purpose: 'any' },
  { icon: 'maskable', sizes: '512x512', purpose: 'maskable' },
]

/** The portal as an app on a home screen (W3C Web Application Manifest). */
export const GET: RequestHandler = async ({ locals }) => {
  const { slug, name, accent, iconVersion, locale } = await locals.api.getPortal()
  const manifest = {
    id: locals.paths.home(),
    name,
    lang: locale,
    // Within the scope; whoever is signed in goes on to the first page.
    start_url: locals.paths.signIn(),
    scope: `${locals.base}/`,
    display: 'minimal-ui',
    ...(accent && { theme_color: accent }),
    background_color: '#ffffff',
    icons: ICONS.map(({ icon, ...rest }) => ({
      src: locals.paths.icon(slug, icon, iconVersion),
      type: 'image/png',
      ...rest,
    })),
  }
  return json(manifest, {
    headers: { 'content-type': 'application/manifest+json', 'cache-control': 'public, max-age=3600' },
  })
}

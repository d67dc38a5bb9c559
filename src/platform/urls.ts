/** Links that leave the application, in mails for example: always from configuration, never from a Host header. */
import type { Urls } from './operation.ts'

export type UrlsOf = (account: { slug: string } | null) => Urls

export function createUrls({
  publicUrl,
  portalAddresses,
  mailIn,
}: {
  publicUrl: URL
  /** Portals have a subdomain each, or a path of the main host. */
  portalAddresses: 'host' | 'path'
  mailIn: { domain: string } | null
}): UrlsOf {
  const main = (path: string) => new URL(path, publicUrl).href
  return (account) => ({
    main,
    inbox: mailIn && account ? `${account.slug}@${mailIn.domain}` : null,
    portal(path) {
      if (!account) throw new Error('A portal address needs its account')
      if (portalAddresses === 'path') return main(`/p/${account.slug}${path === '/' ? '' : path}`)
      const url = new URL(path, publicUrl)
      url.hostname = `${account.slug}.${publicUrl.hostname}`
      return url.href
    },
  })
}

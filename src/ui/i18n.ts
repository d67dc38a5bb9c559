/**
 * `t()` for screens: a few lines over the words that the page was sent, in the same catalogue format as the server's.
 * The server chose the language and filled the gaps from English already.
 */
import { page } from '$app/state'
import { translate, type Vars } from './i18n-server.ts'

/** The words under `key` (`jobs.portal.title`) with `{{name}}` filled from vars; `count` chooses the plural form. */
export function t(key: string, vars?: Vars): string {
  return translate(page.data, page.data.locale ?? 'en', key, vars)
}

/** The page's language, for Intl. Plain English is the international kind: days before months. */
export const locale = (): string => (page.data.locale === 'en' || !page.data.locale ? 'en-GB' : page.data.locale)

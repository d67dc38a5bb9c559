/** Whether links open the portal, as one sentence. */
import type { Api } from '../../../web/api.ts'
import { locale, t } from '../../../ui/i18n.ts'
import type { LinkState } from '../rules.ts'

export const linkStateText = (
  state: LinkState,
  login: Awaited<ReturnType<Api['listSecureLinks']>>['login'],
  timeZone: string,
): string =>
  t(`secure-links.office.status.${state}`, {
    name: login?.name ?? '',
    day: login
      ? new Intl.DateTimeFormat(locale(), { timeZone, dateStyle: 'medium' }).format(new Date(login.since))
      : '',
  })

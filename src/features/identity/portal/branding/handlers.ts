/** How a portal shows its business: also in the icons of browsers and home screens. */
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { FileStore } from '../../../../platform/files.ts'
import { drawIcon, iconVersion, type IconName } from '../../../../platform/files/icons.ts'
import type { AccountContext } from '../../rules.ts'

/** Also served while the portal is off, because its page shows them. */
export async function drawPortalIcon({ logoKey, portal, accent }: AccountContext, icon: IconName, files: FileStore) {
  const logo = logoKey ? { key: logoKey, read: async () => buffer((await files.get(logoKey)).stream) } : null
  const bytes = await drawIcon({ name: portal.name, accent, logo }, icon)
  return {
    stream: Readable.from([bytes]),
    size: bytes.length,
    name: `${icon}.png`,
    type: 'image/png',
    inline: true,
    keepFor: ICON_SECONDS,
  }
}

/** A day: the address of an icon changes with it. */
const ICON_SECONDS = 86_400

/** The portal as anyone may see it. */
export function presentOpenPortal<T, V>(account: AccountContext, currentUser: T | null, visitor: V | null) {
  const { portal, slug, locale, postalAddress, timeZone } = account
  return {
    slug,
    locale,
    enabled: true,
    public: portal.public,
    ...presentBranding(account),
    introduction: portal.introduction,
    signUpFields: portal.signUpFields,
    postalAddress,
    timeZone,
    currentUser,
    visitor,
    secureLinks: portal.lockMode !== 'closed',
  }
}

/** Whose portal it is and how to reach the business: shown also while the portal is off. */
const presentBranding = ({ slug, portal, accent, logoKey, supportEmail, supportPhone }: AccountContext) => ({
  name: portal.name,
  accent,
  logo: logoKey ? `/api/v1/portal/${slug}/logo` : null,
  iconVersion: iconVersion({ name: portal.name, accent, logo: logoKey }),
  supportEmail,
  supportPhone,
})

/** A portal that is off says no more than whose it is and how to reach the business (decision 23). */
export function presentClosedPortal(account: AccountContext) {
  const { slug, locale } = account
  const off = { name: 'off', phone: 'off', company: 'off', address: 'off' } as const
  return {
    slug,
    locale,
    enabled: false,
    public: false,
    ...presentBranding(account),
    introduction: '',
    signUpFields: off,
    postalAddress: null,
    timeZone: null,
    currentUser: null,
    visitor: null,
    secureLinks: false,
  }
}

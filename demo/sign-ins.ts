/** Who can sign in to the demo: printed by `serve --demo` and shown on its pages. */
import type { DemoGuide, DemoSignIn } from '../src/features/identity/demo/rules.ts'

/** The password of everybody in the demo. No account outside the demo has it. */
export const DEMO_PASSWORD = 'Welcome to the demo'

/** A test signs in with each. */
export const DEMO_SIGN_INS = [
  {
    name: 'Ruth Calloway',
    description: 'owner of Harbour',
    area: 'office',
    slug: 'harbour',
    email: 'ruth@harbour-repair.example',
  },
  {
    name: 'Ben Okafor',
    description: 'dispatcher at Harbour',
    area: 'office',
    slug: 'harbour',
    email: 'ben@harbour-repair.example',
  },
  {
    name: 'Marek Nowak',
    description: 'worker at Harbour',
    area: 'office',
    slug: 'harbour',
    email: 'marek@harbour-repair.example',
  },
  {
    name: 'Grace Adeyemi',
    description: 'admin of both businesses',
    area: 'office',
    slug: 'harbour',
    email: 'grace@backoffice.example',
  },
  {
    name: 'Eleanor Finch',
    description: 'customer of Harbour',
    area: 'portal',
    slug: 'harbour',
    email: 'eleanor.finch@post.example',
  },
  {
    name: 'Naveed Aslam',
    description: 'manages seven customers',
    area: 'portal',
    slug: 'harbour',
    email: 'naveed@docksidelettings.example',
  },
  {
    name: 'Alan Threlfall',
    description: 'owner of Northside',
    area: 'office',
    slug: 'northside',
    email: 'alan@northside-heating.example',
  },
  {
    name: 'Colin Dunne',
    description: 'customer of Northside',
    area: 'portal',
    slug: 'northside',
    email: 'colin.dunne@post.example',
  },
] as const

const DEMO_PORTALS = [
  { slug: 'harbour', name: 'Harbour', isPublic: true },
  { slug: 'northside', name: 'Northside', isPublic: false },
]

/** What the pages of the demo show: the same sign-ins, in two lists. */
export function demoGuide({ publicUrl }: { publicUrl: URL }): DemoGuide {
  const signInsOf = (area: 'office' | 'portal', slug?: string): DemoSignIn[] =>
    DEMO_SIGN_INS.filter((signIn) => signIn.area === area && (!slug || signIn.slug === slug))
  return {
    password: DEMO_PASSWORD,
    home: publicUrl.href,
    staff: signInsOf('office'),
    portals: DEMO_PORTALS.map((portal) => ({ ...portal, users: signInsOf('portal', portal.slug) })),
  }
}

/** What `serve --demo` prints: addresses, sign-ins and the password. */
export function demoWelcome(
  { publicUrl, portalAddresses }: { publicUrl: URL; portalAddresses: 'host' | 'path' },
  loaded: boolean,
): string {
  const { protocol, host } = publicUrl
  const urlOf = (path: string) => `${protocol}//${host}${path}`
  const line = (label: string, ...rest: string[]) => `    ${label.padEnd(24)}${rest.join('  ')}`.trimEnd()
  const signIns = (area: 'office' | 'portal', slug?: string) =>
    DEMO_SIGN_INS.filter((signIn) => signIn.area === area && (!slug || signIn.slug === slug)).map(
      ({ name, description, email }) => line(`  ${name}`, email.padEnd(34), description),
    )
  const portal = (slug: string, label: string) => [
    line(
      `  ${label}`,
      ...(portalAddresses === 'host' ? [`${protocol}//${slug}.${host}/`, 'or'] : []),
      urlOf(`/p/${slug}/`),
    ),
    ...signIns('portal', slug),
  ]
  return [
    '',
    `  Portico is running with demo data${loaded ? ' (loaded now)' : ''}. All people and businesses are fictional.`,
    '',
    line('Office', urlOf('/office/sign-in')),
    ...signIns('office'),
    '',
    line('Customer portals'),
    ...portal('harbour', 'Harbour (public)'),
    ...portal('northside', 'Northside (private)'),
    '',
    line('Mailbox', urlOf('/mailbox')),
    line('Password for everyone', DEMO_PASSWORD),
    '',
  ].join('\n')
}

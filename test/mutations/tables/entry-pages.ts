/** What the first page and the sign-in pages show to people without a session. */
import type { Mutation } from '../mutation.ts'

const tests = 'test/demo-pages.test.ts'

export const entryPages: Mutation[] = [
  {
    name: 'demo-sign-ins-in-every-installation',
    covers: ['PS-62', '1.17'],
    file: 'test/test-app.ts',
    from: 'demo: node.demo ? demoGuide(config) : null',
    to: 'demo: demoGuide(config)',
    tests: { [tests]: ['the same database shows no sign-in, password or mailbox on any page that anybody can open'] },
  },
  {
    name: 'demo-start-page-without-people',
    covers: ['1.17'],
    file: 'src/web/routes/+page.svelte',
    from: '{#if data.demo}',
    to: '{#if data.demo?.password === ""}',
    tests: {
      [tests]: [
        'the first page links both portals, the office and the mailbox, and shows the password',
        'with one click',
      ],
    },
  },
  {
    name: 'demo-office-sign-in-without-people',
    covers: ['1.17'],
    file: 'src/web/routes/office/sign-in/+page.server.ts',
    from: 'demo: locals.demo,',
    to: 'demo: locals.demo && { ...locals.demo, staff: [] },',
    tests: { [tests]: ['shows its people, signs each in, and leads to the mailbox and the others'] },
  },
  {
    name: 'demo-one-click-forgets-the-page',
    covers: ['1.17', 'PS-58'],
    file: 'src/web/routes/office/sign-in/+page.svelte',
    from: 'action: paths.officeSignIn({ next: data.next })',
    to: 'action: paths.officeSignIn()',
    tests: { [tests]: ['a sign-in with one click leads on to the page that asked for it'] },
  },
  {
    name: 'demo-mailbox-on-portal-host',
    covers: ['1.17'],
    file: 'src/features/identity/demo/ui/DemoSignIns.svelte',
    from: 'new URL(path, guide.home).href',
    to: 'path',
    tests: {
      [tests]: ['the sign-in page of a portal on its own host links to the main host, where the mailbox is'],
    },
  },
  {
    name: 'portal-sign-in-shows-all-of-the-demo',
    covers: ['1.17'],
    file: 'src/web/routes/p/[portal]/(auth)/sign-in/+page.svelte',
    from: 'find(({ slug }) => slug === data.portal.slug)',
    to: 'at(0)',
    tests: { [tests]: ['shows its people, signs each in, and leads to the mailbox and the others'] },
  },
  {
    name: 'empty-installation-looks-set-up',
    covers: ['1.17'],
    file: 'src/features/accounts/handlers.ts',
    from: 'isSetUp: !(await isInstallationEmpty(ctx.db))',
    to: 'isSetUp: true',
    tests: { [tests]: ['says on its first page how to set it up, until there is a business'] },
  },
]

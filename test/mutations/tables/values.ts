/** Values as people write them: names, addresses, phones, emails, numbers. */
import type { Mutation } from '../mutation.ts'

export const values: Mutation[] = [
  {
    name: 'used-link-shows-the-jobs-of-whoever-is-signed-in',
    covers: ['issue 9, 1.13'],
    file: 'src/web/routes/p/[portal]/(auth)/activate/[token]/+page.server.ts',
    from: 'if (currentUser && isOwner) redirect',
    to: 'if (currentUser) redirect',
    tests: {
      'test/as-people-write.test.ts': [
        'a used link in somebody else’s browser says who is signed in, and leads to signing in as its owner',
      ],
    },
  },
  {
    name: 'used-link-keeps-the-other-session',
    covers: ['issue 9, 1.13'],
    file: 'src/web/routes/p/[portal]/(auth)/activate/[token]/+page.server.ts',
    from: `    await locals.api.signOutOfPortal()
`,
    to: '',
    tests: {
      'test/as-people-write.test.ts': [
        'a used link in somebody else’s browser says who is signed in, and leads to signing in as its owner',
      ],
    },
  },
  {
    name: 'slug-in-capitals-is-not-found',
    covers: ['issue 9, 1.13'],
    file: 'src/web/hooks.server.ts',
    from: '  if (lowerCase) redirect(308, lowerCase + event.url.search)',
    to: '  if (!lowerCase) redirect(308, event.url.search)',
    tests: {
      'test/as-people-write.test.ts': [
        'a slug in capitals leads to the page in lower case, with the rest of the address as it was',
      ],
    },
  },
  {
    name: 'international-domain-is-another-address',
    covers: ['issue 9, 1.13'],
    file: 'src/platform/email-address.ts',
    from: "asciiEmail(address.trim().normalize('NFKC').toLowerCase())",
    to: "address.trim().normalize('NFKC').toLowerCase()",
    tests: {
      'src/platform/email-address.test.ts': [
        'compares and mails by the ASCII form of the domain, and shows the readable one',
      ],
    },
  },
  {
    name: 'ascii-domain-is-stored-as-typed',
    covers: ['issue 9, 1.13'],
    file: 'src/platform/schema.ts',
    from: 'readableEmail(cleanLine(typed))',
    to: 'cleanLine(typed)',
    tests: {
      'test/as-people-write.test.ts': [
        'a domain in its own script and in ASCII is one address; mail goes to the ASCII form, people see their script',
      ],
    },
  },
  {
    name: 'decimal-comma-is-no-number',
    covers: ['issue 9, 1.9', 'V-52'],
    file: 'src/features/templates/amounts/rules.ts',
    from: '    /^(\\d*)(?:[.,](\\d*))?$/.exec(text) ??',
    to: '    /^(\\d*)(?:[.](\\d*))?$/.exec(text) ??',
    tests: {
      'src/features/templates/answers/answers.test.ts': [
        'a number may have a decimal comma, groups, its unit and a typographic minus; what could be two is asked',
      ],
    },
  },
  {
    name: 'a-comma-before-three-digits-is-guessed',
    covers: ['issue 9, 1.9'],
    file: 'src/features/templates/amounts/rules.ts',
    from: "if (/^[1-9]\\d{0,2},\\d{3}$/.test(text)) return 'ambiguous'",
    to: '',
    tests: {
      'src/features/templates/answers/answers.test.ts': [
        'a number may have a decimal comma, groups, its unit and a typographic minus; what could be two is asked',
      ],
    },
  },
  {
    name: 'handlers-check-in-a-second-round',
    covers: ['issue 9, 1.2'],
    file: 'src/platform/input-checks.ts',
    from: 'const hasMoreChecks = refusedBy !== undefined &&',
    to: "const hasMoreChecks = refusedBy === 'prepare' &&",
    tests: {
      'test/all-faults.test.ts': ['of a booking: number of jobs, day, time, address and every answer'],
      'test/booking-forms.test.ts': ['names them all in one go: files, number of jobs, address and answers'],
    },
  },
  {
    name: 'preparation-checks-in-a-second-round',
    covers: ['issue 9, 1.2'],
    file: 'src/platform/input-checks.ts',
    from: "if (isPrepared(handler) && refusedBy === 'contract') {",
    to: "if (isPrepared(handler) && refusedBy === 'prepare') {",
    tests: { 'test/all-faults.test.ts': ['of a change of password: the present one and the new one'] },
  },
  {
    name: 'checks-of-a-refused-form-keep-what-they-wrote',
    covers: ['issue 9, 1.2'],
    file: 'src/platform/input-checks.ts',
    from: 'rollsBack: true',
    to: 'rollsBack: false',
    tests: { 'test/all-faults.test.ts': ['of a booking: number of jobs, day, time, address and every answer'] },
  },
  {
    name: 'passwords-guessed-by-refused-forms-are-not-counted',
    covers: ['C2', 'issue 9, 1.2'],
    file: 'src/platform/input-checks.ts',
    from: 'if (limits) limits.check(',
    to: 'if (limits && wasCounted) limits.check(',
    tests: { 'test/all-faults.test.ts': ['of a change of password: the present one and the new one'] },
  },
  {
    name: 'a-refused-file-hides-all-else',
    covers: ['issue 9, 1.2'],
    file: 'src/web/attachments.ts',
    from: '  ...faults,\n',
    to: '',
    tests: { 'test/booking-forms.test.ts': ['names them all when a job is changed'] },
  },
  {
    name: 'unknown-fields-count-as-attempts',
    covers: ['B2', 'PS-36', '1.2'],
    file: 'src/platform/input-checks.ts',
    from: "fault.code === 'unknown'",
    to: "fault.code === 'never'",
    tests: { 'test/contracts.test.ts': ['B2 PS-36 E-67 no operation takes a field it does not name'] },
  },
]

/** What forms keep and lose: of comments, of forms that end on their own page, of forms whose session has ended. */
import type { Mutation } from '../mutation.ts'

export const keptText: Mutation[] = [
  {
    name: 'sent-text-stays-in-its-form',
    covers: ['1.6'],
    file: 'src/ui/clear-fields.ts',
    from: "if (result.type !== 'redirect') return",
    to: "if (result.type !== 'success') return",
    tests: {
      'test/e2e/kept-text.e2e.ts': [
        'stays with its job in the office: beside another job, after Escape and after reloading',
      ],
      'test/e2e/sent-forms.e2e.ts': ['is empty once its password or its email is saved'],
    },
  },
  {
    name: 'next-comment-is-for-the-customer-too',
    covers: ['1.6'],
    file: 'src/features/records/ui/OfficeComments.svelte',
    from: "if (answer.result.type === 'redirect') audience = 'internal'",
    to: '',
    tests: {
      'test/e2e/kept-text.e2e.ts': [
        'stays with its job in the office: beside another job, after Escape and after reloading',
      ],
    },
  },
  {
    name: 'upload-of-an-ended-session-is-lost',
    covers: ['issue 9, 1.6'],
    file: 'src/platform/http/problem-page.ts',
    from: "isPost && code === 'notSignedIn'",
    to: "isPost && code === 'notSignedIn' && status !== 401",
    tests: {
      'test/refusal-pages.test.ts': [
        'whose session has ended leads to signing in beside it, and says that reloading sends its file',
      ],
    },
  },
  {
    name: 'bulk-form-leaves-the-list',
    covers: ['issue 9, 1.6'],
    file: 'src/ui/BulkBar.svelte',
    from: 'await update({ reset: false, navigate: false',
    to: "if (result.type === 'failure') location.href = '/'\n      else await update({ reset: false, navigate: false",
    tests: { 'test/e2e/kept-text.e2e.ts': ['keeps the list and the selection of a change to several jobs'] },
  },
  {
    name: 'conflict-refused-for-ever',
    covers: ['1.2', 'E-41'],
    file: 'src/ui/conflict.ts',
    from: 'isConflict(form?.problem) ? current : (form?.values?.version ?? current)',
    to: '(isConflict(form?.problem) && false) || (form?.values?.version ?? current)',
    tests: { 'test/customer-forms.test.ts': ['1.2 an edit that somebody else preceded'] },
  },
  {
    name: 'conflict-hides-what-is-saved',
    covers: ['1.2', 'E-41'],
    file: 'src/ui/saved-instead.ts',
    from: "return labels.filter(Boolean).join(', ') || '–'",
    to: 'return void labels',
    tests: { 'test/customer-forms.test.ts': ['1.2 an edit that somebody else preceded'] },
  },
  {
    name: 'conflict-switches-back',
    covers: ['1.2', 'CP-03'],
    file: 'src/features/portal/ui/form-values.ts',
    from: 'if (!isConflict(form.problem)) return true',
    to: 'if (form.problem) return true',
    tests: { 'test/settings-forms.test.ts': ['1.2 saving again after a conflict keeps'] },
  },
  {
    name: 'conflict-overwrites-untouched-fields',
    covers: ['1.2', 'E-41'],
    file: 'src/ui/forms.ts',
    from: 'filter(([name]) => !untouched.includes(name))',
    to: 'filter(([name]) => name !== untouched.join())',
    tests: { 'test/e2e/job-changes.e2e.ts': ['comes back with what was entered beside what is saved now'] },
  },
  {
    name: 'unsaved-form-swallows-links',
    covers: ['1.2', '1.6'],
    file: 'src/ui/unsaved-changes.svelte.ts',
    from: "navigation.type === 'leave' || ",
    to: 'navigation.willUnload || ',
    tests: { 'test/e2e/job-changes.e2e.ts': ['leaves by a link to another document once that was confirmed'] },
  },
]

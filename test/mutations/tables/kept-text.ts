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
]

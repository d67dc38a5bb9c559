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
        'is empty once its password or its email is saved',
      ],
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
]

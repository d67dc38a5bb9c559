/** Lists: search, filters, order, pages, several rows at once. */
import type { Mutation } from '../mutation.ts'

export const lists: Mutation[] = [
  {
    name: 'apostrophes-and-dashes-must-match',
    covers: ['issue 9, 1.10'],
    file: 'src/platform/fold.ts',
    from: `    .replaceAll(MARKS, '')
`,
    to: '',
    tests: {
      'src/features/jobs/search/as-written.test.ts': [
        'O’Brien Bakery is found as obrien',
        'messages are found by the name of who gets them',
        'the database folds names as the server does',
      ],
    },
  },
  {
    name: 'postcodes-need-their-space',
    covers: ['issue 9, 1.10'],
    file: 'src/platform/fold.ts',
    from: ".replaceAll(POSTCODE, '$1$2$3$4$5$6$7$8')",
    to: '',
    tests: { 'src/features/jobs/search/as-written.test.ts': ['Quay House, BS1 4DJ is found as bs14dj'] },
  },
  {
    name: 'numbers-as-shown-find-nothing',
    covers: ['issue 9, 1.10'],
    file: 'src/features/jobs/search/queries.ts',
    from: `      .replaceAll(SHOWN_NUMBER, '$1')
`,
    to: '',
    tests: { 'src/features/jobs/search/as-written.test.ts': ['a job is found by its number with “Job ” before it'] },
  },
]

/** Imports of files as spreadsheets write them. */
import type { Mutation } from '../mutation.ts'

const tests = 'src/features/imports/spreadsheet-files.test.ts'

export const imports: Mutation[] = [
  {
    name: 'import-refuses-unmapped-columns',
    covers: ['1.14'],
    file: 'src/features/imports/rules.ts',
    from: 'const duplicates = mapped.filter(',
    to: 'const duplicates = header.filter(',
    tests: { [tests]: ['that nobody mapped may have no heading or be there twice'] },
  },
  {
    name: 'import-drops-cells-without-heading',
    covers: ['1.14'],
    file: 'src/features/imports/rules.ts',
    from: 'if (unnamed === -1) return null',
    to: 'if (unnamed >= -1) return null',
    tests: { [tests]: ['without a heading refuse a row that has something there, and say where'] },
  },
  {
    name: 'import-counts-empty-rows',
    covers: ['1.14'],
    file: 'src/features/imports/csv/handlers.ts',
    from: 'skip_records_with_empty_values: true',
    to: 'skip_records_with_empty_values: false',
    tests: { [tests]: ['rows of empty cells are no rows'] },
  },
  {
    name: 'import-loses-repeated-references',
    covers: ['1.14'],
    file: 'src/features/imports/handlers.ts',
    from: 'if (!first || first.content === content) return each',
    to: 'if (!first || first.content !== "") return each',
    tests: {
      [tests]: [
        'that come again with other content, or that a spreadsheet rounded, are rejected with the reason',
        'of customers may come again for another contact, not for another name',
      ],
    },
  },
  {
    name: 'import-takes-what-forms-refuse',
    covers: ['1.14'],
    file: 'src/features/imports/customers/rules.ts',
    from: 'return (error?.issues ?? []).map(',
    to: 'return (error?.issues ?? []).slice(0, 0).map(',
    tests: {
      [tests]: ['what a form refuses is rejected with its value, and what came in can be saved again by the form'],
    },
  },
]

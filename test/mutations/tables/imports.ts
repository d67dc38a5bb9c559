/** Imports of files as spreadsheets write them. */
import type { Mutation } from '../mutation.ts'

const tests = 'src/features/imports/spreadsheet-files.test.ts'

const addressBooks = 'src/features/imports/customers/address-books.test.ts'

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
    file: 'src/features/imports/cells/rules.ts',
    from: 'return (schema.safeParse(form).error?.issues ?? []).map(',
    to: 'return (schema.safeParse(form).error?.issues ?? []).slice(0, 0).map(',
    tests: {
      [tests]: ['what a form refuses is rejected with its value, and what came in can be saved again by the form'],
    },
  },
  {
    name: 'import-takes-the-first-of-several-columns',
    covers: ['1.14'],
    file: 'src/features/imports/cells/rules.ts',
    from: "columns.map(columnCell).filter(Boolean).join(' ')",
    to: "columns.map(columnCell).filter(Boolean).slice(0, 1).join(' ')",
    tests: { [addressBooks]: ['contacts of Google come in once, of people and companies'] },
  },
  {
    name: 'import-drops-second-emails',
    covers: ['1.14'],
    file: 'src/features/imports/customers/rules.ts',
    from: 'length: count || 1 }',
    to: 'length: 1 }',
    tests: { [addressBooks]: ['contacts of Google come in once, of people and companies'] },
  },
  {
    name: 'made-up-references-change',
    covers: ['1.14'],
    file: 'src/features/imports/customers/handlers.ts',
    from: 'JSON.stringify([name, detail])',
    to: 'JSON.stringify([name, detail, newId()])',
    tests: { [addressBooks]: ['contacts of Google come in once, of people and companies'] },
  },
  {
    name: 'export-without-reference-is-not-known-again',
    covers: ['1.14'],
    file: 'src/features/imports/queries.ts',
    from: 'keys.filter(isId)',
    to: 'keys.filter(() => false)',
    tests: { [addressBooks]: ['exported contacts are known when they come in again'] },
  },
  {
    name: 'contact-export-has-first-contacts-only',
    covers: ['1.14'],
    file: 'src/features/customers/list/rules.ts',
    from: 'Math.max(own.length, places.length, 1)',
    to: 'Math.max(Math.min(own.length, 1), places.length, 1)',
    tests: { [addressBooks]: ['exported contacts are known when they come in again'] },
  },
  {
    name: 'import-takes-jobs-that-forms-refuse',
    covers: ['1.14'],
    file: 'src/features/imports/jobs/rules.ts',
    from: 'const refusals = refusalsOf(jobs.createJob.body!, {',
    to: 'const refusals = refusalsOf(jobs.createJob.body!.partial().pick({ title: true }), {',
    tests: { [tests]: ['what the form of a job or template refuses is rejected'] },
  },
  {
    name: 'import-keeps-phones-as-in-the-file',
    covers: ['issue 9, 1.13'],
    file: 'src/features/imports/customers/rules.ts',
    from: '({ ...contact, ...forms[index]!.contact })',
    to: '({ ...forms[index]!.contact, ...contact })',
    tests: { [tests]: ['is understood as in a form'] },
  },
]

/** Files and their limits, templates and their fields. */
import type { Mutation } from '../mutation.ts'

export const records: Mutation[] = [
  {
    name: 'file-of-hidden-field-opens',
    covers: ['PS-22'],
    file: 'src/features/records/files/handlers.ts',
    from: "return viewFields(await fieldsOf(db, account.id, job), 'portal').shows(file.field_id) ? file : undefined",
    to: "return viewFields(await fieldsOf(db, account.id, job), 'office').shows(file.field_id) ? file : undefined",
    tests: {
      'src/features/records/files/files.test.ts': ['PS-22 V-28 a file of a question that becomes hidden later'],
    },
  },
  {
    name: 'worker-opens-files-of-hidden-fields',
    covers: ['V-29'],
    file: 'src/features/records/files/handlers.ts',
    from: `  if (isOffice(actor.role) || answersNone) return () => true
`,
    to: `  if (actor || answersNone) return () => true
`,
    tests: {
      'src/features/templates/fields/visibility.test.ts': ['V-29 a worker neither downloads, lists nor removes a file'],
    },
  },
  {
    name: 'files-open-in-our-origin',
    covers: ['PS-27'],
    file: 'src/features/records/files/handlers.ts',
    from: 'inline: SHOWN_IN_BROWSER.includes(file.type)',
    to: "inline: type !== ''",
    tests: { 'src/features/records/files/files.test.ts': ['PS-21 PS-27 an address without a session opens nothing'] },
  },
  {
    name: 'job-takes-any-number-of-bytes',
    covers: ['issue 8, 1.7'],
    file: 'src/features/records/files/rules.ts',
    from: `    findJobStorageError(usage.job, size) ??
`,
    to: '',
    tests: { 'src/features/records/files/storage.test.ts': ['a job takes 250 MB'] },
  },
  {
    name: 'customer-fills-the-account',
    covers: ['issue 8, 1.7'],
    file: 'src/features/records/files/rules.ts',
    from: 'portalUser: 1 / 20, linkVisitor: 1 / 20, staff: 1 / 2',
    to: 'portalUser: 1, linkVisitor: 1, staff: 1',
    tests: { 'src/features/records/files/storage.test.ts': ['a customer stores 1 GB', 'an account stores 20 GB'] },
  },
  {
    name: 'refused-upload-leaves-bytes',
    covers: ['issue 8, 3.1'],
    file: 'src/features/records/files/handlers.ts',
    from: `  } catch (error) {
    await files.delete(key)
    throw error`,
    to: `  } catch (error) {
    if (!key) await files.delete(key)
    throw error`,
    tests: { 'src/features/records/files/files.test.ts': ['an upload without a session, or to a job out of reach'] },
  },
  {
    name: 'template-change-overwrites',
    covers: ['E-41'],
    file: 'src/features/templates/handlers.ts',
    from: `    if (row.version !== version) throw problem('templateChanged')
`,
    to: `    version = row.version
`,
    tests: { 'src/features/templates/templates.test.ts': ['E-41 of two simultaneous changes to a template'] },
  },
  {
    name: 'unchanged-template-gets-a-version',
    covers: ['E-20'],
    file: 'src/features/templates/handlers.ts',
    from: `    if (hasSameContent(row, next)) return present(ctx, row)
`,
    to: '',
    tests: { 'src/features/templates/templates.test.ts': ['saving unchanged content creates no new version'] },
  },
  {
    name: 'field-keeps-its-id-after-a-change-of-type',
    covers: ['E-18'],
    file: 'src/features/templates/handlers.ts',
    from: 'const keepsId = field.id && (types.get(field.id) ?? field.type) === field.type',
    to: 'const keepsId = field.id !== undefined && types !== undefined',
    tests: { 'src/features/templates/templates.test.ts': ['E-18 a field that changes its type becomes a new field'] },
  },
  {
    name: 'worker-sees-fields-hidden-from-workers',
    covers: ['V-29'],
    file: 'src/features/templates/handlers.ts',
    from: "viewFields(fields, isOffice(actor.role) ? 'office' : 'worker').fields",
    to: "viewFields(fields, actor ? 'office' : 'worker').fields",
    tests: {
      'src/features/templates/fields/visibility.test.ts': ['V-29 PS-14 PS-12 a field is read, found and counted'],
    },
  },
  {
    name: 'job-follows-the-new-template',
    covers: ['E-20', 'E-18'],
    file: 'src/features/templates/fields/rules.ts',
    from: "      portal: field.portal === 'hidden' ? 'hidden' : latest.portal,",
    to: '      portal: latest.portal,',
    tests: { 'src/features/templates/fields/fields.test.ts': ['E-18 E-20 a job keeps its original fields'] },
  },
  {
    name: 'links-can-be-filled-in',
    covers: ['V-52', 'V-28'],
    file: 'src/features/templates/fields/rules.ts',
    from: "type === 'link' || type === 'section' ? ['hidden', 'readOnly'] : FIELD_PERMISSIONS",
    to: "type === 'section' ? ['hidden', 'readOnly'] : FIELD_PERMISSIONS",
    tests: {
      'src/features/templates/fields/fields.test.ts': ['V-28 V-29 links and sections cannot be optional'],
      'src/features/templates/templates.test.ts': ['V-52 every type of field is accepted'],
    },
  },
  {
    name: 'empty-section-is-shown',
    covers: ['V-28'],
    file: 'src/features/templates/fields/rules.ts',
    from: '    return content.some((each) => isVisibleTo(each, audience))',
    to: '    return content.length > 0',
    tests: { 'src/features/templates/fields/fields.test.ts': ['a section whose fields are all hidden'] },
  },
  {
    name: 'script-addresses-are-links',
    covers: ['PS-57'],
    file: 'src/features/templates/answers/rules.ts',
    from: `!/^https?:\\/\\//i.test(text)) return false
  if (!URL.canParse(text)) return false
  const { protocol, username, password, hostname } = new URL(text)
  const isHttp = protocol === 'http:' || protocol === 'https:'
  return isHttp && !username && !password && hostname !== ''`,
    to: `!/^[a-z]+:/i.test(text)) return false
  if (!URL.canParse(text)) return false
  const { username, password } = new URL(text)
  return !username && !password`,
    tests: { 'src/features/templates/answers/answers.test.ts': ['PS-57 only http and https addresses'] },
  },
  {
    name: 'impossible-dates-are-stored',
    covers: ['V-52'],
    file: 'src/features/templates/answers/rules.ts',
    from: 'return isSameDay && !Number.isNaN(Date.parse(input))',
    to: 'return isSameDay || !Number.isNaN(Date.parse(input))',
    tests: { 'src/features/templates/answers/answers.test.ts': ['V-52 a date has an offset and exists'] },
  },
  {
    name: 'choices-outside-the-list',
    covers: ['V-52'],
    file: 'src/features/templates/answers/rules.ts',
    from: "typeof input === 'string' && field.options?.includes(input) ? { value: input }",
    to: "typeof input === 'string' && field.options ? { value: input }",
    tests: { 'src/features/templates/answers/answers.test.ts': ['V-52 choices must be options'] },
  },
]

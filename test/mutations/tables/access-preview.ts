/** Previews of changes of access. */
import type { Mutation } from '../mutation.ts'

const tests = 'src/features/access-preview/access-preview.test.ts'
const forms = 'test/permission-group-forms.test.ts'
const rules = 'src/features/access-preview/rules.ts'
const handlers = 'src/features/access-preview/handlers.ts'
const rehearsal = 'src/platform/rehearsal.ts'

export const accessPreviews: Mutation[] = [
  {
    name: 'preview-stays',
    covers: ['issue 10, 6'],
    file: rehearsal,
    from: 'rollsBack: true',
    to: 'rollsBack: false',
    tests: { [tests]: ['leaves no trace: no row of any table'] },
  },
  {
    name: 'preview-skips-the-input-checks',
    covers: ['issue 10, 6'],
    file: rehearsal,
    from: 'const parsed = parse(definition, parts)',
    to: 'const parsed = (void parse, input)',
    tests: { [tests]: ['refuses what the change itself refuses'] },
  },
  {
    name: 'preview-counts-as-staff',
    covers: ['issue 10, 6'],
    file: rehearsal,
    from: 'await transaction.begin(server.contextSettings(actor, account, []))',
    to: 'void [actor, account]',
    tests: { [tests]: ['a group loses tickets'] },
  },
  {
    name: 'preview-forgets-secure-links',
    covers: ['issue 10, 6'],
    file: handlers,
    from: '[...users.principals, ...links.principals]',
    to: '[...users.principals]',
    tests: { [tests]: ['visitors may only write tickets', 'links of one customer open alone'] },
  },
  {
    name: 'preview-calls-a-contact-the-whole-customer',
    covers: ['issue 10, 6'],
    file: rules,
    from: 'each.part === null || each.part === part',
    to: 'each.part === null || part !== undefined',
    tests: { [tests]: ['the whole customer becomes a contact', 'a contact gets the whole customer'] },
  },
  {
    name: 'preview-forgets-hidden-jobs',
    covers: ['issue 10, 6', 'E-19'],
    file: rules,
    from: "if (old.enters && seesMoreTemplates(old, next)) records.add('job')",
    to: 'void seesMoreTemplates',
    tests: { [tests]: ['jobs of other services are hidden', 'jobs of other services are shown'] },
  },
  {
    name: 'preview-names-everybody',
    covers: ['issue 10, 6'],
    file: rules,
    from: 'export const NAMED = 10',
    to: 'export const NAMED = 11',
    tests: { [tests]: ['names ten people of each side and counts all of them'] },
  },
  {
    name: 'form-does-not-ask-about-access',
    covers: ['issue 10, 6'],
    file: 'src/web/confirm-access.ts',
    from: 'if (!preview) return null',
    to: 'if (preview !== undefined) return null',
    tests: {
      [forms]: ['"Save changes" asks first when somebody gains or loses', '"Delete group" asks where its links move'],
    },
  },
  {
    name: 'question-does-not-say-what-changes',
    covers: ['issue 10, 6'],
    file: 'src/features/access-preview/ui/AskedChanges.svelte',
    from: '{#if preview}<AccessChanges {preview} />{/if}',
    to: '{#if preview === undefined}<AccessChanges preview={preview!} />{/if}',
    tests: {
      'test/settings-forms.test.ts': ['CP-02 "Turn off portal" says what ends and asks first'],
      'test/portal-access-forms.test.ts': ['is suspended after a question, and reactivated'],
    },
  },
  {
    name: 'keep-editing-loses-what-was-entered',
    covers: ['issue 10, 6'],
    file: 'src/web/confirm-access.ts',
    from: "if (confirm === 'edit') return { form, values, problem: undefined }",
    to: "if (confirm === 'edit') return { form, values: {}, problem: undefined }",
    tests: { [forms]: ['"Save changes" asks first when somebody gains or loses'] },
  },
]

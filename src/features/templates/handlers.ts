import { shortCode } from '../../platform/ids.ts'
import { implement, type Context, type Output } from '../../platform/operation.ts'
import { problem } from '../../platform/problem.ts'
import { isOffice } from '../identity/rules.ts'
import { refoldJobs } from '../jobs/search/queries.ts'
import { templates } from './contract.ts'
import { mayEditTemplate, mayManageTemplates, mayReadTemplates, allowedTemplateActions } from './policy.ts'
import {
  countTemplates,
  findFieldsOfVersion,
  findTemplate,
  insertTemplate,
  listTemplates,
  reorderTemplates,
  replaceTemplate,
  setTemplateStatus,
  type TemplateRow,
} from './queries.ts'
import { prefixFieldErrors } from './answers/rules.ts'
import { viewFields, type Field } from './fields/rules.ts'
import { areFieldsEqual, checkFields } from './rules.ts'

export const templatesHandlers = implement('templates', templates, {
  async listTemplates(ctx, { status = 'active' }) {
    ctx.allow(mayReadTemplates(ctx.actor))
    const [rows, counts] = await Promise.all([
      listTemplates(ctx.db, ctx.account.id, { status }),
      countTemplates(ctx.db, ctx.account.id),
    ])
    const canManage = mayManageTemplates(ctx.actor).yes
    return {
      rows: rows.map((row) => ({
        ...presentSummary(ctx, row),
        fieldCount: fieldsFor(ctx, row).filter((field) => field.type !== 'section').length,
      })),
      counts,
      can: { create: canManage, order: canManage && status === 'active' },
    }
  },

  async getTemplate(ctx, { template, version }) {
    ctx.allow(mayReadTemplates(ctx.actor))
    const row = await findTemplate(ctx.db, { account: ctx.account.id, template })
    if (!row) throw problem('notFound')
    if (version === undefined || version === row.version) return present(ctx, row)
    const fields = await findFieldsOfVersion(ctx.db, { account: ctx.account.id, template }, version)
    if (!fields) throw problem('notFound')
    return present(ctx, { ...row, fields }, version)
  },

  async createTemplate(ctx, { fields, ...content }) {
    ctx.allow(mayManageTemplates(ctx.actor))
    const key = { account: ctx.account.id, template: ctx.newId() }
    await insertTemplate(ctx.db, key, { ...content, fields: toStoredFields(fields) }, { now: ctx.now })
    await ctx.audit({
      event: 'templateCreated',
      subjectKind: 'template',
      subjectId: key.template,
      details: { name: content.name },
    })
    return present(ctx, (await findTemplate(ctx.db, key))!)
  },

  async updateTemplate(ctx, { template, version, fields, ...content }) {
    const key = { account: ctx.account.id, template }
    const row = await findTemplate(ctx.db, key)
    if (!row) throw problem('notFound')
    ctx.allow(mayEditTemplate(ctx.actor, row))
    if (row.version !== version) throw problem('templateChanged')
    const next = { ...row, ...content, fields: fields ? toStoredFields(fields, row.fields) : row.fields }
    // Saving unchanged content creates no new version.
    if (hasSameContent(row, next)) return present(ctx, row)
    // Another change may have been saved since the row was read: this one is then refused and overwrites nothing.
    if (!(await replaceTemplate(ctx.db, key, version, next, ctx.now))) throw problem('templateChanged')
    // Nobody finds jobs by the text of a field that is now hidden from them, so the search text changes in the same
    // transaction (PS-14, PS-15).
    if (visibleFieldIds(row.fields) !== visibleFieldIds(next.fields)) await refoldJobs(ctx.db, ctx.account.id, template)
    await ctx.audit({
      event: 'templateUpdated',
      subjectKind: 'template',
      subjectId: template,
      details: { version: version + 1 },
    })
    return present(ctx, (await findTemplate(ctx.db, key))!)
  },

  archiveTemplate: (ctx, { template }) => setStatus(ctx, template, 'archived'),
  restoreTemplate: (ctx, { template }) => setStatus(ctx, template, 'active'),

  async reorderTemplates(ctx, { templates: ids }) {
    ctx.allow(mayManageTemplates(ctx.actor))
    await reorderTemplates(ctx.db, ctx.account.id, ids)
    return {}
  },
})

type ReadContext = Pick<Context<(typeof templates)['getTemplate']>, 'account' | 'actor'>
type WriteContext = Context<(typeof templates)['archiveTemplate']>

/** A template that has the status already is left as it is. */
async function setStatus(ctx: WriteContext, template: string, status: 'active' | 'archived') {
  const key = { account: ctx.account.id, template }
  const row = await findTemplate(ctx.db, key)
  if (!row) throw problem('notFound')
  ctx.allow(mayManageTemplates(ctx.actor))
  if (row.status === status) return present(ctx, row)
  await setTemplateStatus(ctx.db, key, status, ctx.now)
  await ctx.audit({
    event: status === 'archived' ? 'templateArchived' : 'templateRestored',
    subjectKind: 'template',
    subjectId: template,
    details: { name: row.name },
  })
  return present(ctx, { ...row, status, updatedAt: ctx.now })
}

type FieldInput = Omit<Field, 'id'> & { id?: string | undefined }

/**
 * Fields as they will be stored, or a refusal that names every error. A field without an id is new, and so is a field
 * with another type than before: its old answers would not fit.
 */
function toStoredFields(
  fields: readonly { [K in keyof FieldInput]: FieldInput[K] | undefined }[],
  previous: readonly Field[] = [],
): Field[] {
  const types = new Map(previous.map((field) => [field.id, field.type]))
  const storedFields = fields.map((field): Field => {
    const keepsId = field.id && (types.get(field.id) ?? field.type) === field.type
    const id = keepsId ? field.id : shortCode().toLowerCase()
    // JSON leaves out properties that are undefined.
    return JSON.parse(JSON.stringify({ ...field, hint: field.hint || undefined, id })) as Field
  })
  const fieldErrors = checkFields(storedFields)
  if (Object.keys(fieldErrors).length > 0) throw problem('input', { fields: prefixFieldErrors('fields', fieldErrors) })
  return storedFields
}

/** The ids of the fields that customers and workers see, as a text to compare. */
const visibleFieldIds = (fields: readonly Field[]) =>
  (['portal', 'worker'] as const)
    .map((audience) =>
      viewFields(fields, audience)
        .fields.map((field) => field.id)
        .sort()
        .join(),
    )
    .join(' ')

/** A worker does not see what a template hides from workers (V-29). */
const fieldsFor = ({ actor }: ReadContext, { fields }: Pick<TemplateRow, 'fields'>): Field[] =>
  viewFields(fields, isOffice(actor.role) ? 'office' : 'worker').fields

const hasSameContent = (first: TemplateRow, second: TemplateRow) =>
  first.name === second.name &&
  first.description === second.description &&
  first.icon === second.icon &&
  first.durationMinutes === second.durationMinutes &&
  areFieldsEqual(first.fields, second.fields)

const presentSummary = (ctx: ReadContext, { fields: _, position: __, ...row }: TemplateRow) => ({
  ...row,
  offered: ctx.account.portal.templates.includes(row.id),
})

const present = (
  ctx: ReadContext,
  row: TemplateRow,
  fieldsOf = row.version,
): Output<(typeof templates)['getTemplate']> => ({
  ...presentSummary(ctx, row),
  fields: fieldsFor(ctx, row),
  fieldsOf,
  can: allowedTemplateActions(ctx.actor, row),
})

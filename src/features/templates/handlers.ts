import { shortCode } from '../../platform/ids.ts'
import { implement, type Context, type Output } from '../../platform/operation.ts'
import { problem } from '../../platform/problem.ts'
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
import type { Field } from './fields/rules.ts'
import { areFieldsEqual, checkFields } from './rules.ts'

export const templatesHandlers = implement('templates', templates, {
  async listTemplates(ctx, { status = 'active' }) {
    ctx.allow(mayReadTemplates(ctx.actor))
    const [rows, counts] = await Promise.all([
      listTemplates(ctx.db, ctx.account.id, { status }),
      countTemplates(ctx.db, ctx.account.id),
    ])
    const manages = mayManageTemplates(ctx.actor).yes
    return {
      rows: rows.map((row) => ({
        ...summary(ctx, row),
        fieldCount: row.fields.filter((field) => field.type !== 'section').length,
      })),
      counts,
      can: { create: manages, order: manages && status === 'active' },
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
    await insertTemplate(ctx.db, key, { ...content, fields: checkedFields(fields) }, { now: ctx.now })
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
    const next = { ...row, ...content, fields: fields ? checkedFields(fields, row.fields) : row.fields }
    // Saving what is already there is no new version.
    if (hasSameContent(row, next)) return present(ctx, row)
    // Whoever came second between reading and writing is refused here, and has lost nothing of the first.
    if (!(await replaceTemplate(ctx.db, key, version, next, ctx.now))) throw problem('templateChanged')
    // What is hidden now must not be found by its words any more, in this very transaction (PS-14, PS-15).
    if (portalFieldIds(row.fields) !== portalFieldIds(next.fields)) await refoldJobs(ctx.db, ctx.account.id, template)
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

/** What presenting needs of a context, whatever the operation. */
type Reader = Pick<Context<(typeof templates)['getTemplate']>, 'account' | 'actor'>
type Writer = Context<(typeof templates)['archiveTemplate']>

/** Twice is no error: the second finds it done. */
async function setStatus(ctx: Writer, template: string, status: 'active' | 'archived') {
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

type Typed = Omit<Field, 'id'> & { id?: string | undefined }

/**
 * Fields as they will be stored, or a refusal that names every fault. A field without an id is new. One that
 * changed its type is new too: its old answers would not fit.
 */
function checkedFields(
  fields: readonly { [K in keyof Typed]: Typed[K] | undefined }[],
  before: readonly Field[] = [],
): Field[] {
  const types = new Map(before.map((field) => [field.id, field.type]))
  const made = fields.map((typed): Field => {
    const kept = typed.id && (types.get(typed.id) ?? typed.type) === typed.type
    return JSON.parse(
      JSON.stringify({ ...typed, hint: typed.hint || undefined, id: kept ? typed.id : shortCode().toLowerCase() }),
    ) as Field
  })
  const fieldErrors = checkFields(made)
  if (Object.keys(fieldErrors).length > 0) throw problem('input', { fields: prefixFieldErrors('fields', fieldErrors) })
  return made
}

/** The questions that customers see, in a comparable form. */
const portalFieldIds = (fields: readonly Field[]) =>
  fields
    .filter((field) => field.portal !== 'hidden')
    .map((field) => field.id)
    .sort()
    .join()

const hasSameContent = (one: TemplateRow, other: TemplateRow) =>
  one.name === other.name &&
  one.description === other.description &&
  one.icon === other.icon &&
  one.durationMinutes === other.durationMinutes &&
  areFieldsEqual(one.fields, other.fields)

const summary = (ctx: Reader, { fields: _, position: __, ...row }: TemplateRow) => ({
  ...row,
  offered: ctx.account.portal.templates.includes(row.id),
})

const present = (ctx: Reader, row: TemplateRow, fieldsOf = row.version): Output<(typeof templates)['getTemplate']> => ({
  ...summary(ctx, row),
  fields: row.fields,
  fieldsOf,
  can: allowedTemplateActions(ctx.actor, row),
})

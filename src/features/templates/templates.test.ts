import { describe, expect, it } from 'vitest'
import { startTestServer } from '../../../test/test-server.ts'

const dishwasher = {
  name: 'Dishwasher repair',
  description: 'Does not clean, drain or start',
  icon: 'droplets' as const,
  durationMinutes: 90,
  fields: [
    { name: 'The machine', type: 'section' as const, portal: 'readOnly' as const, worker: 'readOnly' as const },
    {
      name: 'Make and model',
      type: 'text' as const,
      hint: 'On the edge of the door',
      portal: 'required' as const,
      worker: 'optional' as const,
    },
    {
      name: 'What is wrong',
      type: 'pickList' as const,
      options: ['Leaks', 'Does not start'],
      portal: 'optional' as const,
      worker: 'readOnly' as const,
    },
    { name: 'Cost of parts', type: 'currency' as const, portal: 'hidden' as const, worker: 'required' as const },
    {
      name: 'What we do',
      type: 'link' as const,
      value: 'https://harbour.example/dishwashers',
      portal: 'readOnly' as const,
      worker: 'hidden' as const,
    },
  ],
}

const shape = (
  fields: {
    name: string
    type: string
    portal: string
    worker: string
    hint?: string | undefined
    options?: string[] | undefined
    value?: unknown
  }[],
) =>
  fields.map(({ name, type, portal, worker, hint, options, value }) => ({
    name,
    type,
    portal,
    worker,
    ...(hint && { hint }),
    ...(options && { options }),
    ...(value !== undefined && { value }),
  }))

describe('templates', () => {
  it('V-50 V-28 V-29 an owner creates a template with a description, a planned duration and two permissions on every field', async () => {
    const { owner } = await (await startTestServer()).business()
    const { id } = await owner.ok('createTemplate', dishwasher)
    const made = await owner.ok('getTemplate', { template: id })
    expect(made).toMatchObject({
      name: 'Dishwasher repair',
      durationMinutes: 90,
      icon: 'droplets',
      version: 1,
      status: 'active',
    })
    expect(shape(made.fields as never)).toEqual(dishwasher.fields)
    expect(new Set(made.fields.map((field) => field.id)).size).toBe(5)
    const list = await owner.ok('listTemplates')
    expect(list.rows).toMatchObject([{ id, fieldCount: 4, offered: false }])
    expect(list.counts).toEqual({ active: 1, archived: 0 })
  })

  it('V-52 every type of field is accepted, and a link or section to fill in is refused', async () => {
    const { owner } = await (await startTestServer()).business()
    const types = ['text', 'number', 'dateTime', 'checkbox', 'currency', 'file'] as const
    const field = (type: string, more = {}) => ({ name: type, type, portal: 'optional', worker: 'optional', ...more })
    const lists = [field('pickList', { options: ['a', 'b'] }), field('multiPickList', { options: ['a', 'b'] })]
    const shown = [
      field('link', { portal: 'hidden', worker: 'readOnly' }),
      field('section', { portal: 'readOnly', worker: 'hidden' }),
    ]
    const made = await owner.ok('createTemplate', {
      name: 'Everything',
      fields: [...types.map((type) => field(type)), ...lists, ...shown] as never,
    })
    expect(made.fields).toHaveLength(10)

    const refused = await owner.call('createTemplate', {
      name: 'Wrong',
      fields: [
        field('link'),
        field('section', { worker: 'required', portal: 'hidden' }),
        field('pickList'),
        field('pickList', { options: ['a', 'a'] }),
        field('link', { portal: 'readOnly', worker: 'hidden', value: 'javascript:alert(1)' }),
      ],
    })
    expect(refused.status).toBe(422)
    expect(Object.keys(refused.body.fields!).sort()).toEqual([
      'fields.0.portal',
      'fields.0.worker',
      'fields.1.worker',
      'fields.2.options',
      'fields.3.options',
      'fields.4.value',
    ])
    expect((await owner.ok('listTemplates')).rows).toHaveLength(1)
  })

  it('E-20 a change creates a new version, and the version before it can still be read', async () => {
    const { owner } = await (await startTestServer()).business()
    const first = await owner.ok('createTemplate', dishwasher)
    const [, model, ...rest] = first.fields as { id: string; name: string; type: string }[]
    const changed = await owner.ok('updateTemplate', {
      template: first.id,
      version: 1,
      fields: [{ ...model!, name: 'Which machine' }, ...rest.slice(0, 2)] as never,
    })
    expect(changed).toMatchObject({ version: 2, fieldsOf: 2, name: 'Dishwasher repair', durationMinutes: 90 })
    expect(changed.fields.map((field) => field.name)).toEqual(['Which machine', 'What is wrong', 'Cost of parts'])
    expect(changed.fields[0]!.id).toBe(model!.id)
    const before = await owner.ok('getTemplate', { template: first.id, version: 1 })
    expect(before.fields).toEqual(first.fields)
    expect(before).toMatchObject({ version: 2, fieldsOf: 1 })
    expect((await owner.call('getTemplate', { template: first.id, version: 9 })).status).toBe(404)
  })

  it('saving unchanged content creates no new version', async () => {
    const { owner } = await (await startTestServer()).business()
    const { id, fields } = await owner.ok('createTemplate', dishwasher)
    const again = await owner.ok('updateTemplate', {
      template: id,
      version: 1,
      name: ' Dishwasher repair ',
      fields: fields as never,
    })
    expect(again.version).toBe(1)
  })

  it('E-18 a field that changes its type becomes a new field, so that old answers are not shown under it', async () => {
    const { owner } = await (await startTestServer()).business()
    const { id, fields } = await owner.ok('createTemplate', {
      name: 'Boiler',
      fields: [{ name: 'Age', type: 'text', portal: 'optional', worker: 'optional' }],
    })
    const changed = await owner.ok('updateTemplate', {
      template: id,
      version: 1,
      fields: [{ ...fields[0], type: 'number' }] as never,
    })
    expect(changed.fields[0]!.id).not.toBe(fields[0]!.id)
  })

  it('E-41 of two simultaneous changes to a template the second is refused, and the first is kept', async () => {
    const { stored, ...rest } = await startTestServer()
    const { owner, id: account, ...business } = await rest.business()
    const admin = await business.staff('admin')
    const { id } = await owner.ok('createTemplate', dishwasher)
    const answers = await Promise.all([
      owner.call('updateTemplate', { template: id, version: 1, name: 'By the owner' }),
      admin.call('updateTemplate', { template: id, version: 1, name: 'By the admin' }),
    ])
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 409])
    expect(answers.find((answer) => answer.status === 409)!.body.code).toBe('templateChanged')
    const versions = await stored((db) =>
      db
        .selectFrom('template_versions')
        .select('version')
        .where('account_id', '=', account)
        .where('template_id', '=', id)
        .orderBy('version')
        .execute(),
    )
    expect(versions.map((row) => row.version)).toEqual([1, 2])
    // Also from a page that was opened long before.
    const stale = await admin.call('updateTemplate', { template: id, version: 1, name: 'From an old page' })
    expect([stale.status, stale.body.code]).toEqual([409, 'templateChanged'])
  })

  it('an archived template leaves the list, cannot be changed, and is restored unchanged', async () => {
    const { owner } = await (await startTestServer()).business()
    const { id } = await owner.ok('createTemplate', dishwasher)
    await owner.ok('archiveTemplate', { template: id })
    expect(await owner.ok('archiveTemplate', { template: id })).toMatchObject({
      status: 'archived',
      can: { edit: false, archive: false, restore: true },
    })
    expect(await owner.ok('listTemplates')).toMatchObject({ rows: [], counts: { active: 0, archived: 1 } })
    expect((await owner.ok('listTemplates', { status: 'archived' })).rows).toHaveLength(1)
    expect((await owner.call('updateTemplate', { template: id, version: 1, name: 'New' })).body.code).toBe(
      'templateArchived',
    )
    expect(await owner.ok('restoreTemplate', { template: id })).toMatchObject({
      status: 'active',
      version: 1,
      name: 'Dishwasher repair',
    })
  })

  it('templates keep the order they were given; new ones come last', async () => {
    const { owner } = await (await startTestServer()).business()
    const ids: string[] = []
    for (const name of ['One', 'Two', 'Three', 'Four']) ids.push((await owner.ok('createTemplate', { name })).id)
    const names = async () => (await owner.ok('listTemplates')).rows.map((row) => row.name)
    expect(await names()).toEqual(['One', 'Two', 'Three', 'Four'])
    await owner.ok('reorderTemplates', { templates: [ids[2]!, ids[0]!] })
    expect(await names()).toEqual(['Three', 'One', 'Two', 'Four'])
    await owner.ok('createTemplate', { name: 'Five' })
    expect(await names()).toEqual(['Three', 'One', 'Two', 'Four', 'Five'])
  })

  it('PS-35 PS-37 dispatchers and workers can read templates but not change them', async () => {
    const { stored, ...rest } = await startTestServer()
    const { owner, id: account, ...business } = await rest.business()
    const { id } = await owner.ok('createTemplate', dishwasher)
    const look = () =>
      stored(async (db) =>
        JSON.stringify([
          await db.selectFrom('templates').selectAll().where('account_id', '=', account).execute(),
          await db.selectFrom('audit').select('id').where('account_id', '=', account).execute(),
        ]),
      )
    const before = await look()
    for (const role of ['dispatcher', 'worker'] as const) {
      const person = await business.staff(role)
      expect((await person.ok('listTemplates')).can).toEqual({ create: false, order: false })
      expect((await person.ok('getTemplate', { template: id })).can).toEqual({
        edit: false,
        archive: false,
        restore: false,
      })
      for (const answer of [
        await person.call('createTemplate', { name: 'Mine' }),
        await person.call('updateTemplate', { template: id, version: 1, name: 'Mine' }),
        await person.call('archiveTemplate', { template: id }),
        await person.call('restoreTemplate', { template: id }),
        await person.call('reorderTemplates', { templates: [id] }),
      ])
        expect([answer.status, answer.body.code]).toEqual([403, 'managersOnly'])
    }
    expect(await look()).toBe(before)
  })

  it('PS-02 PS-10 another business, a portal user and a visitor find no template', async () => {
    const { business } = await startTestServer()
    const [ours, theirs] = [await business(), await business()]
    const { id } = await ours.owner.ok('createTemplate', dishwasher)
    const absent = await theirs.owner.call('getTemplate', { template: '0198c0de-0000-7000-8000-000000000000' })
    for (const name of ['getTemplate', 'archiveTemplate', 'restoreTemplate'] as const) {
      const answer = await theirs.owner.call(name, { template: id })
      expect(answer.status).toBe(404)
      expect(answer.text.length).toBe(absent.text.length)
    }
    expect((await theirs.owner.call('updateTemplate', { template: id, version: 1, name: 'Ours now' })).status).toBe(404)
    await theirs.owner.ok('reorderTemplates', { templates: [id] })
    expect((await ours.visitor().call('getTemplate', { template: id })).status).toBe(401)
    expect((await (await ours.portalUser()).call('listTemplates')).status).toBe(401)
    expect((await ours.owner.ok('getTemplate', { template: id })).name).toBe('Dishwasher repair')
  })

  it('E-67 PS-14 PS-36 properties that the contract does not declare are refused by name', async () => {
    const { owner } = await (await startTestServer()).business()
    const extra = await owner.call('createTemplate', {
      name: 'Boiler',
      status: 'archived',
      account_id: 'x',
      fields: [{ name: 'Age', type: 'text', portal: 'optional', worker: 'optional', secret: true }],
    })
    expect(extra.status).toBe(422)
    expect(Object.keys(extra.body.fields!).sort()).toEqual(['account_id', 'fields.0.secret', 'status'])
    expect((await owner.call('listTemplates', { sort: 'external_reference' })).status).toBe(422)
  })

  it('PS-57 a script in any text of a template is stored and returned as text', async () => {
    const { owner } = await (await startTestServer()).business()
    const script = '<script>alert("1")</script> {{name}}'
    const { id } = await owner.ok('createTemplate', {
      name: script,
      description: script,
      fields: [
        { name: script, type: 'pickList', options: [script], hint: script, portal: 'optional', worker: 'optional' },
      ],
    })
    const read = await owner.ok('getTemplate', { template: id })
    expect([
      read.name,
      read.description,
      read.fields[0]!.name,
      read.fields[0]!.hint,
      read.fields[0]!.options![0],
    ]).toEqual(Array(5).fill(script))
    expect((await owner.call('createTemplate', { name: 'Bell\u0007' })).body.fields).toMatchObject({
      name: { code: 'control' },
    })
  })
})

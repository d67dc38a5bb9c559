/** Forms with files of the office's jobs, sent as a browser without script sends them. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openScreen, startPagesServer, type Screen } from './no-script.ts'
import type { Business, TestServer } from './test-server.ts'

let server: TestServer, shop: Business, customer: string, template: string
const WRONG = { id: 'wrong', name: 'What is wrong?', type: 'text', portal: 'optional', worker: 'optional' }

beforeAll(async () => {
  server = await startPagesServer()
})
beforeEach(async () => {
  shop = await server.business()
  customer = await shop.customer('Dockside Lettings')
  template = await shop.template({ name: 'Dishwasher repair', fields: [WRONG] })
})

const base = () => `/office/${shop.slug}/jobs`
const load = (job: string) => shop.owner.ok('getJob', { job })
const plain = (text: string) => text.replaceAll(/\s+/g, ' ').trim()
const file = (name: string, text = 'It drips.') => new File([text], name, { type: 'text/plain' })

describe('the files of a new job', () => {
  const openNew = () => openScreen(shop.owner, `${base()}/new?customer=${customer}&template=${template}`)
  const createdBy = (page: Screen) => load(/jobs\/([\w-]+)$/.exec(page.path.split('?')[0]!)![1]!)
  const keptIn = ({ $ }: Screen, name = 'files') =>
    $(`input[type=hidden][name="${name}"]`)
      .toArray()
      .map((input) => plain($(input).closest('.file').find('.cut').text()))
  const answers = { address: '3 Lockside', durationMinutes: '45' }

  it('are sent with the form, for staff unless the form says otherwise', async () => {
    const form = await openNew()
    expect(form.text).toContain('Photos up to 30 MB. PDF, Word, Excel, or text files up to 10 MB.')
    const job = await createdBy(await form.press('Create job', { ...answers, 'upload.files': file('leak.txt') }))
    expect(job.files).toMatchObject([{ name: 'leak.txt', audience: 'internal' }])
    const shared = await createdBy(
      await (
        await openNew()
      ).press('Create job', { ...answers, 'upload.files': file('plan.txt'), filesAudience: 'customer' }),
    )
    expect(shared.files).toMatchObject([{ name: 'plan.txt', audience: 'customer' }])
  })

  it('stay when the form is refused, with those refused named, and one of them can be removed', async () => {
    const refused = await (
      await openNew()
    ).press('Create job', { durationMinutes: '2', 'upload.files': file('leak.txt') })
    expect([refused.status, keptIn(refused)]).toEqual([422, ['leak.txt']])
    const broken = await refused.press('Create job', {
      ...answers,
      'upload.files': file('page.html', '<!doctype html>'),
    })
    expect(broken.text).toContain('page.html:')
    expect([broken.status, keptIn(broken)]).toEqual([422, ['leak.txt']])
    const more = await broken.press('Create job', { durationMinutes: '2', 'upload.files': file('second.txt') })
    expect(keptIn(more)).toEqual(['leak.txt', 'second.txt'])
    const without = await more.press('Remove leak.txt', { title: 'Leak' })
    expect([keptIn(without), without.$('[name=title]').val()]).toEqual([['second.txt'], 'Leak'])
    const job = await createdBy(await without.press('Create job', answers))
    expect([job.title, job.files.map(({ name }) => name)]).toEqual(['Leak', ['second.txt']])
  })

  it('answer the template’s questions for files, which have a picker of their own', async () => {
    const photos = { id: 'photos', name: 'Photos', type: 'file', portal: 'optional', worker: 'optional' }
    template = await shop.template({ name: 'Survey', fields: [WRONG, photos] })
    const form = await openNew()
    const refused = await form.press('Create job', { durationMinutes: '2', 'upload.fields.photos': file('roof.txt') })
    expect(keptIn(refused, 'fields.photos')).toEqual(['roof.txt'])
    const job = await createdBy(await refused.press('Create job', answers))
    expect(job.files).toMatchObject([{ name: 'roof.txt', field: 'photos', audience: 'customer' }])
    expect(job.fields).toContainEqual(expect.objectContaining({ id: 'photos', value: [job.files[0]!.id] }))
  })

  it('may be large; one that is too large comes back with what was typed', async () => {
    const large = file('boiler.jpg', 'x'.repeat(11 * 1024 * 1024))
    const refused = await (await openNew()).press('Create job', { ...answers, 'upload.files': large })
    expect([refused.status, refused.$('[name=address]').val()]).toEqual([422, '3 Lockside'])
    expect(refused.text).toContain('boiler.jpg: This file is too large. Choose one up to 10 MB.')
  })
})

describe('the files of an open job', () => {
  const create = async () => (await shop.owner.ok('createJob', { customer, template, address: '14 Pelican Quay' })).id
  const namesOf = async (job: string) => (await load(job)).files.map(({ name, audience }) => [name, audience])

  it('are added in the office, for the chosen readers, in the page and in the panel beside the list', async () => {
    const job = await create()
    const page = await openScreen(shop.owner, `${base()}/${job}`)
    const after = await page.press('Upload files', { 'upload.files': file('leak.txt') })
    expect([after.path, after.text.includes('File uploaded.')]).toEqual([`${base()}/${job}`, true])
    const panel = await openScreen(shop.owner, `${base()}?job=${job}&tab=files`)
    const shared = await panel.press('Upload files', { 'upload.files': file('plan.txt'), audience: 'customer' })
    expect(shared.path).toBe(`${base()}?job=${job}&tab=files`)
    expect(await namesOf(job)).toEqual([
      ['leak.txt', 'internal'],
      ['plan.txt', 'customer'],
    ])
  })

  it('are added by the customer in the portal', async () => {
    const job = await create()
    const user = await shop.portalUser({ customers: [customer] })
    const page = await openScreen(user, `/p/${shop.slug}/jobs/${job}`)
    const after = await page.press('Add files', { 'upload.files': file('photo.txt') })
    expect(after.text).toContain('File added.')
    expect(await namesOf(job)).toEqual([['photo.txt', 'customer']])
    const refused = await after.press('Add files', { 'upload.files': file('page.html', '<!doctype html>') })
    expect([refused.status, plain(refused.$('.picker .error').text())]).toEqual([
      422,
      expect.stringMatching(/^page\.html: /),
    ])
  })

  it('are named beside the field when they are refused, and so is that none was chosen', async () => {
    const job = await create()
    const page = await openScreen(shop.owner, `${base()}/${job}`)
    const refused = await page.press('Upload files', { 'upload.files': file('page.html', '<!doctype html>') })
    expect([refused.status, plain(refused.$('.picker .error').text())]).toEqual([
      422,
      expect.stringMatching(/^page\.html: /),
    ])
    const empty = await page.press('Upload files')
    expect([empty.status, plain(empty.$('.picker .error').text())]).toEqual([422, 'Choose a file.'])
    expect(await namesOf(job)).toEqual([])
  })
})

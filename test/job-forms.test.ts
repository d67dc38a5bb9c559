/** Every form of the office's job and message pages, sent as a browser without script sends it. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openScreen, startPagesServer } from './no-script.ts'
import type { Business, Person, TestServer } from './test-server.ts'

let server: TestServer, shop: Business, customer: string, template: string, worker: Person
const WRONG = { id: 'wrong', name: 'What is wrong?', type: 'text', portal: 'optional', worker: 'optional' }

beforeAll(async () => {
  server = await startPagesServer()
})
beforeEach(async () => {
  shop = await server.business()
  customer = await shop.customer('Dockside Lettings')
  template = await shop.template({ name: 'Dishwasher repair', fields: [WRONG] })
  worker = await shop.staff('worker', 'Will Worker')
})

const base = () => `/office/${shop.slug}/jobs`
const create = async (more: object = {}) =>
  (await shop.owner.ok('createJob', { customer, template, address: '14 Pelican Quay', ...more })).id
const load = (job: string) => shop.owner.ok('getJob', { job })
const open = (job: string, query = '') => openScreen(shop.owner, `${base()}/${job}${query}`)

describe('several jobs', () => {
  const tick = async () => (await openScreen(shop.owner, base())).follow('Select jobs')

  it('are ticked, assigned, scheduled and moved, and the page says which of them refused', async () => {
    const [open, started] = [await create(), await create({ worker: worker.id })]
    await shop.owner.ok('changeJobStatus', { job: started, version: 1, to: 'started' })
    const ids = [open, started]
    const assigned = await (await tick()).press('Assign jobs', { ids, worker: worker.id })
    expect(assigned.text).toContain('2 jobs changed')
    expect((await load(open)).worker?.id).toBe(worker.id)
    const time = { 'scheduled.day': '2027-03-02', 'scheduled.time': '10:15' }
    const scheduled = await (await tick()).press('Schedule jobs', { ids, ...time })
    expect(scheduled.text).toContain('1 job changed')
    const { number } = await load(started)
    expect(scheduled.text).toContain(`Job ${number}: This job has started or ended, so it can’t be scheduled.`)
    expect((await load(open)).scheduled).toEqual(expect.objectContaining({ day: '2027-03-02', time: '10:15' }))
    await (await tick()).press('Change status', { ids: [open], to: 'started' })
    expect((await load(open)).status).toBe('started')
  })

  it('are reported once: each refused job with a link, and a reload changes nothing again', async () => {
    const [open, started] = [await create(), await create({ worker: worker.id })]
    await shop.owner.ok('changeJobStatus', { job: started, version: 1, to: 'started' })
    const values = { ids: [open, started], 'scheduled.day': '2027-03-02', 'scheduled.time': '10:15' }
    const page = await (await tick()).press('Schedule jobs', values)
    const { number } = await load(started)
    const link = page.$('.banner a').filter((_, each) => page.$(each).text() === `Job ${number}`)
    expect(link.attr('href')).toContain(`job=${started}`)
    // The page that says it is an address of its own, which a reload asks for again.
    expect(page.path).toContain('select=1')
    expect(page.path).not.toContain('/bulk')
    const again = await openScreen(shop.owner, page.path)
    expect(again.text).not.toContain('1 job changed')
  })

  it('say which field is wrong for a job', async () => {
    const id = await create()
    // Clocks in London go forward then.
    const values = { ids: [id], 'scheduled.day': '2027-03-28', 'scheduled.time': '01:30' }
    const page = await (await tick()).press('Schedule jobs', values)
    expect(page.text).toContain('This time doesn’t exist in London because clocks go forward.')
    expect(page.text).not.toContain('Check the highlighted fields.')
  })

  it('are offered statuses that each job can have without a worker or a reason of its own', async () => {
    await create()
    const page = await tick()
    const options = page.$('select[name=to] option')
    expect(options.get().map((option) => page.$(option).val())).toEqual([
      ...['unassigned', 'unpublished', 'started', 'paused', 'completed', 'postponed'],
    ])
  })

  it('are not changed by the Enter key', async () => {
    await create()
    const form = (await tick()).$('form.bulk')
    expect(form.find('button, input[type=submit]').first().attr('disabled')).toBeDefined()
  })

  it('are not changed by a button whose field is empty, and stay selected', async () => {
    const id = await create({ worker: worker.id, scheduled: { day: '2027-03-04', time: '11:00' } })
    for (const [button, message] of [
      ['Assign jobs', 'Choose a worker.'],
      ['Schedule jobs', 'Enter a date.'],
    ] as const) {
      const refused = await (await tick()).press(button, { ids: [id] })
      expect(refused.text).toContain(message)
      expect(
        refused
          .$('input[name=ids][checked]')
          .get()
          .map((tick) => refused.$(tick).val()),
      ).toEqual([id])
    }
    const job = await load(id)
    expect([job.worker?.id, job.scheduled?.day]).toEqual([worker.id, '2027-03-04'])
    await (await tick()).press('Assign jobs', { ids: [id], worker: 'none' })
    expect((await load(id)).worker).toBeNull()
  })

  it('are canceled with one reason, in a step of its own', async () => {
    const ids = [await create(), await create()]
    await (await tick()).press('Cancel selected jobs', { ids, reason: 'The building was sold.' })
    for (const id of ids) expect((await load(id)).status).toBe('canceled')
  })
})

describe('a job', () => {
  it('"Create job" stores what was typed', async () => {
    const form = await openScreen(shop.owner, `${base()}/new?customer=${customer}&template=${template}`)
    const after = await form.press('Create job', {
      title: 'Leaking dishwasher',
      address: '3 Lockside',
      'fields.wrong': 'Water stays in the bottom.',
      'scheduled.day': '2027-03-01',
      'scheduled.time': '09:30',
      durationMinutes: '45',
      worker: worker.id,
      requireAcceptance: true,
      tags: 'urgent, kitchen',
      note: 'Bring a pump.',
    })
    const job = await load(/jobs\/([\w-]+)/.exec(after.path)![1]!)
    expect(job).toMatchObject({
      title: 'Leaking dishwasher',
      customer: { id: customer },
      place: { address: '3 Lockside' },
      scheduled: { day: '2027-03-01', time: '09:30' },
      durationMinutes: 45,
      worker: { id: worker.id },
      status: 'pending',
      tags: ['urgent', 'kitchen'],
    })
    expect(job.fields).toMatchObject([{ id: 'wrong', value: 'Water stays in the bottom.' }])
    expect(job.comments).toMatchObject([{ body: 'Bring a pump.' }])
  })

  it('"Save changes" stores the edited job', async () => {
    const job = await create({ title: 'Leak' })
    await (await open(job, '/edit')).press('Save changes', { title: 'Big leak', 'fields.wrong': 'It leaks.' })
    const after = await load(job)
    expect([after.title, after.fields[0]?.value]).toEqual(['Big leak', 'It leaks.'])
  })

  it('"Assign and schedule" assigns the worker and sets the time', async () => {
    const job = await create()
    const dialog = await (await open(job)).follow('Assign and schedule')
    await dialog.press('Save', { worker: worker.id, 'scheduled.day': '2027-03-02', 'scheduled.time': '10:15' })
    expect(await load(job)).toMatchObject({
      worker: { id: worker.id },
      scheduled: { day: '2027-03-02', time: '10:15' },
      status: 'assigned',
    })
  })

  it('"Start job" starts it', async () => {
    const job = await create({ worker: worker.id, outright: true })
    await (await open(job)).press('Start job')
    expect((await load(job)).status).toBe('started')
  })

  it('"Cancel job" asks for a reason, and "Reopen job" asks first', async () => {
    const job = await create()
    const dialog = await (await open(job)).follow('Cancel job')
    expect((await load(job)).status).toBe('unassigned')
    await dialog.press('Cancel job', { reason: 'Moved house' })
    expect((await load(job)).status).toBe('canceled')
    const question = await (await open(job)).follow('Reopen job')
    expect((await load(job)).status).toBe('canceled')
    await question.press('Reopen job')
    expect((await load(job)).status).toBe('unassigned')
  })

  it('"Delete job" asks first and leads to the list', async () => {
    const job = await create()
    const dialog = await (await open(job)).follow('Delete job')
    await load(job)
    const list = await dialog.press('Delete job')
    expect(list.path.split('?')[0]).toBe(base())
    expect((await shop.owner.call('getJob', { job })).status).toBe(404)
  })

  it('"Add comment" adds it for the chosen readers', async () => {
    const job = await create()
    await (await open(job)).press('Add comment', { body: 'Call first.', audience: 'internal' })
    await (await open(job)).press('Add comment', { body: 'On our way.', audience: 'customer' })
    expect((await load(job)).comments.map(({ body, audience }) => [body, audience])).toEqual([
      ['Call first.', 'internal'],
      ['On our way.', 'customer'],
    ])
  })

  it('"Mark as read" marks a customer’s comments as read', async () => {
    const job = await create()
    const user = await shop.portalUser({ customers: [customer] })
    await user.ok('addPortalComment', { job, body: 'Ring twice.' })
    expect((await load(job)).unreadComments).toBe(1)
    const page = await open(job)
    expect((await load(job)).unreadComments).toBe(1)
    await page.press('Mark as read')
    expect(await load(job)).not.toHaveProperty('unreadComments')
  })

  it('"Delete file" asks first', async () => {
    const job = await create()
    const body =
      '--b\r\ncontent-disposition: form-data; name="audience"\r\n\r\ninternal\r\n' +
      '--b\r\ncontent-disposition: form-data; name="file"; filename="n.txt"\r\ncontent-type: text/plain\r\n\r\nNote\r\n--b--\r\n'
    const headers = { 'content-type': 'multipart/form-data; boundary=b' }
    await shop.owner.request('POST', `/api/v1/office/${shop.slug}/jobs/${job}/files`, { body, headers })
    expect((await load(job)).files).toMatchObject([{ name: 'n.txt' }])
    const dialog = await open(job, `?do=delete-file&file=${(await load(job)).files[0]!.id}`)
    expect((await load(job)).files).toHaveLength(1)
    await dialog.press('Delete file')
    expect((await load(job)).files).toEqual([])
  })
})

describe('a message', () => {
  const setStatus = (id: string, status: string) =>
    server.stored((db) =>
      db.updateTable('outbox').set({ status }).where('account_id', '=', shop.id).where('id', '=', id).execute(),
    )
  const invite = async (email: string) => {
    await shop.owner.ok('addPortalUser', { email })
    return (await shop.owner.ok('listMessages')).rows[0]!.id
  }
  const openMessage = (id: string, query = '') => openScreen(shop.owner, `/office/${shop.slug}/messages/${id}${query}`)

  it('"Resend message" sends a failed message', async () => {
    const email = `ivy.${shop.slug}@post.example`
    const id = await invite(email)
    await setStatus(id, 'failed')
    expect(await server.mailTo(email)).toEqual([])
    await (await openMessage(id)).press('Resend message')
    expect(await server.mailTo(email)).toHaveLength(1)
  })

  it('"Show invitation link" asks first, then shows the link of an invitation', async () => {
    const email = `ida.${shop.slug}@post.example`
    const id = await invite(email)
    const dialog = await (await openMessage(id)).follow('Show invitation link')
    expect(dialog.text).not.toMatch(/activate\/[\w-]{43}/)
    const after = await dialog.press('Show invitation link')
    const token = /activate\/([\w-]{43})/.exec(after.text)![1]!
    expect(await shop.visitor().ok('getActivation', { token })).toMatchObject({ status: 'open', email })
  })
})

/** Comments by customers that nobody in the office has read. */
import { describe, expect, it } from 'vitest'
import { arrange, createScene, type Scene } from './updates.fixtures.ts'

const write = ({ eleanor, job }: Scene, body = 'Please ring twice.') => eleanor.ok('addPortalComment', { job, body })
const unreadIn = async ({ dispatcher }: Scene, query: object = {}) =>
  (await dispatcher.ok('listJobs', query)).rows.map((row) => row.unreadComments)
const newestComment = async ({ dispatcher, job }: Scene) => (await dispatcher.ok('getJob', { job })).comments.at(-1)!.id

describe('unread comments', () => {
  it('a comment by a customer marks the job in the list until someone in the office has read it', async () => {
    const scene = await createScene()
    expect(await unreadIn(scene)).toEqual([undefined])
    await write(scene)
    await write(scene, 'And mind the dog.')
    expect(await unreadIn(scene)).toEqual([2])
    const upTo = await newestComment(scene)
    await scene.harbour.owner.ok('markCommentsRead', { job: scene.job, upTo })
    expect(await unreadIn(scene)).toEqual([undefined])
  })

  it('comments by staff mark nothing', async () => {
    const scene = await createScene()
    await scene.dispatcher.ok('addJobComment', { job: scene.job, audience: 'customer', body: 'See you on Thursday.' })
    expect(await unreadIn(scene)).toEqual([undefined])
  })

  it('a comment that arrives while the job is open stays unread', async () => {
    const scene = await createScene()
    await write(scene)
    const upTo = await newestComment(scene)
    await write(scene, 'And mind the dog.')
    expect(await scene.dispatcher.ok('markCommentsRead', { job: scene.job, upTo })).toEqual({ unread: 1 })
    expect(await unreadIn(scene)).toEqual([1])
  })

  it('opening a job changes nothing by itself, as programs open jobs too', async () => {
    const scene = await createScene()
    await write(scene)
    await scene.dispatcher.ok('getJob', { job: scene.job })
    expect(await unreadIn(scene)).toEqual([1])
  })

  it('jobs with unread comments are counted, and listed alone', async () => {
    const scene = await createScene()
    const { eleanor, dispatcher, template, site, job } = scene
    await eleanor.ok('createPortalJob', { template, site })
    await write(scene)
    expect((await dispatcher.ok('countJobs')).unread).toBe(1)
    expect((await dispatcher.ok('countJobs', { search: 'dishwasher' })).unread).toBe(1)
    expect((await dispatcher.ok('listJobs', { comments: 'unread' })).rows.map((row) => row.id)).toEqual([job])
    expect((await dispatcher.ok('countJobs', { comments: 'unread' })).all).toBe(1)
  })

  it('PS-14 are the affair of the office: a worker neither sees, filters, nor reads them away', async () => {
    const scene = await createScene()
    const { worker, job } = scene
    await arrange(scene)
    await write(scene)
    const [row] = (await worker.ok('listJobs')).rows
    expect(row).not.toHaveProperty('unreadComments')
    expect(await worker.ok('getJob', { job })).not.toHaveProperty('unreadComments')
    expect(await worker.ok('countJobs')).not.toHaveProperty('unread')
    expect((await worker.call('listJobs', { comments: 'unread' })).status).toBe(422)
    const upTo = await newestComment(scene)
    expect((await worker.call('markCommentsRead', { job, upTo })).status).toBe(403)
    expect(await unreadIn(scene)).toEqual([1])
  })

  it('PS-02 a comment of another job marks nothing as read', async () => {
    const scene = await createScene()
    const { eleanor, dispatcher, template, site, job } = scene
    const other = (await eleanor.ok('createPortalJob', { template, site })).jobs[0]!.id
    const foreign = await eleanor.ok('addPortalComment', { job: other, body: 'Of another job.' })
    await write(scene)
    expect((await dispatcher.call('markCommentsRead', { job, upTo: foreign.id })).status).toBe(404)
    expect((await dispatcher.ok('getJob', { job })).unreadComments).toBe(1)
  })
})

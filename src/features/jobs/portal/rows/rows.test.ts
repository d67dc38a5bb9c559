import { describe, expect, it } from 'vitest'
import { bookJob, createWorld, moveJob } from '../../jobs.fixtures.ts'

describe('a job in the list of a customer', () => {
  it('has what the list shows; `details` adds the rest; what there is none of is left out', async () => {
    const here = await createWorld()
    const job = await bookJob(here, { requested: { day: '2027-12-10', time: '10:00' } })
    const rowOf = async (query = {}) => (await here.eleanor.ok('listPortalJobs', query)).rows[0]!
    const shown = await rowOf()
    expect(Object.keys(shown).sort()).toEqual(['address', 'customer', 'id', 'number', 'requestedAt', 'status', 'title'])
    expect(Object.keys(shown.customer)).toEqual(['name'])
    const detailed = await rowOf({ include: 'details' })
    expect(detailed).toMatchObject({ ...shown, group: 'open', createdAt: expect.any(String) as string })
    expect(Object.keys(detailed.customer).sort()).toEqual(['id', 'name'])
    await moveJob(here.dispatcher, job, {
      to: 'assigned',
      worker: here.worker.id,
      scheduled: { day: '2027-12-11', time: '10:00' },
    })
    const scheduled = await rowOf()
    expect(scheduled).toMatchObject({ scheduledAt: '2027-12-11T10:00:00.000Z', worker: expect.any(String) as string })
    expect(scheduled).not.toHaveProperty('requestedAt')
    expect(await rowOf({ include: 'details' })).toHaveProperty('requestedAt', '2027-12-10T10:00:00.000Z')
  })
})

/** Photos of more than 10 MB: scaled by the server where no script has scaled them, or refused with words. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Business } from './business.ts'
import { openScreen, startPagesServer } from './no-script.ts'
import type { Person } from './person.ts'

const MEGABYTE = 1024 * 1024
const pixels = readFileSync(join(import.meta.dirname, 'fixtures/photo-50mp.jpg'))
let shop: Business, user: Person, template: string

beforeAll(async () => {
  shop = await (await startPagesServer()).business()
  template = await shop.template({ fields: [] })
  user = await shop.portalUser({ customers: [await shop.customer()] })
})

/** As phones keep a moving picture: the video follows the photo. */
const photoOf = (megabytes: number) =>
  new File([pixels, new Uint8Array(megabytes * MEGABYTE - pixels.length)], 'boiler.jpg', { type: 'image/jpeg' })
const openForm = () => openScreen(user, `/p/${shop.slug}/jobs/new/${template}`)
const bookWith = async (photo: File) =>
  (await openForm()).press('Send request', { address: '4 Typed Lane', 'upload.files': photo })

describe('a photo of more than 10 MB', () => {
  it('is scaled by the server, in a form without script', async () => {
    const page = await bookWith(photoOf(29))
    const job = /[0-9a-f-]{36}/.exec(page.path)![0]
    const { files } = await user.ok('getPortalJob', { job })
    expect(files).toMatchObject([{ name: 'boiler.jpg', type: 'image/jpeg' }])
    expect(files[0]!.size).toBeLessThan(MEGABYTE)
  })

  it('but of more than 30 MB is refused beside the field with both limits, and nothing typed is lost', async () => {
    const page = await bookWith(photoOf(31))
    expect(page.status).toBe(422)
    expect(page.text).toContain('Choose a photo up to 30 MB, or another file up to 10 MB.')
    expect(page.$('[name=address]').attr('value')).toBe('4 Typed Lane')
  })

  it('has the limits beside the field that takes it', async () => {
    expect((await openForm()).text).toContain('Photos up to 30 MB. PDF, Word, Excel, or text files up to 10 MB.')
  })
})

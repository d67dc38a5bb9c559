/** What the office says and offers while no mail server is configured. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { openScreen, PAGES, startPagesServer } from './no-script.ts'
import { startSeparateServer, type Business, type TestServer } from './test-server.ts'

const NOTICE = 'Email is not configured.'
let server: TestServer, shop: Business

beforeAll(async () => {
  server = await startSeparateServer(inject('world'), { pages: PAGES, env: { SMTP_URL: '' } })
  shop = await server.business()
})
afterAll(() => server.close())

const open = (to: string, person = shop.owner) => openScreen(person, `/office/${shop.slug}${to}`)

describe('without a mail server', () => {
  it('the home page says so to those who can have it set up, and only then', async () => {
    expect((await open('')).text).toContain(NOTICE)
    const waiting = await (await open('')).follow('View queued messages')
    expect(waiting.path).toBe(`/office/${shop.slug}/messages?status=waiting`)
    expect((await open('', await shop.staff('worker'))).text).not.toContain(NOTICE)
    const other = await (await startPagesServer()).business()
    expect((await openScreen(other.owner, `/office/${other.slug}`)).text).not.toContain(NOTICE)
  })

  it('the owner gets the link of an invited portal user from the success message, the list and the page', async () => {
    const form = await open('/settings/portal/users/new')
    const list = await form.press('Invite portal user', { email: 'ivy@post.example' })
    expect(list.text).toContain('Email is not configured, so the email stays queued.')
    const [ivy] = (await shop.owner.ok('listPortalUsers')).rows
    for (const screen of [list, await open(`/settings/portal/users/${ivy!.id}`)]) {
      expect(screen.has('Resend invitation ivy@post.example')).toBe(false)
      const message = await screen.follow('Show invitation link ivy@post.example')
      expect((await message.press('Show invitation link')).text).toMatch(/\/activate\/[\w-]{43}/)
    }
    const admin = await shop.staff('admin')
    expect((await open('/settings/portal/users', admin)).text).not.toContain('Show invitation link')
  })

  it('the owner gets the link of an invited member of staff from the list', async () => {
    const form = await open('/settings/staff?invite=1')
    const list = await form.press('Send invitation', { email: 'june@post.example', role: 'worker' })
    const message = await list.follow('Show invitation link june@post.example')
    expect((await message.press('Show invitation link')).text).toMatch(/\/office\/join\/[\w-]{43}/)
  })
})

/** Portal views of whoever has a secure link. */
import { describe, expect, it } from 'vitest'
import { createLinkWorld, enterStage, tokenOf, type LinkWorld } from '../secure-links/secure-links.fixtures.ts'
import { startView, type View } from './portal-views.fixtures.ts'

/** A view of the holder of the link that these options make. */
async function viewLink(world: LinkWorld, contact?: string, more: object = {}): Promise<View & { link: string }> {
  await tokenOf(world, contact, more)
  const { rows } = await world.dispatcher.ok('listSecureLinks', { customer: world.customer })
  const link = rows.find((row) => (row.contact?.id ?? null) === (contact ?? null))!.id
  return { ...(await startView(world.shop, world.dispatcher, 'secureLink', link)), link }
}

async function seenIn(view: View, { job, tickets }: LinkWorld) {
  const statusOf = async (name: 'getPortalJob' | 'getPortalTicket', input: Record<string, string>) =>
    (await view.call(name, input)).status
  return [
    await statusOf('getPortalJob', { job }),
    await statusOf('getPortalTicket', { ticket: tickets.ana }),
    await statusOf('getPortalTicket', { ticket: tickets.ben }),
  ]
}

describe('a view of who has a secure link', () => {
  it('RS-17 shows what the link opens: the customer, one contact, or one ticket', async () => {
    const world = await createLinkWorld()
    const { contacts, tickets } = world
    expect(await seenIn(await viewLink(world), world)).toEqual([200, 200, 200])
    expect(await seenIn(await viewLink(world, contacts.ana), world)).toEqual([404, 200, 404])
    const record = { kind: 'ticket', id: tickets.ben }
    const ofTicket = await viewLink(world, contacts.ben, { record })
    expect(await seenIn(ofTicket, world)).toEqual([404, 404, 200])
    expect((await ofTicket.call('getPortal')).body).toMatchObject({ visitor: { name: 'Ben Okoye', record } })
  })

  it('RS-17 changes nothing, and the link counts as unused', async () => {
    const world = await createLinkWorld()
    const view = await viewLink(world)
    const reply = await view.call('addPortalTicketComment', { ticket: world.tickets.ana, body: 'x' })
    expect([reply.status, reply.body.code]).toEqual([403, 'viewAsReadOnly'])
    const { rows } = await world.dispatcher.ok('listSecureLinks', { customer: world.customer })
    expect(rows[0]!.lastUsedAt).toBeNull()
  })

  it('RS-06 shows the sign-in page once the customer has a portal user, or the link was revoked', async () => {
    const world = await createLinkWorld()
    const view = await viewLink(world)
    await enterStage(world, 'PU')
    expect(await seenIn(view, world)).toEqual([401, 401, 401])
    const other = await createLinkWorld(world.shop)
    const revoked = await viewLink(other)
    await other.dispatcher.ok('revokeSecureLink', { customer: other.customer, secureLink: revoked.link })
    expect(await seenIn(revoked, other)).toEqual([401, 401, 401])
    const again = await other.dispatcher.call('startPortalView', { kind: 'secureLink', id: revoked.link })
    expect(again.status).toBe(404)
  })

  it('RS-17 is recorded with both names', async () => {
    const world = await createLinkWorld()
    const { dispatcher, contacts } = world
    const started = await viewLink(world, contacts.ana)
    const view = await dispatcher.ok('getPortalView', { view: started.id })
    expect(view).toMatchObject({ kind: 'secureLink', name: 'Ana Ruiz', customer: world.customer, portalUser: null })
  })
})

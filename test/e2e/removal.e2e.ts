/** Removing a portal user ends their access and deletes nothing else. */
import { afterAll, describe, expect, it } from 'vitest'
import { PASSWORD } from '../test-server.ts'
import { closeAll, visitor, VARIANTS, startAppServer } from './browser.ts'
import { harbour, mainAt, portalAt, signInToOffice, signInToPortal } from './steps.ts'

afterAll(closeAll)

describe.each(VARIANTS)('The owner removes a portal user, $label', ({ device }) => {
  it('CP-26 CP-27 CP-28 confirms by name, can cancel, and then access ends at once while customers and jobs stay', async () => {
    const server = await startAppServer()
    const business = await harbour(server)
    const customers = [await business.customer('Dockside Lettings'), await business.customer('Quay Apartments')]
    const site = await business.site(customers[0]!)
    await business.portalUser({ name: 'Hannah Prewett' })
    const naveed = await business.portalUser({
      name: 'Naveed Aslam',
      email: `naveed.${device}@docksidelettings.example`,
      customers,
    })
    const template = (await naveed.ok('getBookingOptions')).templates[0]!.id
    const job = (
      await naveed.ok('createPortalJob', { template, customer: customers[0]!, site, fields: { wrong: 'Leaks.' } })
    ).jobs[0]!.id
    const before = await server.stored((db) =>
      db
        .selectFrom('jobs')
        .select(['status', 'created_by_id', 'customer_id', 'version'])
        .where('id', '=', job)
        .executeTakeFirstOrThrow(),
    )
    const owner = await visitor(device)
    const removed = await visitor(device)
    await signInToPortal(removed, server, business.slug, naveed.email)
    await removed.see('Dishwasher repair')

    await signInToOffice(owner, server, business.owner.email)
    await owner.page.goto(mainAt(server, `/office/${business.slug}/settings/portal/users`))
    await owner.see('Hannah Prewett')
    await owner.accessible()
    await owner.fill('Search users', 'nave')
    await owner.page.getByText('Hannah Prewett').filter({ visible: true }).first().waitFor({ state: 'detached' })
    const openRemoveDialog = async () => {
      await owner.press('Remove Naveed Aslam')
      await owner.see('Remove Naveed Aslam?')
    }
    await openRemoveDialog()
    await owner.see(/They lose access to (Dockside Lettings, Quay Apartments|Quay Apartments, Dockside Lettings)/)
    await owner.see(/the 1 job this user booked stay/)
    await owner.accessible()
    await owner.press('Cancel')
    await owner.page.getByRole('dialog').waitFor({ state: 'detached' })
    expect((await naveed.call('listPortalJobs')).status, 'cancel changes nothing').toBe(200)
    await removed.page.reload()
    await removed.see('Dishwasher repair')

    await openRemoveDialog()
    await owner.press('Remove user', owner.page.getByRole('dialog'))
    await owner.see('Naveed Aslam has been removed.')
    await owner.accessible()

    expect((await naveed.call('listPortalJobs')).status).toBe(401)
    await removed.page.reload()
    await removed.arrived(/\/sign-in/)
    await removed.accessible()
    await removed.fill('Email', naveed.email)
    await removed.fill('Password', PASSWORD)
    await removed.press('Sign in', removed.page.locator('form'))
    await removed.see('Incorrect email or password.')
    await removed.page.goto(portalAt(server, business.slug, `/jobs/${job}`))
    await removed.arrived(/\/sign-in/)

    const after = await server.stored(async (db) => ({
      links: await db
        .selectFrom('portal_links')
        .select('id')
        .where('account_id', '=', business.id)
        .where('portal_user_id', '=', naveed.id)
        .execute(),
      customers: await db
        .selectFrom('customers')
        .select(['id', 'name', 'status'])
        .where('account_id', '=', business.id)
        .orderBy('name')
        .execute(),
      job: await db
        .selectFrom('jobs')
        .select(['status', 'created_by_id', 'customer_id', 'version'])
        .where('id', '=', job)
        .executeTakeFirstOrThrow(),
    }))
    expect(after.links).toEqual([])
    expect(after.customers).toEqual([
      { id: customers[0], name: 'Dockside Lettings', status: 'active' },
      { id: customers[1], name: 'Quay Apartments', status: 'active' },
    ])
    expect(after.job).toEqual(before)
    await owner.page.goto(mainAt(server, `/office/${business.slug}/jobs/${job}`))
    await owner.see(/Booked by Naveed Aslam/)
    await owner.accessible()
    await removed.close()
    await owner.close()
  })
})

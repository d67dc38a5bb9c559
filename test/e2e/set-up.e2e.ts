/** From an empty installation to an open portal. */
import { afterAll, describe, expect, it } from 'vitest'
import { PASSWORD } from '../test-server.ts'
import { closeAll, openPages, visitor, VARIANTS } from './browser.ts'
import { goTo, portalAt } from './steps.ts'

afterAll(closeAll)

describe.each(VARIANTS)('The first owner, $label', ({ device }) => {
  it('CP-32 CP-33 V-02 creates the business, a template and a portal, and completes the checklist', async () => {
    const server = await openPages()
    try {
      const owner = await visitor(device)
      const { page } = owner
      await page.goto((await server.app.offerSetUp())!)
      await owner.see('Set up Portico')
      await owner.accessible()
      await owner.fill('Business name', 'Harbour Appliance Repair')
      await expect.poll(() => page.getByLabel('Web address').inputValue()).toBe('harbour-appliance-repair')
      await owner.fill('Web address', 'harbour')
      await owner.search('Region', 'united k', 'United Kingdom')
      await owner.search('Time zone', 'london', 'Europe/London')
      await owner.fill('Your name', 'Ruth Calloway')
      await owner.fill('Email', 'ruth@harbour-repair.example')
      await owner.fill('Password', PASSWORD)
      await owner.fill('Confirm password', PASSWORD)
      await owner.press('Create business')
      await owner.see('Hello, Ruth')
      await owner.accessible()

      await owner.press(/Create a template/)
      await owner.see('Create template')
      await owner.fill('Name', 'Dishwasher repair')
      await owner.fill('Description', 'Leaks, noise, error codes.')
      await owner.press('Add field')
      await owner.fill('Field name', 'What is wrong?')
      await owner.tick('Required', 'Customer access')
      await owner.accessible()
      await owner.press('Create template')
      await owner.see('Template created.')
      await owner.accessible()

      await goTo(owner, 'Settings')
      await owner.press(/^Business/)
      await owner.see('Contact details')
      await owner.fill('Support email', 'help@harbour-repair.example')
      await owner.fill('Phone', '0117 496 0142')
      await owner.accessible()
      await owner.press('Save changes')
      await owner.see('Changes saved.')

      await goTo(owner, 'Settings')
      await owner.press(/^Portal What customers/)
      await owner.see('The customer portal is off.')
      await owner.accessible()
      await owner.press('Turn on portal')
      await owner.see('Allowed sign-up domains')
      await owner.accessible()
      await owner.tick('Public portal')
      await owner.fill('Introduction', 'For our customers in Bristol and Bath.')
      await owner.tick('Dishwasher repair')
      await owner.press('Save changes')
      await owner.see('Changes saved.')
      await owner.see(/^(\d+) of \1 done$/)
      await owner.accessible()

      await page.goto(portalAt(server, 'harbour'))
      await owner.see('Sign up')
      await owner.accessible()
      await owner.close()
    } finally {
      await server.close()
    }
  })
})

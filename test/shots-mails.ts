/** Steps of `npm run shots` that send a mail of the demo and open it in its mailbox. */
import type { BrowserContext, Page } from 'playwright-core'

interface Place {
  /** Of the main host. */
  url: string
  /** Address of an office page. */
  office(to: string): string
  /** Signed in as the owner. */
  owner: BrowserContext
  /** ID of the portal user whose email is changed. */
  portalUser: string
}

export function mailSteps({ url, office, owner, portalUser }: Place) {
  /** Runs an action that sends a mail and returns the link in that mail. */
  const openMailAfter =
    (action: (page: Page) => Promise<void>, subject: RegExp) =>
    async (page: Page): Promise<string> => {
      await action(page)
      return linkOf(page, subject)
    }
  const linkOf = async (page: Page, subject: RegExp): Promise<string> => {
    await page.goto(`${url}/mailbox`)
    await page.getByRole('link', { name: subject }).first().click()
    return (await page.getByRole('link', { name: 'Open link' }).getAttribute('href'))!
  }
  const requestPasswordReset = (form: string, email: string) => async (page: Page) => {
    await page.goto(form)
    await page.getByLabel(/^Email/).fill(email)
    await page.getByRole('button').filter({ hasText: /./ }).first().click()
    await page.waitForLoadState()
  }
  const invite = async () => {
    const page = await owner.newPage()
    await page.goto(office('/settings/staff?invite=1'))
    const email = page.getByLabel(/^Email/).first()
    await email.fill('june@harbour-repair.example')
    await page
      .locator('main form')
      .filter({ has: page.getByLabel(/^Email/) })
      .getByRole('button')
      .click()
    await page.locator('.banner-good').waitFor()
    await page.close()
  }
  const changeEmail = async () => {
    const page = await owner.newPage()
    await page.goto(office(`/settings/portal/users/${portalUser}`))
    await page
      .locator('details')
      .filter({ hasText: 'Change email' })
      .last()
      .evaluate((each: HTMLDetailsElement) => {
        each.open = true
      })
      .catch(() => {})
    await page.getByLabel(/New email/).fill('naveed@dockside.example')
    await page.getByRole('button', { name: 'Change email' }).click()
    await page.locator('.banner-good').waitFor()
    await page.close()
  }
  return { openMailAfter, linkOf, requestPasswordReset, invite, changeEmail }
}

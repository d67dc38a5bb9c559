/** What several journeys have in common. */
import type { House } from '../kit.ts'
import type { Visitor } from './browser.ts'

/** A portal's own address: browsers find *.localhost by themselves. */
export const portalAt = (house: House, slug: string, path = '/') => `http://${slug}.localhost:${house.port}${path}`
export const mainAt = (house: House, path: string) => `http://localhost:${house.port}${path}`

/** Opens the demo's mailbox, the newest mail to that address there, and follows its link. */
export async function followMail(visitor: Visitor, house: House, to: string, subject: string): Promise<void> {
  const { page } = visitor
  await page.goto(mainAt(house, '/mailbox'))
  await visitor.see('Mailbox')
  await visitor.accessible()
  await visitor.press(new RegExp(`${to.replaceAll('.', '\\.')}[\\s\\S]*${subject}`))
  await visitor.see(`<${to}>`)
  await visitor.accessible()
  await visitor.press('Follow the link')
}

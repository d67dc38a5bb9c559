/** Canned replies and the placeholders in them. Pure: runs on server and screen. */

export interface CannedReply {
  id: string
  name: string
  text: string
}

/** Most canned replies of a business. */
export const MAX_CANNED_REPLIES = 100

/** What a reply can name. It is written as `{{customer_name}}`. */
export const PLACEHOLDERS = [
  'customer_name',
  'contact_first_name',
  'ticket_number',
  'staff_name',
  'business_name',
  'portal_sign_in_url',
] as const
export type Placeholder = (typeof PLACEHOLDERS)[number]

const WRITTEN = /\{\{([^{}]*)\}\}/g
const isPlaceholder = (name: string): name is Placeholder => (PLACEHOLDERS as readonly string[]).includes(name)

/** The first placeholder that nothing fills in; undefined: there is none. */
export const unknownPlaceholder = (text: string): string | undefined =>
  [...text.matchAll(WRITTEN)].map(([, name]) => name!.trim()).find((name) => !isPlaceholder(name))

/** The text with its placeholders filled in. */
export const fillReply = (text: string, values: Record<Placeholder, string>): string =>
  text.replaceAll(WRITTEN, (written, name: string) => {
    const placeholder = name.trim()
    return isPlaceholder(placeholder) ? values[placeholder] : written
  })

interface ReplyFacts {
  ticket: { number: number; customer: { name: string }; contact: { name: string } | null }
  staff: string
  business: string
  signInUrl: string
}

/** What placeholders say in a reply to a ticket. Without a contact the customer is addressed. */
export const replyValues = ({ ticket, staff, business, signInUrl }: ReplyFacts): Record<Placeholder, string> => ({
  customer_name: ticket.customer.name,
  contact_first_name: ticket.contact ? firstName(ticket.contact.name) : ticket.customer.name,
  ticket_number: String(ticket.number),
  staff_name: staff,
  business_name: business,
  portal_sign_in_url: signInUrl,
})

const firstName = (name: string): string => name.trim().split(/\s+/)[0] ?? name

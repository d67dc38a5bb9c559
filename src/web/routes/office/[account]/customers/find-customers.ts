/** Choosing another customer: the search of a page, and the one that was chosen. */
import { isProblem } from '../../../../../ui/forms.ts'

/** The first ten matches of the page's search but this one; null before a search. */
export async function findCustomers({ api }: App.Locals, url: URL, except: string) {
  const search = url.searchParams.get('find')
  if (!search) return null
  const { rows } = await api.listCustomers({ search })
  return rows
    .filter(({ id }) => id !== except)
    .slice(0, 10)
    .map(({ id, name, reference, address }) => ({
      id,
      name,
      second: [reference, address].filter(Boolean).join(' · '),
    }))
}

/** Null without a choice, and for one that cannot be used. */
export async function chosenCustomer({ api }: App.Locals, id: string | null, except: string) {
  if (!id || id === except) return null
  try {
    const customer = await api.getCustomer({ customer: id })
    return customer.can.edit ? { id: customer.id, name: customer.name } : null
  } catch (refusal) {
    // Also an address that somebody changed by hand.
    if (isProblem(refusal)) return null
    throw refusal
  }
}

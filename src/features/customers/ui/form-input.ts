/** The input of customer operations, read from forms. An empty field is null. */
import type { Typed } from '../../../ui/forms.ts'

export const customerIn = (typed: Typed) => ({
  name: typed.string('name'),
  reference: typed.text('reference') ?? null,
  notes: typed.string('notes'),
})

export const billingIn = (typed: Typed) => ({
  name: typed.text('billing.name') ?? null,
  email: typed.text('billing.email') ?? null,
  phone: typed.text('billing.phone') ?? null,
  address: typed.text('billing.address') ?? null,
})

export const contactIn = (typed: Typed, at = '') => ({
  name: typed.string(`${at}name`),
  role: typed.text(`${at}role`) ?? null,
  email: typed.text(`${at}email`) ?? null,
  phone: typed.text(`${at}phone`) ?? null,
})

export const siteIn = (typed: Typed, at = '') => ({
  name: typed.text(`${at}name`) ?? null,
  address: typed.string(`${at}address`),
  latitude: typed.number(`${at}latitude`) ?? null,
  longitude: typed.number(`${at}longitude`) ?? null,
  notes: typed.text(`${at}notes`) ?? null,
})

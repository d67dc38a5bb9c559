/** What regional settings offer, as options of a form. The lists belong to the runtime, so they are made once. */
import { LOCALES, regionOf } from '../features/accounts/regions/rules.ts'

interface Option {
  value: string
  label: string
}
interface RegionalOptions {
  locales: Option[]
  timeZones: Option[]
  currencies: Option[]
}

const byLabel = (a: Option, b: Option) => a.label.localeCompare(b.label, 'en')
let options: RegionalOptions | undefined

/** Regions as locales, IANA time zones and ISO 4217 currencies, each by its English name. */
export function regionalOptions(): RegionalOptions {
  if (options) return options
  const regionNames = new Intl.DisplayNames('en', { type: 'region' })
  const currencyNames = new Intl.DisplayNames('en', { type: 'currency' })
  return (options = {
    locales: LOCALES.map((value) => ({ value, label: regionNames.of(regionOf(value))! })).sort(byLabel),
    timeZones: Intl.supportedValuesOf('timeZone').map((value) => ({ value, label: value.replaceAll('_', ' ') })),
    currencies: Intl.supportedValuesOf('currency').map((value) => ({
      value,
      label: `${value} – ${currencyNames.of(value)}`,
    })),
  })
}

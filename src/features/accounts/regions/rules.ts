/**
 * Regions an account can choose. Its locale is English in that region (`en-US`, `en-GB`): the region decides how dates,
 * times, numbers and money are written. Pure.
 */

/**
 * Regions by their currency. Regions: those for which ICU (CLDR 48) has a locale `en-XX`, so that every choice changes the
 * formats. Currencies: ISO 4217, legal tender of the region.
 */
const REGIONS_BY_CURRENCY = {
  AED: 'AE',
  AUD: 'AU CC CX KI NF NR TV',
  BBD: 'BB',
  BIF: 'BI',
  BMD: 'BM',
  BSD: 'BS',
  BWP: 'BW',
  BZD: 'BZ',
  CAD: 'CA',
  CHF: 'CH',
  CZK: 'CZ',
  DKK: 'DK',
  ERN: 'ER',
  EUR: 'AT BE CY DE EE ES FI FR IE IT LT LV MT NL PT SI SK',
  FJD: 'FJ',
  FKP: 'FK',
  GBP: 'GB GG GS IM JE',
  GEL: 'GE',
  GHS: 'GH',
  GIP: 'GI',
  GMD: 'GM',
  GYD: 'GY',
  HKD: 'HK',
  HUF: 'HU',
  IDR: 'ID',
  ILS: 'IL',
  INR: 'IN',
  JMD: 'JM',
  JPY: 'JP',
  KES: 'KE',
  KYD: 'KY',
  LRD: 'LR',
  LSL: 'LS',
  MGA: 'MG',
  MOP: 'MO',
  MUR: 'MU',
  MVR: 'MV',
  MWK: 'MW',
  MYR: 'MY',
  NAD: 'NA',
  NGN: 'NG',
  NOK: 'NO',
  NZD: 'CK NU NZ PN TK',
  PGK: 'PG',
  PHP: 'PH',
  PKR: 'PK',
  PLN: 'PL',
  RON: 'RO',
  RWF: 'RW',
  SBD: 'SB',
  SCR: 'SC',
  SDG: 'SD',
  SEK: 'SE',
  SGD: 'SG',
  SHP: 'SH',
  SLE: 'SL',
  SSP: 'SS',
  SZL: 'SZ',
  TOP: 'TO',
  TTD: 'TT',
  TZS: 'TZ',
  UAH: 'UA',
  UGX: 'UG',
  USD: 'AS DG FM GU IO MH MP PR PW SX TC UM US VG VI ZW',
  VUV: 'VU',
  WST: 'WS',
  XAF: 'CM',
  XCD: 'AG AI DM GD KN LC MS VC',
  ZAR: 'ZA',
  ZMW: 'ZM',
}

const CURRENCIES = new Map(
  Object.entries(REGIONS_BY_CURRENCY).flatMap(([currency, regions]) =>
    regions.split(' ').map((region) => [region, currency] as const),
  ),
)

/** The locale of an account that has not chosen one. */
export const DEFAULT_LOCALE = 'en-US'

/** Every locale an account can have, as BCP 47 tags. */
export const LOCALES: readonly string[] = [...CURRENCIES.keys()].sort().map((region) => `en-${region}`)

/** `en-GB` → `GB`. */
export const regionOf = (locale: string): string => locale.slice(locale.indexOf('-') + 1)

/** The currency used in a locale's region, as an ISO 4217 code. */
export const currencyOf = (locale: string): string => CURRENCIES.get(regionOf(locale)) ?? 'USD'

/** The only time zone of a locale's region; null where there are several or the runtime cannot tell. */
export function timeZoneOf(locale: string): string | null {
  const { getTimeZones } = Intl.Locale.prototype as { getTimeZones?: () => string[] | undefined }
  const zones = getTimeZones?.call(new Intl.Locale(`und-${regionOf(locale)}`)) ?? []
  return zones.length === 1 ? zones[0]! : null
}

/** The locale for an Accept-Language header: that of its first supported region, otherwise `en-US`. */
export function localeFor(acceptLanguage: string | null | undefined): string {
  const tags = (acceptLanguage ?? '').slice(0, 200).split(',')
  for (const tag of tags) {
    const region = /^\s*[a-z]{2,3}(?:-[a-z]{4})?-([a-z]{2})\b/i.exec(tag)?.[1]?.toUpperCase()
    if (region && CURRENCIES.has(region)) return `en-${region}`
  }
  return DEFAULT_LOCALE
}

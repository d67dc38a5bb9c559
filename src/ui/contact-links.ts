/** Links that call a phone number or open a map. */

/** Between number and extension, as people write it: "x12", "ext. 12". */
const EXTENSION = /(?:;ext=|extension|ext\.?|x)\s*(\d{1,6})$/i

/** The `tel:` link of a phone number as it is written. The zero of "+44 (0)117" is not dialed from abroad (RFC 3966). */
export function telUrl(phone: string): string {
  const extension = EXTENSION.exec(phone)?.[1]
  const number = phone.replace(EXTENSION, '').replace(/^(\s*\+[^(]*)\(0\)/, '$1')
  return `tel:${number.replaceAll(/[^+\d]/g, '')}${extension ? `;ext=${extension}` : ''}`
}

/** A place on OpenStreetMap: coordinates in degrees (WGS 84) are exact, an address is searched for. */
export function mapUrl(place: { address: string | null; latitude: number | null; longitude: number | null }): string {
  const { latitude, longitude } = place
  if (latitude !== null && longitude !== null)
    return `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=18/${latitude}/${longitude}`
  const query = (place.address ?? '').replaceAll(/\s+/g, ' ').trim()
  return `https://www.openstreetmap.org/search?query=${encodeURIComponent(query)}`
}

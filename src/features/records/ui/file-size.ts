/** File types that file inputs offer; the server checks the content of each file. */
export const ACCEPT = '.jpg,.jpeg,.png,.webp,.heic,.heif,.pdf,.docx,.xlsx,.csv,.txt'

/** "1.4 MB" */
export function fileSize(bytes: number, locale: string): string {
  const isLarge = bytes >= 1_000_000
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: isLarge ? 'megabyte' : 'kilobyte',
    maximumFractionDigits: isLarge ? 1 : 0,
  }).format(Math.max(bytes, 1_000) / (isLarge ? 1_000_000 : 1_000))
}

/** Enough of a browser's own description for its owner to recognise the device; nothing is decided by it. */
export function deviceOf(userAgent: string): { browser: string; system: string } | null {
  const first = (list: [RegExp, string][]) => list.find(([pattern]) => pattern.test(userAgent))?.[1]
  const browser = first([[/Edg\//, 'Edge'], [/OPR\//, 'Opera'], [/Firefox\//, 'Firefox'], [/(?:HeadlessChrome|Chrome|CriOS)\//, 'Chrome'], [/Safari\//, 'Safari']])
  const system = first([[/iPhone/, 'iPhone'], [/iPad/, 'iPad'], [/Android/, 'Android'], [/Windows/, 'Windows'], [/Mac OS X/, 'macOS'], [/Linux/, 'Linux']])
  return browser && system ? { browser, system } : null
}

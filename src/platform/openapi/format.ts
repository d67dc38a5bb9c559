/** The document as a file that is read in diffs. */
const WIDTH = 120

/** As JSON that a diff reads well: a value that fits a line stays on it, a longer one has a line for each of its members. */
export const formatDocument = (document: unknown): string => `${formatValue(document, '', '')}\n`

function formatValue(value: unknown, key: string, indent: string): string {
  const line = onOneLine(value)
  if (typeof value !== 'object' || value === null || indent.length + key.length + line.length < WIDTH) return key + line
  const inner = `${indent}  `
  const members = Array.isArray(value)
    ? value.map((each) => formatValue(each, '', inner))
    : Object.entries(value).map(([name, each]) => formatValue(each, `${JSON.stringify(name)}: `, inner))
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  return `${key}${open}\n${members.map((member) => inner + member).join(',\n')}\n${indent}${close}`
}

function onOneLine(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(onOneLine).join(', ')}]`
  const members = Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${onOneLine(each)}`)
  return members.length > 0 ? `{ ${members.join(', ')} }` : '{}'
}

/** Which text under `ui.errors` explains a refusal, on pages of the design system and on those that need no files. */

const OF_CODE: Record<string, string> = {
  busy: 'busy',
  databaseConnections: 'busy',
  databaseFull: 'readOnly',
  databaseReadOnly: 'readOnly',
  storageUnavailable: 'storage',
}
const OF_STATUS = [401, 403, 404, 429, 503, 507]

/** By the code of the problem, else by its status: `busy`, `s404`, `internal`. */
export function errorTextKey(code: string | undefined, status: number): string {
  const ofStatus = status >= 500 ? 'internal' : 'other'
  return OF_CODE[code ?? ''] ?? (OF_STATUS.includes(status) ? `s${status}` : ofStatus)
}

/** Why an upload was refused, from the address that its form was led back to (platform/http/uploads.ts). */

const FIELD_CODES = [
  'required',
  'tooMany',
  'fileTooLarge',
  'fileEmpty',
  'fileTypeRefused',
  'filePictureBroken',
  'filePictureTooLarge',
  'fileJobRoom',
  'fileJobFull',
  'fileUploaderRoom',
  'fileUploaderFull',
  'fileAccountRoom',
  'fileAccountFull',
]
const CODES = [
  'malformed',
  'busy',
  'storageFull',
  'storageUnavailable',
  'jobStarted',
  'editingClosed',
  'editingNotAllowed',
]
const VARIABLE = 'problem.'

/** Null when nothing was refused; `otherwise` for an unknown code. Only codes that an upload can have are said, and only numbers fill their texts. */
export function uploadProblem(url: URL, t: App.Locals['t'], otherwise: string): string | null {
  const code = url.searchParams.get('problem')
  if (code === null) return null
  const vars = Object.fromEntries(
    [...url.searchParams].flatMap(([name, value]) =>
      name.startsWith(VARIABLE) && /^\d{1,6}(\.\d)?$/.test(value) ? [[name.slice(VARIABLE.length), value]] : [],
    ),
  )
  if (FIELD_CODES.includes(code)) return t(`problems.fields.${code}`, vars)
  return CODES.includes(code) ? t(`problems.${code}`, vars) : otherwise
}

/** Why an upload was refused, from the outcome of its form (platform/http/page-outcomes.ts). */

const FIELD_CODES = [
  'tooMany',
  'fileTooLarge',
  'fileUploadTooLarge',
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
export function uploadProblem({ outcome, t }: App.Locals, otherwise: string): string | null {
  const code = outcome?.problem
  if (code === undefined) return null
  const vars = Object.fromEntries(
    Object.entries(outcome ?? {}).flatMap(([name, value]) =>
      name.startsWith(VARIABLE) && /^\d{1,6}(\.\d)?$/.test(value) ? [[name.slice(VARIABLE.length), value]] : [],
    ),
  )
  if (code === 'required') return t('problems.byField.required.file')
  if (FIELD_CODES.includes(code)) return t(`problems.fields.${code}`, vars)
  return CODES.includes(code) ? t(`problems.${code}`, vars) : otherwise
}

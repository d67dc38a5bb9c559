/** The id of a field's control, so that the errors above a form can link to it. */
export const fieldId = (form: string, name: string): string => `${form}-${name.replaceAll(/[^\w-]/g, '-')}`

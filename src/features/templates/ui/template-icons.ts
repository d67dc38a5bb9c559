import { TEMPLATE_ICONS, type TemplateIcon } from '../rules.ts'

/** The icon of that name; a wrench for an unknown one. */
export const templateIcon = (name: string): TemplateIcon => TEMPLATE_ICONS.find((each) => each === name) ?? 'wrench'

/** Which contact details a portal user sees and writes. */
import { SIGN_UP_FIELDS, type FieldRule, type SignUpField } from '../../identity/rules.ts'

type Rules = Record<SignUpField, FieldRule>

/** The fields asked at sign-up, and those with an earlier answer, so that it can be changed or deleted. */
export const profileFields = (rules: Rules, current: Record<SignUpField, string | null>): Rules =>
  Object.fromEntries(
    SIGN_UP_FIELDS.map((field) => [field, rules[field] === 'off' && current[field] ? 'optional' : rules[field]]),
  ) as Rules

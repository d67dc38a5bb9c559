/** Which contact details a portal user sees and writes. */
import { SIGN_UP_FIELDS, type FieldRule, type SignUpField } from '../../identity/rules.ts'

type Rules = Record<SignUpField, FieldRule>

/** What is asked at sign-up; what somebody gave earlier stays theirs to change or clear. */
export const profileFields = (rules: Rules, kept: Record<SignUpField, string | null>): Rules =>
  Object.fromEntries(
    SIGN_UP_FIELDS.map((field) => [field, rules[field] === 'off' && kept[field] ? 'optional' : rules[field]]),
  ) as Rules

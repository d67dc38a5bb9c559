/** Guesses at passwords: when the owner of a login is told, and what the log says. The budgets are in begin_sign_in. */

/** After so many failures in a row the owner of the login gets an email. */
export const ALERT_AFTER = 10
/** After so many in a row the password must be reset, except in a browser that has signed in before (NIST SP 800-63B). */
export const LAST_GUESS = 100

/** Which warnings are due: one in 15 minutes each. */
export interface SprayWarnings {
  account: boolean
  installation: boolean
}

export const SPRAY_WARNINGS = {
  account:
    'More than 50 sign-ins of one business failed within 15 minutes. Browsers that never signed in before have fewer tries.',
  installation:
    'More than 200 sign-ins failed within 15 minutes. Browsers that never signed in before have fewer tries everywhere.',
} as const satisfies Record<keyof SprayWarnings, string>

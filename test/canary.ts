/** Marker words of the access tests. */

/** Written into every text column. A caller who may not read a record must never receive its word. */
export const CANARY = { own: 'canaryown', other: 'canaryother', foreign: 'canaryforeign', internal: 'canaryinternal' }

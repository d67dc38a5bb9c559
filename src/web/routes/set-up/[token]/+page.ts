/** A door: no script at all. */
export const csr = false

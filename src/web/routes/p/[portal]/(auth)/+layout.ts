/** Sign-in pages ship no script: they work in every browser, and no script sees a password. */
export const csr = false

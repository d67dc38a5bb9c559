/** Doors ship no script: what lets people in works in every browser, and nothing in it can be tampered with. */
export const csr = false

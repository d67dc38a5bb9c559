/** The browser knows its time zone, and long lists are searched: this page has a script. It works without. */
export const csr = true

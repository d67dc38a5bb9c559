/**
 * Portal pages have no framework script: its runtime alone is 34 of the 40 KB of script a page may have.
 * static/enhance.js adds small conveniences. A page that needs the framework sets `csr = true` itself.
 */
export const csr = false

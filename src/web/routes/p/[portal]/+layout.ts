/**
 * Portal pages are plain documents: no framework script, whose runtime alone is 34 of the 40 KB a page may have.
 * static/enhance.js adds what is pleasant. A page that only makes sense with script says `csr = true` itself.
 */
export const csr = false

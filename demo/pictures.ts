/** Pictures and a PDF of the demo. They are drawn here, so the product ships no third-party pictures. */

// sharp is imported only when a picture is drawn: a start with the demo already loaded does not need it.
const draw = async (svg: string) => (await import('sharp')).default(Buffer.from(svg))
const png = async (svg: string) => (await draw(svg)).png().toBuffer()

/** The logo of Harbour: an anchor. */
export const anchor = (color: string) =>
  png(`<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256" viewBox="0 0 64 64">
  <rect width="64" height="64" rx="14" fill="${color}"/>
  <g fill="none" stroke="#fff" stroke-width="4.5" stroke-linecap="round" stroke-linejoin="round">
    <circle cx="32" cy="16.5" r="5"/><path d="M32 21.5V51M22.5 28.5h19M13 37c1.5 9 9 14 19 14s17.5-5 19-14M13 37l-2.5 5.5M13 37l5.5 3M51 37l2.5 5.5M51 37l-5.5 3"/>
  </g></svg>`)

/** The logo of Northside: a flame. */
export const flame = (color: string) =>
  png(`<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256" viewBox="0 0 64 64">
  <rect width="64" height="64" rx="32" fill="${color}"/>
  <path d="M33 10c2 9 13 13 13 25a14 14 0 0 1-28 0c0-6 3-9 5-13 1 3 2 5 4 6 3-5 4-11 6-18z" fill="#fff"/>
  <path d="M32 35c1 4 5 5 5 9a5 5 0 0 1-10 0c0-4 4-5 5-9z" fill="${color}"/></svg>`)

/** A customer's photo: the display of a machine with a fault code. */
export const display = async (code: string) =>
  (
    await draw(`<svg xmlns="http://www.w3.org/2000/svg" width="960" height="720" viewBox="0 0 960 720">
  <defs><linearGradient id="steel" x2="0" y2="1"><stop stop-color="#dfe3e6"/><stop offset="1" stop-color="#aab1b6"/></linearGradient></defs>
  <rect width="960" height="720" fill="url(#steel)"/><rect y="520" width="960" height="200" fill="#6f777d"/>
  <rect x="250" y="190" width="460" height="230" rx="22" fill="#15191c"/>
  <text x="480" y="350" font-family="monospace" font-size="150" font-weight="bold" fill="#ff5a36" text-anchor="middle">${code}</text>
  <g fill="#8b9499"><circle cx="150" cy="305" r="46"/><circle cx="810" cy="305" r="46"/></g>
  <g fill="#f4f5f6"><circle cx="150" cy="305" r="30"/><circle cx="810" cy="305" r="30"/></g></svg>`)
  )
    .jpeg({ quality: 82 })
    .toBuffer()

/** A PDF of one page with a few lines of text. */
export function page(title: string, lines: readonly string[]): Buffer {
  const escape = (text: string) => text.replaceAll(/[\\()]/g, String.raw`\$&`)
  const text = `BT /F1 20 Tf 60 770 Td (${escape(title)}) Tj /F1 11 Tf 0 -36 Td ${lines.map((line) => `(${escape(line)}) Tj 0 -18 Td`).join(' ')} ET`
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${text.length} >>\nstream\n${text}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ]
  let body = '%PDF-1.4\n'
  const offsets = objects.map((object, index) => {
    const offset = body.length
    body += `${index + 1} 0 obj\n${object}\nendobj\n`
    return `${String(offset).padStart(10, '0')} 00000 n \n`
  })
  return Buffer.from(
    `${body}xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join('')}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${body.length}\n%%EOF\n`,
    'latin1',
  )
}

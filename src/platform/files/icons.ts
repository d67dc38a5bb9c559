/** Icons of a business for browsers and home screens: its logo on white, else its first letter on its color. */
import { shades, isHex } from '../accent.ts'
import { createBoundedQueue } from '../bounded-queue.ts'
import { LETTER_PATHS } from './letters.gen.ts'

/** Edge in pixels; `maskable` icons are cut by the device, which leaves at least a circle of 80 % (W3C manifest). */
const ICONS = {
  favicon: { edge: 64, shape: 'rounded' },
  'apple-touch': { edge: 180, shape: 'square' },
  '192': { edge: 192, shape: 'rounded' },
  '512': { edge: 512, shape: 'rounded' },
  maskable: { edge: 512, shape: 'maskable' },
} as const
export type IconName = keyof typeof ICONS

export interface IconSubject {
  name: string
  /** As #rrggbb. */
  accent: string | null
  /** Identifies the logo, and reads its picture. */
  logo: { key: string; read(): Promise<Buffer> } | null
}

/** The part of the edge that the logo may fill. A square of 56 % fits into the circle that every device shows. */
const LOGO_PART = { rounded: 1, square: 0.8, maskable: 0.56 }
const LETTER_PART = { rounded: 0.9, square: 0.8, maskable: 0.6 }
const DEFAULT_ACCENT = '#0f6b7c'

const drawn = new Map<string, Buffer>()
/** Five of some dozens of businesses; each has a few KB. */
const DRAWN_LIMIT = 300
const enqueue = createBoundedQueue({ concurrency: 1, waiting: 64 })

/** Changes when the icons do, so that browsers do not show old ones. */
export const iconVersion = ({ name, accent, logo }: Pick<IconSubject, 'name' | 'accent'> & { logo: string | null }) =>
  `${(accent ?? DEFAULT_ACCENT).slice(1)}-${logo ? logo.slice(-8) : letterOf(name) || '0'}`

/** One icon as PNG. */
export async function drawIcon(subject: IconSubject, icon: IconName): Promise<Buffer> {
  const { name, accent, logo } = subject
  const key = `${icon} ${iconVersion({ name, accent, logo: logo?.key ?? null })} ${logo?.key}`
  const known = drawn.get(key)
  if (known) return known
  const picture = await enqueue(() => (logo ? drawLogo(logo, icon) : drawLetter(subject, icon)))
  if (drawn.size >= DRAWN_LIMIT) drawn.delete(drawn.keys().next().value!)
  drawn.set(key, picture)
  return picture
}

async function drawLogo({ read }: NonNullable<IconSubject['logo']>, icon: IconName): Promise<Buffer> {
  const { default: sharp } = await import('sharp')
  const { edge, shape } = ICONS[icon]
  const inner = Math.round(edge * LOGO_PART[shape])
  const background = shape === 'rounded' ? { r: 0, g: 0, b: 0, alpha: 0 } : '#ffffff'
  const scaled = await sharp(await read())
    .resize({ width: inner, height: inner, fit: 'contain', background: { r: 0, g: 0, b: 0, alpha: 0 } })
    .png()
    .toBuffer()
  const ground = sharp({ create: { width: edge, height: edge, channels: 4, background } })
  return ground
    .composite([{ input: scaled }])
    .png()
    .toBuffer()
}

async function drawLetter({ name, accent }: IconSubject, icon: IconName): Promise<Buffer> {
  const { default: sharp } = await import('sharp')
  const { edge, shape } = ICONS[icon]
  const fill = shades(isHex(accent) ? accent : DEFAULT_ACCENT)['accent-fill']
  const scale = LETTER_PART[shape] * (edge / 1280)
  const path = LETTER_PATHS[letterOf(name)]
  // A script without outlines here gets a ring.
  const mark = path
    ? `<path d="${path}" fill="#fff" stroke="#fff" stroke-width="44" stroke-linejoin="round"/>`
    : '<circle r="260" fill="none" stroke="#fff" stroke-width="120"/>'
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${edge}" height="${edge}">` +
    `<rect width="${edge}" height="${edge}" rx="${shape === 'rounded' ? edge / 4 : 0}" fill="${fill}"/>` +
    `<g transform="translate(${edge / 2} ${edge / 2}) scale(${scale})">${mark}</g></svg>`
  return sharp(Buffer.from(svg)).png().toBuffer()
}

/** The first letter without its accent, as outlines have it; '' when there is none. */
function letterOf(name: string): string {
  const [first = ''] = name.trim().normalize('NFKD').toUpperCase()
  return first in LETTER_PATHS ? first : ''
}

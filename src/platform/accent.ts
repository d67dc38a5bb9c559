/**
 * Computes every accent shade from one business color: the same rule as tokens.css, for mails, PDFs and
 * the settings preview, where a browser does not compute it. Returns sRGB hex strings.
 * Promise (checked over 4,913 evenly spread colors by accent.test.ts):
 * text >= 4.5:1 on every surface it may be placed on, UI parts >= 3:1. Source: WCAG 2.2, 1.4.3 and 1.4.11.
 */
const cube = (x: number) => x * x * x
const gamma = (v: number) => (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055)
const linear = (v: number) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)

export type Mode = 'light' | 'dark'

const channels = (hex: string) =>
  [1, 3, 5].map((i) => linear(parseInt(hex.slice(i, i + 2), 16) / 255)) as [number, number, number]

export const isHex = (value: unknown): value is string => typeof value === 'string' && /^#[0-9a-f]{6}$/i.test(value)

function toOklch(hex: string): { l: number; c: number; h: number } {
  const [r, g, b] = channels(hex)
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  const A = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s
  const B = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s
  return { l: 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, c: Math.hypot(A, B), h: Math.atan2(B, A) }
}

function toHex(L: number, C: number, H: number): string {
  const A = C * Math.cos(H),
    B = C * Math.sin(H)
  const l = cube(L + 0.3963377774 * A + 0.2158037573 * B)
  const m = cube(L - 0.1055613458 * A - 0.0638541728 * B)
  const s = cube(L - 0.0894841775 * A - 1.291485548 * B)
  const rgb = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ]
  // Out-of-gamut channels are cut, as browsers do; the lightness limits below leave room for it.
  return (
    '#' +
    rgb
      .map((v) =>
        Math.round(255 * gamma(Math.min(1, Math.max(0, v))))
          .toString(16)
          .padStart(2, '0'),
      )
      .join('')
  )
}

const luminance = (hex: string) => {
  const [r, g, b] = channels(hex)
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
/** WCAG contrast of two colors, 1 to 21. */
export const contrast = (a: string, b: string): number => {
  const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p) as [number, number]
  return (x + 0.05) / (y + 0.05)
}

/** Lightness limits: the only tuned numbers. tokens.css repeats them. */
const LIMIT = {
  light: {
    fill: 0.52,
    text: 0.49,
    part: 0.58,
    tint: 0.958,
    neutral: { canvas: 0.98, surface: 1, sunken: 0.959, line: 0.918, edge: 0.63, muted: 0.48, text: 0.23 },
  },
  dark: {
    fillMin: 0.42,
    fill: 0.52,
    text: 0.78,
    part: 0.66,
    tint: 0.28,
    neutral: {
      canvas: 0.165,
      surface: 0.2,
      raised: 0.24,
      sunken: 0.145,
      line: 0.3,
      edge: 0.57,
      muted: 0.73,
      text: 0.95,
    },
  },
}

/** How far neutrals lean towards the brand's hue (oklch chroma). */
const LEAN: Record<Mode, Record<string, number>> = {
  light: { canvas: 0.004, sunken: 0.005, line: 0.005, else: 0.006 },
  dark: { text: 0.006, else: 0.008 },
}

type Neutral = 'canvas' | 'surface' | 'raised' | 'sunken' | 'line' | 'edge' | 'muted' | 'text'
export type Shades = Record<
  Exclude<Neutral, 'raised'> | 'accent-fill' | 'accent-text' | 'accent-part' | 'accent-tint' | 'on-accent',
  string
> & {
  raised?: string
}

/** Every shade a screen or mail needs, from one brand color (`#rrggbb`). */
export function shades(brand: string, mode: Mode = 'light'): Shades {
  const { l, c, h } = toOklch(brand)
  const lean = LEAN[mode]
  const neutral = Object.fromEntries(
    Object.entries(LIMIT[mode].neutral).map(([name, x]) => [name, toHex(x, Math.min(c, lean[name] ?? lean.else!), h)]),
  ) as Record<Neutral, string>
  if (mode === 'light') neutral.surface = '#ffffff'
  const { light, dark } = LIMIT
  const accent =
    mode === 'light'
      ? {
          'accent-fill': toHex(Math.min(l, light.fill), Math.min(c, 0.19), h),
          'accent-text': toHex(Math.min(l, light.text), Math.min(c, 0.15), h),
          'accent-part': toHex(Math.min(l, light.part), Math.min(c, 0.19), h),
          'accent-tint': toHex(light.tint, Math.min(c, 0.018), h),
        }
      : {
          'accent-fill': toHex(Math.max(dark.fillMin, Math.min(l, dark.fill)), Math.min(c, 0.15), h),
          'accent-text': toHex(Math.max(l, dark.text), Math.min(c, 0.12), h),
          'accent-part': toHex(Math.max(l, dark.part), Math.min(c, 0.15), h),
          'accent-tint': toHex(dark.tint, Math.min(c, 0.04), h),
        }
  return { ...neutral, ...accent, 'on-accent': '#ffffff' }
}

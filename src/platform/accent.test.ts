import { expect, test } from 'vitest'
import { contrast, isHex, shades } from './accent.ts'

test(
  'every accent a business may choose stays readable: text 4.5:1, parts 3:1, light and dark',
  { timeout: 30_000 },
  () => {
    const worst: Record<string, number> = {}
    const note = (name: string, a: string, b: string) => {
      worst[name] = Math.min(worst[name] ?? 99, contrast(a, b))
    }
    for (const mode of ['light', 'dark'] as const) {
      for (let n = 0; n < 4913; n++) {
        const brand =
          '#' +
          [n % 17, Math.floor(n / 17) % 17, Math.floor(n / 289)]
            .map((v) =>
              Math.round((v * 255) / 16)
                .toString(16)
                .padStart(2, '0'),
            )
            .join('')
        const s = shades(brand, mode)
        note('text', s['on-accent'], s['accent-fill'])
        for (const ground of ['canvas', 'surface', 'sunken', 'accent-tint'] as const) {
          for (const ink of ['text', 'muted', 'accent-text'] as const) note('text', s[ink], s[ground])
          for (const part of ['accent-part', 'edge'] as const) note('part', s[part], s[ground])
        }
      }
    }
    expect(worst.text).toBeGreaterThanOrEqual(4.5)
    expect(worst.part).toBeGreaterThanOrEqual(3)
  },
)

test('the reference brand gives the reference shades', () => {
  expect(shades('#0f6b7c')).toMatchObject({
    canvas: '#f6f9fa',
    'accent-fill': '#0f6b7c',
    'accent-text': '#0f6b7c',
    text: '#1a1e1f',
    muted: '#5a5e60',
  })
  expect(shades('#0f6b7c', 'dark')).toMatchObject({ canvas: '#0a0f10', surface: '#121718', 'accent-text': '#76c5d8' })
  expect(isHex('#0f6b7c;background:url(x)')).toBe(false)
})

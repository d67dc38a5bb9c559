/** HEIC, the format of phones: what browsers see of it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import sharp from 'sharp'
import { afterAll, describe, expect, test } from 'vitest'
import { createDiskStore, FileRefused } from '../files.ts'
import { newId } from '../ids.ts'

const folder = mkdtempSync(join(tmpdir(), 'portico-heic-'))
const store = createDiskStore(folder)
const account = newId()
afterAll(() => rmSync(folder, { recursive: true }))

const put = (bytes: Buffer, name: string) => store.put(Readable.from([bytes]), { account, name })
const refused = (bytes: Buffer, name: string) =>
  put(bytes, name).then(
    () => 'kept',
    (error: unknown) => (error instanceof FileRefused ? error.reason : error),
  )
const keptBytes = async (sent: Buffer) => buffer((await store.get((await put(sent, 'IMG_1.HEIC')).key)).stream)

describe('HEIC', () => {
  test('a HEIC photo becomes a JPEG that browsers show, without its position and device', async () => {
    const sent = readFileSync('test/fixtures/pictures/with-position.heic')
    expect(sent.includes('TestPhone')).toBe(true)
    const kept = await put(sent, 'IMG_5195.HEIC')
    expect(kept).toMatchObject({ name: 'IMG_5195.jpg', type: 'image/jpeg', width: 320, height: 240 })
    const bytes = await buffer((await store.get(kept.key)).stream)
    expect(bytes.includes('TestPhone')).toBe(false)
    expect((await sharp(bytes).metadata()).exif).toBeUndefined()
    // The picture itself: pixel by pixel that of the same picture saved as JPEG, but for the loss of compressing it.
    const pixels = (picture: Buffer | string) => sharp(picture).removeAlpha().raw().toBuffer()
    const meant = await pixels('test/fixtures/pictures/with-position-same.jpg')
    const seen = await pixels(bytes)
    const difference = seen.reduce((sum, value, at) => sum + Math.abs(value - meant[at]!), 0) / meant.length
    expect([seen.length, difference < 3]).toEqual([meant.length, true])
    expect(await refused(sent.subarray(0, 1500), 'cut.heic')).toBe('pictureBroken')
    expect(await refused(Buffer.from('\0\0\0\x18ftypheic', 'latin1'), 'a.heic')).toBe('pictureBroken')
  })

  // Made with heif-enc of libheif 1.15 from a picture with an ICC profile; this package cannot encode HEIC itself.
  const inDisplayP3 = readFileSync('test/fixtures/pictures/display-p3.heic')
  /** The same picture, which instead of a profile has the numbers of H.273: primaries, transfer, matrix, full range. */
  const withNumbers = (primaries: number) => {
    const changed = Buffer.from(inDisplayP3)
    const at = changed.indexOf('colrprof')
    Buffer.from([...Buffer.from('colrnclx'), 0, primaries, 0, 13, 0, 6, 0x80]).copy(changed, at)
    return changed
  }
  test.each([
    // The color was made in sRGB as 200, 60, 30 and is 185, 71, 43 in Display P3.
    ['with its profile', inDisplayP3, [200, 60, 30]],
    ['by the numbers of its colors', withNumbers(12), [200, 60, 30]],
    ['not where the numbers say sRGB', withNumbers(1), [185, 71, 43]],
  ])('a photo in Display P3 keeps its colors: %s', async (_name, sent, color) => {
    const bytes = await keptBytes(sent)
    // As a browser sees it, and without a profile, as every other program does.
    for (const ignoreIcc of [false, true]) {
      const pixel = await sharp(bytes, { ignoreIcc })
        .extract({ left: 32, top: 32, width: 1, height: 1 })
        .raw()
        .toBuffer()
      for (const [channel, value] of pixel.entries()) expect(Math.abs(value - color[channel]!)).toBeLessThan(4)
    }
  })

  test('a picture with rows of an odd length and more than one strip arrives pixel by pixel', async () => {
    const { encodeTiff } = await import('./tiff.ts')
    const [width, height, stride] = [67, 131, 208]
    const data = Uint8Array.from({ length: stride * height }, (_, at) => (at * 7 + (at >> 8)) % 256)
    const rows = Array.from({ length: height }, (_, y) => data.subarray(y * stride, y * stride + width * 3))
    const tiff = encodeTiff({ width, height, stride, data, profile: undefined })
    const { data: seen, info } = await sharp(tiff).raw().toBuffer({ resolveWithObject: true })
    expect([info.width, info.height, info.channels]).toEqual([width, height, 3])
    expect(seen.equals(Buffer.concat(rows))).toBe(true)
  })
})

/**
 * Pictures are drawn again: what is not picture is gone, such as position, device, comments, or a second file behind the
 * first. What browsers do not show (HEIC) becomes a JPEG.
 */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Metadata, Sharp, SharpOptions } from 'sharp'
import { createBoundedQueue, Overloaded } from '../bounded-queue.ts'
import type { FileType } from '../file-types.ts'
import type { HeicJob, HeicResult } from './heic-decoder.ts'

/**
 * Pixels of a picture that is read row by row and scaled on the way. The largest cameras of phones have 200 megapixels
 * (16384 × 12288); a "pixel flood" of a few bytes claims billions.
 */
const STREAMED_PIXEL_LIMIT = 202_000_000
/** Pixels of a picture that must be in memory as a whole, up to 8 bytes each: a phone's 50 megapixels (8160 × 6144). */
const WHOLE_PIXEL_LIMIT = 50_200_000
/** Longest edge of a photo, which fills a large screen. */
const PICTURE_EDGE = 4000
/** A logo is shown 120 px wide at most, on screens of three dots a pixel; every page of a portal carries it. */
const LOGO_EDGE = 360
/** A 50-megapixel HEIC takes about ten seconds; the request itself is given up after a minute. */
const DECODE_MS = 45_000

export type Purpose = 'attachment' | 'logo'

/** Why a picture is not kept. `megapixels` is the limit for its kind. */
export class PictureRefused extends Error {
  readonly reason: 'pictureBroken' | 'pictureTooLarge'
  readonly megapixels: number | undefined
  constructor(reason: 'pictureBroken' | 'pictureTooLarge', pixelLimit?: number) {
    super(`Picture refused: ${reason}`)
    this.reason = reason
    // Said as people know it: 200, not 202.
    this.megapixels = pixelLimit && Math.floor(pixelLimit / 10_000_000) * 10
  }
}

export interface DrawnPicture {
  type: FileType
  bytes: Buffer
  width: number
  height: number
}

const enqueuePicture = createBoundedQueue({ concurrency: 2, waiting: 32 })
/** HEIC and pictures of more than LARGE_PIXELS need up to 300 MB, so one is open at a time. */
const enqueueLarge = createBoundedQueue({ concurrency: 1, waiting: 32 })
const LARGE_PIXELS = 25_000_000

/**
 * Draws the picture in the file anew: upright, without metadata, scaled to what screens show.
 * @throws PictureRefused, or Overloaded when too many wait
 */
export async function drawPicture(path: string, type: FileType, purpose: Purpose): Promise<DrawnPicture> {
  // Loaded with the first picture: 20 MB that a process without pictures does not have.
  const { default: sharp } = await import('sharp')
  const open: OpenPicture = (source, options = {}) =>
    sharp(source, { limitInputPixels: STREAMED_PIXEL_LIMIT, failOn: 'error', animated: false, ...options })
  try {
    if (type === 'image/heic')
      return await enqueueLarge(async () => draw(await openHeic(path, open), 'image/jpeg', purpose))
    const metadata = await open(path).metadata()
    const pixels = metadata.width * metadata.height
    if (pixels > WHOLE_PIXEL_LIMIT && needsWholePicture(metadata))
      throw new PictureRefused('pictureTooLarge', WHOLE_PIXEL_LIMIT)
    const enqueue = pixels > LARGE_PIXELS ? enqueueLarge : enqueuePicture
    return await enqueue(() => draw(open(path).autoOrient(), type, purpose))
  } catch (error) {
    if (error instanceof PictureRefused || error instanceof Overloaded) throw error
    const isTooLarge = /pixel limit/i.test((error as Error).message)
    throw isTooLarge ? new PictureRefused('pictureTooLarge', STREAMED_PIXEL_LIMIT) : new PictureRefused('pictureBroken')
  }
}

type OpenPicture = (source: string | Uint8Array, options?: SharpOptions) => Sharp

async function draw(picture: Sharp, type: FileType, purpose: Purpose): Promise<DrawnPicture> {
  const keptType = purpose === 'logo' ? 'image/png' : type
  const edge = purpose === 'logo' ? LOGO_EDGE : PICTURE_EDGE
  const scaled = picture.resize({ width: edge, height: edge, fit: 'inside', withoutEnlargement: true })
  const { data, info } = await encode(scaled, keptType, purpose).toBuffer({ resolveWithObject: true })
  return { type: keptType, bytes: data, width: info.width, height: info.height }
}

/** Pictures in several passes cannot be scaled row by row, and a turned one only when its format scales while it is read. */
const needsWholePicture = ({ format, isProgressive, orientation = 1 }: Metadata): boolean =>
  isProgressive === true || format === 'webp' || (format === 'png' && orientation > 1)

async function openHeic(path: string, open: OpenPicture): Promise<Sharp> {
  const decoded = await decodeHeic({ path, pixelLimit: WHOLE_PIXEL_LIMIT, displayP3: await displayP3(open) })
  if ('refused' in decoded)
    throw decoded.refused === 'tooLarge'
      ? new PictureRefused('pictureTooLarge', WHOLE_PIXEL_LIMIT)
      : new PictureRefused('pictureBroken')
  return open(decoded.tiff)
}

/** The profile as sharp has it. */
async function displayP3(open: OpenPicture): Promise<Uint8Array> {
  const pixel = open(new Uint8Array(3), { raw: { width: 1, height: 1, channels: 3 } })
  const tagged = await pixel.withIccProfile('p3').png().toBuffer()
  return (await open(tagged).metadata()).icc!
}

/** Decodes in a thread of its own, so that other requests are answered meanwhile. */
function decodeHeic(job: HeicJob): Promise<HeicResult> {
  // Beside this file: `.ts` in the sources, `.js` in a release.
  const file = new URL(`./heic-decoder${extname(import.meta.url)}`, import.meta.url)
  const worker = new Worker(file, {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: 64 },
    env: {},
    execArgv: [],
    stdout: true,
    stderr: true,
  })
  return new Promise<HeicResult>((resolve) => {
    const giveUp = setTimeout(() => resolve({ refused: 'broken' }), DECODE_MS)
    worker.once('message', resolve)
    worker.once('error', () => resolve({ refused: 'broken' }))
    worker.once('exit', () => {
      clearTimeout(giveUp)
      resolve({ refused: 'broken' })
    })
  }).finally(() => worker.terminate())
}

function encode(picture: Sharp, format: FileType, purpose: Purpose): Sharp {
  if (format === 'image/jpeg') return picture.jpeg({ quality: 85, mozjpeg: true })
  if (format === 'image/webp') return picture.webp({ quality: 85 })
  return picture.png(purpose === 'logo' ? { palette: true, quality: 80, effort: 10 } : {})
}

/**
 * A worker thread that decodes the main picture of one HEIC file. The thread ends with the file, which gives its memory back.
 * Not imported anywhere: pictures.ts starts it, and the release bundles it as a file of its own.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'

export interface HeicJob {
  path: string
  pixelLimit: number
}

/** `data` holds three bytes a pixel, row by row. */
export type HeicResult = { data: Uint8Array; width: number; height: number } | { refused: 'broken' | 'tooLarge' }

/** What is used of libheif-js; its package has no types of these functions. Failures are objects with a `code`. */
interface Libheif {
  heif_context_alloc(): unknown
  heif_context_read_from_memory(context: unknown, bytes: Uint8Array): { code: unknown }
  heif_error_code: { heif_error_Ok: unknown }
  heif_js_context_get_primary_image_handle(context: unknown): { code?: unknown } | null
  heif_image_handle_get_width(handle: unknown): number
  heif_image_handle_get_height(handle: unknown): number
  heif_js_decode_image2(
    handle: unknown,
    colorspace: unknown,
    chroma: unknown,
  ): { code?: unknown; channels?: { data: Uint8Array; stride: number; width: number; height: number }[] } | null
  heif_colorspace: { heif_colorspace_RGB: unknown }
  heif_chroma: { heif_chroma_interleaved_RGB: unknown }
}

const CHANNELS = 3

function decode({ path, pixelLimit }: HeicJob): HeicResult {
  // WebAssembly: a hostile file cannot reach memory outside of it.
  const packages = createRequire(import.meta.url)
  const libheif = packages(packages.resolve('libheif-js/wasm-bundle.js')) as Libheif
  const context = libheif.heif_context_alloc()
  const read = libheif.heif_context_read_from_memory(context, readFileSync(path))
  if (read.code !== libheif.heif_error_code.heif_error_Ok) return { refused: 'broken' }
  const handle = libheif.heif_js_context_get_primary_image_handle(context)
  if (!handle || handle.code !== undefined) return { refused: 'broken' }
  const pixels = libheif.heif_image_handle_get_width(handle) * libheif.heif_image_handle_get_height(handle)
  if (pixels > pixelLimit) return { refused: 'tooLarge' }
  const decoded = libheif.heif_js_decode_image2(
    handle,
    libheif.heif_colorspace.heif_colorspace_RGB,
    libheif.heif_chroma.heif_chroma_interleaved_RGB,
  )
  const plane = decoded?.channels?.[0]
  if (!plane || plane.width * plane.height > pixelLimit) return { refused: 'broken' }
  return withoutPadding(plane)
}

function withoutPadding({
  data,
  stride,
  width,
  height,
}: {
  data: Uint8Array
  stride: number
  width: number
  height: number
}): HeicResult {
  const row = width * CHANNELS
  const packed = new Uint8Array(row * height)
  for (let y = 0; y < height; y++) packed.set(data.subarray(y * stride, y * stride + row), y * row)
  return { data: packed, width, height }
}

const result = decode(workerData as HeicJob)
parentPort!.postMessage(result, 'data' in result ? [result.data.buffer as ArrayBuffer] : [])

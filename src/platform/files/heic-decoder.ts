/**
 * A worker thread that decodes the main picture of one HEIC file. The thread ends with the file, which gives its memory back.
 * Not imported anywhere: pictures.ts starts it, and the release bundles it as a file of its own.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { encodeTiff } from './tiff.ts'

export interface HeicJob {
  path: string
  pixelLimit: number
  /** The ICC profile of files that only say that their colors are Display P3. */
  displayP3: Uint8Array
}

export type HeicResult = { tiff: Uint8Array } | { refused: 'broken' | 'tooLarge' }

type Pointer = number

/** What is used of libheif-js; its package has no types of these functions. Failures are objects with a `code`. */
interface Libheif {
  heif_context_alloc(): unknown
  heif_context_read_from_memory(context: unknown, bytes: Uint8Array): { code: unknown }
  heif_error_code: { heif_error_Ok: unknown }
  heif_js_context_get_primary_image_handle(context: unknown): Handle | null
  heif_image_handle_get_width(handle: unknown): number
  heif_image_handle_get_height(handle: unknown): number
  heif_js_decode_image2(
    handle: unknown,
    colorspace: unknown,
    chroma: unknown,
  ): { code?: unknown; channels?: { data: Uint8Array; stride: number; width: number; height: number }[] } | null
  _malloc(bytes: number): Pointer
  HEAPU8: Uint8Array
  HEAPU32: Uint32Array
  _heif_image_handle_get_raw_color_profile_size(handle: Pointer): number
  _heif_image_handle_get_raw_color_profile(error: Pointer, handle: Pointer, out: Pointer): void
  _heif_image_handle_get_nclx_color_profile(error: Pointer, handle: Pointer, out: Pointer): void
  heif_colorspace: { heif_colorspace_RGB: unknown }
  heif_chroma: { heif_chroma_interleaved_RGB: unknown }
}

/** `$$` is where Emscripten keeps the pointer of an object. */
interface Handle {
  code?: unknown
  $$?: { ptr: Pointer }
}

function decode({ path, pixelLimit, displayP3 }: HeicJob): HeicResult {
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
  return { tiff: encodeTiff({ ...plane, profile: profileOf(libheif, handle, displayP3) }) }
}

/**
 * How to read the colors: phones write an ICC profile, or the numbers of H.273 (nclx). libheif applies neither.
 * Undefined: sRGB, as far as the file says.
 */
function profileOf(libheif: Libheif, handle: Handle, displayP3: Uint8Array): Uint8Array | undefined {
  const pointer = handle.$$?.ptr
  if (pointer === undefined) return undefined
  const size = libheif._heif_image_handle_get_raw_color_profile_size(pointer)
  const isProfile = size > 0 && size <= LARGEST_PROFILE
  // The error that both functions answer has three words, the address of the numbers is one.
  const room = libheif._malloc(16 + (isProfile ? size : 0))
  if (isProfile) {
    libheif._heif_image_handle_get_raw_color_profile(room, pointer, room + 16)
    return libheif.HEAPU32[room / 4] === 0 ? libheif.HEAPU8.slice(room + 16, room + 16 + size) : undefined
  }
  libheif._heif_image_handle_get_nclx_color_profile(room, pointer, room + 12)
  if (libheif.HEAPU32[room / 4] !== 0) return undefined
  // The second word of the numbers is the one of the primaries.
  const primaries = libheif.HEAPU32[libheif.HEAPU32[room / 4 + 3]! / 4 + 1]
  return primaries === PRIMARIES_OF_DISPLAY_P3 ? displayP3 : undefined
}

/** Bytes. Those of cameras have about 500, of printers up to some megabytes. */
const LARGEST_PROFILE = 4 * 1024 * 1024
const PRIMARIES_OF_DISPLAY_P3 = 12

const result = decode(workerData as HeicJob)
parentPort!.postMessage(result, 'tiff' in result ? [result.tiff.buffer as ArrayBuffer] : [])
